"""Requests for rounds, and the arguments they lead to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fabric_widget.session.votes import Picture
    from fabric_widget.widget.state.pipeline_info import PipelineInfo
    from fabric_widget.widget.state.settings import Controls


@dataclass(frozen=True)
class Request:
    """A request for a round.

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
class RoundArguments:
    """The arguments of a round, and the size of its pictures if known."""

    prompt: str
    num_images: int
    seed: int
    arguments: Mapping[str, Any]
    width: int | None
    height: int | None


def round_arguments(
    request: Request, pipeline_info: PipelineInfo, pictures: Mapping[str, Picture]
) -> RoundArguments:
    """Return the arguments of a request."""
    controls = request.controls
    if request.again:
        picture: Any = pictures[request.again]
        return RoundArguments(
            picture.prompt, 1, picture.seed, picture.settings, *picture.image.size
        )
    return RoundArguments(
        controls.prompt,
        controls.num_images,
        controls.seed,
        controls.pipeline_arguments(pipeline_info.takes),
        controls.width or pipeline_info.width,
        controls.height or pipeline_info.height,
    )
