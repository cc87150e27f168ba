"""The same pictures with and without a LoRA, and the sheet that shows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from PIL import Image, ImageDraw

from fabric_widget.engine.pipeline.arguments.embeddings import declared
from fabric_widget.engine.pipeline.restore import kept, processors, processors_of, random_kept

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fabric_widget.engine.pipeline.denoiser import Denoiser

_SIDE, _MARGIN, _LINE = 192, 8, 16  # pixels
_INK, _PAPER = (30, 30, 30), (255, 255, 255)


@dataclass(frozen=True, eq=False)
class Samples:
    """One picture for each prompt, without and with a LoRA, from the same start noise."""

    prompts: tuple[str, ...]
    without: tuple[Image.Image, ...]
    with_it: tuple[Image.Image, ...]

    def sheet(self) -> Image.Image:
        """Return one picture of all: a column for each prompt, above without and below with it."""
        width = len(self.prompts) * (_SIDE + _MARGIN) + _MARGIN
        height = 2 * (_SIDE + _LINE + _MARGIN) + _MARGIN
        sheet = Image.new("RGB", (width, height), _PAPER)
        draw = ImageDraw.Draw(sheet)
        for row, (word, pictures) in enumerate((("without", self.without), ("with", self.with_it))):
            top = _MARGIN + row * (_SIDE + _LINE + _MARGIN)
            for column, (prompt, picture) in enumerate(zip(self.prompts, pictures, strict=True)):
                left = _MARGIN + column * (_SIDE + _MARGIN)
                draw.text((left, top), _short(f"{word}: {prompt}"), fill=_INK)
                sheet.paste(_fitted(picture), (left, top + _LINE))
        return sheet


def sample_pictures(
    denoiser: Denoiser, prompts: Sequence[str], seed: int, arguments: Mapping[str, Any]
) -> list[Image.Image]:
    """Return a picture for each prompt, made by the pipeline as it is now.

    Whoever calls holds the pipeline's lock; pipeline and random state are as before afterwards.
    """
    pipe = denoiser.pipe
    own = declared(pipe, {k: v for k, v in arguments.items() if not k.startswith("callback")})
    found: list[Any] = []
    with (
        torch.no_grad(),
        random_kept(denoiser.device),
        kept(pipe, pipe.scheduler),
        processors(processors_of(denoiser.model)),
    ):
        for index, prompt in enumerate(prompts):
            generator = torch.Generator().manual_seed(seed + index)
            output: Any = pipe(**own | {"prompt": prompt, "generator": generator})
            images = getattr(output, "images", None)
            found += list((output[0] if images is None else images)[:1])
    return [one for one in found if isinstance(one, Image.Image)]


def _fitted(picture: Image.Image) -> Image.Image:
    """Return a picture in the middle of a square; small ones with their pixels as they are."""
    scale = _SIDE / max(picture.size)
    size = tuple(max(round(side * scale), 1) for side in picture.size)
    way = Image.Resampling.NEAREST if scale > 1 else Image.Resampling.LANCZOS
    square = Image.new("RGB", (_SIDE, _SIDE), _PAPER)
    square.paste(
        picture.convert("RGB").resize((size[0], size[1]), way),
        ((_SIDE - size[0]) // 2, (_SIDE - size[1]) // 2),
    )
    return square


def _short(text: str) -> str:
    most = _SIDE // 6  # letters of the built-in font
    readable = text.encode("latin-1", "replace").decode("latin-1")
    return readable if len(readable) <= most else f"{readable[: most - 3]}..."
