"""Lend references to one denoiser call: which rows attend to which of them, and how strongly."""

from __future__ import annotations

import functools
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from fabric_widget.engine.attention.place import Borrowing
from fabric_widget.engine.attention.site import Site
from fabric_widget.engine.attention.tokens import grouped
from fabric_widget.engine.errors import FabricError
from fabric_widget.engine.lens.recorder import AttentionRecorder, Lending
from fabric_widget.engine.pipeline.guidance_branches import BranchTracker
from fabric_widget.engine.pipeline.restore import swapped
from fabric_widget.engine.references.recorder import SKIPPED, Recorder, measure
from fabric_widget.engine.schedule import coarseness

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from fabric_widget.engine.attention.core import Loan
    from fabric_widget.engine.attention.token_budget import TokenBudget
    from fabric_widget.engine.attention.tokens import Lent
    from fabric_widget.engine.lens.influence import Influence
    from fabric_widget.engine.lens.lens import Lens
    from fabric_widget.engine.pipeline.call import Call
    from fabric_widget.engine.pipeline.denoiser import Denoiser
    from fabric_widget.engine.references.cache import ReferenceCache
    from fabric_widget.engine.references.feedback import Feedback, Layout
    from fabric_widget.engine.references.references import Reference

    Offer = tuple[list[Lent], list[float]]  # of each reference of a side to a site, and its weight


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
        self._branches = BranchTracker(layout.guidance_branches, layout.pictures)
        places, fingerprint = measure(denoiser, layout.null, layout.guided_row)
        self._sites = [Site(place) for place in places]
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
        self._levels = coarseness([place.tokens for place in places])
        self._observer = (
            None
            if lens is None
            else AttentionRecorder(lens, places, feedback.seen, feedback.schedule, layout.aspect)
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
        schedule = self._feedback.schedule
        weight = schedule.weight(index, count)
        pictures, conditional_rows = self._layout.pictures, self._branches.conditional_rows(call)
        blocks = [slice(i * pictures, (i + 1) * pictures) for i in range(len(conditional_rows))]
        conditional = [rows for rows, role in zip(blocks, conditional_rows, strict=True) if role]
        unconditional = [rows for rows in blocks if rows not in conditional]
        disliking = unconditional if self._feedback.guided else conditional
        liked = self._feedback.liked if conditional and weight > 0 else ()
        dislike = weight * schedule.neg_scale
        disliked = self._feedback.disliked if disliking and dislike > 0 else ()
        wanted = [*liked, *disliked]
        recorded: Mapping[str, Sequence[Lent]] = {}
        if wanted:
            silent = (i for i in range(index + 1, count) if not schedule.weight(i, count))
            following = next(silent, count) - index - 1
            recorded = self._recorder.recorded(wanted, call.timestep, index, following)
        offers = (
            self._offers(references, recorded, strength, index)
            for references, strength in ((liked, weight), (disliked, dislike))
        )
        observer = self._observer
        if observer is not None and not observer.wants(index, count):
            observer = None
        lenient = True
        try:
            for i, (site, *both) in enumerate(zip(self._sites, *offers, strict=True)):
                loans = (grouped(*offer) for offer in both)
                site.borrowings = self._borrowings(conditional, unconditional, *loans)
                site.lent = False
                lenient = lenient and not site.borrowings
                if observer is not None:
                    lendings = [
                        Lending(side, rows, *offer)
                        for side, rows, offer in zip(
                            (True, False), (conditional, disliking), both, strict=True
                        )
                        if any(offer[1])
                    ]
                    site.observe = functools.partial(observer.note, i, lendings)
            yield
            if not lenient and not any(site.lent for site in self._sites):
                raise FabricError(SKIPPED.format("borrowed"))
        finally:
            for site in self._sites:
                site.borrowings, site.observe = (), None

    def _borrowings(
        self,
        conditional: Sequence[slice],
        unconditional: Sequence[slice],
        liked: Sequence[Loan],
        disliked: Sequence[Loan],
    ) -> list[Borrowing]:
        """Return the loans of each part of the batch at one site."""
        if self._feedback.guided:
            sides = [(rows, liked) for rows in conditional]
            sides += [(rows, disliked) for rows in unconditional]
            return [Borrowing(rows, loans) for rows, loans in sides if loans]
        if not (liked or disliked):
            return []
        push = self._feedback.schedule.nag_scale
        return [Borrowing(rows, liked, disliked, push) for rows in conditional]

    def _offers(
        self,
        references: Sequence[Reference],
        recorded: Mapping[str, Sequence[Lent]],
        weight: float,
        index: int,
    ) -> Iterator[Offer]:
        """Yield, site by site, what the references of one branch lend, and the weights."""
        schedule = self._feedback.schedule
        if not references:
            yield from (([], []) for _ in self._sites)
            return
        shares = schedule.shares([reference.strength for reference in references])
        for i, (site, level) in enumerate(zip(self._sites, self._levels, strict=True)):
            whole = [recorded[reference.id][i] for reference in references]
            factors = []
            lent = self._token_budget.thinned(whole, site.place.tokens, index)
            for part, share in zip(lent, shares, strict=True):
                factor = weight * share * schedule.level_scale(level) * part.factor
                if schedule.normalize:  # a larger picture does not count more
                    factor *= site.place.tokens / part.tokens
                factors.append(factor)
            yield lent, factors
