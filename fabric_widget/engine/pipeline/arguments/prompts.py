"""Prompts for recorded calls, as text or, where a pipeline's text encoders are gone, as embeddings.

People drop the text encoders to save memory and call the pipeline with embeddings. Then the null
prompt is what the caller gives for it: the negative embeddings, or the zeros that some families put
in their place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from fabric_widget.engine.errors import FabricError
from fabric_widget.engine.pipeline.arguments.embeddings import (
    NEGATIVE,
    declared,
    embeddings_of,
    is_content,
    mapped,
    with_rows,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

_ENCODER = "text_encoder"  # in the names of such components
_ZEROS = "force_zeros_for_empty_prompt"  # in the configuration of SDXL and its relatives


@dataclass(frozen=True)
class Prompts:
    """Arguments that stand in for the caller's prompts in recorded calls, for one picture.

    Parameters
    ----------
    null
        Those of the null prompt.
    others
        Those of other prompts, to be tried in this order.
    """

    null: Mapping[str, Any]
    others: tuple[Mapping[str, Any], ...]


def written(*texts: str) -> Prompts:
    """Return the prompts of a pipeline that reads text: the empty one, and others."""
    return Prompts({"prompt": ""}, tuple({"prompt": text} for text in texts if text))


def embedded(pipe: Any, arguments: Mapping[str, Any]) -> Prompts:  # noqa: ANN401  (any diffusers pipeline)
    """Return the prompts of a pipeline that is called with embeddings.

    Raises
    ------
    FabricError
        Nothing tells what the null prompt's embeddings are.
    """
    negative, words = _sides(arguments)
    twins = {NEGATIVE + name: value for name, value in words.items() if is_content(name)}
    lacking = sorted(set(twins) - set(negative))
    if lacking and getattr(pipe.config, _ZEROS, False):
        negative |= {name: mapped(torch.zeros_like, value) for name, value in twins.items()}
    elif lacking or not twins:
        wanted = lacking or ["prompt_embeds", "negative_prompt_embeds"]
        message = (
            f"{type(pipe).__name__} has no text encoder that could read the null prompt, which "
            f"references need: give {' and '.join(wanted)}, the embedding of the empty prompt"
        )
        raise FabricError(message)
    null = {name.removeprefix(NEGATIVE): value for name, value in negative.items()}
    turned = {
        name: mapped(_turned, value) if is_content(name) else value for name, value in null.items()
    }
    rest = declared(pipe, {"prompt": None, "negative_prompt": None} | negative)
    return Prompts(rest | null, (rest | null | words, rest | turned))


def null_is_zeros(pipe: Any, arguments: Mapping[str, Any]) -> bool:  # noqa: ANN401  (as above)
    """Return whether the caller, or else the family, has zeros as the null prompt's embedding."""
    negative, _ = _sides(arguments)
    given = [value for name, value in negative.items() if is_content(name)]
    if not given:
        return bool(getattr(pipe.config, _ZEROS, False))
    return all(isinstance(value, torch.Tensor) and not value.any() for value in given)


def missing_encoders(pipe: Any) -> tuple[bool, bool]:  # noqa: ANN401  (as above)
    """Return whether any text encoder of a pipeline is missing, and whether all are.

    Some pipelines read text without one of theirs.
    """
    parts = [getattr(pipe, name, None) for name in pipe.config if _ENCODER in name]
    gone = [part is None for part in parts if part is None or isinstance(part, torch.nn.Module)]
    return any(gone), bool(gone) and all(gone)


def _sides(arguments: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the first rows of the negative embeddings, and of those of the prompt."""
    first = with_rows(embeddings_of(arguments), 1, first=True)
    negative = {name: value for name, value in first.items() if name.startswith(NEGATIVE)}
    return negative, {name: value for name, value in first.items() if name not in negative}


def _turned(embedding: torch.Tensor) -> torch.Tensor:
    """Return the embedding of another prompt, of the same length."""
    return 1 - embedding
