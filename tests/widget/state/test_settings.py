"""What the widget offers is what the engine takes, and Python learns what the ranges are."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabric_widget.engine.request import checked_seed
from fabric_widget.widget.playground.settings import LIMITS, checked_setting
from fabric_widget.widget.state.settings import RANGES, checked_control, read_control

OUTSIDE: dict[tuple[str, Any], str] = {
    ("steps", 0): "steps is 0: give a whole number from 1 to 150, or None",
    ("width", 63): "width is 63: give a multiple of 8 from 64 to 2048, or None",
    ("height", 2056): "height is 2056: give a multiple of 8 from 64 to 2048, or None",
    ("guidance", -5): "guidance is -5: give a number from 0 to 30, or None",
    ("num_images", 65): "num_images is 65: give a whole number from 1 to 16",
    ("num_images", 2.5): "num_images is 2.5: give a whole number from 1 to 16",
    ("variety", -0.1): "variety is -0.1: give a number from 0 to 1, or None",
    ("strength", 2.01): "strength is 2.01: give a number from 0 to 2",
}
numbers = st.one_of(st.integers(-(10**6), 10**12), st.floats(-1e6, 1e12))


def test_the_largest_seed_is_the_engines() -> None:
    largest = int(RANGES["seed"][1])
    assert checked_seed(largest) == largest
    with pytest.raises(ValueError, match="seed"):
        checked_seed(largest + 1)


@pytest.mark.parametrize(("name", "value"), OUTSIDE)
def test_a_number_out_of_range_is_refused_with_the_range(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=r"give a") as raised:
        checked_control(name, value)
    assert str(raised.value) == OUTSIDE[name, value]


@given(st.sampled_from(sorted(RANGES)), numbers)
def test_exactly_what_would_be_moved_is_refused(name: str, value: float) -> None:
    taken, _ = read_control(name, value)
    if taken == value:
        assert checked_control(name, value) == (value, "")
    else:
        with pytest.raises(ValueError, match=f"^{name} is "):
            checked_control(name, value)
    assert checked_control(name, taken) == (taken, "")


@given(st.sampled_from(sorted(LIMITS)), numbers)
def test_the_playground_does_the_same(name: str, value: float) -> None:
    least, greatest, _ = LIMITS[name]
    if not least <= value <= greatest:
        with pytest.raises(ValueError, match=f"^{name} is .* from {least:g} to "):
            checked_setting(name, value)
