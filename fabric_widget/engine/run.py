"""One run of a pipeline: its steps, its latents, and its end when it is cancelled.

Pipelines tell of a finished step by `callback_on_step_end`; where one takes no such callback, its
scheduler's `step` is watched instead.
"""

from __future__ import annotations

import functools
import threading
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from diffusers.callbacks import MultiPipelineCallbacks, PipelineCallback

from fabric_widget.engine.errors import FabricError, GenerationCancelled
from fabric_widget.engine.pipeline.arguments.batches import named
from fabric_widget.engine.pipeline.arguments.embeddings import declared, prompted
from fabric_widget.engine.pipeline.protocol import parameters_of
from fabric_widget.engine.pipeline.restore import replaced
from fabric_widget.engine.pipeline.start_noise import StartNoise
from fabric_widget.engine.preview.predicted_original import OriginalPredictor
from fabric_widget.engine.preview.previewer import preview_images
from fabric_widget.engine.results import Progress
from fabric_widget.engine.trajectory import TrajectoryRecorder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from fabric_widget.engine.pipeline.call import Call
    from fabric_widget.engine.pipeline.protocol import Pipeline
    from fabric_widget.engine.plans.recipe import Recipe
    from fabric_widget.engine.preview.previewer import Previewer, Previews
    from fabric_widget.engine.request import Request
    from fabric_widget.engine.trajectory import Trajectory

_CALLBACK = "callback_on_step_end"
_watcher: ContextVar[Callable[[Call, Any], object] | None] = ContextVar("watcher", default=None)
_STARTS_FROM_PICTURE = "strength"  # pipelines with this argument do


