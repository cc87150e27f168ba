"""What of the reference comes over: which layers, which part, and what is said of it."""

from __future__ import annotations

import base64
import io
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from traitlets import TraitError

from fabric_widget import AttentionPlayground, load_demo, user_folder
from fabric_widget.demo import MODEL
from fabric_widget.widget.images.static_output import StaticOutput
from fabric_widget.widget.playground.borrowed import layer_weights
from fabric_widget.widget.playground.settings import DEPTHS
from fabric_widget.zoo import tiny

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]
STEPS = 6
SEVERAL = [256, 64, 64, 256]


@pytest.fixture(scope="module")
def play() -> Iterator[AttentionPlayground]:
    playground = AttentionPlayground(load_demo(), steps=STEPS)
    yield playground
    playground.close()


@pytest.fixture(autouse=True)
def as_it_was(play: AttentionPlayground) -> None:
    """Begin each test with the reference whole and in all layers."""
    play.layers = play.part = "all"


# ---- which layers ------------------------------------------------------------------------------


def test_levels_share_all_layers_between_them() -> None:
    fine, coarse = (layer_weights(name, SEVERAL) for name in ("fine", "coarse"))
    assert fine == (1, 0, 0, 1)
    assert coarse == (0, 1, 1, 0)
    assert layer_weights("all", SEVERAL) == (1, 1, 1, 1)


@given(st.lists(st.sampled_from([64, 256, 1024]), min_size=3, max_size=60))
def test_thirds_share_all_layers_between_them(tokens: list[int]) -> None:
    thirds = np.array([layer_weights(name, tokens) for name in DEPTHS])
    assert (thirds.sum(axis=0) == 1).all()
    assert max(thirds.sum(axis=1)) - min(thirds.sum(axis=1)) <= 1
    assert (np.diff(thirds.argmax(axis=0)) >= 0).all()


def test_levels_that_are_not_there_are_refused() -> None:
    with pytest.raises(ValueError, match="choose the first, middle or last layers"):
        layer_weights("fine", [16, 16, 16])
    with pytest.raises(ValueError, match="has 2 attention layers, too few"):
        layer_weights("last", [16, 64])


def test_fine_layers_bring_colors_and_coarse_ones_form(play: AttentionPlayground) -> None:
    carried = {}
    for layers in ("all", "fine", "coarse"):
        play.layers = layers
        play.run().result()
        carried[layers] = dict(play.carried)
    assert carried["all"]["color"] > 0.3
    assert carried["fine"]["color"] > carried["coarse"]["color"] + 0.2


def test_what_is_told_of_the_gate_knows_which_layers_lend(play: AttentionPlayground) -> None:
    play.layers = "coarse"
    influence = play.run().result().influence
    assert influence is not None
    weights = {one["level"]: one["weight"] for one in play.lens["maps"]}
    tokens = [level["tokens"] for level in play.lens["levels"]]
    assert weights[tokens.index(min(tokens))] == 1
    assert weights.get(tokens.index(max(tokens)), 0) in (0, 1 if len(tokens) == 1 else 0)


# ---- which part --------------------------------------------------------------------------------


def test_a_part_brings_less_than_the_whole_and_a_box_of_all_brings_all(
    play: AttentionPlayground,
) -> None:
    whole = play.run().result().steered
    made = {}
    for part in ("subject", "background", "box"):
        play.part = part
        made[part] = play.run().result().steered
    assert len({whole.id, *(picture.id for picture in made.values())}) == 4
    play.box_left = play.box_top = 0
    play.box_right = play.box_bottom = 1
    assert play.run().result().steered == whole
    play.box_left, play.box_right = 0.75, 0.25  # two sliders may pass one another
    assert play.run().result().steered.id not in {whole.id, made["box"].id}


@pytest.mark.parametrize(("name", "value"), [("layers", "deep"), ("part", 3), ("box_left", 1.5)])
def test_what_cannot_be_set_is_refused(play: AttentionPlayground, name: str, value: Any) -> None:
    with pytest.raises(TraitError, match=r"give|unicode"):
        setattr(play, name, value)


# ---- what is said of it ------------------------------------------------------------------------


def test_shares_are_of_the_way_from_plain_to_reference(play: AttentionPlayground) -> None:
    play.weight = 0
    play.run().result()
    assert (play.carried["color"], play.carried["form"]) == (0, 0)
    play.weight = 1


def test_the_demo_model_is_read_and_was_measured(play: AttentionPlayground) -> None:
    play.run().result()
    read = {row["name"]: row for row in play.carried["read"]}
    assert read["kind"]["reference"] == "fish"
    assert read["color"]["reference"] == "red"
    assert read["kind"]["plain"] == "monster"
    assert {"pattern", "shape"} <= read.keys()
    assert len(play.carried["measured"]) == 6


def test_the_measured_figures_are_those_of_the_documents() -> None:
    """The table that ships is that of docs/quality.md."""
    figures = json.loads((MODEL / "aspects.json").read_text(encoding="utf-8"))
    text = (ROOT / "docs/quality.md").read_text(encoding="utf-8").replace("−", "-")
    table = text[text.index("| layers | steps | color | form |") :]
    rows = re.findall(
        r"^\|[^|]*\| (early|middle|late) \| (\S+) \((\S+) to (\S+)\) \| (\S+) \((\S+) to (\S+)\)",
        table,
        re.MULTILINE,
    )[:6]
    told = [
        (one["part"], *(one[name][key] for name in ("color", "form") for key in _KEYS))
        for one in figures["cells"]
    ]
    assert told == [(part, *map(float, numbers)) for part, *numbers in rows]


_KEYS = ("value", "low", "high")


def test_other_pipelines_have_what_was_kept_of_them_or_the_way_to_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    playground = AttentionPlayground(tiny.pipeline(), steps=2, prompt="abc", reference_prompt="d")
    try:
        playground.run().result()
        assert playground.carried["measured"] == playground.carried["read"] == []
        assert playground.carried["command"] == "python -m fabric_widget aspects"
    finally:
        playground.close()
    estimate = {"value": 0.5, "low": 0.4, "high": 0.6, "sign": 1}
    cell = {"group": "16 tokens", "part": "early", "color": estimate, "form": estimate}
    kept = {"measured": {"cells": [cell]}}
    monkeypatch.setattr(user_folder, "read", lambda *_: kept)
    other = AttentionPlayground(tiny.pipeline(), steps=2, prompt="abc", reference_prompt="d")
    try:
        other.run().result()
        (row,) = other.carried["measured"]
        assert row == {
            "layers": "16 tokens",
            "steps": "early",
            "color": [0.5, 0.4, 0.6],
            "form": [0.5, 0.4, 0.6],
        }
    finally:
        other.close()


def test_it_leaves_a_picture_where_there_is_no_kernel(
    play: AttentionPlayground, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[dict[str, Any]] = []
    monkeypatch.setattr(StaticOutput, "_display", lambda self, **_: shown.append(self._shown))
    monkeypatch.setattr(
        "fabric_widget.widget.images.static_output.in_notebook_kernel", lambda: True
    )
    play._repr_mimebundle_()
    play.seed += 1
    play.run().result()
    last = shown[-1]
    with Image.open(io.BytesIO(base64.b64decode(last["image/jpeg"]))) as sheet:
        assert sheet.width > sheet.height
        assert len(sheet.resize((48, 16)).getcolors(768) or ()) > 50
    assert "Three pictures of “a monster”: plain, seed" in last["text/html"]
    assert "fabric-widget-still" in last["text/html"]
