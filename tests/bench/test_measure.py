"""Samples come in the order that is said, and hold what is said."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
import torch

from fabric_widget.bench import measure as measuring
from fabric_widget.bench.measure import Failure, FlopCount, LoopProbe, Sample, measure, step_cost
from fabric_widget.bench.methods import (
    MODES,
    PLAIN,
    PUBLISHED,
    Runner,
    Variant,
    blocks,
    rotated_blocks,
    schedule_of,
)
from fabric_widget.bench.plan import BESIDE, LENS
from fabric_widget.engine import Schedule
from fabric_widget.peak_memory import PeakMemory
from tests.bench.conftest import tiny_pipeline

if TYPE_CHECKING:
    from fabric_widget.bench.plan import Plan
    from fabric_widget.bench.report import Finding

FIRST, LATER = Variant("first", "exact"), Variant("later", "exact")


def samples(findings: list[Finding]) -> list[Sample]:
    return [x for x in findings if isinstance(x, Sample)]


@pytest.fixture
def idle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let rounds take no time."""
    monkeypatch.setattr(measuring, "make_runner", lambda *_: Runner(lambda _: None))
    monkeypatch.setattr(PeakMemory, "free_unused", lambda _: 0)


def test_a_repetition_has_every_method_once_and_the_plain_pipeline_beside_them(
    plan: Plan,
) -> None:
    expected = [
        (PLAIN,),
        *((Variant("first", m), Variant("later", m)) for m in MODES),
        (PUBLISHED,),
    ]
    assert blocks(plan) == expected
    for repeat in range(2 * len(expected)):
        assert sorted(rotated_blocks(plan, repeat)) == sorted(expected)
        assert rotated_blocks(plan, repeat)[0] == expected[repeat % len(expected)]


@pytest.mark.parametrize("name", [*BESIDE, LENS])
def test_what_is_left_out_is_not_made(plan: Plan, name: str) -> None:
    one = blocks(replace(plan, beside=(name,)))
    assert one[0] == (PLAIN,)
    assert [name in {variant.method, variant.mode} for block in one[1:] for variant in block] in (
        [True],
        [True, True],
    )


def test_all_of_it_is_what_its_parts_are(plan: Plan) -> None:
    every = [block for variant in BESIDE for block in blocks(replace(plan, beside=(variant,)))[1:]]
    assert sorted([*every, (PLAIN,)]) == sorted(blocks(plan))


def test_the_usual_schedule_spares_arithmetic(plan: Plan) -> None:
    dear = schedule_of(plan)
    assert all(dear.weight(i, 10) > 0 for i in range(10))
    assert schedule_of(replace(plan, usual=True)) == Schedule()


def test_counting_comes_first_then_repetitions_of_all_numbers(
    findings: list[Finding], plan: Plan
) -> None:
    ways = [variant for block in blocks(plan) for variant in block]
    counted = [(x.references, x.variant) for x in findings if isinstance(x, FlopCount)]
    assert counted == [(n, variant) for n in plan.references for variant in ways]
    assert [type(x) for x in findings[: len(counted)]] == [FlopCount] * len(counted)
    timed = samples(findings)
    assert [x.position for x in timed] == list(range(len(findings) - len(counted)))
    assert [(x.repeat, x.references, x.variant) for x in timed] == [
        (repeat, n, variant)
        for repeat in range(plan.size.repeats)
        for n in plan.references
        for block in rotated_blocks(plan, repeat)
        for variant in block
    ]
    for a, b in pairwise(timed):
        if b.variant.method == "later":
            assert a.variant == Variant("first", b.variant.mode)


def test_a_first_round_remembers_nothing_and_a_later_one_everything(
    findings: list[Finding],
) -> None:
    for sample in samples(findings):
        if sample.variant.mode and sample.references:
            assert sample.remembered == (sample.variant.method == "later")
            assert sample.cache_bytes > 0
        else:
            assert sample.remembered is None
            assert sample.cache_bytes == 0
        assert 0 < sample.step_seconds < sample.round_seconds


def test_a_bank_without_room_remembers_nothing(plan: Plan) -> None:
    plan = replace(plan, cache_bytes=0, references=(1,), size=replace(plan.size, repeats=1))
    found = samples(list(measure(plan, tiny_pipeline(plan), lambda *_: None)))
    later = [x for x in found if x.variant.method == "later"]
    assert [x.variant.mode for x in later] == list(MODES)
    assert {(x.remembered, x.cache_bytes) for x in later} == {(0, 0)}


def test_what_is_timed_is_the_last_loop() -> None:
    readings = iter(range(10))
    probe = LoopProbe(lambda: next(readings))
    with pytest.raises(KeyError), probe():  # a rehearsal
        raise KeyError
    with probe(total=3) as bar:
        bar.update()
    assert (probe.begin, probe.end) == (3, 4)


@pytest.mark.usefixtures("idle")
def test_progress_grows_to_the_whole(plan: Plan) -> None:
    shown: list[tuple[str, float, float]] = []
    small = replace(plan, references=(0, 1))
    list(measure(small, tiny_pipeline(small), lambda *state: shown.append(state)))
    done = [x for _, x, _ in shown]
    assert done == sorted(done)
    assert done[0] == 0
    assert done[-1] == pytest.approx(shown[-1][2])
    assert len({total for *_, total in shown}) == 1
    assert {f"demo, 1 reference: {mode}" for mode in MODES} <= {words for words, *_ in shown}


def test_the_published_way_is_expected_to_take_longer(plan: Plan) -> None:
    assert step_cost(plan, PLAIN, 8) == step_cost(plan, LATER, 0) == 1
    assert (
        1 < step_cost(plan, LATER, 8) < step_cost(plan, FIRST, 8) == step_cost(plan, PUBLISHED, 8)
    )


@pytest.mark.usefixtures("idle")
@pytest.mark.parametrize("limit", [1, 2])
def test_a_method_without_enough_memory_is_left_out_from_there_on(
    limit: int, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    def greedy(
        variant: Variant, _scene: Any, _plan: Any, liked: list[Any], _disliked: Any
    ) -> Runner:
        if variant == PUBLISHED and len(liked) >= limit:
            raise torch.OutOfMemoryError
        return Runner(lambda _: None)

    monkeypatch.setattr(measuring, "make_runner", greedy)
    small = replace(plan, references=(0, 1, 2))
    found = list(measure(small, tiny_pipeline(small), lambda *_: None))
    assert [x for x in found if isinstance(x, Failure)] == [Failure(PUBLISHED, limit)]
    done = [x.references for x in samples(found) if x.variant == PUBLISHED]
    assert done == list(range(limit)) * plan.size.repeats
    later = [x.references for x in samples(found) if x.variant == LATER]
    assert later == [0, 1, 2] * plan.size.repeats
