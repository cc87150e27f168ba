"""What happens at one denoiser call: references are computed or remembered, and lent.

Each reference is computed alone, in a batch of one, so that it never depends on which others there
are, nor on what was remembered.
"""

from __future__ import annotations

import math
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from fabric_widget.engine.attention import Loan
from fabric_widget.engine.calls import tensors
from fabric_widget.engine.denoiser import noised, scheduler_timestep
from fabric_widget.engine.digest import digest
from fabric_widget.engine.errors import FabricError
from fabric_widget.engine.restore import processors, processors_of, random_kept, swapped
from fabric_widget.engine.roles import Turns
from fabric_widget.engine.sites import Borrowing, Site, discover

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from fabric_widget.engine.bank import Bank
    from fabric_widget.engine.calls import Call
    from fabric_widget.engine.denoiser import Denoiser
    from fabric_widget.engine.references import Reference
    from fabric_widget.engine.roles import Spoken
    from fabric_widget.engine.schedule import Schedule
    from fabric_widget.engine.sites import Place

    KeysValues = tuple[torch.Tensor, torch.Tensor]

_PROBE_SEED = 0
_ONE_LEVEL = math.log(2)  # of the number of tokens
_SKIPPED = (
    "the denoiser left out attention layers while a reference was {}: turn off whatever remembers "
    "results between steps (disable_cache() on the denoiser, or what the other library offers)"
)


