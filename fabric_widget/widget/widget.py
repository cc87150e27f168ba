"""FabricWidget: a grid of pictures that one talks to.

Traits carry state, messages carry commands and bulk; the worker makes the rounds. Three rules keep
the threads apart. Every write of a trait, and everything that is read to be sent, holds `_lock`.
Handlers and observers only check, note and enqueue. The session is the truth about votes and
rounds: traits repeat it, so an echo or a repetition changes nothing.
"""

from __future__ import annotations

import contextlib
import difflib
import functools
import logging
import os
import sys
import threading
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import anywidget
import traitlets as t
from PIL import Image

import fabric_widget
from fabric_widget.widget import encoding, messages, wire
from fabric_widget.widget.about import About
from fabric_widget.widget.controls import NAMES, SHAPE, Controls, read_control, read_votes
from fabric_widget.widget.encoding import Album
from fabric_widget.widget.jobs import Job, Jobs, Outcome
from fabric_widget.widget.messages import Answer, BadMessage
from fabric_widget.widget.pace import Pace
from fabric_widget.widget.plan import Plan, Request, plan_of
from fabric_widget.widget.presets import Presets
from fabric_widget.widget.previews import Previews
from fabric_widget.widget.problems import described
from fabric_widget.widget.sheet import contact_sheet
from fabric_widget.widget.status import Status
from fabric_widget.widget.still import Still

if TYPE_CHECKING:
    from fabric_widget.engine import GeneratedImage, Progress, Round
    from fabric_widget.session import Session
    from fabric_widget.session.state import Picture, Turn
    from fabric_widget.widget.encoding import Encoded

STATIC = Path(__file__).parents[1] / "static"

_LONGEST_SIDE = 1536  # pixels: larger pictures that are added are reduced, a model sees no more
_SEED_LIMIT = 2**53

_logger = logging.getLogger(__name__)


def _static(name: str) -> str:
    """Return a file of the front end; anywidget takes a single line for the name of a file."""
    return (STATIC / name).read_text(encoding="utf-8") + "\n"


def _round_to_wire(value: Round | None, widget: FabricWidget) -> dict[str, Any] | None:
    for index, turn in enumerate(widget.history):
        if turn.round is value:
            return wire.round_of(turn, index, widget.album)
    return None


def _history_to_wire(value: Sequence[Turn], widget: FabricWidget) -> list[dict[str, Any]]:
    return wire.history_of(value, widget.album)


