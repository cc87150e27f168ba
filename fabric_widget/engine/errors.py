"""The errors and the warning of the engine.

Each message says what was given, what is allowed and what to do.
"""

from __future__ import annotations


class FabricError(Exception):
    """Base of every error that the engine raises on its own account."""


class NoAttentionSites(FabricError):  # noqa: N818  (public name: it says what is missing)
    """The denoiser has no self-attention that a reference could be lent to."""


class PipelineBusy(FabricError):  # noqa: N818  (public name: it says what is the matter)
    """Another run is inside this pipeline's denoiser."""


class GenerationCancelled(FabricError):  # noqa: N818  (public name: an outcome, not a fault)
    """The run was ended by `Fabric.cancel`."""


class BadReference(FabricError, ValueError):  # noqa: N818  (public name: it says what is bad)
    """Something given as liked or disliked cannot serve as a reference."""


class FabricWarning(UserWarning):
    """A request that is carried out, but not with the effect that its author may expect."""
