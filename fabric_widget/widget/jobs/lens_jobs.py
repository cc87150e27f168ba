"""Lens jobs: generate a picture again to see which reference influenced which place.

What was seen of a few pictures is kept, so that looking again is immediate. How it travels is said
by `maps`.
"""

from __future__ import annotations

import functools
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fabric_widget.widget.jobs.run import Run
from fabric_widget.widget.state import serialize
from fabric_widget.widget.worker import Outcome

if TYPE_CHECKING:
    from fabric_widget.engine import GeneratedImage, Influence, Progress
    from fabric_widget.session import Session
    from fabric_widget.widget.jobs.context import WidgetContext
    from fabric_widget.widget.jobs.run import Runs
    from fabric_widget.widget.worker import Job

LOOK = "look"
"""The kind of the jobs that look."""

NOTHING = "No feedback shaped this picture."

_MOST = 4  # pictures
_BYTES = 128 * 2**20


@dataclass(frozen=True)
class LensRequest:
    """A picture to generate again for the lens.

    Parameters
    ----------
    picture
        As the round made it.
    round, number
        Where it is: indices from 0.
    """

    picture: GeneratedImage
    round: int
    number: int

    @property
    def id(self) -> str:
        """The picture's."""
        return self.picture.id


@dataclass(frozen=True)
class LensResult:
    """The influence on a picture.

    Parameters
    ----------
    influence
        Of each reference.
    steps
        How many steps the picture took.
    """

    influence: Influence
    steps: int


class LensJobs:
    """Runs lens jobs, one at a time, and keeps the last few results.

    Parameters
    ----------
    context
        What the widget's parts share; its worker calls `run` for jobs of the kind `LOOK`.
    runs
        What all runs share.
    most, capacity
        How many pictures are kept, and how many bytes of what was seen of them; at least one.
    """

    def __init__(
        self,
        context: WidgetContext,
        runs: Runs,
        *,
        most: int = _MOST,
        capacity: int = _BYTES,
    ) -> None:
        self._view, self._lazy_session = context.view, context.lazy_session
        self._publisher, self._worker = context.publisher, context.worker
        self._runs = runs
        self._most = most
        self._capacity = capacity
        self._kept: OrderedDict[str, LensResult] = OrderedDict()
        self._lock = threading.Lock()

    def kept(self, identity: str) -> LensResult | None:
        """Return the result for a picture, or None."""
        with self._lock:
            if identity in self._kept:
                self._kept.move_to_end(identity)
            return self._kept.get(identity)

    def clear(self) -> None:
        """Remove all results."""
        with self._lock:
            self._kept.clear()

    def ask(self, identity: str) -> Outcome:
        """Request the influence on a picture.

        Returns
        -------
        Outcome
            Gives an `Influence`, or None if nothing did; done at once if that is known.

        Raises
        ------
        ValueError
            No round of the session made the picture.
        """
        session = self._lazy_session.load()
        look = _found(session, identity)
        seen = self.kept(identity)
        if seen is None and session.turns[look.round].guided:
            with self._view.lock:
                job = self._worker.submit(look, LOOK)
                if job is self._worker.current:
                    self._begin(job, look)
                else:
                    self._publisher.publish_status(error=None)
            return job.outcome
        if seen is None:
            self._publisher.notice(NOTHING)
        known = Outcome(threading.Event())
        known.set_result(None if seen is None else seen.influence)
        return known

    # ---- in the worker -------------------------------------------------------------------------

    def run(self, job: Job) -> Influence | None:
        """Run a lens job. The session is unchanged."""
        look: LensRequest = job.request
        made = False
        try:
            influence = self._looked(job, look)
            made = influence is not None
        except BaseException as error:
            self._runs.failed(job, error, "The lens")
            raise
        else:
            return influence
        finally:
            self._view.send({"type": "looked", "id": serialize.name_of(look.id), "made": made})

    def _looked(self, job: Job, look: LensRequest) -> Influence | None:
        run = Run(job, self._lazy_session.load(), pictures=1)
        with self._runs.inside(run, functools.partial(self._begin, job, look)):
            on_step = functools.partial(self._on_step, run)
            influence = run.session.look(look.picture, on_step=on_step)
        if influence is not None and not influence.references:
            influence = None
        if influence is not None:
            self._keep(look.id, LensResult(influence, self._publisher.now["steps"]))
        with self._view.lock:
            self._runs.ended(job)
            self._publisher.publish_idle(message=f"The lens of {_name(look)} is ready.", eta=None)
            if influence is None:
                self._publisher.notice(NOTHING)
        return influence

    def _begin(self, job: Job, look: LensRequest) -> None:
        """Publish the start of a lens job."""
        self._publisher.publish_start(
            job,
            message=f"Looking at {_name(look)}.",
            steps=look.picture.settings.get("num_inference_steps")
            or self._lazy_session.pipeline_info.steps
            or 0,
            look=serialize.name_of(look.id),
        )

    def _on_step(self, run: Run, progress: Progress) -> None:
        self._runs.step(run, progress)

    def _keep(self, identity: str, seen: LensResult) -> None:
        with self._lock:
            self._kept[identity] = seen
            self._kept.move_to_end(identity)
            while len(self._kept) > 1 and (
                len(self._kept) > self._most
                or sum(one.influence.nbytes for one in self._kept.values()) > self._capacity
            ):
                self._kept.popitem(last=False)


def _found(session: Session, identity: str) -> LensRequest:
    """Return the latest round that generated a picture, with its index.

    Raises
    ------
    ValueError
        No round made it.
    """
    for index, turn in reversed(tuple(enumerate(session.turns))):
        for number, picture in enumerate(turn.round):
            if picture.id == identity:
                return LensRequest(picture, index, number)
    message = "only pictures of a round that still stands can be looked into"
    raise ValueError(message)


def _name(look: LensRequest) -> str:
    return f"picture {look.number + 1} of round {look.round + 1}"
