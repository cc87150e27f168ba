"""What a baked taste keeps, measured on the demo model: the tables of keep-a-taste.md.

`python docs/loras.py FOLDER` plays a session of four rounds with plain votes for each of several
people with a hidden taste, bakes their votes into a LoRA, and looks at plain pictures of the same
prompt, of another subject and of other words, without and with it. `--tastes N` asks N people,
`--seed S` draws others. What is in the folder already is not measured again.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from fabric_widget import Fabric, LoRASettings, Session, TasteLoRA, load_demo
from fabric_widget.demo.reader import load_reader
from fabric_widget.demo.scenes import ATTRIBUTES
from fabric_widget.evaluation.people.simulated_user import SimulatedUser
from fabric_widget.evaluation.people.tastes import Taste, sample_tastes
from fabric_widget.evaluation.scorers.round_statistics import diversity
from fabric_widget.lora import NotEnoughVotes

if TYPE_CHECKING:
    from collections.abc import Sequence

ROUNDS, PICTURES, LOOKED_AT = 4, 4, 8
STEPS: dict[str, Any] = {"num_inference_steps": 10}
TESTS = 3_000_000_000  # the first seed of the pictures that are looked at
STRENGTHS = (1.0,)
MEASURES = ("nearer", "diversity", "confidence")


class Measured:
    """The demo model, its reader, and people."""

    def __init__(self, settings: LoRASettings, strengths: Sequence[float]) -> None:
        self.pipe = load_demo()
        self.fabric = Fabric(self.pipe)
        self.reader = load_reader()
        self.settings = settings
        self.strengths = strengths

    def session(self, taste: Taste, seed: int) -> Session:
        """Return a session in which somebody liked the best of each round, if it was a new best."""
        session, person = Session(self.fabric, seed=seed, lens=None), SimulatedUser()
        rng, best = np.random.default_rng(seed), None
        for _ in range(ROUNDS):
            made = session.generate(taste.prompt, num_images=PICTURES, **STEPS)
            read = self.reader.read([picture.image for picture in made])
            distances = [taste.distance(reading) for reading in read]
            opinion = person.opinion(distances, rng, earlier=best)
            best = min([*distances, *([] if best is None else [best])])
            for picture, strength in zip(made, opinion.strengths, strict=True):
                if strength:
                    session.like(picture, strength)
        return session

    def looked(self, taste: Taste, prompt: str, *, whole: bool) -> dict[str, float]:
        """Return how near plain pictures of a prompt are to a taste, and how they differ."""
        generators = [torch.Generator().manual_seed(TESTS + i) for i in range(LOOKED_AT)]
        defaults = self.fabric.defaults
        made = self.pipe([prompt] * LOOKED_AT, generator=generators, **defaults | STEPS).images
        read = self.reader.read(made)
        wanted = taste if whole else without_kind(taste)
        sure = [max(p.values()) for reading in read for p in reading.probabilities.values()]
        return {
            "nearer": 1 - float(np.mean([wanted.distance(reading) for reading in read])),
            "diversity": diversity(read),
            "confidence": float(np.mean(sure)),
        }

    def all_looks(self, taste: Taste) -> dict[str, dict[str, float]]:
        """Return what plain pictures show, by what they were asked for."""
        kind = taste.wanted["kind"]
        other = next(k for k in ATTRIBUTES["kind"] if k != kind)
        return {
            "same prompt": self.looked(taste, taste.prompt, whole=True),
            "another subject": self.looked(taste, f"a {other}", whole=False),
            "other words": self.looked(taste, f"a big {kind} with a hat", whole=True),
        }

    def person(self, taste: Taste, seed: int) -> dict[str, Any]:
        """Return what one person's LoRA does."""
        session = self.session(taste, seed)
        row: dict[str, Any] = {"taste": taste.text, "likes": len(session.liked)}
        started, cpu = time.monotonic(), time.process_time()
        try:
            lora = session.bake("taste", settings=self.settings, use=False)
        except NotEnoughVotes:
            return row
        row |= {
            "seconds": time.monotonic() - started,
            "processor_seconds": time.process_time() - cpu,
            "losses": lora.about["losses"],
            "bytes": sum(x.nbytes for pair in lora.weights.values() for x in pair),
            "plain": self.all_looks(taste),
            "with": {},
        }
        for strength in self.strengths:
            row["with"][f"{strength:g}"] = self.with_lora(taste, lora.at(strength))
        return row

    def with_lora(self, taste: Taste, lora: TasteLoRA) -> dict[str, dict[str, float]]:
        """Return what plain pictures show with a LoRA."""
        with lora.on(self.pipe):
            return self.all_looks(taste)


