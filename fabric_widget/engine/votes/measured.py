"""What the aspects of a pipeline were measured to be, as it is kept in the user's folder."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from fabric_widget import user_folder
from fabric_widget.engine.errors import FabricError
from fabric_widget.engine.pipeline.identity import identity_of
from fabric_widget.engine.votes.aspects import AspectTable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import torch

Aspects = AspectTable | str | None
"""What aspects mean: a table, "measured", or "default", which None is short for."""
DEFAULT, MEASURED = "default", "measured"
_KIND = "aspects"
_FORMAT = 1
_COMMAND = "python -m fabric_widget aspects"


def read_aspects(given: object, model: torch.nn.Module) -> AspectTable:
    """Return what aspects mean on a pipeline with this denoiser.

    Raises
    ------
    FabricError
        It is to be as measured, and no measurement of this pipeline can be read.
    TypeError, ValueError
        It is neither a table nor one of the words.
    """
    if given is None or given == DEFAULT:
        return AspectTable()
    if isinstance(given, AspectTable):
        return given
    message = f'aspects is {given!r}: give "measured", "default", or an AspectTable'
    if not isinstance(given, str):
        raise TypeError(message)
    if given != MEASURED:
        raise ValueError(message)
    return kept_table(model)


def kept_table(model: torch.nn.Module) -> AspectTable:
    """Return the table that was measured on a denoiser.

    Raises
    ------
    FabricError
        None was, or it cannot be read.
    """
    name = identity_of(model)
    place = user_folder.place_of(_KIND, name)
    again = f"measure them again ({_COMMAND})"
    try:
        content = user_folder.read(_KIND, name)
        if content is None:
            message = (
                f"the aspects of this {type(model).__name__} were not measured (there is no "
                f"{place}): measure them ({_COMMAND} PATH_OR_ID), or leave out aspects"
            )
            raise FabricError(message)
        if content["format"] > _FORMAT:
            message = f"{place} was written by a newer version of fabric_widget: update, or {again}"
            raise FabricError(message)
        return AspectTable.read(content["table"])
    except (user_folder.Unreadable, KeyError, TypeError, ValueError, AttributeError) as error:
        message = f"the measurement in {place} cannot be read ({error}): {again}"
        raise FabricError(message) from error


def kept_figures(model: torch.nn.Module) -> Mapping[str, Any] | None:
    """Return the figures that were kept beside a denoiser's table; None where there are none."""
    try:
        content = user_folder.read(_KIND, identity_of(model))
    except user_folder.Unreadable:
        return None
    figures = content.get("measured") if isinstance(content, dict) else None
    return figures if isinstance(figures, dict) else None


def keep_table(model: torch.nn.Module, table: AspectTable, about: Mapping[str, Any]) -> Path:
    """Keep a table for `kept_table`, with figures about how it was measured; return the file.

    Raises
    ------
    OSError
        It cannot be written.
    """
    content = {"format": _FORMAT, "table": asdict(table), "measured": dict(about)}
    return user_folder.write(_KIND, identity_of(model), content)
