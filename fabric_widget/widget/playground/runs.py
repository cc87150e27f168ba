"""Generate the playground's pictures: the reference, the plain one, the steered one."""

from __future__ import annotations

import functools
import logging
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from fabric_widget.at_pipeline import asked_at_pipeline
from fabric_widget.widget.error_report import described
from fabric_widget.widget.jobs.turns import taking_turns
from fabric_widget.widget.playground.borrowed import layer_weights, recipe_of
from fabric_widget.widget.playground.carried import carried_of, measured_of
from fabric_widget.widget.playground.comparison import Comparison
from fabric_widget.widget.playground.publish import PlaygroundPublisher
from fabric_widget.widget.playground.settings import ALL

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from fabric_widget.engine import Fabric, GeneratedImage, Progress, Round
    from fabric_widget.engine.votes.aspects import AspectTable
    from fabric_widget.session.votes import Picture
    from fabric_widget.widget.lazy_session import LazySession
    from fabric_widget.widget.playground.settings import PlaygroundSettings
    from fabric_widget.widget.view_protocol import WidgetView
    from fabric_widget.widget.worker import Job, Worker

_KEPT = 16  # pictures that are not made again while sliders move
_GIVEN = "given"
_ADVICE = {
    "": "Change a setting or press Try again, or copy the traceback.",
    "BadReference": "Give another picture, or let the model make the reference.",
    "MemoryError": "Use a smaller pipeline, or one whose own pictures are smaller.",
    "NoAttentionSites": "Use a pipeline with attention, such as the demo model.",
    "PipelineBusy": "Wait until the other run has ended or stop it, then press Try again.",
}

_logger = logging.getLogger(__name__)


