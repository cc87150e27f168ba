"""Load a model without the notices and bars of the libraries beneath it.

What they say while the demo model loads nobody can act on: which image processor stands in for a
missing torchvision, bars that last a second. In a notebook each would stay as an output.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def quiet_loading() -> Iterator[None]:
    """Keep diffusers and transformers from printing; their settings come back afterwards.

    Errors are still shown, and so is everything that they say of other models later.
    """
    import diffusers.utils.logging as of_diffusers
    import transformers.utils.logging as of_transformers
    from huggingface_hub.utils.tqdm import (
        are_progress_bars_disabled,
        disable_progress_bars,
        enable_progress_bars,
    )

    libraries = (of_diffusers, of_transformers)
    verbosity = [library.get_verbosity() for library in libraries]
    bars = [library.is_progress_bar_enabled() for library in libraries]
    hub_bars = not are_progress_bars_disabled()
    for library in libraries:
        library.set_verbosity_error()
        library.disable_progress_bar()
    try:
        yield
    finally:
        for library, level, shown in zip(libraries, verbosity, bars, strict=True):
            library.set_verbosity(level)
            if shown:
                library.enable_progress_bar()
        (enable_progress_bars if hub_bars else disable_progress_bars)()
