"""The reader as a scorer: it finds what prompts name, and is silent where they are."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from fabric_widget.demo import reader as demo_reader
from fabric_widget.demo.reader import load_reader
from fabric_widget.demo.scenes import ATTRIBUTES, Scene, describe, render
from fabric_widget.evaluation.scorers import MissingWeights, load_scorer
from tests.evaluation.scorers.checkpoints import pictures

if TYPE_CHECKING:
    from pathlib import Path

SCENES = [Scene.sample(random.Random(seed)) for seed in range(12)]
DRAWN = [render(scene, random.Random(i)) for i, scene in enumerate(SCENES)]


@pytest.fixture
def scorer() -> Any:
    return load_scorer("reader")


@pytest.mark.parametrize("name", ["color", "background", "shape", "kind"])
def test_what_a_prompt_names_is_liked_where_it_is_there(scorer: Any, name: str) -> None:
    for scene in SCENES:
        scores = scorer.score(describe(scene, {name}), DRAWN)
        there = [
            getattr(other, name) == getattr(scene, name) and other.kind == scene.kind
            for other in SCENES
        ]
        assert scores[there].min() > 0.5
        assert scores[~np.array(there)].max() < 0.5


def test_a_score_is_the_product_of_what_is_named(scorer: Any) -> None:
    readings = load_reader().read(DRAWN)
    expected = [
        r.probabilities["kind"]["fish"]
        * r.probabilities["color"]["red"]
        * r.probabilities["background"]["blue"]
        for r in readings
    ]
    assert scorer.score("a red fish on a blue background", DRAWN) == pytest.approx(expected)


def test_a_prompt_that_names_nothing_is_met_by_all(scorer: Any) -> None:
    assert (scorer.score("", DRAWN) == 1).all()


def test_naming_more_is_never_likelier(scorer: Any) -> None:
    assert (scorer.score("a big red fish", DRAWN) <= scorer.score("a red fish", DRAWN)).all()


def test_alike_is_how_much_the_readings_overlap(scorer: Any) -> None:
    a, b = load_reader().read(DRAWN[:2])
    overlap = np.mean(
        [
            sum((p * b.probabilities[name][value]) ** 0.5 for value, p in values.items())
            for name, values in a.probabilities.items()
        ]
    )
    one, other = scorer.features(DRAWN[:2])
    assert one @ other == pytest.approx(overlap)
    assert len(one) == sum(len(values) for values in ATTRIBUTES.values())


def test_a_word_that_says_nothing_about_the_demo_is_refused(scorer: Any) -> None:
    with pytest.raises(ValueError, match="'castle' says nothing"):
        scorer.score("a castle", pictures())


def test_weights_are_refused() -> None:
    with pytest.raises(ValueError, match="reader takes no weights"):
        load_scorer("reader", weights="somewhere")


def test_a_package_without_its_weights_says_how_to_make_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(demo_reader, "WEIGHTS", tmp_path / "reader.safetensors")
    load_reader.cache_clear()
    try:
        with pytest.raises(MissingWeights, match="train-demo"):
            load_scorer("reader")
    finally:
        load_reader.cache_clear()
