"""Measuring a pipeline: laws on tiny ones, in few steps."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np
import pytest
import torch

from fabric_widget.engine import Fabric, FabricError
from fabric_widget.evaluation.aspects import measurement as module
from fabric_widget.evaluation.aspects import rule
from fabric_widget.evaluation.aspects.cells import Grid, Group, Part
from fabric_widget.evaluation.aspects.measurement import Measurement
from fabric_widget.evaluation.aspects.settings import Settings
from fabric_widget.zoo import ZOO, tiny
from tests.engine.rounds import unreachable

QUICK = {"num_inference_steps": 1, "guidance_scale": 3.0}


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def measure(pipe: Any = None, show: Any = lambda *_: None, **given: Any) -> Measurement:
    settings = {"references": 2, "pictures": 1, "arguments": QUICK, **given}
    measurement = Measurement(Fabric(pipe or tiny.pipeline()), Settings(**settings))
    with suppress(KeyboardInterrupt):
        measurement.run(show)
    return measurement


@pytest.fixture(scope="module")
def heard() -> list[tuple[str, int, int]]:
    """Return what was said of the progress of `found`."""
    return []


@pytest.fixture(scope="module")
def found(heard: list[tuple[str, int, int]]) -> Measurement:
    torch.set_num_threads(1)
    return measure(show=lambda *said: heard.append(said))


def test_progress_ends_with_all_of_it_and_never_goes_back(
    found: Measurement, heard: list[tuple[str, int, int]]
) -> None:
    assert found.complete
    assert heard[-1][1] == heard[-1][2]
    done = [done for _, done, _ in heard]
    assert done == sorted(done)
    assert heard[-1][0] == "aspects, reference 2 of 2"


def test_a_cell_of_everything_is_everything_with_any_seed(
    found: Measurement, monkeypatch: pytest.MonkeyPatch
) -> None:
    def whole(tokens: Any, steps: int) -> Grid:
        del steps
        sites = tuple(range(len(tokens)))
        return Grid((0.0,) * len(tokens), (Group("all", sites),), (Part("all", 0, 1),))

    monkeypatch.setattr(module, "grid_of", whole)
    other = measure(seed=1).distances
    assert np.array_equal(other["all, all"], other["everything"])
    assert not np.array_equal(other["nothing"], other["everything"])
    assert not np.array_equal(other["nothing"], found.distances["nothing"])


@pytest.mark.filterwarnings("ignore:The decode_latents method:FutureWarning")
@pytest.mark.parametrize("name", ["SD 3", "PixArt-Σ"])
def test_every_kind_of_pipeline_gets_weights(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rule, "FEWEST", 1)
    family = ZOO[name]
    arguments = family.arguments | family.needs | {"num_inference_steps": 1}
    found = measure(family.build(), arguments=arguments, prompts=("a cat",))
    assert found.complete
    assert found.grid is not None
    assert found.table is not None
    weights = found.table.weights(found.grid.levels)
    assert {len(aspect.layers) for aspect in weights.values()} == {len(found.grid.levels)}
    assert all(0 <= x <= 1 for aspect in weights.values() for x in aspect.layers)


@pytest.mark.parametrize("references", [0, 1])
def test_what_was_finished_outlives_an_interrupt_and_is_the_same_again(
    found: Measurement, references: int
) -> None:
    def show(words: str, done: int, total: int) -> None:
        del done, total
        if words == f"cells, reference {references + 1} of 2":
            raise KeyboardInterrupt

    interrupted = measure(show=show)
    assert not interrupted.complete
    assert interrupted.table is None
    assert (interrupted.shares is None) == (not references)
    for name, table in interrupted.distances.items():
        assert np.array_equal(table, found.distances[name][:references])


def test_a_pipeline_without_sites_says_so() -> None:
    family = ZOO["SD 1"]
    with pytest.raises(FabricError, match="no self-attention that Fabric can reach"):
        measure(unreachable(family.build()), arguments=family.arguments, prompts=("a cat",))


@pytest.mark.parametrize(
    ("given_", "complaint"),
    [
        ({"references": 1}, "references is 1: give 2 to 1000"),
        ({"pictures": 0}, "pictures is 0: give 1 to 64"),
        ({"prompts": ()}, r"prompts are \[\]: give one or more"),
        ({"prompts": ("a cat", " ")}, "none of them empty"),
        ({"seed": -1}, "seed is -1: give 0 or more"),
    ],
)
def test_settings_out_of_range(given_: Any, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Settings(**given_)
