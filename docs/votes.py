"""What votes move, measured on the demo model: the tables of quality.md.

`python docs/votes.py` prints them as JSON; `--count N` measures on N references or rounds.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from fabric_widget import Everything, Explore, Fabric, Vote, load_demo
from fabric_widget.demo.reader import load_reader
from fabric_widget.evaluation.scorers.round_statistics import contrast, diversity, saturation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL import Image

    from fabric_widget.demo.reader import Reading
    from fabric_widget.engine import GeneratedImage

STEPS: dict[str, Any] = {"num_inference_steps": 10}
PROMPT = "a monster"
ATTRIBUTES = ("color", "background", "pattern", "shape", "size", "accessory")
MIDDLE = (16, 16, 48, 48)  # pixels
WHAT: dict[str, dict[str, Any]] = {
    "everything": {},
    "colors": {"aspect": "colors"},
    "form": {"aspect": "form"},
    "subject": {"part": "subject"},
    "background": {"part": "background"},
    "a box in the middle": {"part": MIDDLE},
    "colors of the subject": {"aspect": "colors", "part": "subject"},
}
REFERENCES, TESTS = 900_000, 500_000  # first seeds
FAR = 0.15  # between two colors, in the channel that differs most: another color


class Measured:
    """The demo model and its reader."""

    def __init__(self) -> None:
        torch.set_num_threads(1)
        self.fabric = Fabric(load_demo(), plan=Everything())
        self.reader = load_reader()

    def made(self, seed: int, count: int, **given: Any) -> list[GeneratedImage]:
        """Return pictures."""
        return list(self.fabric(PROMPT, num_images=count, seed=seed, **STEPS, **given))

    def read(self, pictures: Sequence[GeneratedImage]) -> list[Reading]:
        """Return what they show."""
        return self.reader.read([picture.image for picture in pictures])

    def round(self, pictures: Sequence[GeneratedImage]) -> dict[str, float]:
        """Return the statistics of a round."""
        images, read = [picture.image for picture in pictures], self.read(pictures)
        sure = [max(values.values()) for seen in read for values in seen.probabilities.values()]
        return {
            "saturation": saturation(images),
            "contrast": contrast(images),
            "confidence": float(np.mean(sure)),
            "diversity": diversity(read),
        }


def what_comes_over(on: Measured, count: int) -> dict[str, dict[str, float]]:
    """Return the share of pictures with the reference's value, by what was said of it."""
    agreed: dict[str, dict[str, list[bool]]] = {}
    for i in range(count):
        (reference,) = on.made(REFERENCES + i, 1)
        (known,) = on.read([reference])
        votes: dict[str, list[Vote]] = {"nothing": []}
        votes |= {name: [Vote(reference, **w)] for name, w in WHAT.items()}
        for name, liked in votes.items():
            for seen in on.read(on.made(TESTS + 4 * i, 4, liked=liked)):
                for attribute in ATTRIBUTES:
                    same = seen.best(attribute) == known.best(attribute)
                    agreed.setdefault(name, {}).setdefault(attribute, []).append(same)
    return {
        name: {attribute: float(np.mean(found)) for attribute, found in table.items()}
        for name, table in agreed.items()
    }


def subject(on: Measured, count: int) -> dict[str, float]:
    """Return how well the subject is found: intersection over union with a mask by color.

    Subjects of the demo model seldom reach the edge, so what has a color that the edge has nowhere
    is the subject. A disc in the middle is what one would guess without looking.
    """
    found: dict[str, list[float]] = {"by self-attention": [], "a disc in the middle": []}
    for i in range(count):
        (picture,) = on.made(REFERENCES + 40_000 + i, 1)
        on.fabric._cache.subjects.clear()  # noqa: SLF001  (nobody else needs to know)
        on.made(TESTS + 40_000 + i, 1, liked=[Vote(picture, part="subject")])
        (mask,) = on.fabric._cache.subjects.values()  # noqa: SLF001  (as above)
        known = _by_color(picture.image, mask.shape)
        rows, columns = np.indices(mask.shape)
        across = np.hypot(rows - (len(mask) - 1) / 2, columns - (len(mask) - 1) / 2)
        disc = across < np.sqrt(known.mean() / np.pi) * len(mask)  # as large as the subject is
        for name, guess in zip(found, (mask.numpy() > 0, disc), strict=True):
            found[name].append(float((guess & known).sum() / (guess | known).sum()))
    return {name: float(np.mean(values)) for name, values in found.items()}


