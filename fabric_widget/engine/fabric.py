"""Fabric: prompt and feedback in, pictures out. The engine's one public class.

It makes the pipeline's own call, with the pipeline's own arguments; what happens inside that call
is told by `lending`. Here stand the order of things, the checks, and the promise that everything is
put back.
"""

from __future__ import annotations

import difflib
import functools
import inspect
import operator
import threading
import warnings
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import torch
from diffusers import DiffusionPipeline
from diffusers.callbacks import MultiPipelineCallbacks, PipelineCallback
from diffusers.image_processor import VaeImageProcessor
from PIL import Image

from fabric_widget.engine.bank import Bank
from fabric_widget.engine.calls import in_form
from fabric_widget.engine.denoiser import Denoiser
from fabric_widget.engine.errors import (
    BadReference,
    FabricError,
    FabricWarning,
    GenerationCancelled,
)
from fabric_widget.engine.forecast import Forecast, clearer, expected
from fabric_widget.engine.latent_space import (
    autoencoder,
    can_encode,
    channels_of,
    pixels_per_latent,
)
from fabric_widget.engine.lending import Feedback, Layout, Lender
from fabric_widget.engine.packing import unpack
from fabric_widget.engine.preview import DecoderPreview, LinearPreview, calmed, fit_linear
from fabric_widget.engine.references import ReferenceMaker, read_votes
from fabric_widget.engine.restore import processors, processors_of, replaced, swapped
from fabric_widget.engine.results import GeneratedImage, Progress, Round
from fabric_widget.engine.schedule import Schedule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from fabric_widget.engine.calls import Call
    from fabric_widget.engine.forecast import Point
    from fabric_widget.engine.pipeline import Pipeline
    from fabric_widget.engine.references import Reference, Vote, Votes

    Previews = Callable[[torch.Tensor], list[Image.Image]]

_MAX_IMAGES = 64
_SEED_LIMIT = 2**63
_SIZE = ("height", "width")
_PICTURES = ("image", "mask_image", "control_image")  # arguments as large as what is made
_SIZE_UNIT = 8  # pixels
_COARSENESS = (1, 2, 4)  # some pipelines take fewer sizes than they tell
# Of latents: (B, tokens, C), (B, C, h, w) and (B, C, 1, h, w).
_PACKED_DIMENSIONS, _FLAT_DIMENSIONS, _FILM_DIMENSIONS = 3, 4, 5
_CPU_CACHE_BYTES = 2**30
_CUDA_CACHE_SHARE = 4  # one in so many bytes of the free memory
_OURS = {
    "generator": "give seed: picture i is made with its own generator, seeded seed + i",
    "num_images_per_prompt": "give num_images",
    "return_dict": "Fabric returns a Round, whose output is what the pipeline returned",
}
_CALLBACK = "callback_on_step_end"
_NEEDED = ("prompt", "num_images_per_prompt", "generator")
_SOME_MORE = ("callback", "callback_steps")  # taken by pipelines without being in their signature


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


