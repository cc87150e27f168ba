"""A study as one call: what is missing is run, everything is returned."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from fabric_widget.evaluation.methods import UnknownMethod
from fabric_widget.evaluation.study import run as module
from fabric_widget.evaluation.study.in_process import run_in_process
from fabric_widget.evaluation.study.resources import Resources
from fabric_widget.evaluation.study.result_store import OtherConfiguration
from fabric_widget.evaluation.study.run import run_study
from tests.evaluation.study.conftest import PREFERENCE, PaintedResources, cases, records

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

METHODS = ("none", "ours")


def without_costs(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in r.items() if name != "costs"} for r in found]


def test_only_what_is_missing_is_run_and_everything_is_returned(tmp_path: Path) -> None:
    rounds: list[None] = []

    def ran(count: int, *methods: str) -> tuple[int, list[dict[str, Any]]]:
        rounds.clear()
        found = run_study(
            PREFERENCE,
            cases(count),
            methods,
            tmp_path / "new",
            resources=PaintedResources(PREFERENCE),
            on_round=lambda: rounds.append(None),
        )
        return len(rounds) // PREFERENCE.rounds, found

    assert ran(2, "none")[0] == 2
    assert ran(2, *METHODS)[0] == 2
    assert ran(3, *METHODS)[0] == 2
    count, found = ran(3, *METHODS)
    assert count == 0
    assert without_costs(found) == without_costs(records(PREFERENCE, METHODS, 3))


def test_nothing_is_loaded_if_nothing_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = []

    def load(settings: Any) -> Resources:
        loaded.append(settings)
        return PaintedResources(settings)

    monkeypatch.setattr(Resources, "load", load)
    first = run_study(PREFERENCE, cases(1), METHODS, tmp_path)
    assert run_study(PREFERENCE, cases(1), METHODS, tmp_path) == first
    assert loaded == [PREFERENCE]


@pytest.mark.parametrize(("cluster", "address"), [("", None), ("ray://a:1", "ray://a:1")])
def test_a_cluster_is_asked_for_the_missing_ones_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cluster: str, address: str | None
) -> None:
    resources = PaintedResources(PREFERENCE)
    rounds: list[None] = []
    run_study(PREFERENCE, cases(1), METHODS[:1], tmp_path, resources=resources)

    def on_cluster(
        settings: Any, numbered: Any, keys: Any, where: str | None
    ) -> Iterator[tuple[Any, Any]]:
        assert where == address
        assert keys == [(0, "ours")]
        assert settings == PREFERENCE
        yield from run_in_process(resources, numbered, keys)

    monkeypatch.setattr(module, "run_on_cluster", on_cluster)
    found = run_study(
        PREFERENCE,
        cases(1),
        METHODS,
        tmp_path,
        cluster=cluster,
        on_round=lambda: rounds.append(None),
    )
    assert [record["method"] for record in found] == [*METHODS]
    assert len(rounds) == PREFERENCE.rounds


def test_other_settings_and_unknown_methods_are_refused(tmp_path: Path) -> None:
    resources = PaintedResources(PREFERENCE)
    with pytest.raises(UnknownMethod, match="nobody"):
        run_study(PREFERENCE, cases(1), ("none", "nobody"), tmp_path, resources=resources)
    run_study(PREFERENCE, cases(1), ("none",), tmp_path, resources=resources)
    with pytest.raises(OtherConfiguration, match="person"):
        run_study(replace(PREFERENCE, person="noisy"), cases(1), ("none",), tmp_path)
