"""The votes baked into a LoRA: plain pictures of a model that has learnt the taste."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fabric_widget.engine.votes.votes import read_votes
from fabric_widget.lora import NotEnoughVotes, Teacher, bake
from fabric_widget.lora.taste_lora import used_in_runs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fabric_widget.engine import Fabric, GeneratedImage
    from fabric_widget.evaluation.methods.request import MethodRequest


def lora(fabric: Fabric, request: MethodRequest) -> Sequence[GeneratedImage]:
    """Bake the votes into a LoRA, and borrow from no picture; plain before there are enough."""
    votes = read_votes([*request.liked, *request.statements], request.disliked)
    teacher = Teacher(fabric, votes, arguments=request.arguments)
    try:
        learnt = [bake(teacher, request.prompt, name="lora")]
    except NotEnoughVotes:
        learnt = []
    with used_in_runs(learnt):
        return fabric(
            request.prompt,
            num_images=len(request.seeds),
            seed=request.seeds[0],
            **request.arguments,
        ).images