@dataclass(frozen=True)
class _Request:
    """What a call asked for, checked."""

    prompt: str
    num_images: int
    seed: int
    votes: Votes
    schedule: Schedule
    on_step: Callable[[Progress], object] | None
    arguments: Mapping[str, Any]


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
    preview
        A small decoder for previews, such as diffusers' ``AutoencoderTiny``. Without it previews
        are a linear map of the latents.

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
        preview: Any = None,  # noqa: ANN401  (anything with diffusers' decode)
    ) -> None:
        if not isinstance(pipe, DiffusionPipeline):
            message = f"{type(pipe).__name__} is not a diffusers pipeline: give a DiffusionPipeline"
            raise TypeError(message)
        lacking = [name for name in _NEEDED if name not in _parameters(pipe)]
        if lacking:
            message = (
                f"{type(pipe).__name__} does not take {', '.join(lacking)}: give a pipeline that "
                "makes pictures from a prompt"
            )
            raise TypeError(message)
        if cache_bytes is not None and not operator.index(cache_bytes) >= 0:
            message = f"cache_bytes is {cache_bytes!r}: give 0 or more, or None"
            raise ValueError(message)
        self.pipe: Any = pipe
        self.schedule = _checked_schedule(schedule) or Schedule()
        self._cache_bytes = cache_bytes
        self._bank = Bank(cache_bytes or 0)
        self._denoiser = Denoiser(self.pipe)
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
        arguments = self._checked_arguments(pipeline_arguments)
        request = _Request(
            prompt=_checked_prompt(prompt),
            num_images=_checked_integer("num_images", num_images, 1, _MAX_IMAGES),
            seed=_checked_integer("seed", seed, 0, _SEED_LIMIT - _MAX_IMAGES),
            votes=read_votes(liked, disliked),
            schedule=_checked_schedule(schedule) or self.schedule,
            on_step=on_step,
            arguments=arguments,
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
        self._bank.begin_run()
        if self._cache_bytes is None:
            self._bank.capacity = _affordable(self._denoiser.device, self._bank.nbytes)
        try:
            yield run
        except BaseException as error:
            if not isinstance(error, GenerationCancelled):
                self._bank.clear()
            self.pipe.maybe_free_model_hooks()  # what the pipeline does at the end of a good run
            raise
        finally:
            self._run = None

    def _made(self, request: _Request, run: _Run) -> Round:
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
        return _round(request, run, output, previews)

    def _call_arguments(
        self, request: _Request, run: _Run, previews: Previews | None
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
        return _CALLBACK in _parameters(self.pipe)

    def _step_ended(
        self,
        request: _Request,
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
        self, request: _Request, run: _Run, previews: Previews | None
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

    def _lender(self, request: _Request) -> Lender | None:
        """Return what lends the references of a request, or None if nothing would ever be lent."""
        votes, schedule = request.votes, request.schedule
        dislikes = votes.disliked if schedule.neg_scale > 0 else ()
        if schedule.silent or not (votes.liked or dislikes):
            return None
        self._denoiser.check_uncached()
        rehearsal = self._denoiser.rehearse(request.arguments, request.prompt)
        null, spoken = rehearsal.null, rehearsal.spoken
        guided = not all(spoken.rows) or (
            bool(dislikes) and self._denoiser.alternates(request.arguments, spoken)
        )
        if not guided and schedule.nag_scale == 0:
            dislikes = ()
            if not votes.liked:
                return None
        recorded: dict[tuple[tuple[str, int], ...], Call] = {
            tuple(
                (name, request.arguments[name]) for name in _SIZE if request.arguments.get(name)
            ): null
        }
        templates: dict[str, Call] = {}
        found: list[list[Reference]] = [[], []]
        for references, side in zip(found, (votes.liked, dislikes), strict=True):
            for vote in side:
                reference, template = self._reference(vote, null, request.arguments, recorded)
                references.append(reference)
                templates[reference.id] = template.beside(null)
        layout = Layout(null, templates, spoken, request.num_images)
        liked, disliked = found
        feedback = Feedback(liked, disliked, schedule, guided)
        return Lender(self._denoiser, self.pipe.scheduler, self._bank, feedback, layout)

    def _reference(
        self,
        vote: Vote,
        null: Call,
        arguments: Mapping[str, Any],
        recorded: dict[tuple[tuple[str, int], ...], Call],
    ) -> tuple[Reference, Call]:
        """Return a vote's reference and the null call at its size; a picture is fitted to both.

        Raises
        ------
        BadReference
            The pipeline does not make pictures of that size.
        """
        generated = isinstance(vote.content, GeneratedImage)
        finer = () if generated else _COARSENESS[:-1]
        for coarseness in finer:
            with suppress(BadReference):
                reference = self._maker.make(vote, null.latents, coarseness)
                template = self._template(null, reference, arguments, recorded)
                if self._of_another_size(template, reference):  # some make a few sizes only
                    reference = self._maker.make(vote, null.latents, exactly=template.latents[0])
                return reference, template
        reference = self._maker.make(vote, null.latents, _COARSENESS[-1])
        return reference, self._template(null, reference, arguments, recorded)

    def _of_another_size(self, template: Call, reference: Reference) -> bool:
        """Return whether the pipeline chose another size than it was asked for.

        A little more is none: sizes are asked for in whole units.
        """
        form = in_form(reference.latents[0], template.latents[0])
        latents = _SIZE_UNIT / pixels_per_latent(self.pipe)
        return any(
            abs(a - b) >= max(latents, 1)
            for a, b in zip(form.shape, template.latents[0].shape, strict=True)
        )

    def _template(
        self,
        null: Call,
        reference: Reference,
        arguments: Mapping[str, Any],
        recorded: dict[tuple[tuple[str, int], ...], Call],
    ) -> Call:
        """Return the null call for the size of a reference: some models are told it."""
        form = in_form(reference.latents[0], null.latents[0])
        takes_size = set(_SIZE) <= set(_parameters(self.pipe))
        if (form.shape == null.latents[0].shape and not null.packed) or not takes_size:
            return null
        size = tuple((name, reference.size[name]) for name in _SIZE if name in reference.size)
        if size not in recorded:
            unsized = {
                name: _at_size(value, reference.size) if name in _PICTURES else value
                for name, value in arguments.items()
                if name not in _SIZE
            }
            try:
                call = self._denoiser.null_call(unsized | dict(size))
            except ValueError as error:  # the pipeline's own checks
                message = (
                    f"a reference is of a size, {dict(size)}, that {type(self.pipe).__name__} "
                    f"does not make: {error}"
                )
                raise BadReference(message) from error
            recorded[size] = replace(call, per_row=null.per_row)
        call = recorded[size]
        if call.packed and call.latents[0].shape != form.shape:
            message = (
                f"a reference of {form.shape[0]} tokens is not of the size that its settings "
                f"say, {dict(size) or 'the default one'}: give the picture itself"
            )
            raise BadReference(message)
        return call

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
        height, width = (arguments.get(name) or 1 for name in _SIZE)
        return functools.partial(_pictured, self.pipe, plain, width / height)

    def _steps(self) -> int:
        """Return the number of steps of the run under way."""
        return getattr(self.pipe, "num_timesteps", None) or len(self.pipe.scheduler.timesteps)

    def _checked_arguments(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the pipeline's arguments, defaults included."""
        for ours, instead in _OURS.items():
            if ours in given:
                message = f"{ours} cannot be given to Fabric: {instead}"
                raise TypeError(message)
        parameters = _parameters(self.pipe)
        takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
        for name in given:
            if takes_any and name not in {*parameters, *_SOME_MORE}:
                alike = difflib.get_close_matches(name, parameters, n=1)
                hint = f"; did you mean {alike[0]}?" if alike else ""
                warnings.warn(
                    f"{type(self.pipe).__name__} declares no argument {name!r} and may ignore it"
                    + hint,
                    FabricWarning,
                    stacklevel=3,
                )
        return {**self.defaults, **given}


def _parameters(pipe: object) -> Mapping[str, inspect.Parameter]:
    return inspect.signature(type(pipe).__call__).parameters


def _affordable(device: torch.device, taken: int) -> int:
    """Return how many bytes keys and values may take by default."""
    if device.type != "cuda":
        return _CPU_CACHE_BYTES
    free, _ = torch.cuda.mem_get_info(device)
    return (free + taken) // _CUDA_CACHE_SHARE


def _at_size(picture: object, size: Mapping[str, int]) -> object:
    """Return a picture that pipelines start from in the size that they are asked for."""
    if isinstance(picture, Image.Image) and size:
        return picture.resize((size["width"], size["height"]))
    return picture


def _pictured(
    pipe: Pipeline, plain: Previews, aspect: float, latents: torch.Tensor
) -> list[Image.Image]:
    """Return previews of latents as the loop has them: packed, or with an axis of time."""
    channels = plain.channels if isinstance(plain, LinearPreview) else channels_of(pipe)
    pictures: torch.Tensor | None = latents
    if latents.dim() == _FILM_DIMENSIONS:
        pictures = latents.squeeze(2)
    elif latents.dim() == _PACKED_DIMENSIONS:
        pictures = unpack(pipe, latents, channels, aspect)
    if pictures is None or pictures.dim() != _FLAT_DIMENSIONS or pictures.shape[1] != channels:
        return []
    return plain(pictures)


def _shown(
    previews: Previews | None, latents: torch.Tensor, points: Sequence[Point] = ()
) -> list[Image.Image]:
    if previews is None:
        return []
    return previews(calmed(clearer(latents, expected(points))))


def _round(request: _Request, run: _Run, output: Any, previews: Previews | None) -> Round:  # noqa: ANN401  (the pipeline's own)
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


def _checked_prompt(prompt: object) -> str:
    if not isinstance(prompt, str):
        message = f"prompt is a {type(prompt).__name__}: give one text"
        raise TypeError(message)
    return prompt


def _checked_schedule(schedule: Schedule | None) -> Schedule | None:
    if schedule is not None and not isinstance(schedule, Schedule):
        message = f"schedule is a {type(schedule).__name__}: give a Schedule"
        raise TypeError(message)
    return schedule


def _checked_integer(name: str, value: object, least: int, greatest: int) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        message = f"{name} is {value!r}: give a whole number from {least} to {greatest}"
        raise ValueError(message)
    number = operator.index(value)
    if not least <= number <= greatest:
        message = f"{name} is {value!r}: give a whole number from {least} to {greatest}"
        raise ValueError(message)
    return number