@dataclass(frozen=True)
class Feedback:
    """References of both branches and how strongly they count.

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


@dataclass(frozen=True)
class Layout:
    """The calls that a pipeline makes, as measured before a run.

    Parameters
    ----------
    null
        The call for one picture and the null prompt.
    templates
        The same for the size of each reference, by the reference's id.
    spoken
        What of a call follows the prompt.
    pictures
        Number of pictures that the run makes at once.
    """

    null: Call
    templates: Mapping[str, Call]
    spoken: Spoken
    pictures: int

    @property
    def guided_row(self) -> int:
        """The row of a template that references are computed with: it holds the null prompt."""
        return self.spoken.rows.index(True)


def measure(denoiser: Denoiser, null: Call, row: int) -> tuple[list[Place], str]:
    """Return which attention calls are sites, and a name for all that references depend on.

    The denoiser runs once, on two rows with the conditioning of one `row` of the null call.

    Raises
    ------
    NoAttentionSites
        There are none.
    """
    model = denoiser.model
    generator = torch.Generator().manual_seed(_PROBE_SEED)
    noise = torch.randn((2, *null.latents[0].shape), generator=generator)
    outputs: list[object] = []

    def probe() -> None:
        output = model(**null.with_rows([row, row], noise, null.timestep))
        outputs.append(output[0])  # a tuple, or an output that can be read like one

    with torch.no_grad(), random_kept(denoiser.device):
        places = discover(model, probe)
    names = {module: name for name, module in model.named_modules()}
    layers = ",".join(f"{names[place.module]}:{place.ordinal}" for place in places)
    return places, digest(layers, *(x for _, x in tensors(outputs)))


class Lender:
    """Lends references to a denoiser during one run of its pipeline.

    Making one runs the denoiser once, on two rows: that shows which layers are sites, and gives the
    fingerprint of everything that references depend on beside themselves: weights, adapters and
    their scales, attention processors, precision, conditioning.
    """

    def __init__(
        self,
        denoiser: Denoiser,
        scheduler: Any,  # noqa: ANN401  (schedulers share no useful base class)
        bank: Bank,
        feedback: Feedback,
        layout: Layout,
    ) -> None:
        self._denoiser = denoiser
        self._scheduler = scheduler
        self._bank = bank
        self._feedback = feedback
        self._layout = layout
        self._inner = denoiser.module.forward
        # A pipeline may put processors of its own in place for a run, which want its whole batch.
        self._processors = processors_of(denoiser.model)
        self._turns = Turns(layout.spoken, layout.pictures)
        places, self._fingerprint = measure(denoiser, layout.null, layout.guided_row)
        self._sites = [Site(place) for place in places]
        tokens = [place.tokens for place in places]
        depth = math.log(max(tokens) / min(tokens))
        if depth < _ONE_LEVEL:  # a few tokens more or less are no coarser level
            depth = math.inf
        self._levels = [math.log(max(tokens) / n) / depth for n in tokens]

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Let the sites stand in for their modules' forwards."""
        with ExitStack() as stack:
            for site in self._sites:
                stack.enter_context(swapped(site.place.module, site.forward))
            yield

    @contextmanager
    def lending(self, call: Call, index: int, count: int) -> Iterator[None]:
        """Let the denoiser borrow during one call.

        Parameters
        ----------
        call
            The call that the pipeline makes.
        index, count
            Number of the step, from 0, and number of all steps.
        """
        schedule = self._feedback.schedule
        weight = schedule.weight(index, count)
        pictures, roles = self._layout.pictures, self._turns.roles(call)
        blocks = [slice(i * pictures, (i + 1) * pictures) for i in range(len(roles))]
        conditional = [rows for rows, role in zip(blocks, roles, strict=True) if role]
        unconditional = [rows for rows, role in zip(blocks, roles, strict=True) if not role]
        disliking = unconditional if self._feedback.guided else conditional
        nothing: list[list[Loan]] = [[] for _ in self._sites]
        liked, disliked = (
            list(self._loans(call, references, strength))
            if references and rows and strength > 0
            else nothing
            for references, rows, strength in (
                (self._feedback.liked, conditional, weight),
                (self._feedback.disliked, disliking, weight * schedule.neg_scale),
            )
        )
        borrowings = [
            self._borrowings(conditional, unconditional, *both)
            for both in zip(liked, disliked, strict=True)
        ]
        lenient = not any(borrowings)
        try:
            for site, borrowed in zip(self._sites, borrowings, strict=True):
                site.borrowings, site.lent = borrowed, False
            yield
            if not lenient and not any(site.lent for site in self._sites):
                raise FabricError(_SKIPPED.format("borrowed"))
        finally:
            for site in self._sites:
                site.borrowings = ()

    def _borrowings(
        self,
        conditional: Sequence[slice],
        unconditional: Sequence[slice],
        liked: Sequence[Loan],
        disliked: Sequence[Loan],
    ) -> list[Borrowing]:
        """Return what each part of the batch borrows at one site."""
        if self._feedback.guided:
            sides = [(rows, liked) for rows in conditional]
            sides += [(rows, disliked) for rows in unconditional]
            return [Borrowing(rows, loans) for rows, loans in sides if loans]
        if not (liked or disliked):
            return []
        push = self._feedback.schedule.nag_scale
        return [Borrowing(rows, liked, disliked, push) for rows in conditional]

    def _loans(
        self, call: Call, references: Sequence[Reference], weight: float
    ) -> Iterator[list[Loan]]:
        """Yield, site by site, what the references of one branch lend."""
        schedule = self._feedback.schedule
        lent = [self._lent(reference, call) for reference in references]
        shares = schedule.shares([reference.strength for reference in references])
        for i, (site, level) in enumerate(zip(self._sites, self._levels, strict=True)):
            loans = []
            for keys_values, share in zip(lent, shares, strict=True):
                keys, values = keys_values[i]
                factor = weight * share * schedule.level_scale(level)
                if schedule.normalize:  # a larger picture does not count more
                    factor *= site.place.tokens / keys.shape[-2]
                if factor > 0:
                    loans.append(Loan(keys, values, math.log(factor)))
            yield loans

    def _lent(self, reference: Reference, call: Call) -> Sequence[KeysValues]:
        """Return the keys and values of a reference at the present step, for all sites.

        They depend on nothing but the denoiser and its input, so that is what they are known by.
        """
        timestep = scheduler_timestep(self._scheduler, call.timestep)
        latents = noised(self._scheduler, reference.latents, reference.noise, timestep)
        key = digest(self._fingerprint, latents, call.timestep.flatten()[:1])
        lent = self._bank.get(key)
        if lent is None:
            lent = self._computed(reference, latents, call.timestep)
            self._bank.put(key, lent)
        return lent

    def _computed(
        self, reference: Reference, latents: torch.Tensor, timestep: torch.Tensor
    ) -> Sequence[KeysValues]:
        template = self._layout.templates[reference.id]
        arguments = template.with_rows([self._layout.guided_row], latents, timestep)
        try:
            for site in self._sites:
                site.recorded, site.recording = None, True
            with (
                torch.no_grad(),
                random_kept(self._denoiser.device),
                processors(self._processors),
            ):
                self._inner(**arguments)
            recorded = [site.recorded for site in self._sites]
        finally:
            for site in self._sites:
                site.recorded, site.recording = None, False
        lent = [keys_values for keys_values in recorded if keys_values is not None]
        if len(lent) < len(recorded):
            raise FabricError(_SKIPPED.format("computed"))
        return lent
