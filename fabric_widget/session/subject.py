"""Find the subject of a picture before a round is made that borrows it, or know that none is."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from fabric_widget.at_pipeline import asked_at_pipeline
from fabric_widget.cluster import DistributedFabric
from fabric_widget.engine import (
    Everything,
    Fabric,
    FabricError,
    GeneratedImage,
    GenerationCancelled,
    HiRes,
    NoAttentionSites,
    Schedule,
    Vote,
)
from fabric_widget.engine.compatibility import anatomy
from fabric_widget.engine.references.subject import tells_subject

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    import torch

    from fabric_widget.session.maker import PictureMaker
    from fabric_widget.session.votes import Picture


@asked_at_pipeline
def tells_subjects(fabric: PictureMaker, picture: GeneratedImage) -> bool:
    """Return whether the pipeline's attention tells the subject of pictures like this one.

    The denoiser runs once, and no picture is made.

    Raises
    ------
    FabricError
        The pipeline is busy.
    """
    if not isinstance(fabric, Fabric):  # whatever else makes pictures is taken at its word
        return not isinstance(fabric, HiRes)
    try:
        sites = anatomy(fabric.pipe, {**fabric.defaults, **picture.settings}, picture.prompt)
    except NoAttentionSites:
        return False
    width, height = picture.image.size
    return tells_subject(sites.tokens, width / height)


def find_subject(
    fabric: Any,  # noqa: ANN401  (a Fabric, a DistributedFabric)
    identity: str,
    picture: Picture,
    prompt: str,
    settings: Mapping[str, Any],
) -> torch.Tensor:
    """Return where the subject of a picture is; see `Session.subject`."""
    if isinstance(fabric, HiRes):
        message = "subjects are not looked for in two passes: give the session a Fabric"
        raise FabricError(message)
    known: Mapping[str, torch.Tensor] = fabric.subjects()
    if identity not in known and isinstance(fabric, DistributedFabric):
        mask: torch.Tensor = fabric.ask(find_subject, identity, picture, prompt, settings)
        fabric.note_subject(identity, mask)
        return mask
    if identity not in known:
        if isinstance(picture, GeneratedImage):
            prompt, settings = picture.prompt, picture.settings
        with contextlib.suppress(GenerationCancelled):
            fabric(
                prompt,
                num_images=1,
                liked=[Vote(picture, part="subject")],
                plan=Everything(),
                schedule=Schedule(start=0, end=1),
                on_step=lambda _: fabric.cancel(),  # the masks are found before the first step
                **settings,
            )
        known = fabric.subjects()
    if identity not in known:
        message = "the search for the subject was cancelled"
        raise GenerationCancelled(message)
    return known[identity]
