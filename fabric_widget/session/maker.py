"""What a session needs of whatever makes its pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from fabric_widget.engine import Lens, Plan, Progress, Recipe, Round, Schedule


class PictureMaker(Protocol):
    """A `Fabric`, a `HiRes`, a `DistributedFabric`, or anything that is called like one.

    What else a session can do (drafts, enlarging, subjects, the lens, saying what it was made with)
    depends on which of these it is.
    """

    @property
    def plan(self) -> Plan:
        """Which picture of a round follows what, where a session does not say."""

    def __call__(
        self,
        prompt: str = "",
        *,
        num_images: int = 4,
        seed: int = 0,
        liked: Iterable[Any] = (),
        disliked: Iterable[Any] = (),
        schedule: Schedule | None = None,
        plan: Plan | Sequence[Recipe] | None = None,
        lens: Lens | None = None,
        on_step: Callable[[Progress], object] | None = None,
        **pipeline_arguments: Any,
    ) -> Round:
        """Generate one round of pictures, as `Fabric` does."""

    def cancel(self) -> None:
        """End the current run, if any, at its next step. Any thread may call this."""
