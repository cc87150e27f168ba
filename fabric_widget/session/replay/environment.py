"""The pipeline, the device and the libraries that a session was made with, as JSON."""

from __future__ import annotations

from dataclasses import asdict
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import torch

from fabric_widget.at_pipeline import fact_of_pipeline
from fabric_widget.engine import Fabric, FabricError, HiRes, Schedule, TokenBudget
from fabric_widget.engine.fingerprint import digest
from fabric_widget.engine.pipeline.denoiser import Denoiser
from fabric_widget.engine.pipeline.identity import identity_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_LIBRARIES = ("torch", "diffusers", "transformers", "numpy", "pillow")
_ABSENT = "nothing"
BITS = 16  # of the cache, by default
_DEMO = ("fabric_widget", "demo", "model")
_NAME = "name"  # where it was loaded from: the same weights may be anywhere


def environment_of(fabric: Any) -> dict[str, Any]:  # noqa: ANN401  (a Fabric, a HiRes)
    """Return what the pictures of a fabric depend on beside their seeds and settings.

    Returns
    -------
    dict
        Plain values: names of the pipeline, of its weights and its scheduler, device, dtype,
        versions of libraries, and the settings of the fabric.
    """
    return _environment_of(fabric.fabric if isinstance(fabric, HiRes) else fabric)


@fact_of_pipeline
def _environment_of(fabric: Any) -> dict[str, Any]:  # noqa: ANN401  (a Fabric, or anything else)
    found: dict[str, Any] = {"libraries": dict(_libraries())}
    if not isinstance(fabric, Fabric):
        return found
    pipe = fabric.pipe
    models = {
        name: part for name, part in pipe.components.items() if isinstance(part, torch.nn.Module)
    }
    scheduler = getattr(pipe, "scheduler", None)
    settings = dict(getattr(scheduler, "config", {}))
    return found | {
        "pipeline": type(pipe).__name__,
        "name": _name(str(pipe.config.get("_name_or_path") or "")),
        "weights": {name: identity_of(model) for name, model in models.items()},
        "denoiser": type(Denoiser(pipe).model).__name__,
        "scheduler": f"{type(scheduler).__name__} {digest(repr(sorted(settings.items())))[:8]}",
        "device": _device(models),
        "dtype": {name: str(getattr(model, "dtype", "")) for name, model in models.items()},
        "threads": torch.get_num_threads(),
        "schedule": asdict(fabric.schedule),
        "token_budget": asdict(fabric.token_budget) | {"share": str(fabric.token_budget.share)},
        # Sessions of before it could be another number do not tell.
        **({} if fabric.cache_bits == BITS else {"cache_bits": fabric.cache_bits}),
    }


def fabric_as_noted(pipe: Any, environments: Sequence[Mapping[str, Any]]) -> Fabric:  # noqa: ANN401  (a pipeline)
    """Return a fabric with the settings that a session was last saved with.

    Raises
    ------
    FabricError
        What the session says of them cannot be used.
    """
    try:
        return Fabric(pipe, **settings_noted(environments[-1] if environments else {}))
    except (TypeError, ValueError) as error:
        message = f"the session was made with settings that this version does not have ({error})"
        raise FabricError(message) from error


def settings_noted(noted: Mapping[str, Any]) -> dict[str, Any]:
    """Return those settings of a `Fabric` on which pictures depend; defaults where none is told.

    Raises
    ------
    TypeError, ValueError
        This version does not have such settings.
    """
    budget = dict(noted.get("token_budget", {}))
    if "share" in budget:
        budget["share"] = float(budget["share"])  # JSON has no infinity
    return {
        "schedule": Schedule(**noted.get("schedule", {})),
        "token_budget": TokenBudget(**budget),
        "cache_bits": noted.get("cache_bits", BITS),
    }


def added(
    environments: Sequence[Mapping[str, Any]], present: Mapping[str, Any]
) -> tuple[Mapping[str, Any], ...]:
    """Return the environments of a session with the present one as the newest."""
    return (*(each for each in environments if each != present), present)


def differences(
    environments: Sequence[Mapping[str, Any]], present: Mapping[str, Any]
) -> tuple[str, ...]:
    """Return in words what is different now from when a session was made, one for each thing."""
    if not environments:
        return ("the session does not say what it was made with",)
    now = {name: value for name, value in _flat(present) if name != _NAME}
    told: dict[str, None] = {}
    for environment in environments:
        then = {name: value for name, value in _flat(environment) if name != _NAME}
        for name in (*then, *(name for name in now if name not in then)):
            if then.get(name) != now.get(name):
                was, is_ = then.get(name, _ABSENT), now.get(name, _ABSENT)
                told[f"{name}: {was} then, {is_} now"] = None
    return tuple(told)


def _libraries() -> Iterator[tuple[str, str]]:
    # Not an import statement: the package knows all rooms, and this one does not.
    yield "fabric_widget", import_module("fabric_widget").__version__
    for name in _LIBRARIES:
        try:
            yield name, version(name)
        except PackageNotFoundError:
            yield name, _ABSENT


def _name(loaded: str) -> str:
    """Return a name that others can load: not a path, which would tell of a user's folders."""
    path = PurePath(loaded)
    if path.parts[-3:] == _DEMO:
        return "demo"
    return "" if path.is_absolute() or len(path.parts) != len(("owner", "name")) else loaded


def _device(models: Mapping[str, torch.nn.Module]) -> str:
    """Return the kind of processor: bits depend on it."""
    parameters = (next(model.parameters(), None) for model in models.values())
    kinds = {parameter.device.type for parameter in parameters if parameter is not None}
    if kinds - {"cpu"}:
        names = [torch.cuda.get_device_name()] if "cuda" in kinds else []
        return ", ".join([*sorted(kinds), *names])
    return f"cpu, {torch.backends.cpu.get_cpu_capability()}"


def _flat(environment: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in environment.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name} ")
        else:
            yield f"{before}{name}".removeprefix("libraries "), value
