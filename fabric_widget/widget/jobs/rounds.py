"""Rounds: requested, generated in the worker, previewed, published."""

from __future__ import annotations

import functools
import logging
from typing import TYPE_CHECKING, Any

from fabric_widget.widget.error_report import described
from fabric_widget.widget.jobs.previews import Previews
from fabric_widget.widget.jobs.round_request import (
    ENLARGED,
    Request,
    RoundArguments,
    round_arguments,
)
from fabric_widget.widget.jobs.run import Run
from fabric_widget.widget.state import serialize
from fabric_widget.widget.state.pipeline_info import tokens_read

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fabric_widget.engine import GeneratedImage, Plan, Progress, Round
    from fabric_widget.session import Session
    from fabric_widget.session.votes import Picture
    from fabric_widget.widget.images.encoding import Album, Encoded
    from fabric_widget.widget.jobs.context import WidgetContext
    from fabric_widget.widget.jobs.round_request import Task
    from fabric_widget.widget.jobs.run import Runs
    from fabric_widget.widget.worker import Job

_LONG = "The prompt is long: the model reads the first {} tokens."

_logger = logging.getLogger(__name__)


class Rounds:
    """Generates rounds, one at a time, and publishes their progress.

    Parameters
    ----------
    context
        What the widget's parts share; its worker calls `run`.
    runs
        What all runs share.
    album
        Keeps finished pictures as bytes.
    batch_size
        How many pictures are made at a time; None for all of a round.
    clock
        Seconds that only grow.

    Attributes
    ----------
    previews
        Unfinished pictures.
    """

    def __init__(
        self,
        context: WidgetContext,
        runs: Runs,
        album: Album,
        *,
        batch_size: int | None,
        clock: Callable[[], float],
    ) -> None:
        self._view, self._lazy_session = context.view, context.lazy_session
        self._publisher, self._worker = context.publisher, context.worker
        self._runs = runs
        self._album = album
        self._batch_size = batch_size
        self._cautioned = ""
        self._failed: Request | None = None
        self.previews = Previews(clock)

    # ---- asked for -----------------------------------------------------------------------------

    def ask(self, task: Task = "round") -> Job:
        """Request a round, or a round of drafts, with the current controls."""
        return self._start(Request(self._view.controls(), task))

    def ask_more_like(self, picture: Picture) -> Job:
        """Request a round about one picture, with the current controls.

        Raises
        ------
        ValueError
            No round of this session made it.
        """
        made: Any = picture
        self._lazy_session.load().turn_of(made)
        return self._start(Request(self._view.controls(), "more_like", made.id))

    def ask_once_more(self, task: Task, picture: Picture) -> Job:
        """Request one picture once more: again with the current votes, in full, or larger.

        Raises
        ------
        ValueError
            No round of this session made it, it is no draft that could be finished, or it is
            enlarged.
        """
        session = self._lazy_session.load()
        made: Any = picture
        if getattr(made, "id", None) not in session.pictures:
            message = "only pictures that were made in this session can be made once more"
            raise ValueError(message)
        _, turn = session.turn_of(made)
        if turn.kind == "enlarged":
            message = "an enlarged picture cannot be made once more: take the one it was made from"
            raise ValueError(message)
        if task == "finish" and turn.full_steps is None:
            message = "this picture is no draft: it is finished already"
            raise ValueError(message)
        return self._start(Request(self._view.controls(), task, made.id))

    def retry(self) -> Job:
        """Request once more what failed last: the same pictures with the same seeds.

        Raises
        ------
        ValueError
            Nothing failed since the last round.
        """
        if self._failed is None:
            message = "nothing failed that could be tried again: ask for the next round"
            raise ValueError(message)
        return self._start(self._failed)

    def _start(self, request: Request) -> Job:
        """Enqueue a job and publish that at once."""
        with self._view.lock:
            job = self._worker.submit(request)
            if job is self._worker.current:
                self._begin(job, request)
            else:
                self._publisher.publish_status(error=None)
            return job

    def _begin(self, job: Job, request: Request) -> None:
        """Publish the start of a round."""
        loaded = self._lazy_session.session is not None
        plan = self._plan(request)
        self._publisher.publish_start(
            job,
            phase="running" if loaded else "loading",
            message="Making pictures." if loaded else "Loading the model.",
            steps=plan.arguments.get("num_inference_steps")
            or self._lazy_session.pipeline_info.steps
            or 0,
            count=plan.num_images,
            width=plan.width or 0,
            height=plan.height or 0,
            again=serialize.name_of(request.remade),
        )

    def _plan(self, request: Request) -> RoundArguments:
        return round_arguments(
            request, self._lazy_session.pipeline_info, self._lazy_session.session
        )

    # ---- in the worker -------------------------------------------------------------------------

    def warm_up(self) -> None:
        """Load the model ahead of the first round."""
        try:
            self._lazy_session.load()
        except Exception as error:
            _logger.exception("the model could not be loaded")
            problem = described(error, pictures=0, width=None, height=None, batched=True)
            self._publisher.publish_status(
                phase="error", message="The model could not be loaded.", error=problem
            )
        else:
            with self._view.lock:
                if self._worker.current is None:
                    self._publisher.publish_idle(message="")

    def run(self, job: Job) -> Round:
        """Generate a round. The session is unchanged if this fails."""
        request = job.request or Request(self._view.controls())
        self._failed = None
        try:
            return self._made(self._lazy_session.load(), job, request)
        except BaseException as error:
            self._failed = request
            self._runs.failed(job, error, "The round", retry=True)
            raise

    def _made(self, session: Session, job: Job, request: Request) -> Round:
        plan = self._plan(request)
        run = Run(job, session, plan.num_images)

        def begin() -> None:
            self._begin(job, request)
            self.previews.begin()

        with self._runs.inside(run, begin):
            session.schedule = request.controls.schedule()
            self._caution(session, plan)
            made = self._generated(run, request, plan)
        for picture in made:  # before the lock is taken: nobody waits for an encoder
            self._album.screen(picture.id, picture)
            self._album.thumb(picture.id, picture)
        with self._view.writing():
            self._runs.ended(job)
            self._publisher.publish_session()
            if not request.remade:
                self._publisher.renew_seed()
            noun = "draft" if session.turns[-1].full_steps else "picture"
            count = f"{len(made)} {noun}{'s' * (len(made) != 1)}"
            self._publisher.publish_status(
                phase="ready",
                message=f"Round {len(session.turns)} is ready: {count}.",
                eta=None,
                again="",
            )
        self._publisher.show_static_output()
        return made

    def _generated(self, run: Run, request: Request, plan: RoundArguments) -> Round:
        """Let the session do what is asked for."""
        session, on_step = run.session, functools.partial(self._on_step, run)
        if request.task in {"finish", "enlarge"}:
            picture: Any = session.pictures[request.remade]
            if request.task == "finish":
                return session.finish(picture, on_step=on_step)
            return session.enlarge(picture, scale=ENLARGED, on_step=on_step)
        generate = session.draft if request.task == "drafts" else session.generate
        return generate(
            plan.prompt,
            num_images=plan.num_images,
            seed=plan.seed,
            batch_size=self._batch_size,
            plan=self._plan_of(request, session),
            on_step=on_step,
            on_images=functools.partial(self._on_images, run.job, plan),
            **plan.arguments,
        )

    @staticmethod
    def _plan_of(request: Request, session: Session) -> Plan | None:
        """Return which picture follows what, None for what the session says."""
        if request.task == "more_like":
            from fabric_widget.engine import MoreLike  # after the model, it imports torch

            picture: Any = session.pictures[request.picture]
            variety = request.controls.variety
            return MoreLike(picture) if variety is None else MoreLike(picture, variety)
        return request.controls.plan(session.plan or session.fabric.plan)

    def _caution(self, session: Session, plan: RoundArguments) -> None:
        """Publish a notice if the prompt is longer than the model reads; not twice in a row."""
        limit = tokens_read(session.fabric, plan.prompt)
        told = "" if limit is None else _LONG.format(limit)
        if told and told != self._cautioned:
            self._publisher.notice(told)
        self._cautioned = told

    def _on_step(self, run: Run, progress: Progress) -> None:
        if self._runs.step(run, progress):
            job = run.job
            encoded = self.previews.due(job.number, progress)
            self._send_preview(job, progress.step, progress.first, encoded)

    def _on_images(
        self, job: Job, plan: RoundArguments, first: int, images: Sequence[GeneratedImage]
    ) -> None:
        """Send the pictures of a batch; those of the last batch come with the round."""
        if self.previews.wanted and first + len(images) < plan.num_images:
            encoded = [self._album.screen(image.id, image) for image in images]
            self._send_preview(job, self._publisher.now["step"], first, encoded, done=True)

    def _send_preview(
        self,
        job: Job,
        step: int,
        first: int,
        encoded: Sequence[Encoded],
        *,
        done: bool = False,
    ) -> None:
        if not encoded:
            return
        content = {
            "type": "preview",
            "job": job.number,
            "step": step,
            "first": first,
            "mime": encoded[0].mime,
            "done": done,
        }
        self._view.send(content, [picture.data for picture in encoded])
