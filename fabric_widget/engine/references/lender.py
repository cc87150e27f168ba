"""Lend references to one denoiser call: which rows attend to which of them, and how strongly."""

from __future__ import annotations

import functools
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fabric_widget.engine.attention.place import Borrowing
from fabric_widget.engine.attention.site import Site
from fabric_widget.engine.attention.tokens import grouped
from fabric_widget.engine.errors import FabricError
from fabric_widget.engine.lens.recorder import AttentionRecorder, Lending
from fabric_widget.engine.pipeline.guidance_branches import BranchTracker
from fabric_widget.engine.pipeline.restore import processors, swapped, torch_processors
from fabric_widget.engine.references.offers import Offers, layers_of
from fabric_widget.engine.references.recorder import SKIPPED, Recorder, measure

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from fabric_widget.engine.attention.place import Place
    from fabric_widget.engine.attention.token_budget import TokenBudget
    from fabric_widget.engine.attention.tokens import Lent
    from fabric_widget.engine.lens.influence import Influence
    from fabric_widget.engine.lens.lens import Lens
    from fabric_widget.engine.pipeline.call import Call
    from fabric_widget.engine.pipeline.denoiser import Denoiser
    from fabric_widget.engine.references.cache import ReferenceCache
    from fabric_widget.engine.references.feedback import Feedback, Group, Layout
    from fabric_widget.engine.references.offers import Offer


class Lender:
    """Lends references to a denoiser during one run of its pipeline.

    Making one runs the denoiser once, on two rows: that shows which layers are sites, and whether
    anything has changed that references depend on.
    """

    def __init__(
        self,
        denoiser: Denoiser,
        scheduler: Any,  # noqa: ANN401  (schedulers share no useful base class)
        cache: ReferenceCache,
        feedback: Feedback,
        layout: Layout,
        token_budget: TokenBudget,
        lens: Lens | None = None,
    ) -> None:
        self._feedback = feedback
        self._layout = layout
        self._token_budget = token_budget
        self._groups: list[Group] | None = None
        self._branches = BranchTracker(layout.guidance_branches, layout.pictures)
        places, fingerprint = measure(denoiser, layout.null, layout.guided_row)
        twins = torch_processors(denoiser.model)
        self._sites = [Site(place, _reachable(twins, place)) for place in places]
        self._recorder = Recorder(
            denoiser,
            scheduler,
            cache,
            sites=self._sites,
            templates=layout.templates,
            row=layout.guided_row,
            fingerprint=fingerprint,
            token_budget=token_budget,
        )
        self._layers = layers_of(places, layout.aspect)
        self._observer = (
            None
            if lens is None
            else AttentionRecorder(
                lens, places, feedback.seen, feedback.schedule, layout.aspect, layout.pictures
            )
        )

    @property
    def influence(self) -> Influence | None:
        """The recorded influence, or None without a lens or without loans."""
        return None if self._observer is None else self._observer.influence()

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Replace the forwards of the sites' modules."""
        with ExitStack() as stack:
            for site in self._sites:
                stack.enter_context(swapped(site.place.module, site.forward))
            yield

    @contextmanager
    def lending(self, call: Call, index: int, count: int) -> Iterator[None]:
        """Let the rows of one denoiser call attend to the references.

        Parameters
        ----------
        call
            The call that the pipeline makes.
        index, count
            Number of the step, from 0, and number of all steps.
        """
        call = replace(call, within=self._layout.null.within)
        schedule, feedback = self._feedback.schedule, self._feedback
        weight = schedule.weight(index, count)
        pictures, conditional_rows = self._layout.pictures, self._branches.conditional_rows(call)
        blocks = [slice(i * pictures, (i + 1) * pictures) for i in range(len(conditional_rows))]
        conditional = [rows for rows, role in zip(blocks, conditional_rows, strict=True) if role]
        unconditional = [rows for rows in blocks if rows not in conditional]
        disliking = unconditional if feedback.guided else conditional
        likes, dislikes = (
            Offers(schedule, self._token_budget, self._layers, side, index, count)
            for side in (
                weight if conditional else 0.0,
                weight * schedule.neg_scale if disliking else 0.0,
            )
        )
        if self._groups is None:
            subject = functools.partial(self._recorder.subject, timestep=call.timestep, index=index)
            self._groups = feedback.with_masks(subject)
        groups = [
            replace(g, liked=likes.active(g.liked), disliked=dislikes.active(g.disliked))
            for g in self._groups
        ]
        self._recorder.enter_step(self._feedback.references, call.timestep, index)
        wanted = {u.reference.id: u.reference for g in groups for u in (*g.liked, *g.disliked)}
        recorded: Mapping[str, Sequence[Lent]] = {}
        if wanted:
            silent = (i for i in range(index + 1, count) if not schedule.weight(i, count))
            following = next(silent, count) - index - 1
            ordered = [wanted[name] for name in sorted(wanted)]
            recorded = self._recorder.recorded(ordered, following)
        observer = self._observer
        if observer is not None and not observer.wants(index, count):
            observer = None
        rows = [(group.rows(conditional), group.rows(disliking)) for group in groups]
        lenient = True
        try:
            for site, layer in zip(self._sites, self._layers, strict=True):
                borrowings: list[Borrowing] = []
                lendings: list[Lending] = []
                for group, (liking, away) in zip(groups, rows, strict=True):
                    liked = likes.at(layer, group.liked, recorded)
                    disliked = dislikes.at(layer, group.disliked, recorded)
                    borrowings += self._borrowings(liking, away, liked, disliked)
                    lendings.append(Lending(liking, *liked, liked=True))
                    lendings.append(Lending(away, *disliked, liked=False))
                site.borrowings, site.lent = borrowings, False
                lenient = lenient and not borrowings
                if observer is not None:
                    site.observe = functools.partial(observer.note, layer.index, lendings)
            yield
            if not lenient and not any(site.lent for site in self._sites):
                raise FabricError(SKIPPED.format("borrowed"))
        finally:
            for site in self._sites:
                site.borrowings, site.observe = (), None

    def _borrowings(
        self,
        conditional: Sequence[slice],
        disliking: Sequence[slice],
        liked: Offer,
        disliked: Offer,
    ) -> list[Borrowing]:
        """Return what the rows of one group borrow at one site."""
        likes, dislikes = grouped(*liked[1:]), grouped(*disliked[1:])
        if self._feedback.guided:
            sides = [(rows, likes) for rows in conditional]
            sides += [(rows, dislikes) for rows in disliking]
            return [Borrowing(rows, loans) for rows, loans in sides if loans]
        if not (likes or dislikes):
            return []
        push = self._feedback.schedule.nag_scale
        return [Borrowing(rows, likes, dislikes, push) for rows in conditional]


def _reachable(twins: Mapping[Any, Any], place: Place) -> Any:  # noqa: ANN401  (of a context)
    """Return what makes a context in which a module calls torch's attention; None if it does."""
    twin = twins.get(place.module)
    return None if twin is None else functools.partial(processors, {place.module: twin})
