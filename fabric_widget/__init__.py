"""Turn any diffusers text-to-image pipeline into a conversation.

engine/      a pipeline, a prompt and feedback in; pictures out
cluster/     the pictures of a round, shared out among GPUs and machines
lora/        a taste to keep: what votes say, learnt by a LoRA
session/     rounds, votes, undo; saved, opened, replayed and exported
widget/      FabricWidget and AttentionPlayground, for notebooks
evaluation/  simulated users, methods, scorers, studies, reports
bench/       what feedback costs
gpu/         whether all of it holds on a GPU, asked in a few minutes
charts/      charts as SVG, for evaluation and bench
color_and_form  how far apart pictures are
peak_memory  how much memory a piece of work took at most
user_folder  what was measured once and is kept for later
whole_files  files that are written as a whole, or not at all
at_pipeline  functions that run where a pipeline is
autosave     where sessions save themselves, and how many are kept
demo/        the small model that ships in the package
zoo/         one tiny pipeline of every family, with random weights
cli/         the command line

Importing this package is cheap: torch and diffusers load when a public name is first used.
"""

from __future__ import annotations

import importlib
import logging
import sys
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fabric_widget.autosave import Autosave
    from fabric_widget.cluster import DistributedFabric
    from fabric_widget.demo import load_demo
    from fabric_widget.engine import (
        Everything,
        Explore,
        Fabric,
        HiRes,
        Lens,
        MoreLike,
        Schedule,
        TokenBudget,
        Vote,
    )
    from fabric_widget.lora import LoRASettings, TasteLoRA
    from fabric_widget.session import Session, SessionFileError, Style, read_settings
    from fabric_widget.session.journal import sessions
    from fabric_widget.widget import AttentionPlayground, FabricWidget

__version__ = "0.1.0"

__all__ = [
    "AttentionPlayground",
    "Autosave",
    "DistributedFabric",
    "Everything",
    "Explore",
    "Fabric",
    "FabricWidget",
    "HiRes",
    "Lens",
    "LoRASettings",
    "MoreLike",
    "Schedule",
    "Session",
    "SessionFileError",
    "Style",
    "TasteLoRA",
    "TokenBudget",
    "Vote",
    "load_demo",
    "read_settings",
    "sessions",
]

_ROOMS = {
    "AttentionPlayground": "fabric_widget.widget",
    "DistributedFabric": "fabric_widget.cluster",
    "Everything": "fabric_widget.engine",
    "Explore": "fabric_widget.engine",
    "Fabric": "fabric_widget.engine",
    "FabricWidget": "fabric_widget.widget",
    "HiRes": "fabric_widget.engine",
    "Lens": "fabric_widget.engine",
    "LoRASettings": "fabric_widget.lora",
    "MoreLike": "fabric_widget.engine",
    "Schedule": "fabric_widget.engine",
    "Session": "fabric_widget.session",
    "Autosave": "fabric_widget.session.journal",
    "sessions": "fabric_widget.session.journal",
    "SessionFileError": "fabric_widget.session",
    "Style": "fabric_widget.session",
    "TasteLoRA": "fabric_widget.lora",
    "TokenBudget": "fabric_widget.engine",
    "Vote": "fabric_widget.engine",
    "load_demo": "fabric_widget.demo",
    "read_settings": "fabric_widget.session",
}

_RENAMED = {"Economy": "TokenBudget"}

logging.getLogger(__name__).addHandler(logging.NullHandler())


def __getattr__(name: str) -> object:
    """Import a public name from its room when it is first asked for."""
    if name in _RENAMED:
        message = f"{name} is called {_RENAMED[name]} now: import that"
        warnings.warn(message, DeprecationWarning, stacklevel=2)
        return getattr(sys.modules[__name__], _RENAMED[name])
    if name not in _ROOMS:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    value = getattr(importlib.import_module(_ROOMS[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names although they are not loaded yet."""
    return sorted({*globals(), *__all__})
