"""Feedback methods to compare: one function each, `method(fabric, request)`.

request     the input of a method: prompt, seeds, earlier rounds and votes
feedback    no feedback, ours, the paper's arithmetic, random votes, prompt dropout
baked       the votes baked into a LoRA
zero_order  search over the start noise from rankings
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fabric_widget.evaluation.methods.baked import lora
from fabric_widget.evaluation.methods.feedback import (
    DROPOUT,
    everything,
    none,
    ours,
    paper,
    prompt_dropout,
    random_votes,
    renoised,
)
from fabric_widget.evaluation.methods.request import Method, MethodRequest, Picture, Shown
from fabric_widget.evaluation.methods.zero_order import zero_order

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "METHODS",
    "KnownMethod",
    "Method",
    "MethodRequest",
    "Picture",
    "Shown",
    "UnknownMethod",
    "load_method",
]


class UnknownMethod(ValueError):  # noqa: N818  (public name: it says what is the matter)
    """There is no method of that name."""


@dataclass(frozen=True)
class KnownMethod:
    """A method, its description, and whether other methods are compared with it."""

    method: Method
    words: str
    baseline: bool = True


METHODS: Mapping[str, KnownMethod] = {
    "none": KnownMethod(none, "no feedback"),
    "ours": KnownMethod(ours, "each picture tries something else", baseline=False),
    "everything": KnownMethod(everything, "every picture follows all votes", baseline=False),
    "renoised": KnownMethod(renoised, "the same, by noised copies of what was voted on"),
    "paper-0.1": KnownMethod(paper(0.1), "the published arithmetic at weight 0.1"),
    "paper-0.3": KnownMethod(paper(0.3), "the published arithmetic at weight 0.3"),
    "paper-0.8": KnownMethod(paper(0.8), "the published arithmetic at weight 0.8"),
    "random": KnownMethod(random_votes, "the default plan, votes on pictures drawn at random"),
    "prompt-dropout": KnownMethod(
        prompt_dropout, f"the default plan, each word left out with probability {DROPOUT}"
    ),
    "lora": KnownMethod(lora, "the votes baked into a LoRA, nothing borrowed", baseline=False),
    "zero-order": KnownMethod(zero_order, "search over the start noise from rankings"),
}
"""All methods by name."""


def load_method(name: str) -> KnownMethod:
    """Return a method by its name, or one of your own as "package.module:function".

    Raises
    ------
    UnknownMethod
        There is no such method; the message lists the known ones.
    """
    if name in METHODS:
        return METHODS[name]
    module, colon, function = name.partition(":")
    if not colon:
        message = (
            f"there is no method {name!r}; there are {', '.join(METHODS)}, and functions of your "
            'own as "package.module:function"'
        )
        raise UnknownMethod(message)
    try:
        method = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError, ValueError) as error:
        message = f"the method {name!r} cannot be imported: {error}"
        raise UnknownMethod(message) from error
    words = (getattr(method, "__doc__", None) or name).strip().partition("\n")[0].rstrip(".")
    return KnownMethod(method, words, baseline=False)