def _by_color(image: Image.Image, shape: Sequence[int]) -> np.ndarray[Any, Any]:
    """Return where a picture has colors that its edge has nowhere, at a mask's resolution."""
    pixels = np.asarray(image.convert("RGB"), float) / 255
    edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    differs = abs(pixels[:, :, None] - edge).max(-1).min(-1) > FAR
    rows, columns = shape
    cells = differs.reshape(rows, len(pixels) // rows, columns, -1)
    mask: np.ndarray[Any, Any] = cells.mean((1, 3)) > 0.5  # noqa: PLR2004  (most of a cell)
    return mask


def six_likes(on: Measured, count: int) -> dict[str, dict[str, float]]:
    """Return statistics of rounds that follow six different likes, by plan."""
    plans = {"explore": Explore(), "everything": Everything()}
    found: dict[str, list[dict[str, float]]] = {}
    for i in range(count):
        likes = on.made(REFERENCES + 10_000 + 6 * i, 6)
        seed = TESTS + 10_000 + 4 * i
        found.setdefault("no feedback", []).append(on.round(on.made(seed, 4)))
        for name, plan in plans.items():
            found.setdefault(name, []).append(on.round(on.made(seed, 4, liked=likes, plan=plan)))
    return _means(found)


def fed_back(on: Measured, count: int) -> dict[str, dict[str, float]]:
    """Return statistics of the fifth round, each of which liked the first picture before it."""
    found: dict[str, list[dict[str, float]]] = {}
    for i in range(count):
        seed = TESTS + 20_000 + 100 * i
        rounds = [on.made(seed, 4)]
        for number in range(1, 5):
            likes = [rounds[-1][0]]
            rounds.append(on.made(seed + 10 * number, 4, liked=likes, plan=Explore()))
        found.setdefault("first round", []).append(on.round(rounds[0]))
        found.setdefault("fifth round", []).append(on.round(rounds[-1]))
    return _means(found)


def dislikes(on: Measured, count: int) -> dict[str, float]:
    """Return what a dislike alone changes.

    The share of pictures with the disliked color, without and with the vote; and the total
    variation distance between the distributions of each other attribute, without and with it, and
    between two halves of those without.
    """
    share: dict[str, list[bool]] = {"disliked color, without": [], "disliked color, with": []}
    plain: list[Reading] = []
    after: list[Reading] = []
    for i in range(count):
        before = on.made(TESTS + 30_000 + 8 * i, 8)
        seen = on.read(before)
        donors = on.made(REFERENCES + 30_000 + 8 * i, 8)
        colors = {reading.best("color") for reading in seen}
        known = zip(donors, on.read(donors), strict=True)
        found = next(((p, r.best("color")) for p, r in known if r.best("color") in colors), None)
        if found is None:
            continue
        vote, color = found
        now = on.read(on.made(TESTS + 30_000 + 8 * i, 8, disliked=[vote]))
        share["disliked color, without"] += [reading.best("color") == color for reading in seen]
        share["disliked color, with"] += [reading.best("color") == color for reading in now]
        plain += seen
        after += now
    distances = {
        f"{attribute}, {name}": _distance(one, other, attribute)
        for attribute in ATTRIBUTES[1:]
        for name, one, other in (
            ("with the vote", plain, after),
            ("between halves", plain[::2], plain[1::2]),
        )
    }
    return {name: float(np.mean(found)) for name, found in share.items()} | distances


def _distance(one: Sequence[Reading], other: Sequence[Reading], attribute: str) -> float:
    """Return the total variation distance between the distributions of an attribute."""
    values = one[0].probabilities[attribute]
    shares = [
        np.array([[reading.best(attribute) == value for value in values] for reading in some])
        for some in (one, other)
    ]
    return float(abs(shares[0].mean(0) - shares[1].mean(0)).sum() / 2)


def _means(found: dict[str, list[dict[str, float]]]) -> dict[str, dict[str, float]]:
    return {
        name: {key: float(np.mean([one[key] for one in rounds])) for key in rounds[0]}
        for name, rounds in found.items()
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=24)
    asked = parser.parse_args().count
    on = Measured()
    tables = {
        measure.__name__: measure(on, asked)
        for measure in (what_comes_over, subject, six_likes, fed_back, dislikes)
    }
    sys.stdout.write(json.dumps(tables, indent=1) + "\n")