class PlaygroundRuns:
    """Generates comparisons, one at a time, and publishes their progress.

    Parameters
    ----------
    view
        Where pictures and status are shown.
    lazy_session
        Has the pipeline.
    worker
        The queue. It calls `run`.
    setting
        Returns what is set, all of one moment.
    clock
        Seconds that only grow.
    debounce
        Seconds that settings must rest before pictures are made of them.

    Attributes
    ----------
    result
        The last comparison, None before the first.
    publisher
        Publishes status and pictures.
    """

    def __init__(
        self,
        view: WidgetView,
        lazy_session: LazySession,
        worker: Worker,
        setting: Callable[[], PlaygroundSettings],
        clock: Callable[[], float],
        debounce: float,
    ) -> None:
        self._view = view
        self._lazy_session = lazy_session
        self._worker = worker
        self._setting = setting
        self._debounce = debounce
        self.publisher = PlaygroundPublisher(
            view, worker, clock, lazy_session, ready=lambda: self.result is not None
        )
        self._made: OrderedDict[tuple[str, int, int | None], GeneratedImage] = OrderedDict()
        self._tokens: Sequence[int] = ()  # of each attention layer, once that was needed
        self._measured: Sequence[Mapping[str, Any]] | None = None
        self._watched = False
        self.result: Comparison | None = None

    # ---- asked for -----------------------------------------------------------------------------

    def ask(self) -> Job:
        """Request a comparison with the current settings; it replaces one requested by a slider."""
        running = self._worker.current
        job = self._worker.submit(self._setting())
        self._watched = True
        if running is not None and running is not job and running.automatic:
            running.superseded = True
            running.stop.set()
        if job is self._worker.current:
            self.publisher.publish_start(job)
        else:
            self.publisher.publish_status(error=None)
        return job

    def changed(self) -> None:
        """Request a comparison after a setting has changed, if a view is open."""
        if self._watched:
            self._worker.soon(self._debounce)
            self.publisher.publish_status()

    def look(self) -> None:
        """Register that a view is open."""
        self._watched = True
        if self.result is None and self._worker.current is None and not self._worker.pending:
            self._worker.soon(0)
            self.publisher.publish_status(phase="loading", message="Loading the model.", error=None)

    def cancel(self) -> None:
        """Cancel at the next step, and drop pending jobs."""
        if self._worker.cancel() is None:
            self.publisher.publish_status()
        else:
            self.publisher.publish_status(phase="stopping", message="Stopping after this step.")

    def close(self) -> None:
        """Release all pictures."""
        self.publisher.close()
        self._made.clear()
        self.result = None

    # ---- in the worker -------------------------------------------------------------------------

    def run(self, job: Job) -> Comparison:
        """Generate a comparison."""
        try:
            self.publisher.publish_start(job)
            fabric: Any = self._lazy_session.load().fabric
            return self._compared(fabric, job, job.request or self._setting())
        except BaseException as error:
            self._publish_failure(job, error)
            raise

    def _compared(self, fabric: Fabric, job: Job, setting: PlaygroundSettings) -> Comparison:
        from fabric_widget.engine import Lens

        make = functools.partial(self._make, fabric, job, setting)
        reference: Picture = setting.reference
        if reference is None:
            reference = make(
                "Making the reference.", setting.reference_prompt, setting.reference_seed
            )
        self.publisher.show(
            "reference", getattr(reference, "id", f"{_GIVEN}-{id(reference)}"), reference
        )
        plain = make("Making the plain picture.", setting.prompt, setting.seed)
        self.publisher.show("plain", plain.id, plain)
        table = self._table(fabric, setting)
        feedback: dict[str, Any] = {
            "plan": [recipe_of(setting, reference, table)],
            "schedule": setting.schedule(),
            "lens": Lens(image=0),
        }
        made = self._round(
            fabric, job, setting, "Steering.", setting.prompt, setting.seed, **feedback
        )
        result = Comparison(plain, made[0], reference, made.influence)
        self._finish(result, setting, fabric)
        return result

    def _table(self, fabric: Fabric, setting: PlaygroundSettings) -> AspectTable | None:
        """Return which layers lend, as what "colors" mean; None for all of them."""
        if setting.layers == ALL:
            return None
        from fabric_widget.engine.votes.aspects import AspectTable, AspectWeights

        if not self._tokens:
            takes = self._lazy_session.pipeline_info.takes
            arguments = fabric.defaults | setting.pipeline_arguments(takes)
            self._tokens = _tokens_of(fabric, arguments, setting.prompt)
        return AspectTable(colors=AspectWeights(layer_weights(setting.layers, self._tokens)))

    def _finish(self, result: Comparison, setting: PlaygroundSettings, fabric: Fabric) -> None:
        from fabric_widget.widget.playground.serialize import lens_of, sheet_of

        influence = result.influence
        shown = {} if influence is None else lens_of(influence, setting, self._tokens)
        if self._measured is None:
            self._measured = measured_of(fabric)
        carried = carried_of(result, fabric, self._measured)
        share = 0.0 if influence is None else sum(influence.contributions.values())
        with self._view.writing():
            self.result = result
            self.publisher.show("steered", result.steered.id, result.steered)
            self.publisher.show_lens({"dislike": setting.dislike, **shown}, carried)
            self.publisher.publish_status(
                phase="ready",
                message=f"Ready: {share:.0%} of the attention went to the reference.",
            )
        self.publisher.static_output.show_sheet(*sheet_of(result, setting, carried))

    def _make(
        self,
        fabric: Fabric,
        job: Job,
        setting: PlaygroundSettings,
        doing: str,
        prompt: str,
        seed: int,
    ) -> GeneratedImage:
        """Return a picture without feedback, cached."""
        key = prompt, seed, setting.steps
        if key not in self._made:
            (self._made[key],) = self._round(fabric, job, setting, doing, prompt, seed)
            if len(self._made) > _KEPT:
                self._made.popitem(last=False)
        self._made.move_to_end(key)
        return self._made[key]

    def _round(
        self,
        fabric: Fabric,
        job: Job,
        setting: PlaygroundSettings,
        doing: str,
        prompt: str,
        seed: int,
        **feedback: Any,
    ) -> Round:
        from fabric_widget.engine import Everything, GenerationCancelled

        if job.stop.is_set():
            message = "stopped between two pictures"
            raise GenerationCancelled(message)
        pipeline_info = self._lazy_session.pipeline_info
        arguments = setting.pipeline_arguments(pipeline_info.takes)
        self.publisher.publish_status(
            phase="running",
            message=doing,
            job=job.number,
            step=0,
            steps=arguments.get("num_inference_steps") or pipeline_info.steps or 0,
            error=None,
        )
        with taking_turns(job, self._view, self.publisher):
            return fabric(
                prompt,
                num_images=1,
                seed=seed,
                on_step=functools.partial(self._on_step, fabric, job),
                **({"plan": Everything()} | feedback),
                **arguments,
            )

    def _on_step(self, fabric: Fabric, job: Job, progress: Progress) -> None:
        # Pictures of values that do not stand any more are not worth finishing, however far.
        self._worker.tick(job, 0, progress.steps)
        if self._view.gone:  # nobody will see these pictures
            self._view.close()
        if job.stop.is_set():
            fabric.cancel()
        else:
            self.publisher.publish_status(urgent=False, step=progress.step, steps=progress.steps)

    def _publish_failure(self, job: Job, error: BaseException) -> None:
        """Publish how a job ended without a comparison."""
        if type(error).__name__ == "GenerationCancelled":
            if not job.superseded:  # otherwise the next one begins at once
                self.publisher.publish_idle(message="Stopped.")
            return
        pipeline_info = self._lazy_session.pipeline_info
        problem = described(
            error,
            pictures=1,
            width=pipeline_info.width,
            height=pipeline_info.height,
            batched=True,
            advice=_ADVICE,
        )
        self.publisher.publish_status(
            phase="error", message="The pictures could not be made.", error=problem
        )
        _logger.error("the pictures could not be made", exc_info=error)


@asked_at_pipeline
def _tokens_of(fabric: Any, arguments: Mapping[str, Any], prompt: str) -> Sequence[int]:  # noqa: ANN401  (a Fabric)
    """Return the tokens of each attention layer, wherever the pipeline is."""
    from fabric_widget.engine.compatibility import anatomy

    return anatomy(fabric.pipe, arguments, prompt).tokens
