"""Baking: the taste of the votes is learnt by a LoRA, with progress and previews."""

from __future__ import annotations

import functools
import logging
import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from fabric_widget.widget.images import encoding
from fabric_widget.widget.jobs.eta import Eta
from fabric_widget.widget.jobs.round_request import Request, round_arguments
from fabric_widget.widget.jobs.run import Run
from fabric_widget.widget.worker import BAKE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fabric_widget.lora import BakingProgress, LoRASettings, TasteLoRA
    from fabric_widget.session import Session
    from fabric_widget.widget.jobs.context import WidgetContext
    from fabric_widget.widget.jobs.previews import Previews
    from fabric_widget.widget.jobs.run import Runs
    from fabric_widget.widget.state.settings import Controls
    from fabric_widget.widget.worker import Job

PREVIEWS = 3
"""How many prompts are previewed."""

_OTHERS = ("a monster", "a flower", "a fish", "a house")  # where a session has fewer prompts
_LOOKS = (0.25, 0.5, 0.75)  # of the training: when there are previews
_TRAINING = "training"

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class BakeRequest:
    """A taste to learn.

    Parameters
    ----------
    name
        What it will be called.
    controls
        As they stood then.
    settings
        How it learns.
    prompts
        Of the previews.
    enough
        Set when what is learnt by now is to be kept as it is.
    """

    name: str
    controls: Controls
    settings: LoRASettings
    prompts: tuple[str, ...]
    enough: threading.Event = field(default_factory=threading.Event)


class Baking:
    """Learns tastes, one at a time; rounds wait meanwhile, for both need the whole pipeline.

    Parameters
    ----------
    context
        What the widget's parts share; its worker calls `run` for jobs of the kind `BAKE`.
    runs
        What all runs share.
    previews
        Know whether anybody looks.
    """

    def __init__(self, context: WidgetContext, runs: Runs, previews: Previews) -> None:
        self._view, self._lazy_session = context.view, context.lazy_session
        self._publisher, self._worker = context.publisher, context.worker
        self._runs = runs
        self._previews = previews

    def ask(
        self,
        name: str,
        *,
        steps: int | None = None,
        rank: int | None = None,
        settings: LoRASettings | None = None,
        prompts: Sequence[str] = (),
    ) -> Job:
        """Request a taste; see `FabricWidget.bake`."""
        session = self._lazy_session.load()
        from fabric_widget.lora import LoRASettings  # after the model, it imports torch

        name = " ".join(name.split())
        session.check_bake(name)
        given = {"steps": steps, "rank": rank}
        wanted: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
        controls = self._view.controls()
        request = BakeRequest(
            name,
            controls,
            replace(settings or LoRASettings(), **wanted),
            tuple(prompts) or previewed(session, controls.prompt),
        )
        with self._view.lock:
            job = self._worker.submit(request, BAKE)
            if job is self._worker.current:
                self._begin(job, request)
            else:
                self._publisher.publish_status(error=None)
            return job

    def enough(self) -> None:
        """Keep what is learnt by now as it is, at the next step.

        Raises
        ------
        ValueError
            Nothing is learnt yet.
        """
        told, job = self._publisher.now["bake"], self._worker.current
        if job is None or job.kind != BAKE or not (told and told["enough"]):
            message = "nothing is learnt yet that could be kept: wait for the first steps"
            raise ValueError(message)
        request: BakeRequest = job.request
        request.enough.set()
        self._publisher.publish_status(message=f"{request.name} is kept after this step.")

    # ---- in the worker -------------------------------------------------------------------------

    def run(self, job: Job) -> TasteLoRA:
        """Learn a taste. The session is unchanged if this fails."""
        request: BakeRequest = job.request
        try:
            return self._baked(job, request)
        except BaseException as error:
            self._runs.failed(job, error, f"Learning {request.name}")
            raise

    def _baked(self, job: Job, request: BakeRequest) -> TasteLoRA:
        session = self._lazy_session.load()
        watch = _Watch(self, Run(job, session, pictures=0), request)
        plan = round_arguments(Request(request.controls), self._lazy_session.pipeline_info, session)
        with self._runs.inside(watch.progress, functools.partial(self._begin, job, request)):
            session.schedule = request.controls.schedule()
            made = session.bake(
                request.name,
                settings=request.settings,
                prompt=plan.prompt,
                prompts=request.prompts,
                on_step=watch.stepped,
                cancelled=job.stop.is_set,
                enough=request.enough.is_set,
                **plan.arguments,
            )
        with self._view.writing():
            self._runs.ended(job)
            self._publisher.publish_session()
            self._publisher.publish_idle(
                message=f"{made.name} is kept: new pictures follow it, also without votes.",
                eta=None,
                bake=None,
            )
        return made

    def _begin(self, job: Job, request: BakeRequest) -> None:
        """Publish the start."""
        self._publisher.publish_start(
            job,
            message=f"Making pictures that {request.name} is learnt from.",
            bake={"name": request.name, "waits": False, "enough": False},
        )

    def learning(self, request: BakeRequest) -> None:
        """Publish that training begins."""
        self._publisher.publish_status(
            message=f"Learning {request.name}.",
            bake={"name": request.name, "waits": False, "enough": True},
        )

    def told(self, run: Run, progress: Any) -> bool:  # noqa: ANN401  (step and steps, as of rounds)
        """Publish a step; return whether it goes on."""
        return self._runs.step(run, progress)

    def show(self, job: Job, request: BakeRequest, progress: BakingProgress) -> None:
        """Send previews, if anybody looks."""
        if not self._previews.wanted:
            return
        try:
            encoded = [encoding.preview(image) for image in progress.previews()]
        except Exception:  # a taste is worth more than its previews
            _logger.exception("previews of a taste could not be made")
            return
        if encoded:
            self._view.send(
                {
                    "type": "taste",
                    "job": job.number,
                    "step": progress.step,
                    "mime": encoded[0].mime,
                    "prompts": list(request.prompts),
                },
                [one.data for one in encoded],
            )


class _Watch:
    """Follows the steps of one baking, in the worker's thread."""

    def __init__(self, baking: Baking, run: Run, request: BakeRequest) -> None:
        self._baking = baking
        self.progress = run
        self._request = request
        self._looks: set[int] | None = None  # steps with previews, once training has begun

    def stepped(self, progress: BakingProgress) -> None:
        """Take the end of a step."""
        if progress.stage == _TRAINING and self._looks is None:
            begun = progress.step - 1
            self._looks = {begun + round(at * (progress.steps - begun)) for at in _LOOKS}
            self.progress = replace(self.progress, eta=Eta())  # these steps take another time
            self._baking.learning(self._request)
        if self._baking.told(self.progress, progress) and progress.step in (self._looks or ()):
            self._baking.show(self.progress.job, self._request, progress)


def previewed(session: Session, prompt: str) -> tuple[str, ...]:
    """Return the prompts of previews: the present one, and others that were used, or could be."""
    used = [turn.round.prompt for turn in reversed(session.turns)]
    known = dict.fromkeys(one for one in (prompt, *used, *_OTHERS) if one)
    return tuple(known)[:PREVIEWS]
