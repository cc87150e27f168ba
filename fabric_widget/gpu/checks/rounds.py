"""Whole rounds: previews, times with an autoencoder of full size, two pipelines at once."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import torch
from diffusers import AutoencoderKL

from fabric_widget.bench.plan import TARGETS, Plan, Size
from fabric_widget.bench.targets import build
from fabric_widget.engine import Fabric, Schedule
from fabric_widget.gpu.check import Check, Found
from fabric_widget.zoo import ZOO

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from fabric_widget.engine.results import Progress, Round
    from fabric_widget.gpu.place import Place

# https://huggingface.co/stable-diffusion-v1-5/stable-diffusion-v1-5, vae/config.json
_AUTOENCODER: Mapping[str, Any] = {
    "block_out_channels": (128, 256, 512, 512),
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
    "layers_per_block": 2,
    "latent_channels": 4,
    "sample_size": 512,
}
_EVERY_STEP = Schedule(end=1.0)
_SIZE = Size(pictures=4, latent=64, steps=20, repeats=1)
_PAIR = ("SDXL", "Flux")


def checks(_: Place) -> Iterator[Check]:
    """Yield the checks."""
    yield Check(
        "rounds",
        "a round of Stable Diffusion 1.5 with previews",
        "previews at every step take less than a tenth of a round",
        _previews,
        seconds=30,
    )
    yield Check(
        "rounds",
        "two pipelines at once",
        "two threads with a pipeline each make what each makes alone",
        _at_once,
        seconds=5,
    )


def _ready(place: Place) -> tuple[Any, dict[str, Any]]:
    """Return a pipeline whose autoencoder is as large as the real one, and its arguments."""
    if place.dry:
        family = ZOO["SD 1"]
        return family.build(), {"num_images": 2, **family.arguments}
    plan = Plan(target=TARGETS["sd15"], size=_SIZE, device=str(place.device), dtype="float16")
    target = build(plan)
    with torch.random.fork_rng(), place.device:
        vae = AutoencoderKL(**_AUTOENCODER)
    pipe = target.pipe
    kind, components = type(pipe), dict(pipe.components)
    components["vae"] = torch.nn.Module.to(vae, torch.float16).eval()
    pipe = kind(**components, requires_safety_checker=False)
    pipe.set_progress_bar_config(disable=True)
    sizes = {"height": 512, "width": 512, "num_inference_steps": _SIZE.steps}
    return pipe, {"num_images": _SIZE.pictures, **sizes, "guidance_scale": 7.5}


def _previews(place: Place) -> Found:
    pipe, arguments = _ready(place)
    fabric = Fabric(pipe)
    liked = list(fabric("a cat", **arguments))[:2]
    shown = 0

    def show(progress: Progress) -> None:
        nonlocal shown
        shown += len(progress.previews())

    def seconds(**more: Any) -> float:
        return place.seconds(lambda: fabric("a cat", seed=9, liked=liked, **arguments, **more))

    without, with_them = seconds(), seconds(on_step=show)
    cost = with_them / without - 1
    return Found(
        f"{without:.2f} s a round of {arguments['num_images']} pictures with 2 likes; previews "
        f"add {cost:.1%}",
        passed=shown > 0 and (place.dry or cost < 0.1),  # noqa: PLR2004  (as asked)
        numbers={"seconds": without, "with_previews": with_them, "previews": shown},
        note="dry: a tiny pipeline, whose times say nothing" if place.dry else "",
    )


def _at_once(place: Place) -> Found:
    fabrics = {}
    for name in _PAIR:
        pipe = ZOO[name].build()
        pipe.to(place.device, place.dtype)
        fabrics[name] = Fabric(pipe)
    alone = {name: _rounds(fabric, name) for name, fabric in fabrics.items()}
    found: dict[str, Sequence[Round]] = {}
    errors: list[BaseException] = []

    def work(name: str) -> None:
        try:
            found[name] = _rounds(fabrics[name], name)
        except BaseException as error:  # noqa: BLE001  (raised again below)
            errors.append(error)

    threads = [threading.Thread(target=work, args=(name,)) for name in _PAIR]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    unlike = [
        name
        for name in _PAIR
        for one, other in zip(alone[name], found[name], strict=True)
        for a, b in zip(one, other, strict=True)
        if not torch.equal(a.latents, b.latents)
    ]
    return Found(
        f"{len(unlike)} pictures differ" if unlike else "every picture is the same",
        passed=not unlike,
        note=f"other pictures of {', '.join(dict.fromkeys(unlike))}" if unlike else "",
    )


def _rounds(fabric: Fabric, name: str) -> list[Round]:
    arguments: dict[str, Any] = {"num_images": 2, "schedule": _EVERY_STEP, **ZOO[name].arguments}
    first = fabric("a cat", **arguments)
    return [first, *(fabric("a cat", seed=i, liked=[first[0]], **arguments) for i in (1, 2))]
