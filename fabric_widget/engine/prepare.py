"""Prepare a run: record the pipeline's calls, make references of the votes, return a lender."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fabric_widget.engine.pipeline.arguments.batches import batches_of, first_of, named
from fabric_widget.engine.pipeline.arguments.embeddings import (
    embeddings_of,
    is_embedded,
    rows_of,
    with_rows,
)
from fabric_widget.engine.pipeline.latents import aspect_ratio
from fabric_widget.engine.pipeline.record_calls import (
    alternates,
    check_uncached,
    record_call,
    takes_one_row,
)
from fabric_widget.engine.references.feedback import Feedback, Group, Layout
from fabric_widget.engine.references.lender import Lender
from fabric_widget.engine.references.reference_calls import ReferenceCalls
from fabric_widget.engine.votes.aspects import AspectTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fabric_widget.engine.attention.token_budget import TokenBudget
    from fabric_widget.engine.pipeline.denoiser import Denoiser
    from fabric_widget.engine.pipeline.record_calls import RecordedCall
    from fabric_widget.engine.plans.recipe import Recipe
    from fabric_widget.engine.references.cache import ReferenceCache
    from fabric_widget.engine.references.references import ReferenceMaker
    from fabric_widget.engine.request import Request


def prepare_lender(
    pipe: Any,  # noqa: ANN401  (any diffusers pipeline)
    denoiser: Denoiser,
    maker: ReferenceMaker,
    cache: ReferenceCache,
    token_budget: TokenBudget,
    request: Request,
) -> Lender | None:
    """Return the lender of a request's references, or None if none of them has an effect."""
    schedule = request.schedule
    liked = any(recipe.liked for recipe in request.recipes)
    disliked = schedule.neg_scale > 0 and any(recipe.disliked for recipe in request.recipes)
    if schedule.silent or not (liked or disliked):
        return None
    check_uncached(denoiser)
    arguments, recorded_call = _recorded(denoiser, request)
    null, guidance_branches = recorded_call.null, recorded_call.guidance_branches
    guided = not all(guidance_branches.rows) or (
        disliked and alternates(denoiser, arguments, guidance_branches)
    )
    if not guided and schedule.nag_scale == 0:
        disliked = False
        if not liked:
            return None
    calls = ReferenceCalls(pipe, denoiser, maker, null, arguments)
    groups = _groups(request.recipes, calls, disliked=disliked)
    aspect = aspect_ratio(null.latents[0], arguments)
    layout = Layout(null, calls.templates, guidance_branches, request.num_images, aspect)
    return Lender(
        denoiser,
        pipe.scheduler,
        cache,
        Feedback(groups, schedule, guided),
        layout,
        token_budget,
        request.lens,
    )


def with_prompt_rows(denoiser: Denoiser, request: Request) -> Request:
    """Return a request with a row of embeddings for each picture, if its pipeline wants that."""
    arguments, pictures = request.arguments, request.num_images
    words = embeddings_of(arguments)
    if pictures == 1 or not is_embedded(arguments) or rows_of(words) > 1:
        return request
    if takes_one_row(denoiser, arguments, request.prompt, pictures):
        return request
    return replace(request, arguments={**arguments, **with_rows(words, pictures)})


def _recorded(denoiser: Denoiser, request: Request) -> tuple[Mapping[str, Any], RecordedCall]:
    """Record the calls, and return the arguments of one picture with which that was possible.

    Of what has an entry for each picture, references need the first alone; what looks the same may
    also have one for each control model.
    """
    asked, pictures = request.arguments, request.num_images
    with named(type(denoiser.pipe).__name__, asked, pictures):
        first = first_of(asked, pictures)
        if batches_of(first) != batches_of(asked):
            with suppress(RuntimeError, ValueError):
                return asked, record_call(denoiser, asked, request.prompt)
        return first, record_call(denoiser, first, request.prompt)


def _groups(recipes: Sequence[Recipe], calls: ReferenceCalls, *, disliked: bool) -> list[Group]:
    """Return pictures that borrow the same together, in the order of the first of each."""
    alike: dict[object, list[int]] = {}
    for i, recipe in enumerate(recipes):
        away = recipe.disliked if disliked else ()
        if recipe.liked or away:
            key = tuple(
                tuple(sorted((vote.key, vote.strength) for vote in side))
                for side in (recipe.liked, away)
            )
            alike.setdefault((key, recipe.aspects), []).append(i)
    groups = []
    for pictures in alike.values():
        recipe = recipes[pictures[0]]
        sides = (recipe.liked, recipe.disliked if disliked else ())
        uses = [calls.uses(side, recipe.aspects or AspectTable()) for side in sides]
        groups.append(Group(tuple(pictures), *uses))
    return groups
