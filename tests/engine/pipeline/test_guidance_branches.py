"""Who is conditional: told by what follows the prompt, before a run and during it."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from fabric_widget.engine.errors import FabricError
from fabric_widget.engine.pipeline.call import Call
from fabric_widget.engine.pipeline.guidance_branches import (
    BranchTracker,
    GuidanceBranches,
    guidance_branches,
)

PROMPT, NEGATIVE = torch.ones(2, 3, 4), torch.zeros(2, 3, 4)
ONE = GuidanceBranches((True,), (("words",),))
BOTH = GuidanceBranches((False, True), (("words",),))


def call(x: float, t: float, words: Any, rows: int = 2) -> Call:
    return Call({"x": torch.full((rows, 4), x), "t": torch.tensor(t), "words": words}, "x", "t")


def test_one_call_after_the_other() -> None:
    branches = BranchTracker(ONE, 2)
    calls = [(1, 9, PROMPT), (1, 9, NEGATIVE), (2, 5, PROMPT), (2, 5, NEGATIVE), (3, 1, PROMPT)]
    conditional_rows = [branches.conditional_rows(call(*c)) for c in calls]
    assert conditional_rows == [[True], [False], [True], [False], [True]]


def test_a_sampler_of_second_order() -> None:
    """Same timestep or same latents alone are a new question about the picture."""
    branches = BranchTracker(ONE, 2)
    assert [branches.conditional_rows(call(x, t, PROMPT)) for x, t in ((1, 9), (1, 5), (2, 5))] == [
        [True]
    ] * 3
    assert not branches.alternate


def test_prompt_and_negative_prompt_that_say_the_same() -> None:
    branches = BranchTracker(ONE, 2)
    assert [branches.conditional_rows(call(1, 9, PROMPT)) for _ in range(3)] == [
        [True],
        [False],
        [True],
    ]
    assert branches.alternate


def test_words_changed_on_the_way() -> None:
    branches = BranchTracker(ONE, 2)
    branches.conditional_rows(call(1, 9, PROMPT))
    assert branches.conditional_rows(call(2, 5, 3 * PROMPT)) == [True]
    assert branches.conditional_rows(call(2, 5, NEGATIVE)) == [False]


@pytest.mark.parametrize(("words", "role"), [(PROMPT, True), (NEGATIVE, False)])
def test_a_call_beside_one_with_both_kinds_of_rows(words: torch.Tensor, role: bool) -> None:
    branches = BranchTracker(BOTH, 2)
    assert branches.conditional_rows(call(1, 9, torch.cat([NEGATIVE, PROMPT]), 4)) == [False, True]
    assert branches.conditional_rows(call(1, 9, words)) == [role]
    assert branches.conditional_rows(call(2, 5, words)) == [True]  # guidance switched off


def test_text_of_another_length_is_another_text() -> None:
    branches = BranchTracker(ONE, 2)
    branches.conditional_rows(call(1, 9, PROMPT))
    assert branches.conditional_rows(call(1, 9, torch.ones(2, 5, 4))) == [False]
    lists = BranchTracker(ONE, 2)
    lists.conditional_rows(call(1, 9, list(PROMPT)))
    assert lists.conditional_rows(call(1, 9, list(NEGATIVE))) == [False]
    assert lists.conditional_rows(call(1, 9, list(PROMPT))) == [True]


def test_unexpected_rows() -> None:
    with pytest.raises(FabricError, match="called with 3 rows for 2 pictures; 2 rows for each"):
        BranchTracker(BOTH, 2).conditional_rows(call(1, 9, PROMPT, 3))


def measured(null: Any, worded: Any) -> GuidanceBranches:
    rows = len(null)

    def made(words: Any, n: int) -> Call:
        arguments = {"x": torch.zeros(n, 4), "t": torch.tensor(1.0), "words": words}
        return Call(arguments, "x", "t", frozenset({("x",), ("words",)}))

    return guidance_branches(made(null, rows), made(worded, 2 * rows))


def test_rows_that_follow_the_prompt() -> None:
    null = torch.zeros(2, 3, 4)
    worded = torch.cat([torch.zeros(2, 3, 4), torch.ones(2, 3, 4)])
    assert measured(null, worded) == GuidanceBranches((False, True), (("words",),))
    assert measured(null, null.repeat(2, 1, 1)).rows == (False, False)


def test_rows_filled_up_to_the_longest_text() -> None:
    """The mask tells; the filling itself would make every row differ."""
    mask = torch.tensor([[1, 1], [1, 1]])
    longer = torch.tensor([[1, 1, 0]] * 2 + [[1, 1, 1]] * 2)
    assert measured(mask, longer).rows == (False, True)
    filled = torch.ones(4, 3, 4)
    assert measured(torch.zeros(2, 2, 4), filled).rows == (False, False)


def test_texts_in_a_list() -> None:
    short, long = torch.zeros(2, 4), torch.ones(3, 4)
    assert measured([short, short], [long, long, short, short]).rows == (True, False)
