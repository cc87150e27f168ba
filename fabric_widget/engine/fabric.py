"""Fabric: prompt and feedback in, pictures out. The engine's one public class.

It makes the pipeline's own call; inside, `references.lender` lends keys and values to the denoiser.
Here stand the order of things and the promise that everything is put back.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from fabric_widget.engine.attention.token_budget import TokenBudget
from fabric_widget.engine.errors import GenerationCancelled
from fabric_widget.engine.lens.lens import Lens, checked_lens
from fabric_widget.engine.output import round_of
from fabric_widget.engine.pipeline.denoiser import Denoiser
from fabric_widget.engine.pipeline.restore import not_compiled, processors, processors_of, swapped
from fabric_widget.engine.plans.explore import Explore
from fabric_widget.engine.plans.recipe import checked_default_plan, checked_plan
from fabric_widget.engine.prepare import prepare_lender, with_prompt_rows
from fabric_widget.engine.preview.previewer import Previewer
from fabric_widget.engine.references.cache import ReferenceCache
from fabric_widget.engine.references.host_cache import HostCache
from fabric_widget.engine.references.references import ReferenceMaker
from fabric_widget.engine.request import (
    Request,
    check_bytes,
    check_pipeline,
    checked_arguments,
    checked_bits,
    checked_number,
    checked_prompt,
    checked_schedule,
    checked_seed,
    checked_token_budget,
    planned,
)
from fabric_widget.engine.run import Run, told
from fabric_widget.engine.schedule import Schedule
from fabric_widget.engine.votes.measured import Aspects, read_aspects
from fabric_widget.engine.votes.votes import read_votes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from diffusers import DiffusionPipeline

    from fabric_widget.engine.pipeline.call import Call
    from fabric_widget.engine.plans.recipe import Plan, Recipe
    from fabric_widget.engine.results import Progress, Round


class Fabric:
    """A diffusers pipeline that takes pictures liked and disliked beside the prompt.

    The method is FABRIC (arXiv 2307.10159): keys and values of liked pictures join the
    self-attention of the conditional pass, those of disliked ones that of the unconditional pass.
    Without feedback, and at weight 0, the pictures are those of the plain pipeline to the bit; the
    pipeline is never changed beyond a call.

    Parameters
    ----------
    pipe
        A pipeline that makes pictures from a prompt, or edits them by one. If its configuration has
        an entry ``_fabric_defaults``, these are its recommended arguments (diffusers takes names
        without the underscore for components).
    schedule
        How strongly references count; `Schedule()` by default.
    plan
        Which picture of a round follows what; `Explore()` by default, `Everything()` for FABRIC as
        published.
    cache_bytes
        How much memory keys and values of references may take between steps and calls. By default
        1 GiB on the CPU and a quarter of the free memory of a GPU; 0 remembers nothing.
    host_bytes
        How much of the host's memory may hold what finds no room on a GPU; 0 by default.
    cache_bits
        16 keeps keys and values as the denoiser makes them; 8 rounds them, for half the memory.
    token_budget
        What is left out to be fast; `TokenBudget()` by default, `TokenBudget.exact()` for nothing.
    preview
        A small decoder for previews, such as diffusers' ``AutoencoderTiny``. Without it previews
        are a linear map of the latents.
    aspects
        What "colors" and "form" mean: "measured" for what ``python -m fabric_widget aspects`` found
        on this very pipeline, or an `AspectTable`; by default its attention levels tell.
    economy
        Deprecated: the former name of `token_budget`.

    Raises
    ------
    FabricError
        `aspects` is "measured", and there is no measurement of this pipeline.
    TypeError
        `pipe` is no pipeline of diffusers that makes pictures from a prompt.
    """

    def __init__(  # noqa: PLR0913  (settings under their own names)
        self,
        pipe: DiffusionPipeline,
        *,
        schedule: Schedule | None = None,
        plan: Plan | None = None,
        cache_bytes: int | None = None,
        host_bytes: int = 0,
        cache_bits: int = 16,
        token_budget: TokenBudget | None = None,
        preview: Any = None,  # noqa: ANN401  (anything with diffusers' decode)
        aspects: Aspects = None,
        economy: TokenBudget | None = None,
    ) -> None:
        check_pipeline(pipe)
        check_bytes("cache_bytes", cache_bytes, optional=True)
        check_bytes("host_bytes", host_bytes)
        self.pipe: Any = pipe
        self.schedule = checked_schedule(schedule) or Schedule()
        self.token_budget = checked_token_budget(token_budget, economy) or TokenBudget()
        self.plan = checked_default_plan(plan) or Explore()
        self._denoiser = Denoiser(self.pipe)
        self.aspects = read_aspects(aspects, self._denoiser.model)
        host = HostCache(host_bytes, self._denoiser.device) if host_bytes else None
        self.cache_bits = checked_bits(cache_bits)
        self._cache = ReferenceCache(cache_bytes, host, self.cache_bits)
        self._maker = ReferenceMaker(self.pipe, self._denoiser)
        self._previewer = Previewer(self.pipe, preview)
        self._run: Run | None = None

    @property
    def defaults(self) -> dict[str, Any]:
        """Arguments recommended by the pipeline's configuration; explicit ones take precedence."""
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
        plan: Plan | Sequence[Recipe] | None = None,
        lens: Lens | None = None,
        on_step: Callable[[Progress], object] | None = None,
        **pipeline_arguments: Any,
    ) -> Round:
        """Generate one round of pictures.

        Parameters
        ----------
        prompt
            The prompt.
        num_images
            1 … 64, made as one batch.
        seed
            0 or more, below 2³². Picture i is made with its own generator seeded ``seed + i``, as
            the plain pipeline makes it when given a list of generators.
        liked, disliked
            Generated images, PIL images, numpy arrays, torch tensors, paths, bytes, open files or
            data URLs, each alone, in a pair with a strength from -2 to 2, or in a `Vote` that says
            what of it counts. A negative strength moves a picture to the other side, 0 ignores it.
            The newest stands last.
        schedule
            Instead of this object's own.
        plan
            Instead of this object's own; or a recipe for each picture, which then follows that and
            not `liked` and `disliked`.
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
        pictures, first = checked_number(num_images), checked_seed(seed)
        strengths = checked_schedule(schedule) or self.schedule
        request = Request(
            prompt=checked_prompt(prompt),
            num_images=pictures,
            seed=first,
            recipes=planned(
                checked_plan(plan) or self.plan,
                read_votes(liked, disliked),
                pictures,
                first,
                silent=strengths.silent,
                aspects=self.aspects,
            ),
            schedule=strengths,
            lens=checked_lens(lens, pictures),
            on_step=on_step,
            arguments={**self.defaults, **arguments},
        )
        with self._denoiser.occupied(), self._under_way() as run:
            return self._generate(request, run)

    def cancel(self) -> None:
        """End the current run, if any, at its next step. Any thread may call this."""
        if (run := self._run) is not None:
            run.cancelled.set()

    def subjects(self) -> dict[str, Any]:
        """Return the masks of subjects found so far, (rows, columns), by the pictures' ids."""
        return {name: mask for (_, name), mask in self._cache.subjects.items()}

    @contextmanager
    def _under_way(self) -> Iterator[Run]:
        """Register a run; if it fails, release the memory that it may hold."""
        self._run = run = Run(self.pipe)
        self._cache.begin_run(self._denoiser.device)
        try:
            yield run
        except BaseException as error:
            if not isinstance(error, GenerationCancelled):
                self._cache.clear()
            self.pipe.maybe_free_model_hooks()  # what the pipeline does at the end of a good run
            raise
        finally:
            self._run = None

    def _generate(self, request: Request, run: Run) -> Round:
        """Call the pipeline once, while its denoiser attends to the references."""
        inner = self._denoiser.module.forward
        run.watch(request, self._previewer, self._denoiser.device)
        with self._denoiser.eager():
            request = with_prompt_rows(self._denoiser, request)
            lender = prepare_lender(
                self.pipe, self._denoiser, self._maker, self._cache, self.token_budget, request
            )

        def noted(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Call:
            run.check()
            call = self._denoiser.bind(args, kwargs)
            run.begin_step(call)
            return call

        begun, heard = (not_compiled(f, throughout=True) for f in (noted, told))

        @not_compiled
        def forward(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  (any denoiser's forward)
            call = begun(args, kwargs)
            with nullcontext() if lender is None else lender.lending(call, run.index, run.steps):
                return heard(call, inner(*args, **kwargs))

        arguments = run.arguments(request)
        with ExitStack() as stack:
            if lender is not None:
                stack.enter_context(self._denoiser.eager())
                stack.enter_context(lender.installed())
            stack.enter_context(processors(processors_of(self._denoiser.model)))
            stack.enter_context(swapped(self._denoiser.module, forward))
            stack.enter_context(run.watching(request))
            stack.enter_context(run.start_noise)
            output = self.pipe(**arguments)
        run.check()
        made = round_of(request, run, output)
        return made if lender is None else made.seen(lender.influence)
