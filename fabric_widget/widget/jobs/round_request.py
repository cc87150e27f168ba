"""What a round is made from: a request, read against the pipeline and the session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fabric_widget.session.state import Picture
    from fabric_widget.widget.state.pipeline_info import About
    from fabric_widget.widget.state.settings import Controls


@dataclass(frozen=True)
class Request:
    """A round that was asked for.

    Parameters
    ----------
    controls
        As they stood then.
    again
        Id of the picture that is to be made again, empty for a round of new ones.
    """

    controls: Controls
    again: str = ""


@dataclass(frozen=True)
class Plan:
    """The arguments of a round, and the size that its pictures will have if that is known."""

    prompt: str
    num_images: int
    seed: int
    arguments: Mapping[str, Any]
    width: int | None
    height: int | None


def plan_of(request: Request, about: About, pictures: Mapping[str, Picture]) -> Plan:
    """Return what a request comes to."""
    controls = request.controls
    if request.again:
        picture: Any = pictures[request.again]
        return Plan(picture.prompt, 1, picture.seed, picture.settings, *picture.image.size)
    return Plan(
        controls.prompt,
        controls.num_images,
        controls.seed,
        controls.pipeline_arguments(about.takes),
        controls.width or about.width,
        controls.height or about.height,
    )
