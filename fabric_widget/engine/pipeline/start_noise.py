"""The start noise of each picture: seen as the pipeline draws it, and mixed with another one.

Pipelines draw it from the picture's own generator by `torch.randn`, and scale and pack it later in
ways of their own. So it is seen and mixed where it is drawn; the generator goes on as it would.
Some draw other noise from it too: to encode a source picture, or to blur one.
"""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any, Self

import torch
from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution
from torch.overrides import TorchFunctionMode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import FrameType

_SAMPLING = DiagonalGaussianDistribution.sample.__code__
_CALLERS = 6  # between torch and whoever asked for noise


class StartNoise(TorchFunctionMode):
    """Watches what is drawn from each of several generators.

    Parameters
    ----------
    generators
        One for each picture.
    mixed
        For the index of a picture, the noise that is mixed into its own and the share of the
        variance that stays its own, 0 … 1.

    Attributes
    ----------
    drawn
        What the pipeline got: for the index of each picture tensors on the CPU, without a batch
        axis, in their order; what encodes a picture is left out.
    """

    def __init__(
        self,
        generators: Sequence[torch.Generator],
        mixed: Mapping[int, tuple[torch.Tensor, float]] | None = None,
    ) -> None:
        super().__init__()
        self.drawn: dict[int, list[torch.Tensor]] = {}
        self._index = {id(generator): i for i, generator in enumerate(generators)}
        self._mixed = dict(mixed or {})
        self._inside = False

    def __enter__(self) -> Self:
        """Begin to watch."""
        self._inside = True
        super().__enter__()  # type: ignore[no-untyped-call]
        return self

    def __exit__(self, *error: object) -> None:
        """End watching, unless `close` has."""
        self.close()

    def close(self) -> None:
        """End watching: around the denoiser no mode may stand, for it may be compiled."""
        if self._inside:
            self._inside = False
            super().__exit__(None, None, None)  # type: ignore[no-untyped-call]

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401  (the result of any torch function)
        """Watch `torch.randn`; pass every other function through."""
        del types
        result = func(*args, **(kwargs or {}))
        index = self._index.get(id((kwargs or {}).get("generator")))
        if func is not torch.randn or index is None or _encoding(sys._getframe(1)):  # noqa: SLF001  (nothing else tells who draws)
            return result
        noise: torch.Tensor = result
        other, own = self._mixed.get(index, (None, 1.0))
        if other is not None and other.shape == noise.shape[1:]:  # of another size it cannot be
            # The two are independent, so their variances add up to one.
            noise = math.sqrt(1 - own) * other.to(noise) + math.sqrt(own) * noise
            del self._mixed[index]
        self.drawn.setdefault(index, []).append(noise[0].detach().cpu())
        return noise

    def start(self, index: int, numbers: int) -> torch.Tensor | None:
        """Return the start noise of a picture whose latents are so many numbers, if it was seen."""
        drawn = self.drawn.get(index)
        if not drawn:
            return None
        return next((noise for noise in drawn if noise.numel() == numbers), drawn[0])


def _encoding(frame: FrameType | None) -> bool:
    """Return whether a draw samples the distribution that an autoencoder made of a picture."""
    for _ in range(_CALLERS):
        if frame is None:
            return False
        if frame.f_code is _SAMPLING:
            return True
        frame = frame.f_back
    return False
