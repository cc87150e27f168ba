"""A LoRA as a file of safetensors, in the layouts that diffusers and others read.

diffusers and peft call the weights ``<component>.<layer>.lora_A.weight`` and ``lora_B``; without
an alpha they are used as they are. kohya's scripts, the web UIs and ComfyUI call those of a U-Net
``lora_unet_<layer with underscores>.lora_down.weight`` and ``lora_up``, and divide by the rank what
they multiply by ``alpha``.
"""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from fabric_widget.lora.errors import LoRAFileError
from fabric_widget.whole_files import written_whole

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping

    from fabric_widget.lora.adapter import Weights
    from fabric_widget.lora.samples import Samples

SUFFIX = ".safetensors"
DIFFUSERS, KOHYA = "diffusers", "kohya"
LAYOUTS = (DIFFUSERS, KOHYA)
_ABOUT = "fabric_widget"  # what our entry in the metadata is called
_NAME = re.compile(r"[^\x00-\x1f/\\:*?\"<>|.][^\x00-\x1f/\\:*?\"<>|]{0,79}")
_KEY = re.compile(r"(unet|transformer)\.(.+)\.lora_(A|B)\.weight")


class Content(Protocol):
    """What a file is made of: a `TasteLoRA`."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def weights(self) -> Weights:
        """For the name of each layer, the weights (rank, in) and (out, rank)."""

    @property
    def component(self) -> str:
        """Of the pipeline."""

    @property
    def about(self) -> Mapping[str, Any]:
        """Plain values."""

    @property
    def rank(self) -> int:
        """The rank of the weights."""

    @property
    def samples(self) -> Samples | None:
        """Pictures for the sheet."""


def check_name(name: object) -> None:
    """Raise a ValueError if a LoRA cannot be called so, for its file has the same name."""
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name != name.strip():
        message = (
            f"a LoRA is called {name!r}: give up to 80 letters, without a leading point and any of "
            '/ \\ : * ? " < > |, for its file has the same name'
        )
        raise ValueError(message)


def save(lora: Content, folder: str | os.PathLike[str], layout: str = DIFFUSERS) -> Path:
    """Write a LoRA and the sheet of its samples; see `TasteLoRA.save`."""
    if layout not in LAYOUTS:
        message = f"the layout is {layout!r}: give {' or '.join(LAYOUTS)}"
        raise ValueError(message)
    if layout == KOHYA and lora.component != "unet":
        message = (
            f"kohya's scripts have no names for the layers of this {lora.component} that others "
            "agree on: save it in the layout 'diffusers', which ComfyUI reads as well"
        )
        raise ValueError(message)
    root = Path(folder)
    root.mkdir(parents=True, exist_ok=True)
    path = root / f"{lora.name}{SUFFIX}"
    tensors = _kohya(lora) if layout == KOHYA else _diffusers(lora)
    _write(path, tensors, _metadata(lora))
    if lora.samples is not None and lora.samples.with_it:
        lora.samples.sheet().save(root / f"{lora.name}.png")
    return path


def write(lora: Content, path: Path) -> None:
    """Write a LoRA into a file of any name, in diffusers' layout."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _write(path, _diffusers(lora), _metadata(lora))


