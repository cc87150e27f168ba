"""Keys and values of references at one step: remembered, or computed by the denoiser.

References are computed in batches of one fixed size, filled up where there are too few: a row of a
batch does not depend on the others, but kernels round differently for batches of different sizes.
So what a reference lends never depends on which others there are, nor on what was remembered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from fabric_widget.engine.calls import tensors
from fabric_widget.engine.denoiser import noised, scheduler_timestep
from fabric_widget.engine.digest import digest
from fabric_widget.engine.errors import FabricError
from fabric_widget.engine.restore import processors, processors_of, random_kept
from fabric_widget.engine.sites import discover
from fabric_widget.engine.tokens import Lent, columns_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fabric_widget.engine.bank import Bank
    from fabric_widget.engine.calls import Call
    from fabric_widget.engine.denoiser import Denoiser
    from fabric_widget.engine.economy import Economy
    from fabric_widget.engine.references import Reference
    from fabric_widget.engine.sites import Place, Site

_PROBE_SEED = 0
# How many references are computed at once: more of them, the less each has to compute.
_LEAST, _MOST = 2, 4
_FILLING = 4096  # numbers in the latents of a batch
SKIPPED = (
    "the denoiser left out attention layers while a reference was {}: turn off whatever remembers "
    "results between steps (disable_cache() on the denoiser, or what the other library offers)"
)


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


class Recorder:
    """Records references during one run of a pipeline.

    Parameters
    ----------
    denoiser, scheduler
        The pipeline's.
    bank
        Remembers what was recorded.
    sites
        What records.
    templates
        The null call at the size of each reference, by the reference's id.
    row
        The row of a template that references are computed with.
    fingerprint
        A name for all that references depend on beside themselves: weights, adapters and their
        scales, attention processors, precision, conditioning.
    economy
        How many tokens are recorded, and how often.
    """

    def __init__(
        self,
        denoiser: Denoiser,
        scheduler: Any,  # noqa: ANN401  (schedulers share no useful base class)
        bank: Bank,
        *,
        sites: Sequence[Site],
        templates: Mapping[str, Call],
        row: int,
        fingerprint: str,
        economy: Economy,
    ) -> None:
        self._scheduler = scheduler
        self._bank = bank
        self._sites = sites
        self._templates = templates
        self._row = row
        self._fingerprint = fingerprint
        self._economy = economy
        self._latest: dict[str, Sequence[Lent]] = {}
        self._inner = denoiser.module.forward
        self._device = denoiser.device  # pipelines look through all of their modules for it
        # A pipeline may put processors of its own in place for a run, which want its whole batch.
        self._processors = processors_of(denoiser.model)

    def recorded(
        self, references: Sequence[Reference], timestep: torch.Tensor, index: int
    ) -> dict[str, Sequence[Lent]]:
        """Return what references lend to each site, by their ids.

        It depends on nothing but the denoiser and its input, so that is what it is known by.

        Parameters
        ----------
        references
            Any of those that there are templates for.
        timestep
            As the denoiser is given it.
        index
            Number of the step, from 0.
        """
        economy = self._economy
        if index % economy.every and all(r.id in self._latest for r in references):
            return {r.id: self._latest[r.id] for r in references}
        own = scheduler_timestep(self._scheduler, timestep)
        passed = self._scheduler.timesteps.cpu()
        passed = passed[passed > own].unique()  # solvers of second order come back to some
        phase = len(passed) % economy.stride
        thinning = f"{economy.stride} {economy.dense} {phase}"
        asked = []
        for reference in references:
            latents = noised(self._scheduler, reference.latents, reference.noise, own)
            key = digest(self._fingerprint, thinning, latents, timestep.flatten()[:1])
            asked.append((reference, latents, key))
        self._bank.announce([key for _, _, key in asked])
        found: dict[str, Sequence[Lent]] = {}
        missing: dict[tuple[int, torch.Size], list[tuple[Reference, torch.Tensor, str]]] = {}
        for reference, latents, key in asked:
            lent = self._bank.get(key)
            if lent is None:
                alike = (id(self._templates[reference.id]), latents.shape)
                missing.setdefault(alike, []).append((reference, latents, key))
            else:
                found[reference.id] = lent
        for group in missing.values():
            size = _batch_size(group[0][1])
            for i in range(0, len(group), size):
                part = group[i : i + size]
                for (reference, _, key), lent in zip(
                    part, self._computed(part, size, timestep, phase), strict=True
                ):
                    self._bank.put(key, lent)
                    found[reference.id] = lent
        if economy.every > 1:
            self._latest |= found
        return found

    def _computed(
        self,
        part: Sequence[tuple[Reference, torch.Tensor, str]],
        size: int,
        timestep: torch.Tensor,
        phase: int,
    ) -> list[list[Lent]]:
        """Return what each of a few references of equal template and size lends, site by site."""
        template = self._templates[part[0][0].id]
        filled = [latents for _, latents, _ in part]
        filled += [filled[-1]] * (size - len(part))
        arguments = template.with_rows([self._row] * size, torch.cat(filled), timestep)
        try:
            for site in self._sites:
                site.recorded, site.recording = None, True
            with (
                torch.no_grad(),
                random_kept(self._device),
                processors(self._processors),
            ):
                self._inner(**arguments)
            recorded = [site.recorded for site in self._sites]
        finally:
            for site in self._sites:
                site.recorded, site.recording = None, False
        kept = [keys_values for keys_values in recorded if keys_values is not None]
        if len(kept) < len(recorded):
            raise FabricError(SKIPPED.format("computed"))
        return [
            [
                self._thinned(keys[i : i + 1], values[i : i + 1], reference, phase)
                for keys, values in kept
            ]
            for i, (reference, _, _) in enumerate(part)
        ]

    def _thinned(
        self, keys: torch.Tensor, values: torch.Tensor, reference: Reference, phase: int
    ) -> Lent:
        """Return what is kept of a reference in one layer, in memory of its own."""
        tokens = keys.shape[-2]
        whole = Lent(keys, values, tokens, columns_of(tokens, reference.aspect))
        lent = whole.thinned(self._economy.recorded_stride(tokens), phase)
        if lent is whole:  # a part of what was recorded of all
            lent = lent._replace(keys=keys.clone(), values=values.clone())
        return lent


def _batch_size(latents: torch.Tensor) -> int:
    """Return how many references like this one are computed at once."""
    return max(min(_FILLING // latents.numel(), _MOST), _LEAST)
