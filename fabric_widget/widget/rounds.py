"""How a round comes about: asked for, made in the worker, shown while it forms, told at its end."""

from __future__ import annotations

import functools
import logging
from typing import TYPE_CHECKING, Any

from fabric_widget.widget import wire
from fabric_widget.widget.about import tokens_read
from fabric_widget.widget.pace import Pace
from fabric_widget.widget.plan import Plan, Request, plan_of
from fabric_widget.widget.previews import Previews
from fabric_widget.widget.problems import described

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fabric_widget.engine import GeneratedImage, Progress, Round
    from fabric_widget.session import Session
    from fabric_widget.session.state import Picture
    from fabric_widget.widget.encoding import Album, Encoded
    from fabric_widget.widget.face import Face
    from fabric_widget.widget.jobs import Job, Jobs
    from fabric_widget.widget.opening import Opening
    from fabric_widget.widget.telling import Telling

_LONG = "The prompt is long: the model reads the first {} tokens."

_logger = logging.getLogger(__name__)


class Rounds:
    """Makes rounds, one at a time, and tells how they come along.

    Parameters
    ----------
    face
        Has the controls; previews are sent through it.
    opening
        Has the session.
    telling
        Tells the status.
    jobs
        The queue. It calls `run`.
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
        face: Face,
        opening: Opening,
        telling: Telling,
        jobs: Jobs,
        album: Album,
        *,
        batch_size: int | None,
        clock: Callable[[], float],
    ) -> None:
        self._face = face
        self._opening = opening
        self._telling = telling
        self._jobs = jobs
        self._album = album
        self._batch_size = batch_size
        self._clock = clock
        self._inside: Job | None = None  # the job that is inside the engine
        self._ended = 0  # number of the last job whose end was told
        self._cautioned = ""
        self.previews = Previews(clock)

    # ---- asked for -----------------------------------------------------------------------------

    @property
    def resting(self) -> bool:
        """Whether no round is being made, or the end of the last one has been told."""
        job = self._jobs.current
        return job is None or job.number <= self._ended

    def ask(self) -> Job:
        """Ask for a round with the controls as they stand."""
        return self._start(Request(self._face.controls()))

    def ask_again(self, picture: Picture) -> Job:
        """Ask for one picture again, with the votes of now.

        Raises
        ------
        ValueError
            It was not generated in this session.
        """
        identity = getattr(picture, "id", "")
        if identity not in self._opening.load().pictures:
            message = "only pictures that were made in this session can be made again"
            raise ValueError(message)
        return self._start(Request(self._face.controls(), identity))

    def cancel(self) -> None:
        """Stop at the next step, and drop what is pending."""
        job, session = self._jobs.cancel(), self._opening.session
        with self._face.lock:
            if job is None or job.number <= self._ended:
                self._telling.tell()
                return
            if job is self._inside and session is not None:
                session.fabric.cancel()
            self._telling.tell(phase="stopping", message="Stopping after this step.")

    def _start(self, request: Request) -> Job:
        """Enqueue a run and say so at once: whoever clicked sees it."""
        with self._face.lock:
            job = self._jobs.submit(request)
            if job is self._jobs.current:
                self._begin(job, request)
            else:
                self._telling.tell(error=None)
            return job

    def _begin(self, job: Job, request: Request) -> None:
        """Tell that a run begins."""
        loaded = self._opening.session is not None
        plan = self._plan(request)
        self._telling.tell(
            phase="running" if loaded else "loading",
            message="Making pictures." if loaded else "Loading the model.",
            job=job.number,
            step=0,
            steps=plan.arguments.get("num_inference_steps") or self._opening.about.steps or 0,
            eta=None,
            rate=None,
            count=plan.num_images,
            width=plan.width or 0,
            height=plan.height or 0,
            again=wire.name_of(request.again),
            error=None,
        )

    def _plan(self, request: Request) -> Plan:
        session = self._opening.session
        return plan_of(request, self._opening.about, {} if session is None else session.pictures)

    # ---- in the worker -------------------------------------------------------------------------

    def warm_up(self) -> None:
        """Load the model before anybody asks for a picture."""
        try:
            self._opening.load()
        except Exception as error:
            _logger.exception("the model could not be loaded")
            problem = described(error, pictures=0, width=None, height=None, batched=True)
            self._telling.tell(
                phase="error", message="The model could not be loaded.", error=problem
            )
        else:
            with self._face.lock:
                if self._jobs.current is None:
                    self._telling.tell_rest(message="")

    def run(self, job: Job) -> Round:
        """Make a round. The session is untouched if it fails."""
        try:
            session = self._opening.load()
            request = job.request or Request(self._face.controls())
            return self._made(session, job, request)
        except BaseException as error:
            self._tell_failure(job, error)
            raise

    def _made(self, session: Session, job: Job, request: Request) -> Round:
        from fabric_widget.engine import GenerationCancelled

        plan, pace = self._plan(request), Pace()
        with self._face.lock:
            if job.stop.is_set():
                message = "stopped before the first step"
                raise GenerationCancelled(message)
            self._begin(job, request)
            self.previews.begin()
            self._inside = job
        session.schedule = request.controls.schedule()
        self._caution(session, plan)
        try:
            made = session.generate(
                plan.prompt,
                num_images=plan.num_images,
                seed=plan.seed,
                batch_size=self._batch_size,
                on_step=functools.partial(self._on_step, session, job, pace, plan),
                on_images=functools.partial(self._on_images, job, plan),
                **plan.arguments,
            )
        finally:
            self._inside = None
        for picture in made:  # before the lock is taken: nobody waits for an encoder
            self._album.screen(picture.id, picture)
            self._album.thumb(picture.id, picture)
        with self._face.writing():
            self._ended = job.number
            self._telling.mirror()
            if not request.again:
                self._telling.renew_seed()
            count = f"{len(made)} picture{'s' * (len(made) != 1)}"
            self._telling.tell(
                phase="ready",
                message=f"Round {len(session.turns)} is ready: {count}.",
                eta=None,
                again="",
            )
        self._telling.show_still()
        return made

    def _caution(self, session: Session, plan: Plan) -> None:
        """Say what will not have the effect that its author may expect; not twice in a row."""
        limit = tokens_read(getattr(session.fabric, "pipe", None), plan.prompt)
        told = "" if limit is None else _LONG.format(limit)
        if told and told != self._cautioned:
            self._telling.notice(told)
        self._cautioned = told

    def _on_step(
        self, session: Session, job: Job, pace: Pace, plan: Plan, progress: Progress
    ) -> None:
        step, steps = progress.step, progress.steps
        self._jobs.tick(job, step, steps)
        if self._face.gone:  # nobody will see these pictures
            self._face.close()
        pace.note(step, self._clock())
        told: dict[str, Any] = {"step": step, "steps": steps}
        if job.stop.is_set():
            session.fabric.cancel()
            self._telling.tell(phase="stopping", **told)
            return
        told |= {"eta": pace.seconds_left(steps), "rate": pace.rate(plan.num_images, steps)}
        self._telling.tell(urgent=step == steps, **told)
        self._send_preview(job, step, progress.first, self.previews.due(job.number, progress))

    def _on_images(
        self, job: Job, plan: Plan, first: int, images: Sequence[GeneratedImage]
    ) -> None:
        """Show the pictures of a batch; those of the last one come with the round, at once."""
        if self.previews.wanted and first + len(images) < plan.num_images:
            encoded = [self._album.screen(image.id, image) for image in images]
            self._send_preview(job, self._telling.now["step"], first, encoded, done=True)

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
        self._face.send(content, [picture.data for picture in encoded])

    def _tell_failure(self, job: Job, error: BaseException) -> None:
        """Tell how a run ended without a round."""
        with self._face.lock:
            self._ended = job.number
            now = self._telling.now
            quiet: dict[str, Any] = {"eta": None, "rate": None, "again": ""}
            if type(error).__name__ == "GenerationCancelled":
                if job.superseded:
                    words = "Starting again with your votes."
                elif now["job"] == job.number and now["step"]:
                    words = f"Stopped after {now['step']} of {now['steps']} steps."
                else:
                    words = "Stopped before the first step."
                self._telling.tell_rest(error=None, message=words, **quiet)
                return
            problem = described(
                error,
                pictures=now["count"],
                width=now["width"],
                height=now["height"],
                batched=self._batch_size is not None,
            )
            self._telling.tell(phase="error", message="The round failed.", error=problem, **quiet)
        _logger.error("the round failed", exc_info=error)