def load(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the arguments of a `TasteLoRA` in a file; see `TasteLoRA.load`."""
    place = Path(path)
    with _opened(place) as file:
        content = _contents(file, place)
        weights = {
            layer: (file.get_tensor(down).float(), file.get_tensor(up).float())
            for layer, (down, up) in content.keys.items()
        }
    if not all(bool(x.isfinite().all()) for pair in weights.values() for x in pair):
        raise _refusal(place)
    return {
        "name": content.name,
        "weights": weights,
        "component": content.component,
        "about": content.about,
    }


def read_header(path: Path) -> tuple[str, dict[str, Any], dict[str, tuple[int, int]]]:
    """Return name, metadata and the features of each layer of a file, without its weights.

    Raises
    ------
    LoRAFileError
        It cannot be read, or is none of ours.
    """
    with _opened(path) as file:
        content = _contents(file, path)
    return content.name, content.about, content.features


class _Contents(NamedTuple):
    """What a file holds, by its header."""

    name: str
    about: dict[str, Any]
    component: str
    keys: dict[str, tuple[str, str]]  # of both weights of each layer
    features: dict[str, tuple[int, int]]  # of each layer


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    try:
        with safe_open(path, framework="pt") as file:
            yield file
    except (OSError, SafetensorError) as error:
        message = f"there is no LoRA that can be read in {path}: {error}"
        raise LoRAFileError(message) from error


def _contents(file: Any, path: Path) -> _Contents:  # noqa: ANN401  (an open file of safetensors)
    """Return what a file holds, or raise a LoRAFileError."""
    keys: dict[str, dict[str, str]] = {}
    shapes: dict[str, dict[str, list[int]]] = {}
    components: set[str] = set()
    known = True
    for key in file.keys():  # noqa: SIM118  (no mapping)
        match, shape = _KEY.fullmatch(key), file.get_slice(key).get_shape()
        if match is None or len(shape) != 2:  # noqa: PLR2004  (a matrix)
            known = False
            break
        components.add(match[1])
        keys.setdefault(match[2], {})[match[3]] = key
        shapes.setdefault(match[2], {})[match[3]] = shape
    paired = all(
        set(pair) == {"A", "B"} and pair["A"][0] == pair["B"][1] for pair in shapes.values()
    )
    if not (known and paired and len(components) == 1):
        raise _refusal(path)
    about = _about(file.metadata() or {})
    return _Contents(
        str(about.pop("name", None) or path.stem),
        about,
        components.pop(),
        {layer: (pair["A"], pair["B"]) for layer, pair in keys.items()},
        {layer: (pair["A"][1], pair["B"][0]) for layer, pair in shapes.items()},
    )


def _refusal(path: Path) -> LoRAFileError:
    return LoRAFileError(
        f"{path} holds no LoRA of one denoiser in diffusers' layout (unet.….lora_A.weight): give a "
        "file that TasteLoRA.save wrote"
    )


def _about(metadata: Mapping[str, str]) -> dict[str, Any]:
    try:
        about = json.loads(metadata.get(_ABOUT, "{}"))
    except (ValueError, RecursionError):
        return {}
    return about if isinstance(about, dict) else {}


def _diffusers(lora: Content) -> dict[str, torch.Tensor]:
    found = {}
    for name, (down, up) in lora.weights.items():
        found[f"{lora.component}.{name}.lora_A.weight"] = down.contiguous()
        found[f"{lora.component}.{name}.lora_B.weight"] = up.contiguous()
    return found


def _kohya(lora: Content) -> dict[str, torch.Tensor]:
    found = {}
    for name, (down, up) in lora.weights.items():
        key = f"lora_unet_{name.replace('.', '_')}"
        found[f"{key}.lora_down.weight"] = down.contiguous()
        found[f"{key}.lora_up.weight"] = up.contiguous()
        found[f"{key}.alpha"] = torch.tensor(float(len(down)))
    return found


def _metadata(lora: Content) -> dict[str, str]:
    """Return what the file says of itself: for this package, and by the names others look for."""
    about = dict(lora.about)
    return {
        "format": "pt",
        _ABOUT: json.dumps({"name": lora.name, **about}, ensure_ascii=False),
        "modelspec.title": lora.name,
        "modelspec.description": f"learnt from votes on pictures of: {about.get('prompt', '')}",
        "ss_output_name": lora.name,
        "ss_sd_model_name": str(about.get("base_model", "")),
        "ss_network_module": "networks.lora",
        "ss_network_dim": str(lora.rank),
        "ss_network_alpha": str(lora.rank),
        "ss_steps": str(about.get("steps", "")),
    }


def _write(path: Path, tensors: dict[str, torch.Tensor], metadata: dict[str, str]) -> None:
    with written_whole(path) as partial:
        save_file(tensors, partial, metadata=metadata)