@dataclass
class Run:
    """State of one run.

    Parameters
    ----------
    pipe
        The pipeline.
    cancelled
        Set by whoever wants the run to end at its next step.
    previews
        Makes previews of latents, or None.
    predictor
        Follows the run to predict its last latents, or None if nobody looks on.
    index
        Number of the step under way, from 0.
    latents
        Those after the last step, (B, ...), or None before the first has ended.
    trajectories, start_noise
        Record what the pictures pass through and start from.
    """

    pipe: Any
    cancelled: threading.Event = field(default_factory=threading.Event)
    previews: Previews | None = None
    predictor: OriginalPredictor | None = None
    index: int = 0
    latents: torch.Tensor | None = None
    trajectories: TrajectoryRecorder | None = None
    start_noise: StartNoise = field(default_factory=lambda: StartNoise([]))

    @property
    def steps(self) -> int:
        """The number of steps."""
        return getattr(self.pipe, "num_timesteps", None) or len(self.pipe.scheduler.timesteps)

    def watch(self, request: Request, previewer: Previewer, device: torch.device) -> None:
        """Prepare what records the run: trajectories, and previews if somebody wants them.

        Raises
        ------
        FabricError
            The pipeline is to return latents, and there is nothing to make pictures of them.
        """
        self.trajectories = TrajectoryRecorder(self.pipe.scheduler, request.num_images)
        latent_output = request.arguments.get("output_type") == "latent"
        if request.on_step is not None or latent_output:
            self.previews = previewer.previews(request.arguments, device)
        if self.previews is None and latent_output:
            message = (
                "output_type='latent' leaves no picture to show: give Fabric a preview decoder"
            )
            raise FabricError(message)
        if request.on_step is not None and self.previews is not None:
            self.predictor = OriginalPredictor(self.pipe.scheduler)

    def check(self) -> None:
        """Raise `GenerationCancelled` if the run was cancelled."""
        if self.cancelled.is_set():
            message = f"cancelled after {self.index} steps"
            raise GenerationCancelled(message)

    def begin_step(self, call: Call) -> None:
        """Record the latents of a denoiser call, and its noise level if previews need it."""
        self.start_noise.close()
        if self.trajectories is not None:
            self.trajectories.note(call, self.latents)
        if self.predictor is not None:
            self.predictor.enter(self.index, call.timestep)

    def end_step(self, request: Request, latents: torch.Tensor, index: int) -> None:
        """Keep the latents after a step and report progress."""
        self.index, self.latents = index, latents
        if request.on_step is not None:
            points = self.predictor.leave(latents) if self.predictor is not None else ()
            images = functools.partial(preview_images, self.previews, latents, points)
            request.on_step(Progress(index, self.steps, images))
        self.check()

    @property
    def _has_callback(self) -> bool:
        return _CALLBACK in parameters_of(self.pipe)

    def arguments(self, request: Request) -> dict[str, Any]:
        """Return all arguments of the pipeline's call."""
        arguments = declared(self.pipe, request.arguments)
        theirs = arguments.pop(_CALLBACK, None)
        wanted = arguments.pop("callback_on_step_end_tensor_inputs", ["latents"])
        if isinstance(theirs, (PipelineCallback, MultiPipelineCallbacks)):
            wanted = theirs.tensor_inputs

        def step_end(
            pipe: Pipeline, index: int, timestep: object, tensors: dict[str, Any]
        ) -> dict[str, Any]:
            latents = tensors["latents"]
            if theirs is not None:
                own = {name: tensors[name] for name in wanted}
                tensors = theirs(pipe, index, timestep, own)
                latents = tensors.get("latents", latents)
            self.end_step(request, latents, index + 1)
            return tensors

        generators = [
            torch.Generator().manual_seed(request.seed + i) for i in range(request.num_images)
        ]
        # What starts from a picture draws other noise first, to encode that picture.
        drawn = [] if _STARTS_FROM_PICTURE in parameters_of(self.pipe) else generators
        self.start_noise = StartNoise(drawn, _mixed(request.recipes))
        callbacks = {
            _CALLBACK: step_end,
            f"{_CALLBACK}_tensor_inputs": list(dict.fromkeys([*wanted, "latents"])),
        }
        return (
            arguments
            | prompted(self.pipe, request.prompt, arguments, request.num_images)
            | {"generator": generators}
            | (callbacks if self._has_callback else {})
        )

    def trajectory(self, index: int) -> Trajectory | None:
        """Return the trajectory of one picture, or None if none was recorded."""
        if self.trajectories is None or self.latents is None:
            return None
        final = self.latents[index]
        start = self.start_noise.start(index, final.numel())
        return self.trajectories.trajectory(index, start, final)

    @contextmanager
    def watching(self, request: Request) -> Iterator[None]:
        """Watch the scheduler's steps if the pipeline takes no callback; word its refusals."""
        batches = named(type(self.pipe).__name__, request.arguments, request.num_images)
        if self._has_callback:
            with batches:
                yield
            return
        scheduler = self.pipe.scheduler
        step = scheduler.step

        @functools.wraps(step)  # pipelines read the signature
        def watched(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  (the scheduler's own)
            stepped = step(*args, **kwargs)
            self.end_step(request, stepped[0], self.index + 1)
            return stepped

        with replaced(scheduler, "step", watched), batches:
            yield


@contextmanager
def telling(watcher: Callable[[Call, Any], object]) -> Iterator[None]:
    """Tell `watcher` of each call that pipelines make to their denoiser in this thread's runs.

    It is called with the call and with what the denoiser returned; with feedback, that is what it
    returns while the references are lent to it.
    """
    token = _watcher.set(watcher)
    try:
        yield
    finally:
        _watcher.reset(token)


def told(call: Call, output: Any) -> Any:  # noqa: ANN401  (any denoiser's)
    """Return what a denoiser returned, after whoever watches was told of it."""
    if (watcher := _watcher.get()) is not None:
        watcher(call, output)
    return output


def _mixed(recipes: Sequence[Recipe]) -> dict[int, tuple[torch.Tensor, float]]:
    """Return the noise that is mixed into that of each picture, and the share that stays."""
    mixed = {}
    for i, recipe in enumerate(recipes):
        noise = None if recipe.start is None else recipe.start.parent.start_noise
        if recipe.start is not None and noise is not None:
            mixed[i] = (noise, recipe.start.own)
    return mixed
