"""Facts about a pipeline that the controls need: name, defaults, arguments."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from fabric_widget.at_pipeline import asked_at_pipeline, fact_of_pipeline
from fabric_widget.widget.state.settings import RANGES, SIZE_STEP, read_control

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fabric_widget.engine import Plan
    from fabric_widget.session.maker import PictureMaker
    from fabric_widget.session.state import Turn

_TOKENIZERS = ("tokenizer", "tokenizer_2", "tokenizer_3")
_ENDLESS = 100_000  # tokens: tokenizers without a limit name a huge number


@dataclass(frozen=True)
class PipelineInfo:
    """Facts about a pipeline.

    Parameters
    ----------
    title, device
        For people.
    steps, guidance, width, height
        What the pipeline does when it is told nothing, None where that is not known.
    size_step
        Pixels that width and height must be multiples of.
    takes
        Names of the pipeline's arguments, None if not known.
    variety
        Of the plan, None if it has none.
    subjects
        Whether votes on the subject or the background work; assumed until it is known.
    """

    title: str = "Demo model"
    device: str = ""
    steps: int | None = None
    guidance: float | None = None
    width: int | None = None
    height: int | None = None
    size_step: int = SIZE_STEP
    takes: frozenset[str] | None = None
    variety: float | None = None
    subjects: bool = True

    @classmethod
    def of(cls, fabric: PictureMaker, plan: Plan | None = None) -> PipelineInfo:
        """Return the facts about a pipeline without running it; by default with its own plan."""
        info = _info_of(fabric)
        if info.takes is None:
            return info
        return replace(info, variety=getattr(plan or fabric.plan, "variety", None))

    def info(self, *, loaded: bool, version: str) -> dict[str, Any]:
        """Return the facts as the trait `info`."""
        ranges = {name: list(limits) for name, limits in RANGES.items()}
        for size in ("width", "height"):
            ranges[size][2] = self.size_step
        return {
            "title": self.title,
            "loaded": loaded,
            "device": self.device,
            "defaults": {
                "steps": self.steps,
                "guidance": self.guidance,
                "width": self.width,
                "height": self.height,
            },
            "size_step": self.size_step,
            "variety": self.variety,
            "subjects": self.subjects,
            "negative": self.takes is None or "negative_prompt" in self.takes,
            "ranges": ranges,
            "version": version,
        }

    def controls_of(self, turn: Turn) -> dict[str, Any]:
        """Return the controls that a round was made with; None for defaults."""
        steps = {} if turn.full_steps is None else {"num_inference_steps": turn.full_steps}
        found = self.controls_for(turn.round.prompt, {**turn.round.settings, **steps})
        if turn.kind == "enlarged":  # its size is no round's
            del found["width"], found["height"]
        if turn.schedule is not None:
            found |= {
                "strength": turn.schedule.max_weight,
                "start": turn.schedule.start,
                "end": turn.schedule.end,
                "dislike_scale": turn.schedule.neg_scale,
                "normalize": turn.schedule.normalize,
            }
        return found

    def controls_for(self, prompt: str, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Return the controls for a prompt and the pipeline's arguments; None for defaults."""
        found: dict[str, Any] = {
            "prompt": prompt,
            "negative_prompt": settings.get("negative_prompt") or "",
            "steps": _unless(self.steps, settings.get("num_inference_steps")),
            "guidance": _unless(self.guidance, settings.get("guidance_scale")),
            "width": _unless(self.width, settings.get("width")),
            "height": _unless(self.height, settings.get("height")),
        }
        # A session from Python may have more steps, or other sizes, than can be set here.
        return {
            name: read_control(name, value, self.size_step)[0] if name in RANGES else value
            for name, value in found.items()
        }


@fact_of_pipeline
def _info_of(fabric: PictureMaker) -> PipelineInfo:
    pipe = getattr(fabric, "pipe", None)
    if pipe is None:
        return PipelineInfo(title=type(fabric).__name__)
    from fabric_widget.engine.pipeline.latents import pixels_per_latent, size_multiple

    denoiser = getattr(pipe, "unet", None) or getattr(pipe, "transformer", None)
    parameters = inspect.signature(type(pipe).__call__).parameters
    own = {name: p.default for name, p in parameters.items() if p.default is not p.empty}
    own |= getattr(fabric, "defaults", {})
    sample = getattr(pipe, "default_sample_size", None)
    sample = sample or getattr(getattr(denoiser, "config", None), "sample_size", None)
    tall, wide = sample if isinstance(sample, (list, tuple)) else (sample, sample)
    pixels = pixels_per_latent(pipe)
    return PipelineInfo(
        title=type(pipe).__name__,
        device=str(getattr(pipe, "_execution_device", "")),
        steps=_number(own.get("num_inference_steps"), int),
        guidance=_number(own.get("guidance_scale"), float),
        width=_number(own.get("width") or (wide and wide * pixels), int),
        height=_number(own.get("height") or (tall and tall * pixels), int),
        size_step=size_multiple(pipe, denoiser) if denoiser is not None else SIZE_STEP,
        takes=frozenset(parameters),
    )


@asked_at_pipeline
def tokens_read(fabric: object, prompt: str) -> int | None:
    """Return the number of tokens read of a longer prompt; None if all are read."""
    pipe = getattr(fabric, "pipe", None)
    tokenizers = [t for name in _TOKENIZERS if (t := getattr(pipe, name, None)) is not None]
    limits = [int(getattr(t, "model_max_length", _ENDLESS)) for t in tokenizers]
    if not tokenizers or max(limits) >= _ENDLESS:
        return None
    limit, tokenizer = max(zip(limits, tokenizers, strict=True), key=lambda pair: pair[0])
    count = len(tokenizer(prompt, truncation=False, verbose=False).input_ids)
    return limit if count > limit else None


def _number(value: object, kind: type[int | float]) -> Any:  # noqa: ANN401  (of that kind, or None)
    return kind(value) if isinstance(value, (int, float)) and value else None


def _unless(default: object, value: object) -> object:
    return None if value == default else value
