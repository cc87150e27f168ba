"""DistributedFabric: a `Fabric` over several GPUs or machines."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from fabric_widget.cluster.connection import Device, check_installed, connect
from fabric_widget.cluster.crew import Crew
from fabric_widget.cluster.shares import Share, shares_of
from fabric_widget.cluster.wire import pack, unpack
from fabric_widget.cluster.worker import Call, Facts, facts_of, make
from fabric_widget.engine.lens.lens import checked_lens
from fabric_widget.engine.pipeline.lock import locked
from fabric_widget.engine.plans.recipe import checked_plan
from fabric_widget.engine.request import (
    checked_number,
    checked_prompt,
    checked_schedule,
    checked_seed,
    planned,
)
from fabric_widget.engine.results import joined
from fabric_widget.engine.votes.votes import read_votes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import torch

    from fabric_widget.engine import (
        AspectTable,
        Fabric,
        Lens,
        Plan,
        Progress,
        Recipe,
        Round,
        Schedule,
        TokenBudget,
    )

    OnStep = Callable[[Progress], object]

_GIB = 2**30


class DistributedFabric:
    """A `Fabric` whose pictures are made by several workers, each with its own pipeline.

    A round is planned once; its pictures are then shared out, each with its own seed, start noise
    and references, so that each is the one that a single worker makes, up to the rounding of other
    batch sizes. If a worker is lost, another one makes its pictures, and it is started again. It is
    called like a `Fabric`, and goes wherever one goes: `Session`, `FabricWidget`.

    Parameters
    ----------
    load
        Called in each worker: returns a pipeline, or a `Fabric` with settings of its own.
    workers
        How many there are; by default as many as the cluster has room for.
    num_gpus
        GPUs of each worker, or a part of one; 0 for workers on the CPU. By default 1 where the
        cluster has any.
    num_cpus
        Cores of each worker, and threads of torch in it.
    device
        Where a worker puts its pipeline: by default "cuda" for workers with a GPU, each of which
        sees its own alone. Pipelines that offload themselves stay as they are, and so do all where
        a worker has no GPU.
    address
        Of a Ray cluster; by default that of `RAY_ADDRESS` or a running local one, or else one is
        started on this machine.
    reference_bytes
        How much memory pictures that were sent may take in each worker: they are sent once, and
        again only if they had to make room.

    Raises
    ------
    ModuleNotFoundError
        Ray is not installed.
    NoWorkers
        The cluster has no such device, or loses its workers while they load.
    TypeError, ValueError
        An argument is of the wrong kind or out of range.
    Exception
        What `load` raised.
    """

    def __init__(
        self,
        load: Callable[[], Any],
        *,
        workers: int | None = None,
        num_gpus: float | None = None,
        num_cpus: int = 1,
        device: str | None = None,
        address: str | None = None,
        reference_bytes: int = 2 * _GIB,
    ) -> None:
        if not callable(load):
            message = (
                f"load is a {type(load).__name__}: give a function that makes the pipeline, for "
                "each worker makes its own"
            )
            raise TypeError(message)
        check_installed()
        connect(address)
        import ray

        if num_gpus is None:
            num_gpus = min(1, ray.cluster_resources().get("GPU", 0))
        needs = Device(num_gpus, num_cpus)
        room = needs.count()
        if workers is not None and not 0 < workers <= room:
            message = f"workers is {workers!r}: give 1 to {room}, for which the cluster has room"
            raise ValueError(message)
        device = device or ("cuda" if num_gpus else None)
        self._subjects: dict[str, torch.Tensor] = {}
        self._known: dict[Any, Any] = {}
        self.workers = workers or room
        self._crew = Crew(load, device, needs, self.workers, reference_bytes)
        self._pool = self._crew.pool
        try:
            self._pool.wait_for_one()
            self._facts: Facts = self.fact(facts_of)
        except BaseException:
            self._pool.close()
            raise
        self.plan: Plan = self._facts.plan
        self.schedule: Schedule = self._facts.schedule
        self.aspects: AspectTable = self._facts.aspects

    def __repr__(self) -> str:
        """Name the pipeline and count the workers."""
        return f"{type(self).__name__}({self._facts.pipeline}, workers={self.workers})"

    def __enter__(self) -> Self:
        """Return this."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close this."""
        self.close()

    @property
    def defaults(self) -> dict[str, Any]:
        """Arguments recommended by the pipeline's configuration; explicit ones take precedence."""
        return dict(self._facts.defaults)

    @property
    def token_budget(self) -> TokenBudget:
        """What the workers leave out to be fast."""
        return self._facts.token_budget

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
        on_step: OnStep | None = None,
        **pipeline_arguments: Any,
    ) -> Round:
        """Generate one round of pictures, shared out among the workers.

        Parameters, errors and warnings are those of `Fabric`. Steps are counted over all shares;
        a progress has the previews of one share. A lens for the mean over all pictures gives their
        `contributions` alone. A round whose arguments have an entry for each picture, such as a
        list of pictures to start from, is made by one worker.

        Raises
        ------
        NoWorkers
            Three workers were lost at the same pictures.
        """
        pictures, first = checked_number(num_images), checked_seed(seed)
        seen, strengths = checked_lens(lens, pictures), checked_schedule(schedule) or self.schedule
        recipes = planned(
            checked_plan(plan) or self.plan,
            read_votes(liked, disliked),
            pictures,
            first,
            silent=strengths.silent,
            aspects=self.aspects,
        )
        calls = {}
        for share in shares_of(pictures, self.workers, pipeline_arguments):
            part = slice(share.first, share.first + share.count)
            keywords = {
                "num_images": share.count,
                "seed": first + share.first,
                "schedule": strengths,
                "plan": list(recipes[part]),
                "lens": _lens_of(seen, share),
                **pipeline_arguments,
            }
            calls[share] = Call(make, (checked_prompt(prompt),), keywords, steps=True)
        rounds = self.rounds(calls, on_step)
        made = joined(rounds)
        if seen is not None and seen.image is not None:
            return made.seen(
                next((one.influence for one in rounds if one.influence is not None), None)
            )
        return made

    def cancel(self) -> None:
        """End the current run, if any, at its next step. Any thread may call this."""
        self._crew.cancelled.set()

    def subjects(self) -> dict[str, torch.Tensor]:
        """Return the masks of subjects looked for so far, (rows, columns), by the pictures' ids."""
        return dict(self._subjects)

    def note_subject(self, identity: str, mask: torch.Tensor) -> None:
        """Remember the mask of a subject that a worker found."""
        self._subjects[identity] = mask

    def ask(self, function: Callable[..., Any], *arguments: Any) -> Any:  # noqa: ANN401  (what the function returns)
        """Return ``function(fabric, *arguments)``, called by a worker with its `Fabric`.

        It may run the pipeline: no round is made meanwhile.

        Raises
        ------
        PipelineBusy
            A round is being made.
        Exception
            What the function raised.
        """
        call = Call(function, arguments)
        return self._results({Share(0, 1): call}, None)[0]

    def fact(self, function: Callable[[Fabric], Any]) -> Any:  # noqa: ANN401  (what the function returns)
        """Return ``function(fabric)``, which is called once by a worker and then remembered.

        It may not run the pipeline: a round may be under way.
        """
        import ray

        if function not in self._known:
            call = pack(Call(function))
            for worker in self._pool.opened:
                try:
                    self._known[function] = unpack(ray.get(worker.actor.fact.remote(call)))
                except ray.exceptions.RayActorError:
                    continue  # lost: the next round starts another one
                break
            else:
                self._known[function] = self.ask(function)
        return self._known[function]

    def close(self) -> None:
        """End the workers. May be called twice; garbage collection does it too."""
        self._pool.close()

    def rounds(self, calls: Mapping[Share, Call], on_step: OnStep | None) -> list[Round]:
        """Return the rounds that calls of workers make, in their order; for what stands on this."""
        rounds: list[Round] = self._results(calls, on_step)
        return rounds

    def _results(self, calls: Mapping[Share, Call], on_step: OnStep | None) -> list[Any]:
        with locked(self, type(self).__name__):
            return self._crew.results(calls, on_step)


def _lens_of(lens: Lens | None, share: Share) -> Lens | None:
    """Return what a share records: of one picture its own share alone."""
    if lens is None or lens.image is None:
        return lens
    inside = share.first <= lens.image < share.first + share.count
    return replace(lens, image=lens.image - share.first) if inside else None
