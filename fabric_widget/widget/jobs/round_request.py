"""Requests for rounds, and the arguments they lead to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from fabric_widget.widget.state.settings import RANGES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fabric_widget.session import Session
    from fabric_widget.widget.state.pipeline_info import PipelineInfo
    from fabric_widget.widget.state.settings import Controls

ENLARGED = 2.0
"""How many times wider and higher an enlarged picture is."""

_STEPS = "num_inference_steps"

Task = Literal["round", "drafts", "more_like", "again", "finish", "enlarge"]


@dataclass(frozen=True)
class Request:
    """A request for a round.

    Parameters
    ----------
    controls
        As they stood then.
    task
        A round of new pictures, of drafts, of pictures more like one; or what is to be done with
        one picture: made again with the votes of now, a draft in full, larger.
    picture
        Its id; empty where there is none.
    """

    controls: Controls
    task: Task = "round"
    picture: str = ""

    @property
    def remade(self) -> str:
        """The id of the picture that is made once more; empty if new ones are made."""
        return "" if self.task == "more_like" else self.picture


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
    request: Request, pipeline_info: PipelineInfo, session: Session | None
) -> RoundArguments:
    """Return the arguments of a request."""
    controls = request.controls
    if request.remade and session is not None:
        return _arguments_of(request.task, session, session.pictures[request.remade])
    drafts = request.task == "drafts"
    return RoundArguments(
        controls.prompt,
        drafts_of(controls.num_images) if drafts else controls.num_images,
        controls.seed,
        controls.pipeline_arguments(pipeline_info.takes),
        controls.width or pipeline_info.width,
        controls.height or pipeline_info.height,
    )


def drafts_of(num_images: int) -> int:
    """Return how many drafts stand for a round of so many pictures."""
    from fabric_widget.session.remaking import DRAFT  # after the model, it imports torch

    return min(DRAFT * num_images, int(RANGES["num_images"][1]))


def _arguments_of(task: Task, session: Session, picture: Any) -> RoundArguments:  # noqa: ANN401  (generated)
    """Return the arguments of one picture that is made once more."""
    settings, (width, height) = dict(picture.settings), picture.image.size
    if task == "finish":
        settings[_STEPS] = session.turn_of(picture)[1].full_steps
    if task == "enlarge":
        width, height = round(ENLARGED * width), round(ENLARGED * height)
    return RoundArguments(picture.prompt, 1, picture.seed, settings, width, height)
