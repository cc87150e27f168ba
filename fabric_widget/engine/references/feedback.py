"""What a run lends: references of both guidance branches, and the calls that compute them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fabric_widget.engine.lens.influence import Seen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fabric_widget.engine.pipeline.call import Call
    from fabric_widget.engine.pipeline.guidance_branches import GuidanceBranches
    from fabric_widget.engine.references.references import Reference
    from fabric_widget.engine.schedule import Schedule


@dataclass(frozen=True)
class Feedback:
    """References of both guidance branches, with their schedule.

    Parameters
    ----------
    liked, disliked
        The references.
    schedule
        How strongly they count.
    guided
        Whether there are unconditional rows for the disliked ones; without them the conditional
        rows move away from those.
    """

    liked: Sequence[Reference]
    disliked: Sequence[Reference]
    schedule: Schedule
    guided: bool = True

    @property
    def seen(self) -> list[Seen]:
        """The references as the lens reports them."""
        signed = [(1, reference) for reference in self.liked]
        signed += [(-1, reference) for reference in self.disliked]
        return [
            Seen(
                reference.id,
                sign * reference.strength,
                reference.size.get("width", 1),
                reference.size.get("height", 1),
            )
            for sign, reference in signed
        ]


@dataclass(frozen=True)
class Layout:
    """The pipeline's calls, as recorded before a run.

    Parameters
    ----------
    null
        The call for one picture and the null prompt.
    templates
        The same for the size of each reference, by the reference's id.
    guidance_branches
        What of a call follows the prompt.
    pictures
        Number of pictures that the run makes at once.
    aspect
        Their width, divided by their height.
    """

    null: Call
    templates: Mapping[str, Call]
    guidance_branches: GuidanceBranches
    pictures: int
    aspect: float = 1.0

    @property
    def guided_row(self) -> int:
        """The row of a call that computes references: it holds the null prompt."""
        return self.guidance_branches.rows.index(True)
