"""The errors and the warning of the engine.

Each message says what was given, what is allowed and what to do.
"""

from __future__ import annotations


class FabricError(Exception):
    """Base class of the engine's errors."""


class NoAttentionSites(FabricError):  # noqa: N818  (public name: it says what is missing)
    """The denoiser has no self-attention that can attend to references."""


class PipelineBusy(FabricError):  # noqa: N818  (public name: it says what is the matter)
    """Another run is inside this pipeline's denoiser."""


class GenerationCancelled(FabricError):  # noqa: N818  (public name: an outcome, not a fault)
    """The run was ended by `Fabric.cancel`."""


class BadReference(FabricError, ValueError):  # noqa: N818  (public name: it says what is bad)
    """A liked or disliked picture cannot be used as a reference."""


class FabricWarning(UserWarning):
    """A request is carried out, but may not have the expected effect."""
