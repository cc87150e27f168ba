"""Laws of the bank."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from fabric_widget.engine.bank import Bank
from fabric_widget.engine.tokens import Lent

NBYTES = 2 * 4 * 10


def lent(value: float = 0.0) -> list[Lent]:
    """Return an entry of `NBYTES` bytes."""
    return [Lent(torch.full((10,), value), torch.full((10,), value), 10, 10)]


def test_what_was_put_comes_back() -> None:
    bank, entry = Bank(NBYTES), lent()
    bank.put("a", entry)
    assert bank.get("a") is entry
    assert bank.get("b") is None
    assert (bank.hits, bank.misses, bank.nbytes) == (1, 1, NBYTES)


def test_capacity_zero_keeps_nothing() -> None:
    bank = Bank(0)
    bank.put("a", lent())
    assert len(bank) == 0


def test_the_least_recently_used_goes_first() -> None:
    bank = Bank(2 * NBYTES)
    bank.put("a", lent())
    bank.put("b", lent())
    bank.get("a")
    bank.begin_run()
    bank.put("c", lent())
    assert [bank.get(key) is not None for key in "abc"] == [True, False, True]


def test_a_run_does_not_push_out_its_own() -> None:
    bank = Bank(3 * NBYTES)
    for _ in range(2):  # the same scan in two rounds, one entry too long for the bank
        bank.begin_run()
        for key in "abcd":
            if bank.get(key) is None:
                bank.put(key, lent())
    assert (bank.hits, bank.misses) == (3, 5)


def test_clear() -> None:
    bank = Bank(NBYTES)
    bank.put("a", lent())
    bank.clear()
    assert (len(bank), bank.nbytes, bank.get("a")) == (0, 0, None)


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=60), st.integers(0, 5))
def test_never_more_than_its_bytes(steps: list[tuple[int, bool]], room: int) -> None:
    bank = Bank(room * NBYTES)
    for key, new_run in steps:
        if new_run:
            bank.begin_run()
        entry = bank.get(key)
        assert entry is None or entry[0][0][0] == key
        bank.put(key, lent(float(key)))
        assert bank.nbytes == len(bank) * NBYTES <= bank.capacity
