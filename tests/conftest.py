"""What every test runs under."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from xdist.remote import Producer
    from xdist.scheduler import LoadScopeScheduling

# Nothing is to be fetched, whatever a library would like to look up.
os.environ["HF_HUB_OFFLINE"] = "1"

# No deadlines: how long a test takes says more about the machine than about the code.
settings.register_profile("house", deadline=None)
settings.load_profile("house")

# Tests that share a notebook server and its kernel, by their parameters, or by their file.
_SHARING = re.compile(r"(?:lab|notebook)-ipykernel-\d|hosts/test_(?:marimo|nbconvert)\.py")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """Give each process one test after the other, but all tests of one server to the same one."""
    from xdist.scheduler import LoadScopeScheduling

    class OneServerOneProcess(LoadScopeScheduling):  # type: ignore[misc]  # untyped
        def _split_scope(self, nodeid: str) -> str:
            shared = _SHARING.search(nodeid)
            return shared[0] if shared else nodeid

    return OneServerOneProcess(config, log)
