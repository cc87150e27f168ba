"""AttentionPlayground: one prompt, one reference, and the sliders that weigh it.

Its traits, and the Python side of every control. Pictures are made by `playground_runs`.
"""

from __future__ import annotations

import logging
import sys
import time
import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import traitlets as t

from fabric_widget.widget.lazy_session import LazySession
from fabric_widget.widget.messages.router import Router
from fabric_widget.widget.messages.settings_updates import sifted
from fabric_widget.widget.playground.messages import KNOWN, PlaygroundMessages
from fabric_widget.widget.playground.runs import PlaygroundRuns
from fabric_widget.widget.playground.settings import (
    NAMES,
    TEXTS,
    PlaygroundSettings,
    checked_setting,
    read_setting,
)
from fabric_widget.widget.thread_safe import ThreadSafeWidget, static
from fabric_widget.widget.worker import Job, Outcome, Worker

if TYPE_CHECKING:
    from PIL import Image

    from fabric_widget.widget.playground.comparison import Comparison

_KERNEL_OWNED = ("status", "pictures", "lens", "carried", "info", "reference_name")
_GIVEN = "Your picture"

_logger = logging.getLogger(__name__)


class AttentionPlayground(ThreadSafeWidget):
    """One prompt, one reference, sliders, and the gate of every place.

    The same prompt and seed give a plain picture and one that borrows from a reference, side by
    side. Every control is an attribute of the same name that may be set and observed; while the
    playground is shown, every change makes the pictures anew.

    Parameters
    ----------
    pipe
        A diffusers pipeline, a `Fabric` or a `Session`; by default the demo model.
    prompt, seed
        Of the picture.
    reference_prompt, reference_seed
        Of the reference that the model makes.
    reference
        Instead: a generated image, a PIL image, a numpy array or the path of a file.
    weight
        Of the reference's keys, 0 … 2; 1 counts them like the picture's own.
    start, end
        From where to where in a run the reference counts, 0 … 1.
    bottleneck_scale
        Weight at the coarsest attention level relative to the finest, 0 … 2.
    dislike
        Whether the reference joins the unconditional pass, as disliked pictures do.
    steps
        None for the pipeline's own.
    layers
        Which attention layers lend: "all", the "fine" or the "coarse" ones, or the "first",
        "middle" or "last" third of them.
    part
        What of the reference counts: "all", its "subject", its "background", or a "box".
    box_left, box_top, box_right, box_bottom
        The box, as fractions of width and height, 0 … 1.

    Attributes
    ----------
    status
        What the playground is doing, one dictionary.

    Raises
    ------
    TypeError
        `pipe` is none of these.
    ValueError
        `reference` is no picture.
    """

    _esm = static("playground.js")
    _css = static("playground.css")

    prompt = t.Unicode("a monster").tag(sync=True)
    seed = t.Int(1).tag(sync=True)
    reference_prompt = t.Unicode("a red fish").tag(sync=True)
    reference_seed = t.Int(2).tag(sync=True)
    weight = t.Float(1.0).tag(sync=True)
    start = t.Float(0.0).tag(sync=True)
    end = t.Float(1.0).tag(sync=True)
    bottleneck_scale = t.Float(1.0).tag(sync=True)
    dislike = t.Bool(default_value=False).tag(sync=True)
    steps = t.Int(None, allow_none=True).tag(sync=True)
    layers = t.Unicode("all").tag(sync=True)
    part = t.Unicode("all").tag(sync=True)
    box_left = t.Float(0.25).tag(sync=True)
    box_top = t.Float(0.25).tag(sync=True)
    box_right = t.Float(0.75).tag(sync=True)
    box_bottom = t.Float(0.75).tag(sync=True)
    reference = t.Any(None, allow_none=True)

    # What the kernel tells; only the kernel writes these.
    reference_name = t.Unicode("", read_only=True).tag(sync=True)
    status = t.Dict(read_only=True).tag(sync=True)
    pictures = t.Dict(read_only=True).tag(sync=True)
    lens = t.Dict(read_only=True).tag(sync=True)
    carried = t.Dict(read_only=True).tag(sync=True)
    info = t.Dict(read_only=True).tag(sync=True)

    _threads: ClassVar[bool] = sys.platform != "emscripten"
    _debounce: ClassVar[float] = 0.2
    """Seconds that settings must rest before pictures are made of them."""
    _clock = staticmethod(time.monotonic)

    def __init__(  # noqa: PLR0913  (every control, so that editors complete them)
        self,
        pipe: Any = None,  # noqa: ANN401  (a pipeline, a Fabric, a Session)
        *,
        prompt: str = "a monster",
        seed: int = 1,
        reference_prompt: str = "a red fish",
        reference_seed: int = 2,
        reference: Any = None,  # noqa: ANN401  (any picture)
        weight: float = 1.0,
        start: float = 0.0,
        end: float = 1.0,
        bottleneck_scale: float = 1.0,
        dislike: bool = False,
        steps: int | None = None,
        layers: str = "all",
        part: str = "all",
        box_left: float = 0.25,
        box_top: float = 0.25,
        box_right: float = 0.75,
        box_bottom: float = 0.75,
    ) -> None:
        given = {name: value for name, value in locals().items() if name in NAMES}
        self._prepare()
        self._lazy_session = LazySession(self._view, pipe)
        self._worker = Worker(
            self._run, threads=self._threads, clock=self._clock, anew="AttentionPlayground(pipe)"
        )
        weakref.finalize(self, self._worker.close)
        parts = self._view, self._lazy_session, self._worker
        self._runs = PlaygroundRuns(*parts, self._setting, self._clock, self._debounce)
        self._dispatch = Router(*parts, KNOWN, PlaygroundMessages(self._runs, self._refer))
        self._lazy_session.introduce()
        self._runs.publisher.publish_status()
        super().__init__(**given, reference=reference)
        self.on_msg(self._receive)
        self._settle()

    # ---- from Python ---------------------------------------------------------------------------

    @property
    def result(self) -> Comparison | None:
        """The last pictures and their influence; None before the first."""
        return self._runs.result

    def run(self) -> Outcome:
        """Generate the pictures with the current settings.

        Returns
        -------
        Outcome
            A future that gives the `Comparison`; it can be awaited too. If the run is stopped it
            raises `GenerationCancelled`, and `CancelledError` if it was dropped before it began.

        Raises
        ------
        RuntimeError
            The playground is closed.
        """
        job = self._runs.ask()
        self._worker.pump()
        return job.outcome

    def cancel(self) -> None:
        """Cancel at the next step, and drop pending jobs."""
        self._runs.cancel()

    def close(self) -> None:
        """Stop the job, release the pictures and close the widget."""
        if "_worker" not in self.__dict__:  # refused in __init__
            return
        self._worker.close()
        self._runs.close()
        super().close()

    def __repr__(self) -> str:
        """Return a short description."""
        return f"AttentionPlayground(prompt={self.prompt[:40]!r}, weight={self.weight})"

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:  # noqa: ANN401  (as the base class)
        bundle = super()._repr_mimebundle_(**kwargs)
        self._runs.publisher.static_output.publish()
        return bundle

    # ---- what is behind it ---------------------------------------------------------------------

    def __setattr__(self, name: str, value: object) -> None:
        """Set an attribute; without threads, run what is due."""
        super().__setattr__(name, value)
        if name in NAMES or name == "reference":
            self._worker.pump()

    def set_state(self, sync_data: object) -> None:
        """Apply an update of the front end: valid values only; corrections are sent back."""
        if not isinstance(sync_data, Mapping):
            _logger.warning("an update from the front end was not understood")
            return
        with self._view.lock:
            update = sifted(sync_data, NAMES, _KERNEL_OWNED, read_setting, texts=TEXTS)
            for told in update.notices:
                self._runs.publisher.notice(told)
            super().set_state(update.kept)
            if update.corrected:
                self.send_state(update.corrected)
        self._worker.pump()

    def _setting(self) -> PlaygroundSettings:
        with self._view.lock:
            return PlaygroundSettings(
                reference=self.reference, **{name: getattr(self, name) for name in NAMES}
            )

    def _refer(self, picture: Image.Image | None, name: str) -> None:
        with self._view.writing():
            self.reference = picture
            if picture is not None and name:
                self._view.show(reference_name=name)

    def _receive(self, _widget: object, content: object, buffers: Any) -> None:  # noqa: ANN401
        self._dispatch.receive(content, buffers)

    def _run(self, job: Job) -> Comparison:
        return self._runs.run(job)

    @t.validate(*NAMES)
    def _in_range(self, proposal: Mapping[str, Any]) -> Any:  # noqa: ANN401  (the trait's kind)
        try:
            value, told = checked_setting(proposal["trait"].name, proposal["value"])
        except ValueError as error:
            raise t.TraitError(str(error)) from error
        self._runs.publisher.notice(told)
        return value

    @t.validate("reference")
    def _a_picture(self, proposal: Mapping[str, Any]) -> Any:  # noqa: ANN401  (a picture)
        given = proposal["value"]
        if given is None or hasattr(given, "latents"):
            return given
        from fabric_widget.engine.votes.images import read_picture

        return read_picture(given)

    @t.observe("reference")
    def _named(self, change: Mapping[str, Any]) -> None:
        self._view.show(reference_name="" if change["new"] is None else _GIVEN)

    @t.observe(*NAMES, "reference")
    def _changed(self, _change: object) -> None:
        self._runs.changed()
