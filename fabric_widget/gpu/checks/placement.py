"""Pipelines that are offloaded, compiled, quantized or otherwise fitted obey the laws as well."""

from __future__ import annotations

import functools
import tempfile
from typing import TYPE_CHECKING, Any

import accelerate
import torch
from diffusers.hooks import apply_group_offloading

from fabric_widget.engine.compatibility import check_compatibility
from fabric_widget.gpu.check import Check, Found
from fabric_widget.gpu.checks.laws import ASKED, obeyed, refuse_if_plain_fails
from fabric_widget.zoo import ZOO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fabric_widget.gpu.place import Place

    Fit = Callable[[Any, Place], Any]  # returns the pipeline, which may be another one

_LONG = 10  # seconds: too long for a minute in all
_UNET, _TRANSFORMER = "SD 1", "Flux"


def _models(pipe: Any) -> list[torch.nn.Module]:
    return [part for part in pipe.components.values() if isinstance(part, torch.nn.Module)]


def _denoiser(pipe: Any) -> Any:
    return pipe.unet if hasattr(pipe, "unet") else pipe.transformer


def _offload_models(pipe: Any, place: Place) -> Any:
    if not place.dry:
        pipe.to("cpu")
        pipe.enable_model_cpu_offload(device=place.device)
        return pipe
    hook, pipe._all_hooks = None, []  # noqa: SLF001  (what diffusers does itself)
    for part in _models(pipe):
        _, hook = accelerate.cpu_offload_with_hook(part, "cpu", prev_module_hook=hook)
        pipe._all_hooks.append(hook)  # noqa: SLF001
    return pipe


def _offload_sequentially(pipe: Any, place: Place) -> Any:
    if not place.dry:
        pipe.to("cpu")
        pipe.enable_sequential_cpu_offload(device=place.device)
        return pipe
    for part in _models(pipe):
        accelerate.cpu_offload(part, "cpu", offload_buffers=len(part._parameters) > 0)  # noqa: SLF001
    return pipe


def _offload_groups(pipe: Any, place: Place, *, stream: bool) -> Any:
    pipe.to("cpu")
    settings: dict[str, Any] = {"onload_device": place.device, "offload_type": "leaf_level"}
    if stream and not place.dry:
        settings |= {"use_stream": True, "record_stream": True}
    for part in _models(pipe):
        if part is not _denoiser(pipe):
            part.to(place.device)
    apply_group_offloading(_denoiser(pipe), **settings)
    return pipe


def _channels_last(pipe: Any, _: Place) -> Any:
    _denoiser(pipe).to(memory_format=torch.channels_last)
    pipe.vae.to(memory_format=torch.channels_last)
    return pipe


def _tiled(pipe: Any, _: Place) -> Any:
    pipe.vae.enable_tiling()
    pipe.vae.enable_slicing()
    return pipe


def _fused(pipe: Any, _: Place) -> Any:
    _denoiser(pipe).fuse_qkv_projections()
    return pipe


def _compiled(pipe: Any, place: Place, *, regional: bool) -> Any:
    # The CPU's inductor takes a minute for what this asks: which code runs when.
    backend = "eager" if place.dry else "inductor"
    torch._dynamo.reset()  # noqa: SLF001  (what was compiled before)
    if regional:
        _denoiser(pipe).compile_repeated_blocks(backend=backend)
    else:
        _denoiser(pipe).compile(backend=backend)
    return pipe


def _torchao(pipe: Any, place: Place) -> Any:
    if place.dry:
        return _dynamically_quantized(pipe)
    from torchao.quantization import Int8WeightOnlyConfig, quantize_

    quantize_(_denoiser(pipe), Int8WeightOnlyConfig())
    return pipe


def _bitsandbytes(pipe: Any, place: Place) -> Any:
    if place.dry:
        return _dynamically_quantized(pipe)
    from diffusers import BitsAndBytesConfig

    model = _denoiser(pipe)
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        quantized = type(model).from_pretrained(
            folder,
            quantization_config=BitsAndBytesConfig(load_in_8bit=True),
            torch_dtype=place.dtype,
        )
    pipe.transformer = quantized
    return pipe


def _dynamically_quantized(pipe: Any) -> Any:
    """Quantize linear layers by torch's own means, which CPUs have."""
    quantize = torch.ao.quantization.quantize_dynamic
    pipe.transformer = quantize(pipe.transformer, {torch.nn.Linear}, dtype=torch.qint8)  # type: ignore[no-untyped-call]
    return pipe


# Name, family, how it is fitted, seconds on a GPU, packages, and the form of a dry run.
_WAYS: tuple[tuple[str, str, Fit, float, tuple[str, ...], str], ...] = (
    ("model offload", _UNET, _offload_models, 4, (), "between the CPU and itself"),
    ("sequential offload", _UNET, _offload_sequentially, 8, (), "between the CPU and itself"),
    *(
        (
            f"group offload{' with streams' if stream else ''}, {family}",
            family,
            functools.partial(_offload_groups, stream=stream),
            6.0,
            (),
            "hooks that move nothing",
        )
        for family in (_UNET, _TRANSFORMER)
        for stream in (False, True)
    ),
    ("VAE tiling and slicing", _UNET, _tiled, 3, (), ""),
    ("channels last", _UNET, _channels_last, 3, (), ""),
    ("fused projections", _UNET, _fused, 3, (), ""),
    ("bitsandbytes, 8 bit", _TRANSFORMER, _bitsandbytes, 6, ("bitsandbytes",), "torch's own int8"),
    ("torchao, 8 bit", _TRANSFORMER, _torchao, 6, ("torchao",), "torch's own int8"),
    (
        "torch.compile, regional",
        _TRANSFORMER,
        functools.partial(_compiled, regional=True),
        45,
        (),
        "traced, and run without a compiler",
    ),
    (
        "torch.compile, whole",
        _TRANSFORMER,
        functools.partial(_compiled, regional=False),
        60,
        (),
        "traced, and run without a compiler",
    ),
)


def checks(place: Place) -> Iterator[Check]:
    """Yield the checks."""
    for name, family, fit, seconds, needs, dry in _WAYS:
        if place.smoke and seconds > _LONG:
            continue
        note = f"dry: {dry}" if place.dry and dry else ""
        yield Check(
            "placement",
            name,
            ASKED,
            functools.partial(_fitted, family=family, fit=fit, note=note),
            seconds,
            () if place.dry else needs,
        )
    yield Check(
        "placement",
        "autocast",
        "feedback runs in the precision that autocast chooses",
        _autocast,
    )


def _fitted(place: Place, *, family: str, fit: Fit, note: str) -> Found:
    pipe = ZOO[family].build()
    pipe.to(place.device, place.dtype)
    pipe = fit(pipe, place)
    refuse_if_plain_fails(pipe, ZOO[family])
    return obeyed(pipe, ZOO[family], note)


def _autocast(place: Place) -> Found:
    """Ask a family whose queries are normalized in float32 and whose values are not."""
    family = ZOO["SD 3"]
    pipe = family.build()
    pipe.to(place.device)
    with torch.autocast(place.device.type, torch.bfloat16):
        found = check_compatibility(pipe, num_images=family.pictures, **family.arguments)
    return Found(
        f"moved {found.moved:.3g} standard deviations",
        passed=found.works,
        numbers={"moved": found.moved},
        note=found.reason,
    )
