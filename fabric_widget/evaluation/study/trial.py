"""A trial: one prompt and one method, through all rounds."""

from __future__ import annotations

import base64
import io
from dataclasses import asdict, replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from fabric_widget.engine import GeneratedImage
from fabric_widget.engine.fingerprint import digest
from fabric_widget.engine.pipeline.denoiser import Denoiser
from fabric_widget.engine.pipeline.restore import random_kept
from fabric_widget.evaluation.methods import MethodRequest, Shown, load_method
from fabric_widget.evaluation.people.statements import said
from fabric_widget.evaluation.scorers import frechet_features
from fabric_widget.evaluation.scorers.round_statistics import contrast, mean_color, saturation
from fabric_widget.evaluation.study.cost import measured
from fabric_widget.evaluation.study.preferences import WishMatch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from PIL import Image

    from fabric_widget.evaluation.methods import Picture
    from fabric_widget.evaluation.people.simulated_user import Opinion
    from fabric_widget.evaluation.study.cases import Case
    from fabric_widget.evaluation.study.preferences import PictureValue
    from fabric_widget.evaluation.study.resources import Resources

    Record = dict[str, Any]

_THUMBNAIL_SIDE = 160
"""Side in pixels of the thumbnails for the report; smaller pictures keep their size."""
_VOTE_STREAM = 3  # part of the seed of wrong votes, besides the case and the round


