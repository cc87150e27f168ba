"""Laws of the bank."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from hypothesis import given
from hypothesis import strategies as st

from fabric_widget.engine.attention.tokens import Lent
from fabric_widget.engine.references.cache import ReferenceCache
from fabric_widget.engine.references.host_cache import HostCache

if TYPE_CHECKING:
    import pytest

NBYTES = 2 * 4 * 10


def lent(value: float = 0.0) -> list[Lent]:
    """Return an entry of `NBYTES` bytes."""
    return [Lent(torch.full((10,), value), torch.full((10,), value), 10, 10)]


def test_what_was_put_comes_back() -> None:
    cache, entry = ReferenceCache(NBYTES), lent()
    cache.put("a", entry)
    assert cache.get("a") is entry
    assert cache.get("b") is None
    assert (cache.hits, cache.misses, cache.nbytes) == (1, 1, NBYTES)


def test_capacity_zero_keeps_nothing() -> None:
    cache = ReferenceCache(0)
    cache.put("a", lent())
    assert len(cache) == 0


def test_the_least_recently_used_goes_first() -> None:
    cache = ReferenceCache(2 * NBYTES)
    cache.put("a", lent())
    cache.put("b", lent())
    cache.get("a")
    cache.begin_run(torch.device("cpu"))
    cache.put("c", lent())
    assert [cache.get(key) is not None for key in "abc"] == [True, False, True]


def test_a_run_does_not_push_out_its_own() -> None:
    cache = ReferenceCache(3 * NBYTES)
    for _ in range(2):  # the same scan in two rounds, one entry too long for the bank
        cache.begin_run(torch.device("cpu"))
        for key in "abcd":
            if cache.get(key) is None:
                cache.put(key, lent())
    assert (cache.hits, cache.misses) == (3, 5)


def test_clear() -> None:
    cache = ReferenceCache(NBYTES)
    cache.put("a", lent())
    cache.clear()
    assert (len(cache), cache.nbytes, cache.get("a")) == (0, 0, None)


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=60), st.integers(0, 5))
def test_never_more_than_its_bytes(steps: list[tuple[int, bool]], room: int) -> None:
    cache = ReferenceCache(room * NBYTES)
    for key, new_run in steps:
        if new_run:
            cache.begin_run(torch.device("cpu"))
        entry = cache.get(key)
        assert entry is None or entry[0][0][0] == key
        cache.put(key, lent(float(key)))
        assert cache.nbytes == len(cache) * NBYTES <= cache.capacity


CPU = torch.device("cpu")


def equal(a: object, b: list[Lent]) -> bool:
    assert isinstance(a, list)
    return all(
        torch.equal(x.keys, y.keys) and torch.equal(x.values, y.values) and x[2:] == y[2:]
        for x, y in zip(a, b, strict=True)
    )


def test_what_finds_no_room_waits_in_the_host() -> None:
    host = HostCache(2 * NBYTES, CPU)
    cache = ReferenceCache(NBYTES, host)
    for i, key in enumerate("abc"):
        cache.put(key, lent(float(i)))
    assert (len(cache), len(host), host.nbytes) == (1, 2, 2 * NBYTES)
    assert all(equal(cache.get(key), lent(float(i))) for i, key in enumerate("abc"))
    cache.begin_run(torch.device("cpu"))
    cache.put("d", lent(3.0))  # pushes out "a", which pushes out the oldest of the host
    assert [cache.get(key) is not None for key in "abcd"] == [True, False, True, True]
    cache.clear()
    assert (len(host), host.nbytes, cache.get("b")) == (0, 0, None)


def test_a_host_without_a_device_keeps_everything_it_can() -> None:
    cache = ReferenceCache(0, HostCache(NBYTES, CPU))
    cache.put("a", lent(1.0))
    found = cache.get("a")
    assert equal(found, lent(1.0))
    found[0].keys.fill_(7)  # type: ignore[index]  # a copy: what waits is not touched
    assert equal(cache.get("a"), lent(1.0))


def test_the_next_step_is_fetched_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the second round, while the step before it is asked for; and only what waits there."""
    host = HostCache(9 * NBYTES, CPU)
    cache = ReferenceCache(NBYTES, host)
    steps = [("a", "b"), ("c", "d"), ("e",)]
    fetched: list[object] = []
    fetch = HostCache._fetched

    def watched(self: HostCache, key: str) -> object:
        fetched.append(key)
        return fetch(self, key)

    monkeypatch.setattr(HostCache, "_fetched", watched)
    told: list[list[object]] = []
    for _ in range(2):
        for keys in steps:
            cache.announce(keys)
            told.append(list(fetched))
            for key in keys:
                if cache.get(key) is None:
                    cache.put(key, lent(float(ord(key))))
                assert equal(cache.get(key), lent(float(ord(key))))
        fetched.clear()
    assert told[3][-2:] == ["c", "d"]
    assert "e" in told[4]
