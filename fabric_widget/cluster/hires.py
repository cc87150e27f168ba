"""Enlarge the pictures of a `DistributedFabric`, where its pipelines are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fabric_widget.cluster.shares import Share
from fabric_widget.cluster.worker import Call
from fabric_widget.engine import Fabric, HiRes
from fabric_widget.engine.results import joined

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fabric_widget.cluster.distributed import DistributedFabric
    from fabric_widget.engine import GeneratedImage, Progress, Recipe, Round, Schedule


class DistributedHiRes:
    """The second pass of `HiRes`, by the workers of a `DistributedFabric`.

    Parameters
    ----------
    fabric
        Has the workers.
    scale, strength
        As for `HiRes`.
    """

    def __init__(self, fabric: DistributedFabric, *, scale: float, strength: float) -> None:
        self.fabric = fabric
        self.scale = scale
        self.strength = strength

    def enlarge(
        self,
        images: Sequence[GeneratedImage],
        *,
        plan: Sequence[Recipe],
        schedule: Schedule | None = None,
        on_step: Callable[[Progress], object] | None = None,
    ) -> Round:
        """Make pictures larger, as `HiRes.enlarge` does, each by one worker.

        Parameters
        ----------
        images
            Generated images, at least one.
        plan
            A recipe for each.
        schedule, on_step
            As for `Fabric`.

        Raises
        ------
        FabricError, TypeError, ValueError
            As for `HiRes`.
        """
        calls = {}
        for i, image in enumerate(images):
            keywords = {
                "scale": self.scale,
                "strength": self.strength,
                "schedule": schedule,
                "plan": [plan[i]],
            }
            calls[Share(i, 1)] = Call(_enlarge, ([image],), keywords, steps=True)
        return joined(self.fabric.rounds(calls, on_step))

    def cancel(self) -> None:
        """End the current run, if any, at its next step. Any thread may call this."""
        self.fabric.cancel()


def _enlarge(
    fabric: Fabric, images: Sequence[Any], *, scale: float, strength: float, **arguments: Any
) -> Round:
    """Enlarge pictures, in a worker; arguments as for `HiRes` and its `enlarge`."""
    return HiRes(fabric, scale=scale, strength=strength).enlarge(images, **arguments)
