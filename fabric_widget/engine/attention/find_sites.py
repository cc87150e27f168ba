"""Find the self-attention calls of a denoiser by measuring, without a table of models.

Run the denoiser on two different latents under equal conditioning. A key that differs between the
two rows is an image key; keys of cross-attention and of text tokens are equal.
"""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch.overrides import TorchFunctionMode

from fabric_widget.engine.attention.calls import LinearReader, read_softmax, sums_keys
from fabric_widget.engine.attention.place import Place
from fabric_widget.engine.errors import NoAttentionSites

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch.utils.hooks import RemovableHandle

    from fabric_widget.engine.attention.place import Attention

_FOUR_DIMENSIONS = 4  # (batch, heads, tokens, channels)
_PROBED_ROWS = 2


@dataclass
class _Probe(TorchFunctionMode):
    """Records every attention call whose keys differ between two rows under equal conditioning."""

    stack: list[torch.nn.Module] = field(default_factory=list)
    calls: Counter[tuple[torch.nn.Module, bool]] = field(default_factory=Counter)
    linear: dict[torch.nn.Module, LinearReader] = field(default_factory=dict)
    spans: dict[int, tuple[int, int]] = field(default_factory=dict)
    places: list[Place] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401  (the result of any torch function)
        del types
        kwargs = kwargs or {}
        if not self.stack:
            return func(*args, **kwargs)
        module = self.stack[-1]
        call, made = read_softmax(func, args, kwargs)
        if call is None:
            reader = self.linear.setdefault(module, LinearReader())
            call, made = reader(func, args, kwargs)
        if call is not None and (not call.linear or sums_keys(call)):
            self._note(module, self.calls[module, call.linear], call)
            self.calls[module, call.linear] += 1
        return func(*args, **kwargs) if made is None else made

    def _note(self, module: torch.nn.Module, ordinal: int, call: Attention) -> None:
        key, query = call.key, call.query
        if key.dim() != _FOUR_DIMENSIONS or key.shape[0] != _PROBED_ROWS or call.is_causal:
            return
        if torch.equal(*key) or any(place.module is module for place in self.places):
            return
        length, asked = key.shape[-2], query.shape[-2]
        start, stop = self._span(key)
        first, last = (start, stop) if asked == length else self._span(query)
        asking = None if last - first == asked else (first, last - first, asked - last)
        self.places.append(
            Place(module, ordinal, start, length - stop, stop - start, asking, call.linear)
        )

    def _span(self, tokens: torch.Tensor) -> tuple[int, int]:
        """Return the range of tokens that differ between the two rows.

        Text tokens read the image, so from the second joint layer on they differ too: the first
        layer that sees so many tokens tells which of them are the image's.
        """
        length = tokens.shape[-2]
        differing = (tokens[0] != tokens[1]).any(-1).any(0).nonzero()
        span = (int(differing.min()), int(differing.max()) + 1) if len(differing) else (0, length)
        return self.spans.setdefault(length, span)

    def enter(self, module: torch.nn.Module, args: object) -> None:
        del args
        self.stack.append(module)

    def leave(self, module: torch.nn.Module, args: object, output: object) -> None:
        del module, args, output
        if (reader := self.linear.get(self.stack.pop())) is not None:
            reader.forget()


def find_sites(denoiser: torch.nn.Module, call: Callable[[], object]) -> list[Place]:
    """Return the attention calls whose keys depend on the picture.

    Parameters
    ----------
    denoiser
        The model whose modules are watched while `call` runs.
    call
        Runs the model once, on two rows.

    Returns
    -------
    list of Place
        In order of execution.

    Raises
    ------
    NoAttentionSites
        No attention call had such keys.
    """
    probe = _Probe()
    with ExitStack() as undo:
        for module in denoiser.modules():
            handles: tuple[RemovableHandle, ...] = (
                module.register_forward_pre_hook(probe.enter),
                module.register_forward_hook(probe.leave, always_call=True),
            )
            for handle in handles:
                undo.callback(handle.remove)
        undo.enter_context(probe)
        call()
    if not probe.places:
        raise NoAttentionSites(_explain(denoiser, probe.calls.total()))
    return probe.places


def _explain(denoiser: torch.nn.Module, calls: int) -> str:
    return (
        f"{type(denoiser).__name__} has no self-attention that Fabric can reach: in one pass it "
        f"called torch's scaled_dot_product_attention {calls} times, never with keys that depend "
        "on the picture. Usual causes and cures: attention processors of another library: "
        "set_attn_processor(AttnProcessor2_0()) on the denoiser; "
        "another attention backend: reset_attention_backend() on the denoiser; "
        "linear attention takes feedback only where values and keys are summed by torch.matmul, "
        "with ones below the values."
    )
