"""What holds for every scorer: unit length, no neighbours, any order, any chunk, no traces."""

from __future__ import annotations

import dataclasses
import random
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from fabric_widget.evaluation.scorers import Features, Preference, load_scorer
from fabric_widget.evaluation.scorers.catalogue import SCORERS
from tests.evaluation.scorers.checkpoints import pictures

if TYPE_CHECKING:
    from pathlib import Path

WITH_WEIGHTS = {
    "pickscore": "clip",
    "clip-score": "clip",
    "clip-image": "clip",
    "hpsv2": "hpsv2",
    "dinov2": "dinov2",
}
WITHOUT = ("colour", "luminance", "reader")
OWN_PACKAGE = ("inception", "imagereward")  # see their own tests
PREFERENCES = ("pickscore", "clip-score", "clip-image", "hpsv2", "luminance", "reader")
FEATURES = (*WITH_WEIGHTS, *WITHOUT)
PROMPT = "red fish"


def load(name: str, request: pytest.FixtureRequest) -> Any:
    if name not in WITH_WEIGHTS:
        return load_scorer(name)
    folder: Path = request.getfixturevalue(WITH_WEIGHTS[name])[0]
    return load_scorer(name, weights=folder)


def numbers(scorer: Any, images: Any, what: str) -> Any:
    return scorer.features(images) if what == "features" else scorer.score(PROMPT, images)


def global_states() -> tuple[bytes, Any, str]:
    legacy = np.random.get_state()  # noqa: NPY002 - looked at, not used
    return torch.random.get_rng_state().numpy().tobytes(), random.getstate(), repr(legacy)


EVERY = [
    *(pytest.param(name, "features", id=f"{name} features") for name in FEATURES),
    *(pytest.param(name, "score", id=f"{name} score") for name in PREFERENCES),
]


def test_every_scorer_is_held_to_these_laws() -> None:
    assert {*FEATURES, *OWN_PACKAGE} == set(SCORERS)


@pytest.mark.parametrize("name", FEATURES)
def test_a_scorer_says_what_it_can_do(name: str, request: pytest.FixtureRequest) -> None:
    scorer = load(name, request)
    assert scorer.name == name
    assert isinstance(scorer, Features)
    assert isinstance(scorer, Preference) == (name in PREFERENCES)


@pytest.mark.parametrize("name", FEATURES)
def test_features_have_unit_length_and_tell_pictures_apart(
    name: str, request: pytest.FixtureRequest
) -> None:
    features = load(name, request).features(pictures())
    assert features.shape[0] == len(pictures())
    assert features.dtype == np.float64
    similarities = features @ features.T
    assert np.diag(similarities) == pytest.approx(1, abs=1e-6)
    mismatch = similarities[~np.eye(len(similarities), dtype=bool)]
    assert mismatch.max() < 0.9999


@pytest.mark.parametrize("name", PREFERENCES)
def test_scores_tell_pictures_apart(name: str, request: pytest.FixtureRequest) -> None:
    scores = load(name, request).score(PROMPT, pictures())
    assert scores.shape == (len(pictures()),)
    assert scores.dtype == np.float64
    assert len(set(scores.round(4) if name != "reader" else scores)) == len(scores)


@pytest.mark.parametrize(("name", "what"), EVERY)
def test_the_order_of_the_pictures_does_not_matter(
    name: str, what: str, request: pytest.FixtureRequest
) -> None:
    scorer, images = load(name, request), pictures(8)
    order = random.Random(3).sample(range(8), 8)
    shuffled = numbers(scorer, [images[i] for i in order], what)
    assert shuffled == pytest.approx(numbers(scorer, images, what)[order], abs=1e-5)


@pytest.mark.parametrize("chunk", [1, 2, 3])
@pytest.mark.parametrize(("name", "what"), EVERY)
def test_neither_the_chunk_nor_the_neighbours_matter(
    name: str, what: str, chunk: int, request: pytest.FixtureRequest
) -> None:
    scorer, images = load(name, request), pictures(7)
    together = numbers(scorer, images, what)
    if hasattr(scorer, "chunk"):
        chunked = numbers(dataclasses.replace(scorer, chunk=chunk), images, what)
        assert chunked == pytest.approx(together, abs=1e-5)
    for i in range(0, 7, chunk):
        alone = numbers(scorer, images[i : i + chunk], what)
        assert alone == pytest.approx(together[i : i + chunk], abs=1e-5)


@pytest.mark.parametrize(("name", "what"), EVERY)
def test_the_same_again_to_the_bit_and_no_randomness_used(
    name: str, what: str, request: pytest.FixtureRequest
) -> None:
    load(name, request)  # its checkpoint may be drawn at random, if no test before needed it
    before = global_states()
    first = numbers(load(name, request), pictures(), what)
    again = numbers(load(name, request), pictures(), what)
    assert (first == again).all()
    assert global_states() == before


@pytest.mark.parametrize(("name", "what"), EVERY)
def test_of_no_pictures_there_are_no_numbers(
    name: str, what: str, request: pytest.FixtureRequest
) -> None:
    scorer = load(name, request)
    nothing = numbers(scorer, [], what)
    assert nothing.shape == (0, *numbers(scorer, pictures(1), what).shape[1:])


@pytest.mark.parametrize("name", WITH_WEIGHTS)
def test_models_judge_and_do_not_learn(name: str, request: pytest.FixtureRequest) -> None:
    model = load(name, request).model
    assert not any(module.training for module in model.modules())
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    assert {parameter.device.type for parameter in model.parameters()} == {"cpu"}