class FabricWidget(anywidget.AnyWidget):
    """Pictures in a grid, thumbs under them; the next ones are closer to what you meant.

    Making one is instant: models are loaded and pictures are made in a thread beside the kernel's.
    Every control is an attribute of the same name that may be set and observed.

    Parameters
    ----------
    pipe
        A diffusers pipeline, a `Fabric`, or a `Session` to go on with; by default the demo model.
    prompt
        The prompt.
    batch_size
        How many pictures are made at a time; by default all of a round at once. Small batches need
        less memory, and their pictures appear as they are finished.
    cache_bytes, preview
        As for `Fabric`, which then must not be given itself.
    presets_file
        Where presets that you save are kept; by default in the user's configuration folder.
    **controls
        negative_prompt, num_images (1 … 16), seed, lock_seed, steps, guidance, width, height (None:
        the pipeline's own), strength (0 … 2), start and end (0 … 1), dislike_scale (0 … 2),
        normalize, auto (whether votes start a round), votes.

    Attributes
    ----------
    round
        The current `Round`, None before the first.
    history
        Every round with what it was made from, oldest first.
    status
        What the widget is doing, one dictionary.

    Raises
    ------
    TypeError
        `pipe` is none of these, or a keyword is unknown.
    """

    # Texts, not paths: anywidget watches paths, and a path would hold every widget for ever.
    _esm = _static("widget.js")
    _css = _static("widget.css")

    # What the person sets; the front end writes these, Python may.
    prompt = t.Unicode("").tag(sync=True)
    negative_prompt = t.Unicode("").tag(sync=True)
    num_images = t.Int(4).tag(sync=True)
    seed = t.Int(0).tag(sync=True)
    lock_seed = t.Bool(default_value=False).tag(sync=True)
    steps = t.Int(None, allow_none=True).tag(sync=True)
    guidance = t.Float(None, allow_none=True).tag(sync=True)
    width = t.Int(None, allow_none=True).tag(sync=True)
    height = t.Int(None, allow_none=True).tag(sync=True)
    strength = t.Float(0.8).tag(sync=True)
    start = t.Float(0.0).tag(sync=True)
    end = t.Float(0.8).tag(sync=True)
    dislike_scale = t.Float(0.5).tag(sync=True)
    normalize = t.Bool(default_value=True).tag(sync=True)
    auto = t.Bool(default_value=True).tag(sync=True)
    votes = t.Dict().tag(sync=True)
    seen_round = t.Int(-1).tag(sync=True)

    # What the kernel tells; only the kernel writes these.
    status = t.Dict(read_only=True).tag(sync=True)
    round = t.Any(None, allow_none=True, read_only=True).tag(sync=True, to_json=_round_to_wire)
    history = t.Any((), read_only=True).tag(sync=True, to_json=_history_to_wire)
    uploads: t.List[dict[str, Any]] = t.List(read_only=True).tag(sync=True)
    presets: t.List[dict[str, Any]] = t.List(read_only=True).tag(sync=True)
    info = t.Dict(read_only=True).tag(sync=True)

    _threads: ClassVar[bool] = sys.platform != "emscripten"
    _debounce: ClassVar[float] = 0.8
    """Seconds that votes are waited for before they start a round."""
    _clock = staticmethod(time.monotonic)
    _live: ClassVar[weakref.WeakSet[FabricWidget]] = weakref.WeakSet()

    def __init__(
        self,
        pipe: Any = None,  # noqa: ANN401  (a pipeline, a Fabric, a Session)
        *,
        prompt: str = "",
        batch_size: int | None = None,
        cache_bytes: int | None = None,
        preview: Any = None,  # noqa: ANN401  (anything with diffusers' decode)
        presets_file: str | os.PathLike[str] | None = None,
        **controls: Any,
    ) -> None:
        _refuse_unknown(controls)
        _refuse_batch_size(batch_size)
        self._lock = threading.RLock()
        self._loading = threading.Lock()
        self._fabric_settings = {"cache_bytes": cache_bytes, "preview": preview}
        self._session: Session | None = _session_of(pipe, self._fabric_settings)
        self._batch_size = batch_size
        self._about = About() if self._session is None else About.of(self._session.fabric)
        self._presets = Presets(presets_file)
        self._jobs = Jobs(self._run, threads=self._threads, clock=self._clock)
        weakref.finalize(self, self._jobs.close)
        self._still = Still()
        self.album = Album()
        self._names: dict[str, str] = {}  # of the files that were added, by id
        self._inside: Job | None = None  # the job that is inside the engine
        self._ended = 0  # number of the last job whose end was told
        self._status = Status(self._clock)
        self._previews = Previews(self._clock)
        self._round_revision = 0
        self._cautioned: list[str] = []
        if self._session is not None:
            controls = self._continued(self._session) | controls
            prompt = prompt or controls.get("prompt", "")
        self.set_trait("presets", self._presets.listed())
        self._introduce()
        if self._session is not None:
            self._mirror()
            self._status.now["phase"] = self._rest()
        self._tell()
        self._notice(self._presets.problem)
        super().__init__(**{**controls, "prompt": prompt})
        self._own_layout = self.layout
        self.on_msg(self._on_message)
        if self.comm is not None and hasattr(self.comm, "on_close"):
            self.comm.on_close(self._on_comm_closed)
        for other in tuple(self._live):
            if _is_closed(other.comm):  # a host that runs a cell again closes comms, not widgets
                other.close()
        self._live.add(self)

    # ---- from Python ---------------------------------------------------------------------------

    @property
    def session(self) -> Session:
        """The session behind the widget; loads the model if it must."""
        return self._load()

    def show(self) -> None:
        """Display the widget."""
        from IPython.display import display

        display(self)  # type: ignore[no-untyped-call]

    def generate(self) -> Outcome:
        """Ask for the next round.

        Returns
        -------
        Outcome
            A future that gives the `Round`; it can be awaited too. If the run is stopped it raises
            `GenerationCancelled`, and `CancelledError` if it was dropped before it began. While a
            round is being made, one more waits: asking again gives the future of that one.

        Raises
        ------
        RuntimeError
            The widget is closed.
        """
        job = self._start(Request(self._controls()))
        self._jobs.pump()
        return job.outcome

    def again(self, picture: Any) -> Outcome:  # noqa: ANN401  (an index or a picture)
        """Make one picture again: its prompt, settings and seed, with the votes of now.

        Parameters
        ----------
        picture
            Its index in the current round, its name in `votes`, or a generated image.

        Raises
        ------
        ValueError
            It was not generated in this session.
        """
        job = self._start(self._request_again(self._picture(picture)))
        self._jobs.pump()
        return job.outcome

    def cancel(self) -> None:
        """Stop at the next step, and drop what is pending."""
        job = self._jobs.cancel()
        with self._lock:
            if job is None or job.number <= self._ended:
                self._tell()
                return
            if job is self._inside and self._session is not None:
                self._session.fabric.cancel()
            self._tell(phase="stopping", message="Stopping after this step.")

    def like(self, picture: Any, strength: float = 1.0) -> str:  # noqa: ANN401  (an index or a picture)
        """Ask for more like a picture.

        Parameters
        ----------
        picture
            Its index in the current round, its name in `votes`, a generated image, or any picture:
            a PIL image, a numpy array, the path of a file.
        strength
            -2 … 2. A negative like is a dislike; 0 takes the vote back.

        Returns
        -------
        str
            The picture's name in `votes`.

        Raises
        ------
        ValueError
            It is no picture, or the strength is out of range.
        IndexError
            The current round has no such picture.
        """
        given = self._picture(picture)
        return self._vote(lambda session: session.like(given, strength))

    def dislike(self, picture: Any, strength: float = 1.0) -> str:  # noqa: ANN401  (an index or a picture)
        """Ask for less like a picture; parameters, result and errors are those of `like`."""
        given = self._picture(picture)
        return self._vote(lambda session: session.dislike(given, strength))

    def clear(self, picture: Any = None) -> None:  # noqa: ANN401  (an index or a picture)
        """Take back the vote on a picture, or all votes."""
        given = None if picture is None else self._picture(picture)
        self._vote(lambda session: session.clear(given))

    def add(self, picture: Any) -> str:  # noqa: ANN401  (any picture)
        """Add a picture of your own as liked; the same one is never there twice.

        Parameters
        ----------
        picture
            A PIL image, a numpy array or the path of a file.

        Returns
        -------
        str
            Its name in `votes`.

        Raises
        ------
        ValueError
            It is no picture.
        """
        name = Path(picture).name if isinstance(picture, (str, os.PathLike)) else ""
        return self._add(_taken(picture), name)

    def undo(self) -> bool:
        """Take the last vote, round or branch back; return whether there was one."""
        return self._travel(lambda session: session.undo())

    def redo(self) -> bool:
        """Do again what was taken back last; return whether there was anything."""
        return self._travel(lambda session: session.redo())

    def branch(self, index: int) -> None:
        """Go back to the moment when a round had just been made; nothing is lost.

        Parameters
        ----------
        index
            Of the round, from 0.

        Raises
        ------
        ValueError
            There is no such round.
        """
        self._travel(lambda session: session.branch(index))

    def apply_preset(self, name: str) -> None:
        """Set the controls of a preset.

        Raises
        ------
        ValueError
            There is no such preset.
        """
        values = self._presets.values(name)
        with self._writing():
            for control, value in values.items():
                setattr(self, control, value)

    def save_preset(self, name: str) -> None:
        """Keep how feedback counts now, under a name.

        Raises
        ------
        ValueError
            The name cannot be taken.
        OSError
            The file of presets cannot be written.
        """
        self._save_preset(name, {control: getattr(self, control) for control in SHAPE})

    def delete_preset(self, name: str) -> None:
        """Forget a preset that you saved.

        Raises
        ------
        ValueError
            It is built in, or unknown.
        OSError
            The file of presets cannot be written.
        """
        try:
            self._presets.delete(name)
        finally:
            self._show_presets()

    def snapshot(self) -> Image.Image:
        """Return the current round as a contact sheet, with seeds and votes.

        Raises
        ------
        ValueError
            There is no round yet.
        """
        made = self.round
        if made is None:
            message = "there is no round yet: call generate() and wait for its result"
            raise ValueError(message)
        return contact_sheet(made, self.session.strengths)

    def close(self) -> None:
        """Stop what runs, end the thread and leave the notebook. The session stays usable."""
        if "_jobs" not in self.__dict__:  # refused in __init__
            return
        self._jobs.close()
        self.album.clear()
        self._live.discard(self)
        super().close()
        if "_own_layout" in self.__dict__:
            self._own_layout.close()  # otherwise kept for ever

    def __repr__(self) -> str:
        """Say what it is about, briefly."""
        return f"FabricWidget(prompt={self.prompt[:40]!r}, rounds={len(self.history)})"

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:  # noqa: ANN401  (as the base class)
        bundle = super()._repr_mimebundle_(**kwargs)
        self._still.publish()
        return bundle

    # ---- the lock ------------------------------------------------------------------------------

    def __setattr__(self, name: str, value: object) -> None:
        """Set an attribute; traits are written under the lock."""
        if not self.has_trait(name):
            super().__setattr__(name, value)
            return
        with self._lock:
            super().__setattr__(name, value)
        if name == "votes":
            self._jobs.pump()

    def set_state(self, sync_data: object) -> None:
        """Take what the front end has set: what is allowed, in range; the rest is told back."""
        if not isinstance(sync_data, Mapping):
            _logger.warning("an update from the front end was not understood")
            return
        with self._lock:
            kept, corrected = self._understood(sync_data)
            super().set_state(kept)
            if corrected:
                self.send_state(corrected)
        self._jobs.pump()

    def get_state(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return what a front end is told, all of one moment."""
        with self._lock:
            state: dict[str, Any] = super().get_state(*args, **kwargs)
            return state

    def send_state(self, key: Any = None) -> None:  # noqa: ANN401  (as the base class)
        """Tell the front end, in the order of the writes."""
        with self._lock:
            super().send_state(key)

    @contextlib.contextmanager
    def _writing(self) -> Any:  # noqa: ANN401  (a generator)
        """Hold the lock; what is written meanwhile goes out as one update."""
        with self._lock, self.hold_sync():
            yield

    def _send(self, msg: Any, buffers: Any = None) -> None:  # noqa: ANN401  (as the base class)
        """Send, and never raise: who is told may be gone."""
        if _is_closed(self.comm):
            self.close()
            return
        try:
            super()._send(msg, buffers=buffers)
        except Exception:
            _logger.exception("a message to the front end could not be sent")

    def _on_comm_closed(self, _message: object) -> None:
        self.close()

    # ---- what traits may hold ------------------------------------------------------------------

    @t.validate(*NAMES)
    def _in_range(self, proposal: Mapping[str, Any]) -> Any:  # noqa: ANN401  (the trait's kind)
        name = proposal["trait"].name
        try:
            value, told = read_control(name, proposal["value"], self._about.size_step)
        except ValueError as error:
            raise t.TraitError(str(error)) from error
        self._notice(told)
        return value

    @t.validate("votes")
    def _known_votes(self, proposal: Mapping[str, Any]) -> dict[str, float]:
        try:
            votes, told = self._read_votes(proposal["value"])
        except ValueError as error:
            raise t.TraitError(str(error)) from error
        self._notice(told)
        return votes

    @t.observe("votes")
    def _votes_changed(self, _change: object) -> None:
        """Make the votes the session's, unless they are already."""
        session = self._session
        if session is None:
            return
        names = wire.named(session)
        wanted = {names[name]: strength for name, strength in self.votes.items()}
        if wanted != session.strengths:
            session.vote(wanted)
            self._voted()

    def _understood(self, sync_data: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
        """Return what can be taken of an update, and the traits that are to be told back."""
        kept: dict[str, Any] = {}
        corrected = []
        for name, value in sync_data.items():
            if name not in (*NAMES, "votes", "seen_round"):
                corrected += [name] if name in _KERNEL_OWNED else []
                continue
            try:
                read, told = self._read(name, value)
            except ValueError as error:
                self._notice(f"{error}.")
                if name not in _TEXTS:  # a text too long stays for the person to shorten
                    corrected.append(name)
                continue
            self._notice(told)
            kept[name] = read
            if read != value:
                corrected.append(name)
        return kept, corrected

    def _read(self, name: str, value: object) -> tuple[Any, str]:
        if name == "votes":
            return self._read_votes(value)
        if name == "seen_round":
            return messages.whole(value), ""
        return read_control(name, value, self._about.size_step)

    def _read_votes(self, value: object) -> tuple[dict[str, float], str]:
        """Return the votes for pictures that the session knows."""
        votes, told = read_votes(value)
        known = {} if self._session is None else wire.named(self._session)
        strangers = [name for name in votes if name not in known]
        if strangers:
            told = f"{told} No picture here is called {', '.join(strangers)[:80]}.".strip()
        return {name: strength for name, strength in votes.items() if name in known}, told

    # ---- what is told --------------------------------------------------------------------------

    def _tell(self, *, urgent: bool = True, **changes: Any) -> None:
        """Write the status; one that is not urgent is left out if the last was just told."""
        with self._lock:
            status = self._status.told(urgent=urgent, **changes)
            if status is None:
                return
            session = self._session
            status["pending"] = self._jobs.pending
            status["undo"] = "" if session is None else session.undoable
            status["redo"] = "" if session is None else session.redoable
            self.set_trait("status", status)

    def _notice(self, text: str) -> None:
        """Tell something beside the way; it stays until it is dismissed."""
        with self._lock:
            if text and (notice := self._status.noticed(text)) is not None:
                self._tell(notice=notice)

    def _rest(self) -> str:
        """Return the phase when nothing runs."""
        if self._status.now["error"] is not None:
            return "error"
        return "idle" if self.round is None else "ready"

    def _introduce(self) -> None:
        loaded = self._session is not None
        info = self._about.info(loaded=loaded, version=fabric_widget.__version__)
        self.set_trait("info", info)

    def _mirror(self) -> None:
        """Repeat the session in the traits."""
        session = self._session
        assert session is not None  # noqa: S101  (for the type checker: callers have one)
        turns, current = session.turns, session.current
        before = self.round
        self.set_trait("history", turns)
        self.set_trait("round", None if current is None else turns[current].round)
        self.set_trait("uploads", wire.uploads_of(session.pictures, self._names, self.album))
        self.votes = wire.votes_of(session.strengths)
        if self.round is not before:
            self._round_revision = self._status.revision + 1  # of the status that is told with it

    def _show_presets(self) -> None:
        with self._lock:
            self.set_trait("presets", self._presets.listed())

    # ---- acts ----------------------------------------------------------------------------------

    def _controls(self) -> Controls:
        with self._lock:
            return Controls(**{name: getattr(self, name) for name in NAMES})

    def _picture(self, given: object) -> Any:  # noqa: ANN401  (a generated image or a PIL image)
        """Return the picture that is meant."""
        session = self.session
        if isinstance(given, int) and not isinstance(given, bool):
            if self.round is None:
                message = "there is no round yet, so no picture has a number"
                raise IndexError(message)
            return self.round[given]
        if isinstance(given, str) and given in (names := wire.named(session)):
            return session.pictures[names[given]]
        if not isinstance(given, (str, os.PathLike, Image.Image)) and hasattr(given, "latents"):
            return given
        return _taken(given)

    def _vote(self, act: Callable[[Session], str | None]) -> str:
        session = self.session
        with self._writing():
            before = session.strengths
            identity = act(session)
            self._mirror()
            if session.strengths != before:
                self._voted()
        self._jobs.pump()
        return wire.name_of(identity or "")

    def _voted(self) -> None:
        """See to what a vote of the person brings about."""
        if self.auto and self.round is not None:
            self._jobs.soon(self._debounce)
        self._tell()

    def _add(self, picture: Image.Image, name: str) -> str:
        def like(session: Session) -> str:
            identity = session.like(picture)
            if name:
                self._names.setdefault(identity, name)
            return identity

        return self._vote(like)

    def _travel(self, move: Callable[[Session], object]) -> bool:
        """Move along the session's line, and show what stood there."""
        session = self.session
        with self._writing():
            before = (session.current, len(session.turns), session.strengths)
            move(session)
            moved = before != (session.current, len(session.turns), session.strengths)
            self._jobs.forget()
            self._mirror()
            if session.current != before[0] and session.current is not None:
                turn = session.turns[session.current]
                for name, value in self._about.controls_of(turn).items():
                    setattr(self, name, value)
            self._renew_seed(session)
            if self._jobs.current is None or self._jobs.current.number <= self._ended:
                self._tell(phase=self._rest(), message=self._standing(), step=0, steps=0, rate=None)
            else:
                self._tell()
        self._show_still()
        return moved

    def _continued(self, session: Session) -> dict[str, Any]:
        """Return the controls that go on where a session stands."""
        found: dict[str, Any] = {"seed": session.next_seed % _SEED_LIMIT}
        if session.current is not None:
            found |= self._about.controls_of(session.turns[session.current])
        return found

    def _renew_seed(self, session: Session) -> None:
        if not self.lock_seed:
            self.seed = session.next_seed % _SEED_LIMIT

    def _standing(self) -> str:
        current = self.session.current
        return "" if current is None else f"Back at round {current + 1}."

    def _save_preset(self, name: str, values: Mapping[str, Any]) -> None:
        try:
            self._presets.save(name, values)
        finally:
            self._show_presets()

    def _show_still(self) -> None:
        if self._session is not None:
            self._still.show(self.round, self._session.strengths)

    # ---- the worker ----------------------------------------------------------------------------

    def _start(self, request: Request) -> Job:
        """Enqueue a run and say so at once: whoever clicked sees it."""
        with self._lock:
            job = self._jobs.submit(request)
            if job is self._jobs.current:
                self._begin(job, request)
            else:
                self._tell(error=None)
            return job

    def _begin(self, job: Job, request: Request) -> None:
        """Tell that a run begins."""
        loaded = self._session is not None
        plan = self._plan(request)
        self._tell(
            phase="running" if loaded else "loading",
            message="Making pictures." if loaded else "Loading the model.",
            job=job.number,
            step=0,
            steps=plan.arguments.get("num_inference_steps") or self._about.steps or 0,
            eta=None,
            rate=None,
            count=plan.num_images,
            width=plan.width or 0,
            height=plan.height or 0,
            again=wire.name_of(request.again),
            error=None,
        )

    def _plan(self, request: Request) -> Plan:
        return plan_of(
            request, self._about, {} if self._session is None else self._session.pictures
        )

    def _request_again(self, picture: Picture) -> Request:
        identity = getattr(picture, "id", "")
        if identity not in self.session.pictures:
            message = "only pictures that were made in this session can be made again"
            raise ValueError(message)
        return Request(self._controls(), identity)

    def _load(self) -> Session:
        """Return the session; make it first if there is none. By whichever thread comes first."""
        if self._session is None:
            with self._loading:
                if self._session is None:
                    from fabric_widget.demo import load_demo

                    session = _new_session(load_demo(), self._fabric_settings)
                    about = About.of(session.fabric)
                    with self._writing():
                        self._session, self._about = session, about
                        self._introduce()
        return self._session

    def _warm_up(self) -> None:
        """Load the model before anybody asks for a picture."""
        try:
            self._load()
        except Exception as error:
            _logger.exception("the model could not be loaded")
            problem = described(error, pictures=0, width=None, height=None, batched=True)
            self._tell(phase="error", message="The model could not be loaded.", error=problem)
        else:
            with self._lock:
                if self._jobs.current is None:
                    self._tell(phase=self._rest(), message="")

    def _run(self, job: Job) -> Round:
        """Make a round, in the worker. The session is untouched if it fails."""
        try:
            session = self._load()
            request = job.request or Request(self._controls())
            return self._made(session, job, request)
        except BaseException as error:
            self._tell_failure(job, error)
            raise

    def _made(self, session: Session, job: Job, request: Request) -> Round:
        from fabric_widget.engine import GenerationCancelled

        plan, pace = self._plan(request), Pace()
        with self._lock:
            if job.stop.is_set():
                message = "stopped before the first step"
                raise GenerationCancelled(message)
            self._begin(job, request)
            self._previews.begin()
            self._inside = job
        session.schedule = request.controls.schedule()
        self._caution(session, request.controls, plan)
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
            self.album.screen(picture.id, picture)
            self.album.thumb(picture.id, picture)
        with self._writing():
            self._ended = job.number
            self._mirror()
            if not request.again:
                self._renew_seed(session)
            count = f"{len(made)} picture{'s' * (len(made) != 1)}"
            self._tell(
                phase="ready",
                message=f"Round {len(session.turns)} is ready: {count}.",
                eta=None,
                again="",
            )
        self._show_still()
        return made

    def _caution(self, session: Session, controls: Controls, plan: Plan) -> None:
        """Say what will not have the effect that its author may expect; not twice in a row."""
        dislikes = bool(session.disliked) and controls.dislike_scale > 0
        told = self._about.cautions(
            session.fabric, plan.prompt, {**plan.arguments, "dislikes": dislikes}
        )
        if told != self._cautioned:
            self._cautioned = told
            for text in told:
                self._notice(text)

    def _on_step(
        self, session: Session, job: Job, pace: Pace, plan: Plan, progress: Progress
    ) -> None:
        step, steps = progress.step, progress.steps
        self._jobs.tick(job, step, steps)
        if _is_closed(self.comm):  # thrown away by its host: nobody will see these pictures
            self.close()
        pace.note(step, self._clock())
        told: dict[str, Any] = {"step": step, "steps": steps}
        if job.stop.is_set():
            session.fabric.cancel()
            self._tell(phase="stopping", **told)
            return
        told |= {"eta": pace.seconds_left(steps), "rate": pace.rate(plan.num_images, steps)}
        self._tell(urgent=step == steps, **told)
        self._send_preview(job, step, progress.first, self._previews.due(job.number, progress))

    def _on_images(
        self, job: Job, plan: Plan, first: int, images: Sequence[GeneratedImage]
    ) -> None:
        """Show the pictures of a batch; those of the last one come with the round, at once."""
        if self._previews.wanted and first + len(images) < plan.num_images:
            encoded = [self.album.screen(image.id, image) for image in images]
            self._send_preview(job, self._status.now["step"], first, encoded, done=True)

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
        self.send(content, buffers=[picture.data for picture in encoded])

    def _tell_failure(self, job: Job, error: BaseException) -> None:
        """Tell how a run ended without a round."""
        with self._lock:
            self._ended = job.number
            now = self._status.now
            quiet: dict[str, Any] = {"eta": None, "rate": None, "again": ""}
            if type(error).__name__ == "GenerationCancelled":
                now["error"] = None
                if job.superseded:
                    words = "Starting again with your votes."
                elif now["job"] == job.number and now["step"]:
                    words = f"Stopped after {now['step']} of {now['steps']} steps."
                else:
                    words = "Stopped before the first step."
                self._tell(phase=self._rest(), message=words, **quiet)
                return
            problem = described(
                error,
                pictures=now["count"],
                width=now["width"],
                height=now["height"],
                batched=self._batch_size is not None,
            )
            self._tell(phase="error", message="The round failed.", error=problem, **quiet)
        _logger.error("the round failed", exc_info=error)

    # ---- messages ------------------------------------------------------------------------------

    def _on_message(self, _widget: object, content: object, buffers: Sequence[object]) -> None:
        """Check a message, do what it says and answer it. Never raises."""
        if isinstance(content, Mapping) and content.get("kind") == "anywidget-command":
            return  # for anywidget itself
        request = messages.request_of(content)
        try:
            kind, message, fields = messages.read_message(content, buffers)
        except Exception as error:  # noqa: BLE001  (whatever came, it is told back)
            self._fail(request, error)
            return
        if message.session and self._session is None:
            with contextlib.suppress(RuntimeError):  # closed: there is nobody to answer
                self._jobs.call(functools.partial(self._handle, kind, request, fields))
        else:
            self._handle(kind, request, fields)
        self._jobs.pump()

    def _handle(self, kind: str, request: float | None, fields: Mapping[str, Any]) -> None:
        message = messages.KNOWN[kind]
        try:
            if message.session:
                self._load()
            handle: Callable[..., Answer | None] = getattr(self, f"_on_{kind}")
            answer = handle(**fields) or Answer()
        except (ValueError, OSError, RuntimeError) as error:
            self._fail(request, error)
        except Exception as error:
            _logger.exception("a message of the front end could not be handled")
            self._fail(request, error)
        else:
            if message.answered and request is not None:
                content = {"type": "answer", "request": request, **answer.fields}
                self.send(content, buffers=list(answer.buffers))

    def _fail(self, request: float | None, error: Exception) -> None:
        text = str(error) or type(error).__name__
        self.send({"type": "failed", "request": request, "message": text[:1000]})

    def _on_hello(self) -> None:
        self._previews.look()
        if self._session is None:
            if self._jobs.current is None:
                self._tell(phase="loading", message="Loading the model.", error=None)
            self._jobs.call(self._warm_up)

    def _on_generate(self, controls: dict[str, Any], votes: object) -> None:
        try:
            self._adopt(controls, votes)
        except ValueError as error:
            self._notice(f"No round was made: {error}.")
            raise
        self._start(Request(self._controls()))

    def _adopt(self, controls: Mapping[str, Any], votes: object) -> None:
        """Take over what a click carried, without telling it back to where it came from."""
        given = {name: controls[name] for name in NAMES if name in controls} | {"votes": votes}
        with self._lock:
            read, notices = {}, []
            for name, value in given.items():
                read[name], told = self._read(name, value)
                notices.append(told)
            with self._lock_property(**given), self.hold_trait_notifications():
                for name, value in read.items():
                    self.set_trait(name, value)
            for told in notices:
                self._notice(told)

    def _on_again(self, id: str) -> None:  # noqa: A002  (the field's name)
        self._start(self._request_again(self._named(id)[1]))

    def _named(self, name: str) -> tuple[str, Picture]:
        session = self.session
        names = wire.named(session)
        if name not in names:
            message = f"no picture here is called {name[:20]!r}"
            raise BadMessage(message)
        return names[name], session.pictures[names[name]]

    def _on_cancel(self) -> None:
        self.cancel()

    def _on_undo(self) -> None:
        self.undo()

    def _on_redo(self) -> None:
        self.redo()

    def _on_branch(self, round: int) -> None:  # noqa: A002  (the field's name)
        self.branch(round)

    def _on_fetch(self, id: str, kind: str) -> Answer:  # noqa: A002  (the field's name)
        identity, picture = self._named(id)
        if kind == "full":
            encoded = encoding.full(picture)
        else:
            make = self.album.thumb if kind == "thumb" else self.album.screen
            encoded = make(identity, picture)
        name = encoding.file_name(picture, self._names.get(identity, ""))
        told = {"id": id, "kind": kind, "mime": encoded.mime, "name": name}
        return Answer(told, [encoded.data])

    def _on_upload(self, names: list[str], files: list[bytes]) -> Answer:
        if len(names) != len(files):
            message = f"there are {len(names)} names for {len(files)} files"
            raise BadMessage(message)
        added, problems = [], []
        for name, data in zip(names, files, strict=True):
            try:
                added.append(self._add(_taken(encoding.read_upload(data)), name))
            except (ValueError, OSError) as error:
                problems.append({"name": name, "message": str(error)})
        for problem in problems:
            self._notice(f"{problem['name'] or 'A picture'} was not added: {problem['message']}.")
        return Answer({"added": added, "problems": problems})

    def _on_poll(self, seen: int, round: int) -> None:  # noqa: A002  (the field's name)
        """Tell again from inside a handler: some hosts show nothing else while a job runs."""
        with self._lock:
            turn = self.session.current if self._session is not None else None
            shown = -1 if self.round is None or turn is None else turn
            self._tell()
            if round != shown and (round < 0 or seen < self._round_revision):
                self.send_state(["round", "history"])

    def _on_seen(self, job: int, step: int) -> None:
        self._previews.seen(job, step)

    def _on_save_preset(self, name: str, values: dict[str, Any]) -> None:
        self._save_preset(name, values)

    def _on_delete_preset(self, name: str) -> None:
        self.delete_preset(name)

    def _on_dismiss(self) -> None:
        with self._lock:
            self._status.now["error"] = None
            rest: dict[str, Any] = (
                {"phase": self._rest()} if self._status.now["phase"] == "error" else {}
            )
            self._tell(notice=None, **rest)


_CONTROLS = (*NAMES, "votes", "seen_round")
_TEXTS = ("prompt", "negative_prompt")
_KERNEL_OWNED = ("status", "round", "history", "uploads", "presets", "info")
_KEYWORDS = (*_CONTROLS, "batch_size", "cache_bytes", "preview", "presets_file")


def _refuse_unknown(given: Mapping[str, Any]) -> None:
    unknown = [name for name in given if name not in _CONTROLS]
    if unknown:
        alike = difflib.get_close_matches(unknown[0], _KEYWORDS, n=1)
        hint = f"did you mean {alike[0]}? " if alike else ""
        message = (
            f"FabricWidget has no keyword {', '.join(unknown)}: {hint}"
            f"The keywords are {', '.join(_KEYWORDS)}"
        )
        raise TypeError(message)


def _refuse_batch_size(batch_size: object) -> None:
    if batch_size is None:
        return
    if isinstance(batch_size, bool) or not isinstance(batch_size, int) or batch_size < 1:
        message = f"batch_size is {batch_size!r}: give 1 or more, or None"
        raise ValueError(message)


def _session_of(pipe: Any, settings: Mapping[str, Any]) -> Session | None:  # noqa: ANN401  (whatever was given)
    """Return a session with what was given, None for the demo model that is loaded later."""
    if pipe is None:
        return None
    # Whoever has one of these has imported diffusers: nothing heavy is imported for anything else.
    if "diffusers" in sys.modules:
        from fabric_widget.engine import Fabric
        from fabric_widget.session import Session

        given = [name for name, value in settings.items() if value is not None]
        if isinstance(pipe, (Fabric, Session)):
            if given:
                message = f"{given[0]} is for making a Fabric, and one was given: leave it out"
                raise TypeError(message)
            return pipe if isinstance(pipe, Session) else Session(pipe)
        from diffusers import DiffusionPipeline

        if isinstance(pipe, DiffusionPipeline):
            return _new_session(pipe, settings)
    message = (
        f"cannot make pictures with a {type(pipe).__name__}: give a diffusers pipeline, a Fabric, "
        "a Session, or nothing for the demo model"
    )
    raise TypeError(message)


def _new_session(pipe: Any, settings: Mapping[str, Any]) -> Session:  # noqa: ANN401  (a pipeline)
    from fabric_widget.engine import Fabric
    from fabric_widget.session import Session

    return Session(Fabric(pipe, **settings))


def _taken(picture: object) -> Image.Image:
    """Return a person's picture as RGB, of no more pixels than a model can make use of."""
    from fabric_widget.engine.pictures import read_picture

    image = read_picture(picture)
    image.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE), Image.Resampling.LANCZOS)
    return image


def _is_closed(comm: object) -> bool:
    return bool(getattr(comm, "_closed", False))
