"""What a run lends: which pictures borrow what, and the calls that compute references."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from fabric_widget.engine.lens.influence import Seen
from fabric_widget.engine.votes.aspects import AspectTable
from fabric_widget.engine.votes.parts import SUBJECT, Part

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import torch

    from fabric_widget.engine.pipeline.call import Call
    from fabric_widget.engine.pipeline.guidance_branches import GuidanceBranches
    from fabric_widget.engine.references.references import Reference
    from fabric_widget.engine.schedule import Schedule
    from fabric_widget.engine.votes.votes import CheckedVote


@dataclass(frozen=True)
class Use:
    """A vote and the reference that it is about.

    Parameters
    ----------
    reference
        Which.
    vote
        How strongly it counts, and what of it; its part has a mask once that is known.
    where
        Where a part is borrowed in place, if not where it stands itself.
    aspects
        What its aspect means.
    """

    reference: Reference
    vote: CheckedVote
    where: Part | None = None
    aspects: AspectTable = field(default_factory=AspectTable)

    @property
    def unseen(self) -> str:
        """Name of the part, if its mask is still to be found; else empty."""
        part = self.vote.part
        return part.name if part is not None and part.mask is None else ""


@dataclass(frozen=True)
class Group:
    """Pictures of a run that borrow the same.

    Parameters
    ----------
    pictures
        Their indices, in order.
    liked, disliked
        What they borrow.
    """

    pictures: tuple[int, ...]
    liked: Sequence[Use]
    disliked: Sequence[Use]

    def rows(self, blocks: Sequence[slice]) -> list[slice]:
        """Return the rows of the pictures in blocks of rows, neighbours in a block together."""
        runs: list[slice] = []
        for block in blocks:
            for i, picture in enumerate(self.pictures):
                row = block.start + picture
                if i and runs[-1].stop == row:
                    runs[-1] = slice(runs[-1].start, row + 1)
                else:
                    runs.append(slice(row, row + 1))
        return runs


@dataclass(frozen=True)
class Feedback:
    """What the pictures of a run borrow, with the schedule.

    Parameters
    ----------
    groups
        Pictures that borrow the same; a picture that borrows nothing is in none.
    schedule
        How strongly references count.
    guided
        Whether there are unconditional rows for the disliked ones; without them the conditional
        rows move away from those.
    """

    groups: Sequence[Group]
    schedule: Schedule
    guided: bool = True

    @property
    def references(self) -> list[Reference]:
        """Every reference once."""
        uses = [use for group in self.groups for use in (*group.liked, *group.disliked)]
        return list({use.reference.id: use.reference for use in uses}.values())

    @property
    def seen(self) -> list[Seen]:
        """The references as the lens reports them, the liked ones first."""
        found: dict[tuple[int, str], Seen] = {}
        for sign in (1, -1):
            for group in self.groups:
                for use in group.liked if sign > 0 else group.disliked:
                    size = use.reference.size
                    known = found.get((sign, use.reference.id))
                    strength = max(use.vote.strength, abs(known.strength) if known else 0.0)
                    found[sign, use.reference.id] = Seen(
                        use.reference.id,
                        sign * strength,
                        size.get("width", 1),
                        size.get("height", 1),
                    )
        return list(found.values())

    def with_masks(self, subject: Callable[[Reference], torch.Tensor]) -> list[Group]:
        """Return the groups with masks for the parts that have a name only.

        Parameters
        ----------
        subject
            Returns where the subject of a reference is, (rows, columns), 0 or 1.
        """

        def part_of(reference: Reference, name: str) -> Part:
            found = subject(reference)
            return Part(name, found if name == SUBJECT else 1 - found)

        def masked(uses: Sequence[Use]) -> list[Use]:
            """Let all subjects and backgrounds meet where the newest subject stands."""
            unseen = [use for use in uses if use.unseen]
            subjects = [use for use in unseen if use.unseen == SUBJECT]
            if not unseen:
                return list(uses)
            newest = max(subjects or unseen, key=lambda use: use.vote.place).reference
            return [
                replace(
                    use,
                    vote=replace(use.vote, part=part_of(use.reference, use.unseen)),
                    where=part_of(newest, use.unseen),
                )
                if use.unseen
                else use
                for use in uses
            ]

        return [
            replace(group, liked=masked(group.liked), disliked=masked(group.disliked))
            for group in self.groups
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
