"""What the widget offers is what the engine takes."""

from __future__ import annotations

import pytest

from fabric_widget.engine.request import checked_seed
from fabric_widget.widget.state.settings import RANGES


def test_the_largest_seed_is_the_engines() -> None:
    largest = int(RANGES["seed"][1])
    assert checked_seed(largest) == largest
    with pytest.raises(ValueError, match="seed"):
        checked_seed(largest + 1)
