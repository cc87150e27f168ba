"""Laws of the bank."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from hypothesis import given
from hypothesis import strategies as st

from fabric_widget.engine.attention.tokens import Lent
from fabric_widget.engine.references.cache import Bank
from fabric_widget.engine.references.host_cache import HostBank

if TYPE_CHECKING:
    import pytest

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


CPU = torch.device("cpu")


def equal(a: object, b: list[Lent]) -> bool:
    assert isinstance(a, list)
    return all(
        torch.equal(x.keys, y.keys) and torch.equal(x.values, y.values) and x[2:] == y[2:]
        for x, y in zip(a, b, strict=True)
    )


def test_what_finds_no_room_waits_in_the_host() -> None:
    host = HostBank(2 * NBYTES, CPU)
    bank = Bank(NBYTES, host)
    for i, key in enumerate("abc"):
        bank.put(key, lent(float(i)))
    assert (len(bank), len(host), host.nbytes) == (1, 2, 2 * NBYTES)
    assert all(equal(bank.get(key), lent(float(i))) for i, key in enumerate("abc"))
    bank.begin_run()
    bank.put("d", lent(3.0))  # pushes out "a", which pushes out the oldest of the host
    assert [bank.get(key) is not None for key in "abcd"] == [True, False, True, True]
    bank.clear()
    assert (len(host), host.nbytes, bank.get("b")) == (0, 0, None)


def test_a_host_without_a_device_keeps_everything_it_can() -> None:
    bank = Bank(0, HostBank(NBYTES, CPU))
    bank.put("a", lent(1.0))
    found = bank.get("a")
    assert equal(found, lent(1.0))
    found[0].keys.fill_(7)  # type: ignore[index]  # a copy: what waits is not touched
    assert equal(bank.get("a"), lent(1.0))


def test_the_next_step_is_fetched_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the second round, while the step before it is asked for; and only what waits there."""
    host = HostBank(9 * NBYTES, CPU)
    bank = Bank(NBYTES, host)
    steps = [("a", "b"), ("c", "d"), ("e",)]
    fetched: list[object] = []
    fetch = HostBank._fetched

    def watched(self: HostBank, key: str) -> object:
        fetched.append(key)
        return fetch(self, key)

    monkeypatch.setattr(HostBank, "_fetched", watched)
    told: list[list[object]] = []
    for _ in range(2):
        for keys in steps:
            bank.announce(keys)
            told.append(list(fetched))
            for key in keys:
                if bank.get(key) is None:
                    bank.put(key, lent(float(ord(key))))
                assert equal(bank.get(key), lent(float(ord(key))))
        fetched.clear()
    assert told[3][-2:] == ["c", "d"]
    assert "e" in told[4]
