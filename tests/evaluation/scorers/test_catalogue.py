"""Scorers by name; nothing heavy before one is asked for."""

from __future__ import annotations

import subprocess
import sys

import pytest

from fabric_widget.evaluation.scorers import SCORERS, UnknownScorer, known_scorers, load_scorer

LIGHT = """
import sys
import fabric_widget.evaluation.scorers as scorers
assert scorers.known_scorers()
heavy = {"torch", "transformers", "diffusers", "PIL"} & set(sys.modules)
assert not heavy, heavy
"""


def test_nothing_heavy_is_imported_before_a_scorer_is_loaded() -> None:
    subprocess.run([sys.executable, "-c", LIGHT], check=True)  # noqa: S603 - our own words


def test_the_catalogue_cannot_be_changed_by_accident() -> None:
    with pytest.raises(TypeError):
        SCORERS["mine"] = SCORERS["colour"]  # type: ignore[index]


def test_known_scorers_are_those_of_the_catalogue() -> None:
    assert known_scorers() == list(SCORERS)
    assert all(listing.measures and listing.resolution for listing in SCORERS.values())


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("clip-scor", "clip-score"),
        ("PickScore", "pickscore"),
        ("CLIP-SCORE", "clip-score"),
        ("color", "colour"),
        ("dino", "dinov2"),
        ("image-reward", "imagereward"),
    ],
)
def test_an_unknown_name_gets_the_closest_and_all(asked: str, meant: str) -> None:
    with pytest.raises(UnknownScorer, match=f"no scorer '{asked}'. Did you mean '{meant}'") as e:
        load_scorer(asked)
    assert all(name in str(e.value) for name in SCORERS)
    assert isinstance(e.value, ValueError)


def test_a_name_like_no_other_gets_no_guess() -> None:
    with pytest.raises(UnknownScorer, match=r"no scorer 'zzz'\. Known: pickscore"):
        load_scorer("zzz")
