"""ImageReward through its own package: what it is called with, and what is said without it.

No release of it works beside transformers 5, so a stand-in with the same two functions is called.
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

import pytest

from fabric_widget.evaluation.scorers import (
    Features,
    MissingPackage,
    MissingWeights,
    Preference,
    load_scorer,
)
from tests.evaluation.scorers.checkpoints import pictures

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STAND_IN = """
import os

class Model:
    def __init__(self, **arguments):
        self.arguments = arguments
        self.training = True

    def eval(self):
        self.training = False
        return self

    def score(self, prompt, image):
        assert image.mode == "RGB"
        return len(prompt) + image.width

def load(name, device, download_root=None, med_config=None):
    print("load checkpoint from", name)
    if med_config is not None:
        for file in (name, med_config):
            open(file).close()
    return Model(name=name, device=device, med_config=med_config)
"""


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "ImageReward.py").write_text(STAND_IN)
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delitem(sys.modules, "ImageReward", raising=False)
    importlib.invalidate_caches()
    yield
    sys.modules.pop("ImageReward", None)


@pytest.mark.usefixtures("stand_in")
def test_every_picture_is_scored_for_the_prompt(capsys: pytest.CaptureFixture[str]) -> None:
    scorer: Any = load_scorer("imagereward")
    assert not scorer.model.training
    assert scorer.model.arguments["name"] == "ImageReward-v1.0"
    assert isinstance(scorer, Preference)
    assert not isinstance(scorer, Features)
    expected = [len("a fish") + picture.width for picture in pictures()]
    assert scorer.score("a fish", pictures()).tolist() == expected
    assert scorer.score("a fish", []).shape == (0,)
    assert capsys.readouterr().out == ""  # figures may be on their way there


@pytest.mark.usefixtures("stand_in")
@pytest.mark.parametrize("given", ["folder", "file"])
def test_weights_of_ones_own_are_taken_with_their_settings(tmp_path: Path, given: str) -> None:
    for name in ("ImageReward.pt", "med_config.json"):
        (tmp_path / name).touch()
    weights = tmp_path if given == "folder" else tmp_path / "ImageReward.pt"
    scorer: Any = load_scorer("imagereward", weights=weights)
    arguments = scorer.model.arguments
    assert arguments["name"] == str(tmp_path / "ImageReward.pt")
    assert arguments["med_config"] == str(tmp_path / "med_config.json")


@pytest.mark.usefixtures("stand_in")
def test_missing_weights_say_so(tmp_path: Path) -> None:
    (tmp_path / "med_config.json").touch()
    with pytest.raises(MissingWeights, match=f"{tmp_path} lacks the weights"):
        load_scorer("imagereward", weights=tmp_path)


def test_where_the_package_does_not_work_the_cure_is_named() -> None:
    # Missing or installed: of version 1.5 there is no import beside transformers 5.
    with pytest.raises(MissingPackage, match=r"image-reward.* transformers 5.*pickscore or hpsv2"):
        load_scorer("imagereward")
