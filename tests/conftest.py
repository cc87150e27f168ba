"""What every test runs under."""

from __future__ import annotations

import os

from hypothesis import settings

# Nothing is to be fetched, whatever a library would like to look up.
os.environ["HF_HUB_OFFLINE"] = "1"

# No deadlines: how long a test takes says more about the machine than about the code.
settings.register_profile("house", deadline=None)
settings.load_profile("house")
