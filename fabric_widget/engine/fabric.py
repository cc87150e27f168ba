"""Fabric: prompt and feedback in, pictures out. The engine's one public class.

It makes the pipeline's own call, with the pipeline's own arguments; what happens inside that call
is told by `lending`. Here stand the order of things, the checks, and the promise that everything is
put back.
"""

from __future__ import annotations

import functools
import operator
import threading
import warnings
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from diffusers import DiffusionPipeline
from diffusers.callbacks import MultiPipelineCallbacks, PipelineCallback
from diffusers.image_processor import VaeImageProcessor

from fabric_widget.engine.attention.token_budget import TokenBudget
from fabric_widget.engine.errors import (
    FabricError,
    GenerationCancelled,
)
from fabric_widget.engine.lens.lens import Lens, checked_lens
from fabric_widget.engine.pipeline.denoiser import Denoiser
from fabric_widget.engine.pipeline.latents import (
    autoencoder,
    can_encode,
    channels_of,
)
from fabric_widget.engine.pipeline.packing import unpack
from fabric_widget.engine.pipeline.protocol import SIZE, parameters_of
from fabric_widget.engine.pipeline.restore import processors, processors_of, replaced, swapped
from fabric_widget.engine.preview.decoders import DecoderPreview, LinearPreview, calmed, fit_linear
from fabric_widget.engine.preview.predicted_original import Forecast, clearer, expected
from fabric_widget.engine.references.cache import ReferenceCache
from fabric_widget.engine.references.host_cache import HostCache
from fabric_widget.engine.references.lender import Feedback, Layout, Lender
from fabric_widget.engine.references.reference_calls import ReferenceCalls
from fabric_widget.engine.references.references import ReferenceMaker, read_votes
from fabric_widget.engine.request import (
    Request,
    checked_arguments,
    checked_number,
    checked_prompt,
    checked_schedule,
    checked_seed,
)
from fabric_widget.engine.results import GeneratedImage, Progress, Round
from fabric_widget.engine.schedule import Schedule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from PIL import Image

    from fabric_widget.engine.pipeline.call import Call
    from fabric_widget.engine.pipeline.protocol import Pipeline
    from fabric_widget.engine.preview.predicted_original import Point
    from fabric_widget.engine.references.references import Reference

    Previews = Callable[[torch.Tensor], list[Image.Image]]

# Of latents: (B, tokens, C), (B, C, h, w) and (B, C, 1, h, w).
_PACKED_DIMENSIONS, _FLAT_DIMENSIONS, _FILM_DIMENSIONS = 3, 4, 5
_CPU_CACHE_BYTES = 2**30
_CUDA_CACHE_SHARE = 4  # one in so many bytes of the free memory
_CALLBACK = "callback_on_step_end"
_NEEDED = ("prompt", "num_images_per_prompt", "generator")


@dataclass
class _Run:
    """One run under way."""

    cancelled: threading.Event = field(default_factory=threading.Event)
    index: int = 0  # of the step under way
    latents: torch.Tensor | None = None  # after the last step
    forecast: Forecast | None = None  # if somebody looks on

    def check(self) -> None:
        """End the run here if it was cancelled."""
        if self.cancelled.is_set():
            message = f"cancelled after {self.index} steps"
            raise GenerationCancelled(message)


