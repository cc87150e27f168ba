"""Record the calls that a pipeline makes to its denoiser, before a run.

The pipeline is called with the null prompt and the user's other arguments while a spy stands in the
denoiser's place: what reaches it is the template of every reference pass. A second recorded call,
for another prompt and twice as many pictures, shows which rows of the batch follow the prompt and
which arguments have a row for each picture.
"""

from __future__ import annotations

import inspect
import warnings
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from fabric_widget.engine.errors import FabricError
from fabric_widget.engine.pipeline.arguments.batches import batches_of, is_picture
from fabric_widget.engine.pipeline.arguments.embeddings import (
    declared,
    embeddings_of,
    is_embedded,
    is_prompt,
    with_rows,
)
from fabric_widget.engine.pipeline.arguments.prompts import (
    Prompts,
    embedded,
    missing_encoders,
    null_is_zeros,
    written,
)
from fabric_widget.engine.pipeline.call import tensors
from fabric_widget.engine.pipeline.guidance_branches import (
    BranchTracker,
    GuidanceBranches,
    guidance_branches,
)
from fabric_widget.engine.pipeline.protocol import parameters_of
from fabric_widget.engine.pipeline.restore import (
    kept,
    processors,
    processors_of,
    random_kept,
    swapped,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fabric_widget.engine.pipeline.call import Call
    from fabric_widget.engine.pipeline.denoiser import Denoiser

_FILM_DIMENSIONS = 4  # of one row, (1, h, w, C)
_HOOKS = "_diffusers_hook"  # where diffusers keeps a module's hooks
# Any text will do whose embedding is not that of the empty prompt; a small vocabulary may know none
# of the words, hence the letters.
_SOME_TEXTS = (
    "a photo",
    "a photo of a b c d e f g h i j k l m n o p q r s t u v w x y z 0 1 2 3 4 5 6 7 8 9",
)


@dataclass(frozen=True)
class RecordedCall:
    """The null prompt's call, and which parts of it depend on the prompt.

    Parameters
    ----------
    null
        The call for one picture and the null prompt.
    guidance_branches
        What of it follows the prompt.
    """

    null: Call
    guidance_branches: GuidanceBranches


class _DenoiserReached(Exception):  # noqa: N818  (a signal, not an error)
    """Ends the pipeline's call when it reaches the denoiser."""


def null_call(denoiser: Denoiser, arguments: Mapping[str, Any]) -> Call:
    """Return the pipeline's denoiser call for the null prompt and these arguments."""
    return _first_call(denoiser, arguments, _prompts(denoiser, arguments).null)


def record_call(denoiser: Denoiser, arguments: Mapping[str, Any], prompt: str) -> RecordedCall:
    """Record the null prompt's call and find the parts that depend on the prompt.

    Raises
    ------
    FabricError
        No text made a difference, and there is more than one row.
    ValueError
        An argument with a batch of its own makes a batch that the number of pictures does not.
    """
    prompts = _prompts(denoiser, arguments, prompt)
    null = _first_call(denoiser, arguments, prompts.null)
    _check_stateless(denoiser, null)
    check_contiguous(denoiser, null)
    for words in prompts.others:
        worded = _first_call(denoiser, arguments, words, pictures=2)
        if worded.rows != 2 * null.rows and batches_of(arguments):
            message = f"a batch of {null.rows} rows for a picture and {worded.rows} rows for two"
            raise ValueError(message)
        null = null.batched(worded)
        found = guidance_branches(null, worded)
        if any(found.rows):
            return RecordedCall(null, found)
    if null.rows == 1:
        return RecordedCall(null, GuidanceBranches((True,), ()))
    message = (
        f"cannot tell the conditional rows of {type(denoiser.pipe).__name__} from the "
        "unconditional ones: its text encoder gives every prompt the same embedding"
    )
    raise FabricError(message)


def check_uncached(denoiser: Denoiser) -> None:
    """Refuse a model that skips layers in some of its calls.

    Raises
    ------
    FabricError
        Something remembers results of layers between steps.
    """
    enabled = getattr(denoiser.model, "is_cache_enabled", False)
    remembering = {
        name
        for module in denoiser.model.modules()
        for name, hook in getattr(getattr(module, _HOOKS, None), "hooks", {}).items()
        if hook._is_stateful  # noqa: SLF001  (diffusers' only mark of a cache)
    }
    if not (enabled or remembering):
        return
    cure = (
        f"call pipe.{denoiser.component}.disable_cache()"
        if enabled
        else "call HookRegistry.check_if_exists_or_initialize(module).remove_hook(name) with "
        f"{', '.join(sorted(remembering))} for each module of pipe.{denoiser.component}"
    )
    message = (
        f"{type(denoiser.model).__name__} remembers results of its layers between steps, so "
        f"feedback would not reach it: {cure}"
    )
    raise FabricError(message)


def _check_stateless(denoiser: Denoiser, null: Call) -> None:
    """Refuse a pipeline that passes its denoiser a cache of earlier steps."""
    memories = [
        value
        for value in null.arguments.values()
        if type(value).__module__.startswith("diffusers.") and not isinstance(value, dict)
    ]
    if memories:
        parameters = parameters_of(denoiser.pipe)
        switches = [f"{name}=False" for name in parameters if "cache" in name]
        message = (
            f"{type(denoiser.pipe).__name__} hands its denoiser a {type(memories[0]).__name__}, "
            f"which carries results from step to step, past the feedback: give "
            f"{' or '.join(switches) or 'the argument that turns it off'}"
        )
        raise FabricError(message)


def check_contiguous(denoiser: Denoiser, null: Call) -> None:
    """Refuse a pipeline whose latents are columns of a wider picture.

    Raises
    ------
    FabricError
        In each row of tokens some are the latents' and some are a source's.
    """
    row, place = null.input[0], null.within
    film = row.dim() == _FILM_DIMENSIONS and len(row) == 1  # with channels last
    if place is not None and place.axis == -1 and not (null.packed or film):
        message = (
            f"{type(denoiser.pipe).__name__} puts a source picture beside the latents in width, so "
            "that tokens of both alternate, and references cannot be told from sources: use a "
            "pipeline that takes the source in other channels or tokens"
        )
        raise FabricError(message)


def alternates(
    denoiser: Denoiser, arguments: Mapping[str, Any], guidance_branches: GuidanceBranches
) -> bool:
    """Return whether the pipeline makes an unconditional call beside each conditional one.

    Not if its one call has rows of both kinds. The calls of one step for one picture
    are made in earnest: what the pipeline does next may depend on what comes back.
    """
    if not all(guidance_branches.rows):
        return False
    turns = BranchTracker(guidance_branches, 1)
    inner = denoiser.module.forward

    def watched(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  (any denoiser's)
        turns.conditional_rows(denoiser.bind(args, kwargs))
        if turns.alternate:
            raise _DenoiserReached
        return inner(*args, **kwargs)

    negated = any(
        name.startswith("negative") and is_prompt(name, value) and value is not None
        for name, value in arguments.items()
    )
    words = _prompts(denoiser, arguments).others[0]
    text = {"negative_prompt": ""} if negated and words["prompt"] else {}
    own = declared(denoiser.pipe, text)
    _call(denoiser, arguments, own | dict(words), watched)
    return turns.alternate


def _prompts(denoiser: Denoiser, arguments: Mapping[str, Any], prompt: str = "") -> Prompts:
    """Return what stands in for the caller's prompts.

    Text, unless the pipeline cannot read it and is called with embeddings.
    """
    pipe, texts = denoiser.pipe, written(prompt, *_SOME_TEXTS)
    some, every = missing_encoders(pipe)
    if not is_embedded(arguments):
        return embedded(pipe, arguments) if every else texts  # which says what to give
    if every or null_is_zeros(pipe, arguments):
        return embedded(pipe, arguments)
    if some:  # some pipelines read text without one of their encoders
        try:
            _first_call(denoiser, arguments, texts.null)
        except (AttributeError, TypeError, ValueError):
            return embedded(pipe, arguments)
    return texts


def _first_call(
    denoiser: Denoiser,
    arguments: Mapping[str, Any],
    prompts: Mapping[str, Any],
    pictures: int = 1,
) -> Call:
    """Call the pipeline and return its first denoiser call.

    A pipeline that is given pictures may put them beside the latents, into the same tensor. Which
    part of it is the latents' shows in the pipeline's first step: they are what its scheduler gets.
    That step is made in earnest, for one picture, for pipelines cut and join what comes back.
    """
    seen: list[Call] = []
    inner = denoiser.module.forward
    stepping = pictures == 1 and any(is_picture(*given) for given in arguments.items())

    def spy(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  (any denoiser's)
        seen.append(denoiser.bind(args, kwargs))
        if stepping:
            return inner(*args, **kwargs)
        raise _DenoiserReached

    words = embeddings_of(prompts)
    own = dict(prompts) | with_rows(words, pictures)
    own["num_images_per_prompt"] = 1 if words else pictures  # not all repeat what they are given
    sample = _call(denoiser, arguments, own, spy)
    if not seen:
        message = f"{type(denoiser.pipe).__name__} ended without calling its {denoiser.component}"
        raise FabricError(message)
    return seen[0] if sample is None else seen[0].around(sample)


def takes_one_row(
    denoiser: Denoiser, arguments: Mapping[str, Any], prompt: str, pictures: int
) -> bool:
    """Return whether several pictures can be made of embeddings with one row.

    Most pipelines repeat it, or their denoiser spreads it; of others it has to be repeated. A first
    call of the denoiser tells: it is made in earnest, unless what reaches it has been repeated.
    """
    words = embeddings_of(arguments)
    inner = denoiser.module.forward

    def once(*args: Any, **kwargs: Any) -> None:
        call = denoiser.bind(args, kwargs)
        shapes = {value.shape[1:] for value in words.values() if isinstance(value, torch.Tensor)}
        texts = [value for _, value in tensors(call.arguments) if value.shape[1:] in shapes]
        if not texts or any(len(text) != call.rows for text in texts):
            inner(*args, **kwargs)
        raise _DenoiserReached

    asked = {"prompt": prompt or None, "num_images_per_prompt": pictures}
    try:
        _call(denoiser, arguments, declared(denoiser.pipe, words) | asked, once)
    except torch.OutOfMemoryError:
        raise
    except (IndexError, RuntimeError, ValueError):
        return False
    return True


def _call(
    denoiser: Denoiser,
    arguments: Mapping[str, Any],
    own: Mapping[str, Any],
    forward: Callable[..., Any],
) -> torch.Tensor | None:
    """Call the pipeline without the caller's prompts, up to `forward` or the first step.

    Return the latents that its scheduler was to step from, if it came to that.
    """
    pipe = denoiser.pipe
    without = {
        name: value
        for name, value in arguments.items()
        if not (is_prompt(name, value) or name.startswith("callback") or name == "latents")
    }
    given = {
        "num_images_per_prompt": 1,
        "generator": torch.Generator().manual_seed(0),
    }

    parameters = inspect.signature(pipe.scheduler.step)
    samples: list[torch.Tensor | None] = []

    def stop(*args: Any, **kwargs: Any) -> None:
        samples.append(parameters.bind(*args, **kwargs).arguments.get("sample"))
        raise _DenoiserReached

    with (
        torch.no_grad(),
        random_kept(denoiser.device),
        kept(pipe, pipe.scheduler),
        processors(processors_of(denoiser.model)),
        swapped(denoiser.module, forward),
        warnings.catch_warnings(),
        suppress(_DenoiserReached),
    ):
        warnings.simplefilter("ignore")  # the run itself will say it
        pipe.set_progress_bar_config(disable=True)
        pipe.scheduler.step = stop
        pipe(**without | given | dict(own))
    return next(iter(samples), None)
