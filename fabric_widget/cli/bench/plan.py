"""What the options of bench ask for, checked: which device, which targets, how each is measured."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fabric_widget.bench.plan import LOADING, REFERENCES, TARGETS, Plan

if TYPE_CHECKING:
    import argparse

_QUICK_TARGETS, _QUICK_REFERENCES = ("demo", LOADING), (0, 1, 4)
_QUICK_SIZE = {"steps": 2, "repeats": 2}
_LOADING_REPEATS, _QUICK_LOADING_REPEATS = 7, 2
_MEBIBYTE = 2**20


def choose_device(asked: str | None) -> str:
    """Return the device to measure on.

    Raises
    ------
    ValueError
        There is no such device.
    """
    import torch

    if asked is None:
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(asked)
    except RuntimeError:
        device = None
    if device is None or device.type not in {"cpu", "cuda"}:
        message = f"device is {asked!r}: give cpu, cuda or cuda:N"
        raise ValueError(message)
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        message = f"torch sees {torch.cuda.device_count()} CUDA devices, not {asked!r}: give cpu"
        raise ValueError(message)
    return asked


def target_names(arguments: argparse.Namespace, device: str) -> list[str]:
    """Return the names of what is measured, each once.

    Raises
    ------
    ValueError
        There is no target of that name.
    """
    known = [*TARGETS, LOADING]
    unknown = [name for name in arguments.targets if name not in known]
    if unknown:
        message = f"there is no target {unknown[0]!r}; there are {', '.join(known)}"
        raise ValueError(message)
    if arguments.targets:
        return list(dict.fromkeys(arguments.targets))
    if arguments.quick:
        return list(_QUICK_TARGETS)
    usual = [x for x in known if x == LOADING or TARGETS[x].published]
    return [x for x in usual if x == LOADING or device != "cpu" or TARGETS[x].on_cpu]


def plan_target(arguments: argparse.Namespace, name: str, device: str) -> Plan:
    """Return how a target is measured.

    Raises
    ------
    ValueError
        It cannot be measured that way.
    """
    target = TARGETS[name]
    given = {
        "pictures": arguments.batch,
        "latent": arguments.latent,
        "steps": arguments.steps,
        "repeats": arguments.repeats,
    }
    own = (target.on_cpu if device == "cpu" else None) or target.on_accelerator
    size = replace(own, **_QUICK_SIZE) if arguments.quick else own
    return Plan(
        target=target,
        size=replace(size, **{key: value for key, value in given.items() if value is not None}),
        references=tuple(
            arguments.references or (_QUICK_REFERENCES if arguments.quick else REFERENCES)
        ),
        device=device,
        dtype=arguments.dtype or ("float32" if device == "cpu" else "float16"),
        disliked=arguments.disliked,
        cache_bytes=None if arguments.cache is None else arguments.cache * _MEBIBYTE,
        offload=arguments.offload,
        beside=tuple(arguments.beside),
        usual=arguments.usual,
    )


def loading_repeats(arguments: argparse.Namespace) -> int:
    """Return how often imports are timed."""
    default = _QUICK_LOADING_REPEATS if arguments.quick else _LOADING_REPEATS
    repeats: int = arguments.repeats or default
    return repeats
