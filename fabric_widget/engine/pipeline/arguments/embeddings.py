"""Which arguments of a pipeline are embeddings of a prompt, and how many prompts they have.

Names follow diffusers: what belongs to ``prompt_embeds`` for the negative prompt is called
``negative_prompt_embeds``, and so on, with masks and lengths beside them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from fabric_widget.engine.errors import FabricError
from fabric_widget.engine.pipeline.protocol import parameters_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

NEGATIVE = "negative_"
_OF_PROMPT = ("prompt", "attention_mask")
_LAYERS_FIRST = "llama3"  # of HiDream: (layers, prompts, tokens, width)
_SUMMED = "cu_seqlens"  # of Kandinsky 5: where each prompt begins, and where the last one ends


def is_prompt(name: str, value: object) -> bool:
    """Return whether an argument is a prompt, as text or embedded, or its mask."""
    named = any(part in name for part in _OF_PROMPT) and "system_prompt" not in name
    return named and not isinstance(value, (bool, int, float))


def is_content(name: str) -> bool:
    """Return whether an argument is an embedding itself, not its mask or length."""
    return "embeds" in name and "mask" not in name


def is_embedded(arguments: Mapping[str, Any]) -> bool:
    """Return whether a call with these arguments brings its prompt embedded."""
    return any(
        is_content(name) and not name.startswith(NEGATIVE) for name in embeddings_of(arguments)
    )


def embeddings_of(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments that are embeddings of prompts, with their masks and lengths."""
    return {
        name: value
        for name, value in arguments.items()
        if is_prompt(name, value) and "image" not in name and _has_tensors(value)
    }


def declared(pipe: object, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments without those of a negative prompt that the pipeline does not take.

    Pipelines without a negative prompt take none: they are given for the references' sake alone.
    """
    parameters = parameters_of(pipe)
    return {
        name: value
        for name, value in arguments.items()
        if name in parameters
        or not (name.startswith(NEGATIVE) and name.removeprefix(NEGATIVE) in parameters)
    }


def prompted(
    pipe: object, prompt: str, arguments: Mapping[str, Any], pictures: int
) -> dict[str, Any]:
    """Return the arguments that ask for several pictures of one prompt, as text or embedded.

    Raises
    ------
    FabricError
        There are embeddings of more than one prompt, and not one for each picture.
    """
    if not is_embedded(arguments):
        return {"prompt": prompt, "num_images_per_prompt": pictures}
    words = embeddings_of(arguments)
    prompts = rows_of(words)
    if prompts > 1:
        words = with_rows(words, pictures)
    negated = any(name.startswith(NEGATIVE) for name in words)
    text = {"negative_prompt": arguments.get("negative_prompt")} if negated else {}
    asked = {"prompt": prompt or None, "num_images_per_prompt": 1 if prompts > 1 else pictures}
    return declared(pipe, text) | asked | words


def rows_of(embeddings: Mapping[str, Any]) -> int:
    """Return for how many prompts embeddings are: that of which there are most."""
    return max(_rows(name, value) for name, value in embeddings.items())


def _rows(name: str, value: Any) -> int:  # noqa: ANN401  (a tensor, or a list of them)
    if _SUMMED in name:
        return len(value) - 1
    return int(value.shape[_prompts_axis(name)]) if isinstance(value, torch.Tensor) else len(value)


def _prompts_axis(name: str) -> int:
    return 1 if _LAYERS_FIRST in name else 0


def with_rows(
    embeddings: Mapping[str, Any], pictures: int, *, first: bool = False
) -> dict[str, Any]:
    """Return embeddings with one row for each picture.

    Parameters
    ----------
    embeddings
        By name, with one row, or one for each picture.
    pictures
        How many there are.
    first
        Take the first row, however many there are.

    Raises
    ------
    FabricError
        One has another number of rows.
    """
    return {name: _rowed(name, value, pictures, first=first) for name, value in embeddings.items()}


def _rowed(name: str, value: Any, pictures: int, *, first: bool) -> Any:  # noqa: ANN401  (a tensor, or a list of them)
    rows, axis, tensor = _rows(name, value), _prompts_axis(name), isinstance(value, torch.Tensor)
    if _SUMMED in name:
        ends = value[:2] if first else value
        return ends if len(ends) == pictures + 1 else torch.arange(pictures + 1).to(ends) * ends[-1]
    if first:
        return value.narrow(axis, 0, 1) if tensor else value[:1]
    if rows == pictures:
        return value
    if rows != 1:
        message = (
            f"{name} has {rows} rows for {pictures} pictures: give one row, or one for each picture"
        )
        raise FabricError(message)
    return value.repeat_interleave(pictures, axis) if tensor else value * pictures


def mapped(function: Callable[[torch.Tensor], torch.Tensor], value: Any) -> Any:  # noqa: ANN401  (a tensor, or lists of them)
    """Return what a function makes of a tensor, or of each tensor of a list."""
    if isinstance(value, (list, tuple)):
        return type(value)([mapped(function, part) for part in value])
    return function(value)


def _has_tensors(value: object) -> bool:
    """Return whether a value is a tensor or a list of tensors, at any depth."""
    if isinstance(value, (list, tuple)):
        return bool(value) and all(map(_has_tensors, value))
    return isinstance(value, torch.Tensor)
