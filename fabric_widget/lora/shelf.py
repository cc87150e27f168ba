"""The LoRAs that sessions use, kept in the user's folder by their digests.

A session notes name, digest and strength; the weights stand here, so that it can be opened again.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fabric_widget import user_folder
from fabric_widget.lora import files
from fabric_widget.lora.taste_lora import TasteLoRA

if TYPE_CHECKING:
    from pathlib import Path

_KIND = "loras"
_met: dict[str, TasteLoRA] = {}  # of this process: small, and there when the disk is not
_DIGEST = re.compile(r"[0-9a-f]{32}")


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
    return path


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
