"""The LoRAs that sessions use, kept in the user's folder by their digests.

A session notes name, digest and strength; the weights stand here, so that it can be opened again.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageOps

from fabric_widget import user_folder
from fabric_widget.lora import files
from fabric_widget.lora.adapter import fits
from fabric_widget.lora.errors import LoRAFileError
from fabric_widget.lora.taste_lora import TasteLoRA

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import torch

    from fabric_widget.lora.samples import Samples

_KIND = "loras"
_met: dict[str, TasteLoRA] = {}  # of this process: small, and there when the disk is not
_DIGEST = re.compile(r"[0-9a-f]{32}")
_SIDE = 96  # pixels of a small picture


@dataclass(frozen=True)
class Kept:
    """A LoRA that is kept, without its weights.

    Parameters
    ----------
    digest
        Of its weights.
    name
        What it is called.
    about
        What its file says of it.
    features
        How many numbers go into each layer that it is for, and how many come out.
    """

    digest: str
    name: str
    about: Mapping[str, Any]
    features: Mapping[str, tuple[int, int]]

    @property
    def path(self) -> Path:
        """Its file."""
        return _place(self.digest)

    def fits(self, model: torch.nn.Module) -> bool:
        """Return whether a denoiser has its layers."""
        return fits(model, self.features)

    def pictures(self) -> list[Image.Image]:
        """Return small pictures that were made with it, if there are any."""
        try:
            with Image.open(_strip(self.digest), formats=["PNG"]) as strip:
                whole = strip.convert("RGB")
        except (OSError, ValueError, Image.DecompressionBombError):  # they are but pictures
            return []
        starts = range(0, whole.width - _SIDE + 1, _SIDE)
        return [whole.crop((left, 0, left + _SIDE, _SIDE)) for left in starts]


def keep(lora: TasteLoRA) -> Path:
    """Keep a LoRA; return where.

    Raises
    ------
    OSError
        It cannot be written.
    """
    _met[lora.digest] = lora
    path = _place(lora.digest)
    if not path.exists():
        files.write(lora, path)
    if lora.samples is not None and lora.samples.with_it:
        _draw(lora.samples).save(_strip(lora.digest))
    return path


def listed() -> list[Kept]:
    """Return what is kept, by name; files that cannot be read are left out."""
    found = []
    for path in (user_folder.home() / _KIND).glob(f"*{files.SUFFIX}"):
        if _DIGEST.fullmatch(path.stem):
            with contextlib.suppress(LoRAFileError):
                name, about, features = files.read_header(path)
                found.append(Kept(path.stem, name, about, features))
    return sorted(found, key=lambda one: (one.name.casefold(), one.digest))


def remove(digest: str) -> None:
    """Delete a LoRA that is kept.

    Raises
    ------
    OSError
        It cannot be deleted.
    """
    _place(digest).unlink(missing_ok=True)
    _strip(digest).unlink(missing_ok=True)
    _met.pop(digest, None)


def kept(digest: str) -> TasteLoRA | None:
    """Return the LoRA of a digest, or None if it is not here.

    Raises
    ------
    LoRAFileError
        Its file is damaged.
    """
    if digest in _met:
        return _met[digest]
    if not _DIGEST.fullmatch(digest) or not _place(digest).is_file():
        return None
    found = TasteLoRA.load(_place(digest))
    return found if found.digest == digest else None


def _place(digest: str) -> Path:
    return user_folder.home() / _KIND / f"{digest}{files.SUFFIX}"


def _strip(digest: str) -> Path:
    return _place(digest).with_suffix(".png")


def _draw(samples: Samples) -> Image.Image:
    """Return one picture of all that were made with a LoRA, side by side."""
    strip = Image.new("RGB", (_SIDE * len(samples.with_it), _SIDE))
    for index, picture in enumerate(samples.with_it):
        strip.paste(ImageOps.fit(picture.convert("RGB"), (_SIDE, _SIDE)), (_SIDE * index, 0))
    return strip
