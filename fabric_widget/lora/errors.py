"""The errors of baking."""

from __future__ import annotations

from fabric_widget.engine import FabricError


class NotEnoughVotes(FabricError):  # noqa: N818  (public name: it says what is missing)
    """Too few pictures are liked for a taste to be learnt from them."""


class LoRAFileError(FabricError):
    """A file holds no LoRA that can be used."""
