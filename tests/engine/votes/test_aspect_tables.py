"""What aspects mean on one pipeline: tables that are given, or kept in the user's folder."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fabric_widget.engine import (
    AspectTable,
    AspectWeights,
    Everything,
    Fabric,
    FabricError,
    HiRes,
    Round,
    Vote,
)
from fabric_widget.engine.pipeline.identity import identity_of
from fabric_widget.engine.votes.aspects import default_weights
from fabric_widget.engine.votes.measured import keep_table
from fabric_widget.zoo import tiny
from tests.engine.rounds import EVERY_STEP, make, same

if TYPE_CHECKING:
    from pathlib import Path

SITES = 7  # of the tiny pipeline
EVERYWHERE = AspectWeights((1.0,) * SITES)
NOWHERE = AspectWeights((0.0,) * SITES)
SHARES = st.floats(0, 1)
WINDOWS = st.tuples(SHARES, SHARES).map(sorted).filter(lambda ends: ends[0] < ends[1])
WEIGHTS = st.none() | st.builds(
    lambda layers, window: AspectWeights(tuple(layers), *window),
    st.lists(SHARES, min_size=1, max_size=9),
    WINDOWS,
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FABRIC_WIDGET_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def fabric(pipe: Any) -> Fabric:
    return Fabric(pipe, plan=Everything(), schedule=EVERY_STEP)


@pytest.fixture
def shown(fabric: Fabric) -> Round:
    return make(fabric, num_images=2, seed=1)


@given(WEIGHTS, WEIGHTS)
def test_a_table_that_was_written_is_read_again(
    colors: AspectWeights | None, form: AspectWeights | None
) -> None:
    table = AspectTable(colors, form)
    assert AspectTable.read(json.loads(json.dumps(asdict(table)))) == table
    assert AspectTable.read({}) == AspectTable()


def test_what_is_not_measured_is_the_default() -> None:
    levels = [0.0, 0.5, 1.0]
    own = AspectWeights((1.0, 0.0, 1.0), 0.2, 0.9)
    assert AspectTable().weights(levels) == default_weights(levels)
    found = AspectTable(form=own).weights(levels)
    assert found == {**default_weights(levels), "form": own}


def test_an_aspect_of_everything_is_everything_and_of_nothing_is_nothing(
    fabric: Fabric, shown: Round
) -> None:
    liked = [Vote(shown[0], aspect="colors")]
    everything = make(fabric, liked=[shown[0]])
    fabric.aspects = AspectTable(colors=EVERYWHERE)
    assert same(make(fabric, liked=liked), everything)
    fabric.aspects = AspectTable(colors=NOWHERE)
    assert same(make(fabric, liked=liked), make(fabric))


def test_a_table_of_the_default_changes_nothing(pipe: Any, fabric: Fabric, shown: Round) -> None:
    levels = [0.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0]
    own = default_weights(levels)
    table = AspectTable(own["colors"], own["form"])
    for aspect in ("colors", "form"):
        liked = [Vote(shown[0], aspect=aspect)]
        by_table = Fabric(pipe, plan=Everything(), schedule=EVERY_STEP, aspects=table)
        assert same(make(by_table, liked=liked), make(fabric, liked=liked))


def test_a_round_says_what_aspects_meant_and_can_be_made_again(
    pipe: Any, fabric: Fabric, shown: Round
) -> None:
    """Whatever the fabric means by then, also where pictures of a batch mean different things."""
    table = AspectTable(colors=AspectWeights((0.0, 1.0, 0.5, 0.0, 0.0, 1.0, 0.0), 0.3))
    measured = Fabric(pipe, plan=Everything(), schedule=EVERY_STEP, aspects=table)
    liked = [Vote(shown[0], aspect="colors")]
    by_table, by_default = make(measured, liked=liked), make(fabric, liked=liked)
    assert not same(by_table, by_default)
    assert [r.aspects for r in by_table.recipes] == [table] * 2
    assert [r.aspects for r in by_default.recipes] == [AspectTable()] * 2
    assert same(make(fabric, plan=by_table.recipes), by_table)
    assert same(make(measured, plan=by_default.recipes), by_default)
    mixed = [by_table.recipes[0], by_default.recipes[1]]
    both = make(fabric, plan=mixed)
    assert torch.allclose(both[0].latents, by_table[0].latents, atol=2e-3)
    assert torch.allclose(both[1].latents, by_default[1].latents, atol=2e-3)


def test_votes_on_everything_need_no_table(fabric: Fabric, shown: Round) -> None:
    made = make(fabric, liked=[shown[0]])
    assert [recipe.aspects for recipe in made.recipes] == [None] * 2


def test_both_passes_mean_the_same(pipe: Any, shown: Round) -> None:
    table = AspectTable(colors=replace(EVERYWHERE, end=0.5))
    fabric = Fabric(pipe, plan=Everything(), schedule=EVERY_STEP, aspects=table)
    larger = HiRes(fabric).enlarge([shown[1]], liked=[Vote(shown[0], aspect="colors")])
    assert [recipe.aspects for recipe in larger.recipes] == [table]


def test_a_table_of_another_pipeline(pipe: Any, fabric: Fabric, shown: Round) -> None:
    fabric.aspects = AspectTable(form=AspectWeights((1.0, 0.0)))
    make(fabric, liked=[Vote(shown[0])])
    with pytest.raises(FabricError, match="form were measured on 2 attention sites, and this"):
        make(fabric, liked=[Vote(shown[0], aspect="form")])
    assert make(Fabric(pipe), num_images=1)


@pytest.mark.parametrize(
    ("given_", "error", "complaint"),
    [
        ({"layers": ()}, ValueError, "there is no weight: give one from 0 to 1"),
        ({"layers": (0.5, 1.5)}, ValueError, "a weight is 1.5: give one from 0 to 1"),
        ({"layers": (float("nan"),)}, ValueError, "a weight is nan"),
        ({"layers": (1.0,), "start": 0.5, "end": 0.5}, ValueError, "from 0.5 to 0.5 are none"),
        ({"layers": (1.0,), "end": 2}, ValueError, "from 0.0 to 2 are none"),
    ],
)
def test_weights_out_of_range(given_: Any, error: type[Exception], complaint: str) -> None:
    with pytest.raises(error, match=complaint):
        AspectWeights(**given_)


def test_words_and_other_things(pipe: Any) -> None:
    with pytest.raises(TypeError, match="colors is a tuple: give AspectWeights, or None"):
        AspectTable((1.0, 0.0))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match='aspects is \'mine\': give "measured", "default"'):
        Fabric(pipe, aspects="mine")
    with pytest.raises(TypeError, match="aspects is 3: give"):
        Fabric(pipe, aspects=3)  # type: ignore[arg-type]
    assert Fabric(pipe, aspects="default").aspects == AspectTable()


def test_what_was_measured_is_used_if_it_is_asked_for(pipe: Any, home: Path) -> None:
    table = AspectTable(colors=replace(EVERYWHERE, end=0.5))
    with pytest.raises(FabricError, match=r"were not measured .*python -m fabric_widget aspects"):
        Fabric(pipe, aspects="measured")
    place = keep_table(pipe.unet, table, {"steps": 3})
    assert place.parent.parent == home
    assert [path.name for path in home.rglob("*") if path.is_file()] == [place.name]
    assert json.loads(place.read_text(encoding="utf-8"))["measured"] == {"steps": 3}
    assert Fabric(pipe, aspects="measured").aspects == table
    assert Fabric(pipe).aspects == AspectTable()
    with pytest.raises(FabricError, match="were not measured"):
        Fabric(tiny.pipeline("SDXL"), aspects="measured")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "cannot be read .*: measure them again"),
        ("[]", "cannot be read"),
        ("{}", "cannot be read"),
        ('{"format": 1, "table": {"taste": null}}', "cannot be read"),
        ('{"format": 1, "table": {"colors": {"layers": [2]}}}', "a weight is 2"),
        ('{"format": 9}', "was written by a newer version of fabric_widget: update, or"),
    ],
)
def test_a_damaged_file_says_what_to_do(pipe: Any, text: str, complaint: str) -> None:
    place = keep_table(pipe.unet, AspectTable(), {})
    place.write_text(text, encoding="utf-8")
    with pytest.raises(FabricError, match=complaint):
        Fabric(pipe, aspects="measured")
    assert keep_table(pipe.unet, AspectTable(), {}) == place
    assert Fabric(pipe, aspects="measured").aspects == AspectTable()


def test_a_name_is_that_of_the_weights() -> None:
    one, again = (tiny.pipeline().unet for _ in range(2))
    name = identity_of(one)
    assert identity_of(again) == name
    assert identity_of(again.half()) == name
    assert identity_of(again.bfloat16()) == name
    with torch.no_grad():
        again.conv_in.weight.neg_()
    assert identity_of(again) != name
    assert identity_of(tiny.pipeline("SDXL").unet) != name
