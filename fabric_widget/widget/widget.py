"""FabricWidget: a grid of pictures to vote on.

Its traits, and the Python side of every button. What happens then is done by the parts that it puts
together; they know it as a `WidgetView`, whose file says how threads are kept apart.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import time
import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import traitlets as t

from fabric_widget.widget.arguments import STANDING, refuse_batch_size, refuse_unknown
from fabric_widget.widget.images.contact_sheet import contact_sheet
from fabric_widget.widget.images.encoding import Album
from fabric_widget.widget.jobs.baking import Baking
from fabric_widget.widget.jobs.context import WidgetContext
from fabric_widget.widget.jobs.lens_jobs import LOOK, LensJobs
from fabric_widget.widget.jobs.rounds import Rounds
from fabric_widget.widget.jobs.run import Runs
from fabric_widget.widget.jobs.subject_jobs import SUBJECT, SubjectJobs
from fabric_widget.widget.lazy_session import LazySession
from fabric_widget.widget.messages.actions import Actions
from fabric_widget.widget.messages.handlers import MessageHandlers
from fabric_widget.widget.messages.settings_updates import OPEN, checked_value, read_update
from fabric_widget.widget.publish import Publisher
from fabric_widget.widget.round_methods import RoundMethods
from fabric_widget.widget.saving.autosaver import Autosaver
from fabric_widget.widget.saving.methods import ResumingMethods
from fabric_widget.widget.saving.offers import Offers
from fabric_widget.widget.saving.opening import Opening
from fabric_widget.widget.saving.places import autosave_of
from fabric_widget.widget.saving.styles import Styles
from fabric_widget.widget.saving.switch import Switch
from fabric_widget.widget.saving.tastes import Tastes
from fabric_widget.widget.saving_methods import SavingMethods
from fabric_widget.widget.state.presets import Presets
from fabric_widget.widget.state.settings import NAMES
from fabric_widget.widget.thread_safe import ThreadSafeWidget, static
from fabric_widget.widget.traits import SessionTraits
from fabric_widget.widget.voting_methods import VotingMethods
from fabric_widget.widget.worker import BAKE, ROUND, Job, Worker

if TYPE_CHECKING:
    import os

    from PIL import Image

    from fabric_widget.autosave import Autosave
    from fabric_widget.session import Session

_logger = logging.getLogger(__name__)


class FabricWidget(
    SavingMethods, SessionTraits, RoundMethods, VotingMethods, ResumingMethods, ThreadSafeWidget
):
    """A grid of pictures with thumbs; the next pictures follow the votes.

    Making one is instant: models are loaded and pictures are made in a thread beside the kernel's.
    Every control is an attribute of the same name that may be set and observed. Controls that are
    not given stand as the session left them, or at the values in brackets.

    Parameters
    ----------
    pipe
        A diffusers pipeline, a `Fabric`, a `DistributedFabric`, or a `Session` to go on with; by
        default the demo model.
    prompt, negative_prompt
        What is to be seen, and what is not.
    num_images
        Pictures in a round, 1 … 16 (4).
    seed, lock_seed
        The seed of the next round's first picture (0), and whether it stays the same (False).
    steps, guidance, width, height
        For the pipeline; sizes in pixels (None: the pipeline's own).
    strength, start, end
        How strongly votes count, 0 … 2 (0.8), and from where to where in a run, 0 … 1 (0, 0.8).
    dislike_scale
        How much a dislike weighs beside a like, 0 … 2 (0.5).
    normalize
        Whether all votes share one weight (True).
    variety
        How far rounds go from what was liked, 0 … 1, if their plan is `Explore` (None: as it says).
    auto
        Whether votes start a round (True).
    votes
        Strengths of pictures by name, -2 … 2, disliked below 0.
    seen_round
        Index of the last round that was looked at; the front end writes it.
    batch_size
        How many pictures are made at a time; by default all of a round at once. Small batches need
        less memory, and their pictures appear as they are finished.
    cache_bytes, preview
        As for `Fabric`, which then must not be given itself.
    presets_file
        Where presets that you save are kept; by default in the user's configuration folder.
    autosave
        Where the session saves itself, with its pictures and prompts: by default in the user's data
        folder; "here" for a folder beside the notebook, "drive" for Google Drive in Colab, the path
        of a folder, or an `Autosave` with limits. False: it does not.

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
    TraitError
        A control is out of range or of the wrong kind.
    """

    _esm = static("widget.js")
    _css = static("widget.css")

    _threads: ClassVar[bool] = sys.platform != "emscripten"
    _debounce: ClassVar[float] = 2.0
    """Seconds that votes are waited for before they start a round: time to say why."""
    _clock = staticmethod(time.monotonic)

    def __init__(  # noqa: PLR0913  (every control, so that editors complete them)
        self,
        pipe: Any = None,  # noqa: ANN401  (a pipeline, a Fabric, a Session)
        *,
        prompt: str = "",
        negative_prompt: str = STANDING,
        num_images: int = STANDING,
        seed: int = STANDING,
        lock_seed: bool = STANDING,
        steps: int | None = STANDING,
        guidance: float | None = STANDING,
        width: int | None = STANDING,
        height: int | None = STANDING,
        strength: float = STANDING,
        start: float = STANDING,
        end: float = STANDING,
        dislike_scale: float = STANDING,
        normalize: bool = STANDING,
        variety: float | None = STANDING,
        auto: bool = STANDING,
        votes: Mapping[str, float] = STANDING,
        seen_round: int = STANDING,
        batch_size: int | None = None,
        cache_bytes: int | None = None,
        preview: Any = None,  # noqa: ANN401  (anything with diffusers' decode)
        presets_file: str | os.PathLike[str] | None = None,
        autosave: bool | str | os.PathLike[str] | Autosave | None = None,
        **unknown: Any,
    ) -> None:
        keywords = locals()  # while there are no others
        given = {name: keywords[name] for name in OPEN if keywords[name] is not STANDING}
        if not prompt:  # nobody asks for an empty one: the session's stays
            del given["prompt"]
        refuse_unknown(unknown)
        refuse_batch_size(batch_size)
        settings = autosave_of(autosave)
        self._prepare()
        self._lazy_session = LazySession(self._view, pipe, cache_bytes=cache_bytes, preview=preview)
        self._worker = Worker(self._run, threads=self._threads, clock=self._clock)
        weakref.finalize(self, self._worker.close)
        self.album = Album()
        self._publisher = Publisher(
            self._view, self._lazy_session, self._worker, self.album, self._clock
        )
        context = WidgetContext(self._view, self._lazy_session, self._publisher, self._worker)
        self._runs = Runs(context, batched=batch_size is not None, clock=self._clock)
        self._rounds = Rounds(
            context, self._runs, self.album, batch_size=batch_size, clock=self._clock
        )
        self._lens_jobs = LensJobs(context, self._runs)
        self._baking = Baking(context, self._runs, self._rounds.previews)
        self._subject_jobs = SubjectJobs(context, self._runs, rest=self._debounce)
        presets = Presets(presets_file)
        self._autosaver = Autosaver(context, settings=settings, threads=self._threads)
        self._actions = Actions(
            context,
            self._runs,
            presets=presets,
            debounce=self._debounce,
            settle=self._autosaver.settle,
        )
        switch = Switch(context, runs=self._runs, album=self.album)
        self._offers = Offers(context, autosaver=self._autosaver, switch=switch)
        self._styles = Styles(context, vote=self._actions.vote)
        self._tastes = Tastes(context, act=self._actions.vote)
        self._opening = Opening(
            context,
            autosaver=self._autosaver,
            offers=self._offers,
            switch=switch,
            styles=self._styles,
        )
        self._handlers = MessageHandlers(
            context,
            runs=self._runs,
            rounds=self._rounds,
            lens_jobs=self._lens_jobs,
            subject_jobs=self._subject_jobs,
            actions=self._actions,
            offers=self._offers,
            opening=self._opening,
            styles=self._styles,
            baking=self._baking,
            tastes=self._tastes,
            album=self.album,
        )
        self._actions.show_presets()
        self._lazy_session.introduce()
        if self._lazy_session.session is not None:
            self._publisher.publish_session()
        self._publisher.publish_idle()
        self._publisher.notice(presets.problem)
        super().__init__(**(self._lazy_session.continued() | given))
        self.on_msg(self._handlers.receive)
        self._settle()
        self._autosaver.begin()
        self._offers.begin(threads=self._threads)

    # ---- from Python ---------------------------------------------------------------------------

    @property
    def session(self) -> Session:
        """The session of the widget; loads the model on first use."""
        return self._lazy_session.load()

    def snapshot(self) -> Image.Image:
        """Return the current round as a contact sheet, with seeds, votes and stars.

        Raises
        ------
        ValueError
            There is no round yet.
        """
        made = self.round
        if made is None:
            message = "there is no round yet: call generate() and wait for its result"
            raise ValueError(message)
        starred = {picture.id for picture in self.session.starred}
        return contact_sheet(made, self.session.strengths, starred=starred)

    def close(self) -> None:
        """Stop the job, end the thread and close the widget; its session counts as finished.

        The session stays usable. If it goes on in another widget, it is unfinished again.
        """
        if "_worker" not in self.__dict__:  # refused in __init__
            return
        if not self._left:
            self._autosaver.finish()
        self._worker.close()
        self._opening.incoming.cancel()
        self.album.clear()
        self._lens_jobs.clear()
        super().close()

    def __repr__(self) -> str:
        """Return a short description."""
        return f"FabricWidget(prompt={self.prompt[:40]!r}, rounds={len(self.history)})"

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:  # noqa: ANN401  (as the base class)
        bundle = super()._repr_mimebundle_(**kwargs)
        self._publisher.static_output.publish()
        return bundle

    # ---- what is behind it ---------------------------------------------------------------------

    def __setattr__(self, name: str, value: object) -> None:
        """Set an attribute; without threads, run what is due after a vote."""
        super().__setattr__(name, value)
        if name == "votes":
            self._worker.pump()

    def set_state(self, sync_data: object) -> None:
        """Apply an update of the front end: valid values only; corrections are sent back."""
        if not isinstance(sync_data, Mapping):
            _logger.warning("an update from the front end was not understood")
            return
        with self._view.lock:
            update = read_update(sync_data, self._lazy_session)
            for told in update.notices:
                self._publisher.notice(told)
            super().set_state(update.kept)
            if update.corrected:
                self.send_state(update.corrected)
        self._worker.pump()

    def _run(self, job: Job) -> object:
        if job.kind == ROUND:
            self._offers.withdraw()
        runs: dict[str, Any] = {
            LOOK: self._lens_jobs.run,
            SUBJECT: self._subject_jobs.run,
            BAKE: self._baking.run,
        }
        made = runs.get(job.kind, self._rounds.run)(job)
        self._autosaver.settle()  # whoever waits for the job has it on disk
        with contextlib.suppress(RuntimeError):  # closed meanwhile
            self._worker.call(self._subject_jobs.survey)
        return made

    @t.validate(*NAMES, "votes")
    def _in_range(self, proposal: Mapping[str, Any]) -> Any:  # noqa: ANN401  (the trait's kind)
        try:
            value, told = checked_value(
                proposal["trait"].name, proposal["value"], self._lazy_session
            )
        except ValueError as error:
            raise t.TraitError(str(error)) from error
        self._publisher.notice(told)
        return value

    @t.observe("votes")
    def _votes_changed(self, _change: object) -> None:
        self._actions.follow(self.votes)
