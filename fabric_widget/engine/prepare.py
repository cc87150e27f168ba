"""Prepare a run: record the pipeline's calls, make references of the votes, return a lender."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fabric_widget.engine.pipeline.latents import aspect_ratio
from fabric_widget.engine.pipeline.record_calls import alternates, check_uncached, record_call
from fabric_widget.engine.references.feedback import Feedback, Layout
from fabric_widget.engine.references.lender import Lender
from fabric_widget.engine.references.reference_calls import ReferenceCalls

if TYPE_CHECKING:
    from fabric_widget.engine.attention.token_budget import TokenBudget
    from fabric_widget.engine.pipeline.call import Call
    from fabric_widget.engine.pipeline.denoiser import Denoiser
    from fabric_widget.engine.references.cache import ReferenceCache
    from fabric_widget.engine.references.references import Reference, ReferenceMaker
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
    votes, schedule = request.votes, request.schedule
    dislikes = votes.disliked if schedule.neg_scale > 0 else ()
    if schedule.silent or not (votes.liked or dislikes):
        return None
    check_uncached(denoiser)
    recorded_call = record_call(denoiser, request.arguments, request.prompt)
    null, guidance_branches = recorded_call.null, recorded_call.guidance_branches
    guided = not all(guidance_branches.rows) or (
        bool(dislikes) and alternates(denoiser, request.arguments, guidance_branches)
    )
    if not guided and schedule.nag_scale == 0:
        dislikes = ()
        if not votes.liked:
            return None
    sizes = ReferenceCalls(pipe, denoiser, maker, null, request.arguments)
    templates: dict[str, Call] = {}
    found: list[list[Reference]] = [[], []]
    for references, side in zip(found, (votes.liked, dislikes), strict=True):
        for vote in side:
            reference, template = sizes.reference(vote)
            references.append(reference)
            templates[reference.id] = template
    aspect = aspect_ratio(null.latents[0], request.arguments)
    layout = Layout(null, templates, guidance_branches, request.num_images, aspect)
    liked, disliked = found
    feedback = Feedback(liked, disliked, schedule, guided)
    return Lender(
        denoiser,
        pipe.scheduler,
        cache,
        feedback,
        layout,
        token_budget,
        request.lens,
    )