class Fabric:
    """A diffusers pipeline that takes pictures liked and disliked beside the prompt.

    The method is FABRIC (arXiv 2307.10159): keys and values of liked pictures join the
    self-attention of the conditional pass, those of disliked ones that of the unconditional pass.
    Without feedback, and at weight 0, the pictures are those of the plain pipeline to the bit; the
    pipeline is never changed beyond a call.

    Parameters
    ----------
    pipe
        A text-to-image pipeline. If its configuration has an entry ``_fabric_defaults``, these are
        its recommended arguments (diffusers takes names without the underscore for components).
    schedule
        How strongly references count; `Schedule()` by default.
    cache_bytes
        How much memory keys and values of references may take between steps and calls. By default
        1 GiB on the CPU and a quarter of the free memory of a GPU; 0 remembers nothing.
    host_bytes
        How much of the host's memory may hold what finds no room on a GPU; 0 by default.
    token_budget
        What is left out to be fast; `TokenBudget()` by default, `TokenBudget.exact()` for nothing.
    preview
        A small decoder for previews, such as diffusers' ``AutoencoderTiny``. Without it previews
        are a linear map of the latents.
    economy
        Deprecated: the former name of `token_budget`.

    Raises
    ------
    TypeError
        `pipe` is not a text-to-image pipeline of diffusers.
    """

    def __init__(
        self,
        pipe: DiffusionPipeline,
        *,
        schedule: Schedule | None = None,
        cache_bytes: int | None = None,
        host_bytes: int = 0,
        token_budget: TokenBudget | None = None,
        preview: Any = None,  # noqa: ANN401  (anything with diffusers' decode)
        economy: TokenBudget | None = None,
    ) -> None:
        if economy is not None:
            message = "economy= is called token_budget= now"
            warnings.warn(message, DeprecationWarning, stacklevel=2)
            token_budget = economy
        if not isinstance(pipe, DiffusionPipeline):
            message = f"{type(pipe).__name__} is not a diffusers pipeline: give a DiffusionPipeline"
            raise TypeError(message)
        lacking = [name for name in _NEEDED if name not in parameters_of(pipe)]
        if lacking:
            message = (
                f"{type(pipe).__name__} does not take {', '.join(lacking)}: give a pipeline that "
                "makes pictures from a prompt"
            )
            raise TypeError(message)
        if cache_bytes is not None and not operator.index(cache_bytes) >= 0:
            message = f"cache_bytes is {cache_bytes!r}: give 0 or more, or None"
            raise ValueError(message)
        if not operator.index(host_bytes) >= 0:
            message = f"host_bytes is {host_bytes!r}: give 0 or more"
            raise ValueError(message)
        self.pipe: Any = pipe
        self.schedule = checked_schedule(schedule) or Schedule()
        if token_budget is not None and not isinstance(token_budget, TokenBudget):
            message = f"token_budget is a {type(token_budget).__name__}: give a TokenBudget"
            raise TypeError(message)
        self.token_budget = token_budget or TokenBudget()
        self._cache_bytes = cache_bytes
        self._denoiser = Denoiser(self.pipe)
        host = HostCache(host_bytes, self._denoiser.device) if host_bytes else None
        self._cache = ReferenceCache(cache_bytes or 0, host)
        self._maker = ReferenceMaker(self.pipe, self._denoiser)
        self._preview = DecoderPreview(preview) if preview is not None else None
        self._fitted: tuple[object, Previews] | None = None
        self._run: _Run | None = None

    @property
    def defaults(self) -> dict[str, Any]:
        """Recommended pipeline arguments that the pipeline carries; explicit ones win."""
        return dict(self.pipe.config.get("_fabric_defaults") or {})

    def __call__(
        self,
        prompt: str = "",
        *,
        num_images: int = 4,
        seed: int = 0,
        liked: Iterable[Any] = (),
        disliked: Iterable[Any] = (),
        schedule: Schedule | None = None,
        lens: Lens | None = None,
        on_step: Callable[[Progress], object] | None = None,
        **pipeline_arguments: Any,
    ) -> Round:
        """Make one round of pictures.

        Parameters
        ----------
        prompt
            The prompt.
        num_images
            1 … 64, made as one batch.
        seed
            Not negative. Picture i is made with its own generator seeded ``seed + i``, as the plain
            pipeline makes it when given a list of generators.
        liked, disliked
            Generated images, PIL images, numpy arrays or paths, each alone or in a pair with a
            strength from -2 to 2. A negative strength moves a picture to the other side, 0 ignores
            it. The same picture counts once.
        schedule
            Instead of this object's own.
        lens
            What of the run's attention to record as the round's `influence`; by default nothing. It
            never changes a picture.
        on_step
            Called after each step.
        **pipeline_arguments
            The pipeline's own arguments under their own names.

        Returns
        -------
        Round
            The pictures.

        Raises
        ------
        BadReference
            Something liked or disliked cannot be used.
        NoAttentionSites
            There is feedback, and nothing in the pipeline that could take it.
        PipelineBusy
            Another run is inside this pipeline.
        GenerationCancelled
            `cancel` was called.
        TypeError, ValueError
            An argument is of the wrong kind or out of range.

        Warns
        -----
        FabricWarning
            The pipeline may ignore an argument.
        """
        arguments = checked_arguments(self.pipe, pipeline_arguments)
        pictures = checked_number(num_images)
        request = Request(
            prompt=checked_prompt(prompt),
            num_images=pictures,
            seed=checked_seed(seed),
            votes=read_votes(liked, disliked),
            schedule=checked_schedule(schedule) or self.schedule,
            lens=checked_lens(lens, pictures),
            on_step=on_step,
            arguments={**self.defaults, **arguments},
        )
        with self._denoiser.occupied(), self._under_way() as run:
            return self._made(request, run)

    def cancel(self) -> None:
        """End the run under way, if there is one, at its next step. May be called by any thread."""
        run = self._run
        if run is not None:
            run.cancelled.set()

    @contextmanager
    def _under_way(self) -> Iterator[_Run]:
        """Announce a run; if it fails, let go of all memory that it may have taken."""
        self._run = run = _Run()
        self._cache.begin_run()
        if self._cache_bytes is None:
            self._cache.capacity = _affordable(self._denoiser.device, self._cache.nbytes)
        try:
            yield run
        except BaseException as error:
            if not isinstance(error, GenerationCancelled):
                self._cache.clear()
            self.pipe.maybe_free_model_hooks()  # what the pipeline does at the end of a good run
            raise
        finally:
            self._run = None

    def _made(self, request: Request, run: _Run) -> Round:
        inner = self._denoiser.module.forward
        shows = request.on_step is not None or request.arguments.get("output_type") == "latent"
        previews = self._previews(request.arguments) if shows else None
        if previews is None and request.arguments.get("output_type") == "latent":
            message = (
                "output_type='latent' leaves no picture to show: give Fabric a preview decoder"
            )
            raise FabricError(message)
        if request.on_step is not None and previews is not None:
            run.forecast = Forecast(self.pipe.scheduler)
        with self._denoiser.eager():
            lender = self._lender(request)

        def forward(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  (any denoiser's forward)
            run.check()
            if lender is None and run.forecast is None:
                return inner(*args, **kwargs)
            call = self._denoiser.bind(args, kwargs)
            if run.forecast is not None:
                run.forecast.enter(run.index, call.timestep)
            if lender is None:
                return inner(*args, **kwargs)
            with lender.lending(call, run.index, self._steps()):
                return inner(*args, **kwargs)

        with ExitStack() as stack:
            if lender is not None:
                stack.enter_context(self._denoiser.eager())
                stack.enter_context(lender.installed())
            stack.enter_context(processors(processors_of(self._denoiser.model)))
            stack.enter_context(swapped(self._denoiser.module, forward))
            if not self._calls_back:
                stack.enter_context(self._watched_scheduler(request, run, previews))
            output = self.pipe(**self._call_arguments(request, run, previews))
        run.check()
        made = _round(request, run, output, previews)
        return made if lender is None else made.seen(lender.influence)

    def _call_arguments(
        self, request: Request, run: _Run, previews: Previews | None
    ) -> dict[str, Any]:
        """Return everything that the pipeline is called with."""
        arguments = dict(request.arguments)
        embedded = any("prompt_embeds" in name for name in arguments)
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
            self._step_ended(request, run, previews, latents, index + 1)
            return tensors

        callbacks = {
            _CALLBACK: step_end,
            f"{_CALLBACK}_tensor_inputs": list(dict.fromkeys([*wanted, "latents"])),
        }
        return (
            arguments
            | {
                "prompt": None if embedded and not request.prompt else request.prompt,
                "num_images_per_prompt": request.num_images,
                "generator": [
                    torch.Generator().manual_seed(request.seed + i)
                    for i in range(request.num_images)
                ],
            }
            | (callbacks if self._calls_back else {})
        )

    @property
    def _calls_back(self) -> bool:
        """Whether the pipeline tells when a step has ended."""
        return _CALLBACK in parameters_of(self.pipe)

    def _step_ended(
        self,
        request: Request,
        run: _Run,
        previews: Previews | None,
        latents: torch.Tensor,
        index: int,
    ) -> None:
        run.index, run.latents = index, latents
        if request.on_step is not None:
            points = run.forecast.leave(latents) if run.forecast is not None else ()
            shown = functools.partial(_shown, previews, latents, points)
            request.on_step(Progress(index, self._steps(), shown))
        run.check()

    @contextmanager
    def _watched_scheduler(
        self, request: Request, run: _Run, previews: Previews | None
    ) -> Iterator[None]:
        """Where the pipeline does not tell when a step has ended, see its scheduler take it."""
        scheduler = self.pipe.scheduler
        step = scheduler.step

        @functools.wraps(step)  # pipelines read the signature
        def watched(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  (the scheduler's own)
            stepped = step(*args, **kwargs)
            self._step_ended(request, run, previews, stepped[0], run.index + 1)
            return stepped

        with replaced(scheduler, "step", watched):
            yield

    def _lender(self, request: Request) -> Lender | None:
        """Return what lends the references of a request, or None if nothing would ever be lent."""
        votes, schedule = request.votes, request.schedule
        dislikes = votes.disliked if schedule.neg_scale > 0 else ()
        if schedule.silent or not (votes.liked or dislikes):
            return None
        self._denoiser.check_uncached()
        recorded_call = self._denoiser.record_call(request.arguments, request.prompt)
        null, guidance_branches = recorded_call.null, recorded_call.guidance_branches
        guided = not all(guidance_branches.rows) or (
            bool(dislikes) and self._denoiser.alternates(request.arguments, guidance_branches)
        )
        if not guided and schedule.nag_scale == 0:
            dislikes = ()
            if not votes.liked:
                return None
        sizes = ReferenceCalls(self.pipe, self._denoiser, self._maker, null, request.arguments)
        templates: dict[str, Call] = {}
        found: list[list[Reference]] = [[], []]
        for references, side in zip(found, (votes.liked, dislikes), strict=True):
            for vote in side:
                reference, template = sizes.reference(vote)
                references.append(reference)
                templates[reference.id] = template
        aspect = _aspect(null.latents[0], request.arguments)
        layout = Layout(null, templates, guidance_branches, request.num_images, aspect)
        liked, disliked = found
        feedback = Feedback(liked, disliked, schedule, guided)
        return Lender(
            self._denoiser,
            self.pipe.scheduler,
            self._cache,
            feedback,
            layout,
            self.token_budget,
            request.lens,
        )

    def _previews(self, arguments: Mapping[str, Any]) -> Previews | None:
        """Return what makes previews, or None if there is nothing to make them with."""
        plain: Previews | None = self._preview
        if plain is None:
            if not can_encode(self.pipe):
                return None
            encoder = autoencoder(self.pipe)
            if self._fitted is None or self._fitted[0] is not encoder:
                fitted = fit_linear(self.pipe, self._denoiser.device)
                self._fitted = (encoder, fitted)
            plain = self._fitted[1]
        return functools.partial(_pictured, self.pipe, plain, arguments)

    def _steps(self) -> int:
        """Return the number of steps of the run under way."""
        return getattr(self.pipe, "num_timesteps", None) or len(self.pipe.scheduler.timesteps)


def _affordable(device: torch.device, taken: int) -> int:
    """Return how many bytes keys and values may take by default."""
    if device.type != "cuda":
        return _CPU_CACHE_BYTES
    free, _ = torch.cuda.mem_get_info(device)
    return (free + taken) // _CUDA_CACHE_SHARE


def _aspect(latents: torch.Tensor, arguments: Mapping[str, Any]) -> float:
    """Return the width of a picture divided by its height, 1 where nothing tells."""
    height, width = (arguments.get(name) for name in SIZE)
    if height and width:
        return float(width / height)
    if latents.dim() == _FLAT_DIMENSIONS - 1:
        return latents.shape[-1] / latents.shape[-2]
    return 1.0


def _pictured(
    pipe: Pipeline, plain: Previews, arguments: Mapping[str, Any], latents: torch.Tensor
) -> list[Image.Image]:
    """Return previews of latents as the loop has them: packed, or with an axis of time."""
    channels = plain.channels if isinstance(plain, LinearPreview) else channels_of(pipe)
    pictures: torch.Tensor | None = latents
    if latents.dim() == _FILM_DIMENSIONS:
        pictures = latents.squeeze(2)
    elif latents.dim() == _PACKED_DIMENSIONS:
        pictures = unpack(pipe, latents, channels, _aspect(latents[0], arguments))
    if pictures is None or pictures.dim() != _FLAT_DIMENSIONS or pictures.shape[1] != channels:
        return []
    return plain(pictures)


def _shown(
    previews: Previews | None, latents: torch.Tensor, points: Sequence[Point] = ()
) -> list[Image.Image]:
    if previews is None:
        return []
    return previews(calmed(clearer(latents, expected(points))))


def _round(request: Request, run: _Run, output: Any, previews: Previews | None) -> Round:  # noqa: ANN401  (the pipeline's own)
    """Return the pictures of a finished run."""
    if run.latents is None:
        message = "the pipeline ended without a step: give num_inference_steps of at least 1"
        raise FabricError(message)
    pictures = _pictures(output[0], run.latents, previews, request.arguments)
    latents = run.latents.detach().float().cpu()
    settings = {k: v for k, v in request.arguments.items() if not k.startswith("callback")}
    images = tuple(
        GeneratedImage(picture, latents[i].clone(), request.seed + i, request.prompt, settings)
        for i, picture in enumerate(pictures)
    )
    return Round(images, request.prompt, request.seed, settings, output)


def _pictures(
    made: Any,  # noqa: ANN401  (images in whatever type was asked for)
    latents: torch.Tensor,
    previews: Previews | None,
    arguments: Mapping[str, Any],
) -> list[Image.Image]:
    """Return PIL images of whatever the pipeline was asked to return."""
    if isinstance(made, list):
        return made
    if arguments.get("output_type") == "latent":
        return _shown(previews, latents)
    if isinstance(made, torch.Tensor):
        made = VaeImageProcessor.pt_to_numpy(made)
    pictures: list[Image.Image] = VaeImageProcessor.numpy_to_pil(made)
    return pictures