def without_kind(taste: Taste) -> Taste:
    """Return what somebody wants of any subject."""
    return Taste({k: v for k, v in taste.wanted.items() if k != "kind"}, taste.text)


def interval(values: Sequence[float]) -> tuple[float, float, float]:
    """Return the mean and its 95 % interval, by 10,000 resamples of the people."""
    some = np.asarray(values, dtype=np.float64)
    drawn = np.random.default_rng(0).choice(some, (10_000, len(some))).mean(axis=1)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(some.mean()), float(low), float(high)


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Return the table: what changed, over the people whose votes were enough."""
    baked = [row for row in rows if "with" in row]
    lines = [f"{len(rows)} people, {len(baked)} of them with two likes or more"]
    if not baked:
        return lines[0]
    seconds = np.mean([row["processor_seconds"] for row in baked])
    lines.append(f"{seconds:.0f} processor seconds, {max(row['bytes'] for row in baked)} bytes")
    columns = ("strength", "pictures", "nearer", "diversity kept", "confidence")
    lines += ["", f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    for strength in baked[0]["with"]:
        for what in baked[0]["plain"]:
            pairs = [(row["plain"][what], row["with"][strength][what]) for row in baked]
            gain = interval([b["nearer"] - a["nearer"] for a, b in pairs])
            before, after = (np.mean([p[i]["diversity"] for p in pairs]) for i in (0, 1))
            sure = interval([b["confidence"] - a["confidence"] for a, b in pairs])
            lines.append(
                f"| {strength} | {what} | {_told(gain)} | {after / before:.2f} "
                f"({before:.2f} to {after:.2f}) | {_told(sure)} |"
            )
    return "\n".join(lines)


def _told(estimate: tuple[float, float, float]) -> str:
    return "{:+.3f} ({:+.3f} … {:+.3f})".format(*estimate)


def main() -> None:
    """Measure what the folder lacks, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tastes", type=int, default=50)
    parser.add_argument("--first", type=int, default=0, help="number of the first one")
    parser.add_argument("--seed", type=int, default=0, help="draws the tastes")
    parser.add_argument("--strengths", type=float, nargs="+", default=STRENGTHS)
    parser.add_argument("--rank", type=int, default=LoRASettings().rank)
    parser.add_argument("--steps", type=int, default=LoRASettings().steps)
    parser.add_argument("--pictures", type=int, default=LoRASettings().pictures)
    given = parser.parse_args()
    settings = LoRASettings(rank=given.rank, steps=given.steps, pictures=given.pictures)
    given.folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    measured = Measured(settings, given.strengths)
    rows = []
    people = enumerate(sample_tastes(given.first + given.tastes, given.seed))
    for number, taste in list(people)[given.first :]:
        place = given.folder / f"{given.seed}-{number}.json"
        if not place.exists():
            row = measured.person(taste, 1_000_000 + 1000 * number)
            place.write_text(json.dumps(row), encoding="utf-8")
        rows.append(json.loads(place.read_text(encoding="utf-8")))
        sys.stderr.write(f"{number}: {taste.text}\n")
    sys.stdout.write(table(rows) + "\n")


if __name__ == "__main__":
    main()
