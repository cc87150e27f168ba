"""Settings: what is refused, and what makes two of them different."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from fabric_widget.evaluation.study import settings as module
from fabric_widget.evaluation.study.settings import TASTE, Settings, digest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"rounds": 0}, "rounds is 0: give 1 to 20"),
        ({"images": 1}, "images is 1: give 2 to 16"),
        ({"seed": -1}, "seed is -1"),
        ({"threads": 0}, "threads is 0"),
        ({"protocol": "guess"}, "no protocol 'guess': choose from preference, target"),
        ({"protocol": "target", "voter": TASTE}, "give a voter that has features"),
    ],
)
def test_what_cannot_be_is_refused(given: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Settings(**given)


@pytest.mark.parametrize(
    "change",
    [
        {"voter": "luminance"},
        {"scorers": ("luminance",)},
        {"features": "colour"},
        {"frechet": "colour"},
        {"person": "noisy"},
        {"cases": "others"},
        {"rounds": 2},
        {"images": 2},
        {"seed": 1},
        {"arguments": {"num_inference_steps": 3}},
        {"device": "cuda"},
        {"threads": 3},
        {"pipeline": "elsewhere"},
    ],
)
def test_every_setting_is_part_of_the_identity(change: dict[str, Any]) -> None:
    one = Settings()
    other = replace(one, **change)
    assert digest(one.identity()) == digest(Settings().identity())
    assert digest(one.identity()) != digest(other.identity())


def test_the_identity_knows_libraries_code_and_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "model_index.json").write_text("{}", encoding="utf-8")
    settings = Settings(pipeline=str(tmp_path))
    before = settings.identity()
    assert set(before["versions"]) == {"torch", "diffusers", "transformers"}
    (tmp_path / "weights.bin").write_bytes(b"1")
    assert settings.identity()["weights"] != before["weights"]
    monkeypatch.setattr(module, "_SOURCES", ("engine/*.py",))
    assert settings.identity()["code"] != before["code"]


def test_the_code_is_all_that_makes_and_judges_pictures() -> None:
    for pattern in module._SOURCES:
        assert list(module._PACKAGE.glob(pattern)), pattern


def test_digests_do_not_know_the_order_of_keys() -> None:
    assert digest({"a": 1, "b": [2]}) == digest(json.loads('{"b": [2], "a": 1}'))
    assert digest({"a": 1}) != digest({"a": 2})