def run_trial(
    resources: Resources, case: Case, method: str, on_round: Callable[[], object] | None = None
) -> Record:
    """Run all rounds of a case with a method and the votes of the simulated user.

    The result does not depend on earlier trials: the fabric's cache is empty, torch uses the number
    of threads in the settings, and its global random state is seeded.

    Parameters
    ----------
    resources
        Pipeline, scorers, simulated user.
    case
        The prompt and what is wanted.
    method
        Name of the method.
    on_round
        Called after each round.

    Returns
    -------
    dict
        The record, for JSON. ``costs`` differ from run to run; everything else is a function of
        the settings, the case and the method.

    Raises
    ------
    ValueError
        The method returned another number of pictures than requested.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(resources.settings.threads)
    try:
        with random_kept(resources.device):
            torch.manual_seed(case.index)
            return _Trial(resources, case, method).run(on_round)
    finally:
        torch.set_num_threads(before)


class _Trial:
    """A running trial."""

    def __init__(self, resources: Resources, case: Case, method: str) -> None:
        self._resources = resources
        self._case = case
        self._name = method
        self._method = load_method(method).method
        self._fabric = resources.fabric()
        self._voter = resources.voter(case)
        self._reporters = resources.reporters(case)
        self._shown: list[Shown] = []
        self._pictures: list[Image.Image] = []
        self._best = -np.inf  # value of the best picture so far, for the voter
        self._features: list[NDArray[np.float64]] = []

    def run(self, on_round: Callable[[], object] | None) -> Record:
        rounds, costs = [], []
        for number in range(self._resources.settings.rounds):
            record, cost = self._round(number)
            rounds.append(record)
            costs.append(cost)
            if on_round is not None:
                on_round()
        case = self._case
        about = {"case": case.index, "prompt": case.prompt, "wish": case.wish}
        hidden = _thumbnail(self._resources.hidden(case)) if self._has_target else None
        return {**about, "method": self._name, "target": hidden, "rounds": rounds, "costs": costs}

    @property
    def _has_target(self) -> bool:
        return self._resources.settings.protocol == "target"

    def _round(self, number: int) -> tuple[Record, Record]:
        settings = self._resources.settings
        seeds = self._case.seeds(settings, number)
        request = MethodRequest(self._case.prompt, seeds, tuple(self._shown), settings.arguments)
        with measured(self._resources.device, Denoiser(self._fabric.pipe)) as cost:
            pictures = tuple(self._method(self._fabric, request))
        if len(pictures) != settings.images:
            message = (
                f"{self._name} made {len(pictures)} pictures for a round of {settings.images}: a "
                "method makes one for each seed"
            )
            raise ValueError(message)
        images = [_image(picture) for picture in pictures]
        self._pictures += images
        values = self._voter.values(images, number)
        rng = np.random.default_rng([settings.seed, self._case.index, number, _VOTE_STREAM])
        opinion = self._opinion(images, values, rng, number)
        features = np.asarray(self._resources.features.features(images), dtype=np.float64)
        record = {
            "seeds": list(seeds),
            "ids": [_picture_id(picture) for picture in pictures],
            "strengths": list(opinion.strengths),
            "said": [asdict(statement) for statement in opinion.statements],
            "scores": {
                n: self._scores(scorer, images, number) for n, scorer in self._reporters.items()
            },
            "similarity_liked": self._similarity(features, 1),
            "similarity_disliked": self._similarity(features, -1),
            "diversity": _diversity(features),
            "saturation": saturation(images),
            "contrast": contrast(images),
            "color": list(mean_color(images)),
            "pictures": [_thumbnail(image) for image in images],
        }
        if self._resources.frechet is not None:
            record["features"] = frechet_features(self._resources.frechet, images).tolist()
        self._features.append(features)
        self._shown.append(Shown(seeds, pictures, opinion))
        return record, asdict(cost)

    def _opinion(
        self,
        images: Sequence[Image.Image],
        values: NDArray[np.float64],
        rng: np.random.Generator,
        number: int,
    ) -> Opinion:
        """Return the votes on a round, judged beside all earlier pictures."""
        person, voter = self._resources.person, self._voter
        if voter.changes and self._shown:  # earlier pictures, by the present wish
            self._best = float(voter.values(self._pictures[: -len(images)], number).max())
        nearest = -self._best if self._shown else None
        self._best = max(self._best, float(values.max()))
        opinion = person.opinion((-values).tolist(), rng, voter.noticeable, nearest)
        if not person.says:
            return opinion
        if not isinstance(voter, WishMatch):
            message = "somebody who says what they like needs a wish: give the voter taste"
            raise ValueError(message)  # noqa: TRY004  (the settings are what is wrong)
        earlier = [s for shown in self._shown for s in shown.opinion.statements]
        statements = said(voter.distances(images, number), earlier, person.says)
        return replace(opinion, statements=statements)

    def _scores(self, scorer: PictureValue, images: Sequence[Image.Image], number: int) -> Record:
        """Return the values of a round's pictures, and the best of all pictures so far.

        When the wish changes, earlier pictures are scored again.
        """
        values = scorer.values(images, number)
        best = scorer.values(self._pictures, number).max() if scorer.changes else None
        return {"values": values.tolist(), **({} if best is None else {"best": float(best)})}

    def _similarity(self, features: NDArray[np.float64], sign: int) -> float | None:
        """Return the mean cosine to all earlier liked or disliked pictures, or None without any."""
        votes = [
            known[i]
            for shown, known in zip(self._shown, self._features, strict=True)
            for i, strength in enumerate(shown.opinion.strengths)
            if sign * strength > 0
        ]
        return float(np.mean(features @ np.array(votes).T)) if votes else None


def _diversity(features: NDArray[np.float64]) -> float:
    """Return 1 minus the mean cosine between two pictures of a round (FABRIC, section 5)."""
    return 1 - float(np.mean([a @ b for a, b in combinations(features, 2)]))


def _image(picture: Picture) -> Image.Image:
    return picture.image if isinstance(picture, GeneratedImage) else picture


def _picture_id(picture: Picture) -> str:
    if isinstance(picture, GeneratedImage):
        return picture.id
    return digest("picture", torch.from_numpy(np.array(picture.convert("RGB"))))


def _thumbnail(image: Image.Image) -> str:
    """Return a thumbnail as WebP in base64; lossless if the picture is small already."""
    small = image.convert("RGB")
    exact = max(small.size) <= _THUMBNAIL_SIDE
    small.thumbnail((_THUMBNAIL_SIDE, _THUMBNAIL_SIDE))
    buffer = io.BytesIO()
    small.save(buffer, "WEBP", lossless=exact)
    return base64.b64encode(buffer.getvalue()).decode()
