"""Memory: out of it and back, the cache and its overflow, what stays after rounds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from fabric_widget.engine import Fabric, Schedule
from fabric_widget.engine.pipeline.restore import swapped
from fabric_widget.engine.references.cache import affordable_bytes
from fabric_widget.gpu.check import Check, Found, Skipped
from fabric_widget.zoo import ZOO

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fabric_widget.engine.results import Round
    from fabric_widget.gpu.place import Place

_EVERY_STEP = Schedule(end=1.0)
_FAMILY = "SD 1"
_SECOND = 2  # call of the denoiser
_NOTICEABLE = 0.02  # of the spread of latents
_ROUNDS = 3
_MEBIBYTE = 2**20
_HELD = 15 * 10**9


def checks(_: Place) -> Iterator[Check]:
    """Yield the checks."""
    group = "memory"
    yield Check(
        group,
        "out of memory and recovery",
        "a round that runs out of memory leaves the pipeline as it was, and the next one succeeds",
        _recovery,
    )
    yield Check(
        group,
        "overflow into host memory",
        "references that came back from host memory change no bit",
        _overflow,
    )
    yield Check(
        group,
        "references in eight bits",
        "pictures change by less than a fiftieth of their spread, and not with the cache",
        _rounded,
    )
    yield Check(
        group,
        "what stays after rounds",
        "nothing but the cache grows from round to round",
        _growth,
    )
    yield Check(
        group,
        "the cache on a small card",
        "a process that is held to 15 GB lets its cache take a quarter of what is left of them",
        _affordable,
    )


def _ready(place: Place) -> tuple[Any, dict[str, Any]]:
    pipe = ZOO[_FAMILY].build()
    pipe.to(place.device, place.dtype)
    return pipe, {"num_images": 2, "schedule": _EVERY_STEP, **ZOO[_FAMILY].arguments}


def _same(one: Round, other: Round) -> bool:
    return all(torch.equal(a.latents, b.latents) for a, b in zip(one, other, strict=True))


def _recovery(place: Place) -> Found:
    pipe, arguments = _ready(place)
    fabric = Fabric(pipe)
    liked = list(fabric("a cat", **arguments))[:1]
    before = fabric("a cat", seed=7, liked=liked, **arguments)
    inner, calls = pipe.unet.forward, 0

    def out_of_memory(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == _SECOND:
            if place.dry:
                message = "dry: there is memory enough"
                raise torch.OutOfMemoryError(message)
            torch.empty(2**60, dtype=torch.uint8, device=place.device)
        return inner(*args, **kwargs)

    try:
        with swapped(pipe.unet, out_of_memory):
            fabric("a cat", seed=7, liked=liked, **arguments)
    except torch.OutOfMemoryError:
        pass
    else:
        return Found("a round finished without memory", passed=False)
    kept = len(fabric._cache)  # noqa: SLF001  (nobody else needs to know)
    after = fabric("a cat", seed=7, liked=liked, **arguments)
    equal = _same(before, after)
    return Found(
        f"{kept} entries left in the cache; the next round is {'the same' if equal else 'another'}",
        passed=equal and kept == 0,
        note="dry: the error is raised, not met" if place.dry else "",
    )


def _overflow(place: Place) -> Found:
    pipe, arguments = _ready(place)
    liked = list(Fabric(pipe)("a cat", **arguments))
    whole = Fabric(pipe)("a cat", seed=7, liked=liked, **arguments)
    small = Fabric(pipe, cache_bytes=0, host_bytes=_MEBIBYTE * 64)
    rounds = [small("a cat", seed=7, liked=liked, **arguments) for _ in range(3)]
    host = small._cache.host  # noqa: SLF001
    if host is None or not len(host):
        return Found("nothing came to host memory", passed=False)
    equal = all(_same(whole, made) for made in rounds)
    return Found(
        f"{len(host)} entries, {host.nbytes / 1024:.0f} KiB; "
        f"{'the same pictures' if equal else 'other pictures'}",
        passed=equal and small._cache.hits > 0,  # noqa: SLF001
        note="dry: copies, but neither pinned memory nor a stream" if place.dry else "",
    )


def _rounded(place: Place) -> Found:
    pipe, arguments = _ready(place)
    liked = list(Fabric(pipe)("a cat", **arguments))[:1]
    fabrics = [Fabric(pipe, cache_bits=bits) for bits in (16, 8)]
    whole, rounded = (fabric("a cat", seed=7, liked=liked, **arguments) for fabric in fabrics)
    later = fabrics[1]("a cat", seed=7, liked=liked, **arguments)
    one, other = (torch.stack([image.latents for image in made]) for made in (whole, rounded))
    off = float((one - other).abs().max() / one.std())
    kept = [fabric._cache.nbytes for fabric in fabrics]  # noqa: SLF001
    return Found(
        f"off by {off:.2g} standard deviations, in {kept[1] / kept[0]:.0%} of the memory",
        passed=_same(rounded, later) and off < _NOTICEABLE,
        numbers={"off": off, "bytes": kept},
        note="" if _same(rounded, later) else "the next round is another",
    )


def _growth(place: Place) -> Found:
    pipe, arguments = _ready(place)
    fabric = Fabric(pipe)
    liked = list(fabric("a cat", **arguments))[:1]
    taken: list[int] = []
    for seed in range(_ROUNDS):
        fabric("a cat", seed=seed, liked=liked, **arguments)
        place.free()
        cached = fabric._cache.nbytes  # noqa: SLF001
        taken.append(0 if place.dry else place.allocated - cached)
    grown = taken[-1] - taken[1]
    return Found(
        f"{grown} bytes more after {_ROUNDS} rounds than after 2",
        passed=grown < _MEBIBYTE,
        numbers={"bytes": taken},
        note="dry: torch counts no memory of a CPU" if place.dry else "",
    )


def _affordable(place: Place) -> Found:
    if place.dry:
        capacity = affordable_bytes(place.device, 0)
        return Found(f"{capacity / 2**30:.0f} GiB", note="dry: what a CPU gives it")
    if torch.cuda.get_device_properties(place.device).total_memory < _HELD:
        message = "the card itself is as small"
        raise Skipped(message)
    place.free()
    with place.held_to(_HELD):
        capacity = affordable_bytes(place.device, 0)
    most = (_HELD - place.allocated) / 4
    return Found(
        f"{capacity / 1e9:.2f} GB of at most {most / 1e9:.2f} GB",
        passed=0 < capacity <= most * 1.01,
        numbers={"bytes": capacity},
    )
