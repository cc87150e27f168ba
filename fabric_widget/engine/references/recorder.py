"""Keys and values of references at one step: cached, or computed by the denoiser.

References are computed in batches of one fixed size: a row of a batch does not depend on the
others, but kernels round differently for batches of different sizes. So what a reference lends
never depends on which others there are, nor on what was remembered. Where there are too few of them
for a batch, they are computed for steps to come as well.
"""

from __future__ import annotations

from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any

import torch

from fabric_widget.engine.attention.find_sites import find_sites
from fabric_widget.engine.attention.tokens import Lent, columns_of
from fabric_widget.engine.errors import FabricError
from fabric_widget.engine.fingerprint import digest
from fabric_widget.engine.pipeline.call import tensors
from fabric_widget.engine.pipeline.restore import (
    processors,
    processors_of,
    random_kept,
    torch_processors,
)
from fabric_widget.engine.references.noise_levels import (
    current_level,
    reference_latents,
    upcoming_levels,
)
from fabric_widget.engine.references.prefetch import Prefetched, Task
from fabric_widget.engine.references.subject import (
    FIRST,
    LAST,
    affinity,
    chosen_sites,
    subject_mask,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from fabric_widget.engine.attention.place import Place
    from fabric_widget.engine.attention.site import Site
    from fabric_widget.engine.attention.token_budget import TokenBudget
    from fabric_widget.engine.pipeline.call import Call
    from fabric_widget.engine.pipeline.denoiser import Denoiser
    from fabric_widget.engine.references.cache import ReferenceCache
    from fabric_widget.engine.references.noise_levels import NoiseLevel
    from fabric_widget.engine.references.references import Reference

_Alike = tuple[int, torch.Size]  # what is computed in one batch: template and size of latents
_PROBE_SEED, _EIGHT = 0, 8
# How many references are computed at once: more of them, the less each has to compute.
_LEAST, _MOST = 2, 8
_FILLING = 8192  # numbers in the latents of a batch
SKIPPED = (
    "the denoiser left out attention layers while a reference was {}: turn off whatever remembers "
    "results between steps (disable_cache() on the denoiser, or what the other library offers)"
)


def measure(denoiser: Denoiser, null: Call, row: int) -> tuple[list[Place], str]:
    """Return the attention sites, and a fingerprint of all that references depend on.

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

    reachable = processors(torch_processors(model))
    with torch.no_grad(), random_kept(denoiser.device), reachable:
        places = find_sites(model, probe)
    names = {module: name for name, module in model.named_modules()}
    layers = ",".join(f"{names[place.module]}:{place.ordinal}" for place in places)
    return places, digest(layers, *(x for _, x in tensors(outputs)))


class Recorder:
    """Records keys and values of references during one run.

    Parameters
    ----------
    denoiser, scheduler
        The pipeline's.
    cache
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
    token_budget
        How many tokens are recorded, and how often.
    """

    def __init__(
        self,
        denoiser: Denoiser,
        scheduler: Any,  # noqa: ANN401  (schedulers share no useful base class)
        cache: ReferenceCache,
        *,
        sites: Sequence[Site],
        templates: Mapping[str, Call],
        row: int,
        fingerprint: str,
        token_budget: TokenBudget,
    ) -> None:
        self._scheduler = scheduler
        self._cache = cache
        self._sites = sites
        self._templates = templates
        self._row = row
        self._fingerprint = fingerprint
        self._token_budget = token_budget
        self._now: NoiseLevel | None = None
        self._tasks: dict[str, Task] = {}
        self._resting: dict[str, Sequence[Lent]] = {}  # computed at a step before, and lent again
        self._prefetched = Prefetched()
        self._new: dict[_Alike, dict[str, Reference]] = {}  # those that were not remembered
        self._inner = denoiser.module.forward
        self._device = denoiser.device
        # A pipeline may put processors of its own in place for a run, which want its whole batch.
        model = denoiser.model
        self._processors = processors_of(model) | torch_processors(model)

    def enter_step(
        self, references: Iterable[Reference], timestep: torch.Tensor, index: int
    ) -> None:
        """Move references on to the noise level of a step, unless the budget lets them rest.

        Parameters
        ----------
        references
            All of the run, lent at this step or not: where one rests must not depend on when it is
            lent for the first time, nor on what other pictures borrow.
        timestep
            As the denoiser is given it.
        index
            Number of the step, from 0.
        """
        now = self._now
        if now is not None:
            known = now.step == index and torch.equal(now.told, timestep.reshape(-1)[:1])
            if known or index % self._token_budget.every:
                return
        self._now = level = current_level(self._scheduler, timestep, index)
        rests = self._token_budget.every > 1  # then one that is lent later still stands here
        self._tasks = {one.id: self._task(one, level) for one in references} if rests else {}
        self._resting = {}

    def recorded(
        self, references: Sequence[Reference], following: int = 0
    ) -> dict[str, Sequence[Lent]]:
        """Return the keys and values of references for each site, by the references' ids.

        They are those of the step that was entered. They depend on nothing but the denoiser and its
        input, so that is what they are known by.

        Parameters
        ----------
        references
            Any of those that the step was entered with.
        following
            At how many of the next steps the references will be lent as well: where there is room
            in a batch, they are computed for these.
        """
        found = {r.id: self._resting[r.id] for r in references if r.id in self._resting}
        asked = [self._asked(r) for r in references if r.id not in found]
        self._cache.announce([task.key for task in asked])
        missing: dict[_Alike, list[Task]] = {}
        for task in asked:
            lent = self._cache.get(task.key) or self._prefetched.taken(task)
            if lent is None:
                alike = (id(self._templates[task.reference.id]), task.latents.shape)
                missing.setdefault(alike, []).append(task)
                self._new.setdefault(alike, {})[task.reference.id] = task.reference
            else:
                self._keep(task, lent, found)
        for alike, group in missing.items():
            size = _batch_size(group[0].latents)
            for i in range(0, len(group), size):
                part = group[i : i + size]
                now = part[0].noise_level
                prefetched = islice(
                    self._foreseen(self._new[alike], now, following), size - len(part)
                )
                for task, lent in self._computed([*part, *prefetched], size):
                    if task.noise_level is now:
                        self._keep(task, lent, found)
                    else:
                        self._prefetched.put(task, lent)
        if self._token_budget.every > 1:
            self._resting |= found
        return {name: [part.restored() for part in lent] for name, lent in found.items()}

    def _asked(self, reference: Reference) -> Task:
        """Return the task of a reference at the step that was entered, made once a step."""
        if reference.id not in self._tasks:
            assert self._now is not None  # noqa: S101  (a step was entered)
            self._tasks[reference.id] = self._task(reference, self._now)
        return self._tasks[reference.id]

    def _keep(self, task: Task, lent: Sequence[Lent], found: dict[str, Sequence[Lent]]) -> None:
        self._cache.put(task.key, lent)
        found[task.reference.id] = lent

    def _task(self, reference: Reference, noise_level: NoiseLevel) -> Task:
        latents = reference_latents(self._scheduler, reference, noise_level)
        token_budget, phase = self._token_budget, noise_level.passed % self._token_budget.stride
        thinning = f"{token_budget.stride} {token_budget.dense} {phase}"
        key = digest(self._fingerprint, thinning, latents, noise_level.told)
        return Task(reference, noise_level, latents, phase, key)

    def _foreseen(
        self, references: Mapping[str, Reference], now: NoiseLevel, following: int
    ) -> Iterator[Task]:
        """Yield the tasks of upcoming steps."""
        if self._prefetched.useless(now.step):
            return
        for noise_level in upcoming_levels(self._scheduler, now, following):
            if noise_level.step % self._token_budget.every == 0:
                for reference in references.values():
                    task = self._task(reference, noise_level)
                    if task.key not in self._cache and task.key not in self._prefetched:
                        yield task

    def _computed(self, tasks: Sequence[Task], size: int) -> Iterator[tuple[Task, Sequence[Lent]]]:
        """Yield the keys and values of tasks of equal template and size, site by site."""
        template = self._templates[tasks[0].reference.id]
        filled = [*tasks, *[tasks[-1]] * (size - len(tasks))]
        arguments = template.with_rows(
            [self._row] * size,
            torch.cat([task.latents for task in filled]),
            torch.cat([task.noise_level.told for task in filled]),
        )
        with self._recording(arguments):
            recorded = [site.recorded for site in self._sites]
        kept = [keys_values for keys_values in recorded if keys_values is not None]
        if len(kept) < len(recorded):
            raise FabricError(SKIPPED.format("computed"))
        for i, task in enumerate(tasks):
            lent = [
                self._thinned(keys[i : i + 1], values[i : i + 1], task.reference, task.phase)
                for keys, values in kept
            ]
            yield task, lent

    @contextmanager
    def _recording(self, arguments: Mapping[str, Any]) -> Iterator[None]:
        """Call the denoiser while its sites record; release what they recorded in the end."""
        try:
            for site in self._sites:
                site.recorded, site.recording = None, True
            with torch.no_grad(), random_kept(self._device), processors(self._processors):
                self._inner(**arguments)
            yield
        finally:
            for site in self._sites:
                site.recorded, site.queries, site.recording = None, None, False

    def _thinned(
        self, keys: torch.Tensor, values: torch.Tensor, reference: Reference, phase: int
    ) -> Lent:
        """Return the recorded tokens of one layer, copied out of the layer's tensors."""
        tokens = keys.shape[-2]
        whole = Lent(keys, values, tokens, columns_of(tokens, reference.aspect))
        lent = whole.thinned(self._token_budget.recorded_stride(tokens), phase)
        if lent is whole:  # a part of what was recorded of all
            keys, values = (x.clone(memory_format=torch.contiguous_format) for x in (keys, values))
            lent = lent._replace(keys=keys, values=values)
        return lent.rounded() if self._cache.bits == _EIGHT else lent

    def subject(self, reference: Reference, timestep: torch.Tensor, index: int) -> torch.Tensor:
        """Return where the subject of a reference is, (rows, columns), 0 or 1.

        Parameters
        ----------
        reference
            One that there is a template for.
        timestep, index
            Of the present step: what has no trajectory is noised to the levels of this run.
        """
        key = (self._fingerprint, reference.id)
        known = self._cache.subjects.get(key)
        if known is not None:
            return known
        sites = chosen_sites(self._sites)
        looks: list[torch.Tensor] = []
        template = self._templates[reference.id]
        for latents, told in self._making(reference, timestep, index):
            with self._recording(template.with_rows([self._row], latents, told)):
                looks += [
                    affinity(
                        site.queries,
                        site.recorded[0],
                        reference.aspect,
                        linear=site.place.linear,
                    )
                    for site in sites
                    if site.queries is not None and site.recorded is not None
                ]
        found = subject_mask(torch.stack(looks).mean(0).cpu(), reference.aspect)
        self._cache.subjects[key] = found
        return found

    def _making(
        self, reference: Reference, timestep: torch.Tensor, index: int
    ) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """Return latents of the steps that tell where the subject is, and their timesteps."""
        passed = reference.trajectory
        if passed is not None:
            steps = list(zip(passed.latents[:, None], passed.told[:, None], strict=True))
        else:
            now = current_level(self._scheduler, timestep, index)
            levels = [now, *upcoming_levels(self._scheduler, now, len(self._scheduler.timesteps))]
            steps = [
                (reference_latents(self._scheduler, reference, level), level.told)
                for level in levels
            ]
        return steps[round(FIRST * len(steps)) : round(LAST * len(steps)) + 1] or steps[-1:]


def _batch_size(latents: torch.Tensor) -> int:
    """Return how many references of this size are computed at once."""
    return max(min(_FILLING // latents.numel(), _MOST), _LEAST)
