"""The machine and the versions that a measurement was made with."""

from __future__ import annotations

import os
import platform
import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

from fabric_widget import __version__

_CPU_INFO = Path("/proc/cpuinfo")
_LIBRARIES = ("torch", "diffusers", "transformers")


def describe(device: torch.device) -> dict[str, Any]:
    """Return name, processor, threads and versions, for JSON."""
    threads = torch.get_num_threads()
    on_cpu = f"{_processor()}, {threads} thread{'s' * (threads > 1)}"
    gpu = torch.cuda.get_device_name(device) if device.type == "cuda" else None
    return {
        "name": platform.node(),
        "measured_on": gpu or on_cpu,
        "system": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "threads": threads,
        "accelerator": gpu,
        "versions": {
            "python": platform.python_version(),
            "fabric_widget": __version__,
            **{name: _version(name) for name in _LIBRARIES},
        },
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _processor() -> str:
    """Return the model of the processor as the system knows it."""
    try:
        text = _CPU_INFO.read_text(encoding="utf-8")
    except OSError:
        text = ""
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return found[1].strip() if found else platform.processor() or platform.machine()
