"""What the engine's tests share: tiny pipelines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch

from fabric_widget.zoo import tiny
from tests.engine.rounds import published

if TYPE_CHECKING:
    from fabric_widget.engine import Fabric


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    """Models this small are slower on several threads."""
    torch.set_num_threads(1)


@pytest.fixture
def pipe() -> Any:
    """Return a whole tiny pipeline of the first family."""
    return tiny.pipeline()


@pytest.fixture
def fabric(pipe: Any) -> Fabric:
    return published(pipe)
