"""Methods that use the engine: none, plans, the paper's arithmetic, and two controls."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from fabric_widget.engine import Everything, GeneratedImage, Schedule, TokenBudget
from fabric_widget.engine.pipeline.restore import replaced
from fabric_widget.evaluation.people.simulated_user import Opinion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fabric_widget.engine import Fabric
    from fabric_widget.evaluation.methods.request import Method, MethodRequest

DROPOUT = 0.3
"""Probability that prompt dropout leaves out a word (FABRIC, section 5.4)."""


def none(fabric: Fabric, request: MethodRequest) -> Sequence[GeneratedImage]:
    """Make the pictures of the plain pipeline, without feedback."""
    return _generate(fabric, replace(request, shown=()))


def ours(fabric: Fabric, request: MethodRequest) -> Sequence[GeneratedImage]:
    """Let every picture of a round try something else: the default plan."""
    return _generate(fabric, request)


def everything(fabric: Fabric, request: MethodRequest) -> Sequence[GeneratedImage]:
    """Let every picture follow all votes, with the fabric's own schedule."""
    return _generate(fabric, request, plan=Everything())


def renoised(fabric: Fabric, request: MethodRequest) -> Sequence[GeneratedImage]:
    """Let every picture follow all votes, by keys of noised copies of what was voted on."""
    return _generate(fabric, _without_trajectories(request), plan=Everything())


def paper(weight: float) -> Method:
    """Return the published arithmetic at a weight: every token at every step, summed."""
    published = Schedule.paper()
    least = min(published.min_weight, weight)
    schedule = replace(published, max_weight=weight, min_weight=least)

    def method(fabric: Fabric, request: MethodRequest) -> Sequence[GeneratedImage]:
        with replaced(
            fabric, "token_budget", TokenBudget.exact()
        ):  # the published method has no budget
            return _generate(
                fabric, _without_trajectories(request), schedule=schedule, plan=Everything()
            )

    return method


def random_votes(fabric: Fabric, request: MethodRequest) -> Sequence[GeneratedImage]:
    """Use as many votes of the same strengths, on pictures drawn at random.

    A control: what it gains over no feedback does not come from the user's wishes.
    """
    shown = []
    for past in request.shown:
        strengths = np.random.default_rng(past.seeds[0]).permutation(past.opinion.strengths)
        opinion = Opinion(tuple(strengths.tolist()), past.opinion.ranks)
        shown.append(replace(past, opinion=opinion))
    return _generate(fabric, replace(request, shown=tuple(shown)))


def prompt_dropout(fabric: Fabric, request: MethodRequest) -> Sequence[GeneratedImage]:
    """Use all votes as feedback, and drop words of the prompt at random, anew for each picture."""
    pictures: list[GeneratedImage] = []
    for seed in request.seeds:
        rng = np.random.default_rng(seed)
        words = [word for word in request.prompt.split() if rng.random() >= DROPOUT]
        pictures += _generate(fabric, replace(request, prompt=" ".join(words), seeds=(seed,)))
    return pictures


def _without_trajectories(request: MethodRequest) -> MethodRequest:
    """Return the request with pictures that have forgotten how they were made.

    The published method noises the latents of what was voted on.
    """
    return replace(
        request,
        shown=tuple(
            replace(
                past,
                pictures=tuple(
                    replace(p, trajectory=None) if isinstance(p, GeneratedImage) else p
                    for p in past.pictures
                ),
            )
            for past in request.shown
        ),
    )


def _generate(fabric: Fabric, request: MethodRequest, **settings: Any) -> Sequence[GeneratedImage]:
    return fabric(
        request.prompt,
        num_images=len(request.seeds),
        seed=request.seeds[0],
        liked=[*request.liked, *request.statements],
        disliked=request.disliked,
        **settings,
        **request.arguments,
    ).images
