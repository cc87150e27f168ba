"""Style: votes under a name, to be used with other prompts, in other sessions, by others.

A style's file is that of a session that has votes and no rounds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from fabric_widget import engine
from fabric_widget.session import files
from fabric_widget.session.replay import environment_of
from fabric_widget.session.state import State

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping

    from fabric_widget.session.votes import Vote


@dataclass(frozen=True)
class Style:
    """References with strengths, aspects and parts, under a name.

    It can be given as ``liked`` to a `Fabric`; negative strengths are dislikes.

    Parameters
    ----------
    name
        What it is called.
    votes
        At least one.
    environment
        What its pictures were made with: their latents mean the same to a pipeline with the same
        autoencoder and the same kind of denoiser.

    Raises
    ------
    ValueError
        There is no vote.
    """

    name: str
    votes: tuple[Vote, ...] = field(repr=False)
    environment: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        """Check that there is something to follow."""
        if not self.votes:
            message = f"the style {self.name!r} has no votes: like some pictures first"
            raise ValueError(message)

    def __iter__(self) -> Iterator[engine.Vote]:
        """Yield what is liked, as a `Fabric` of the same latent space takes it."""
        return iter([_said(vote, encoded=True) for vote in self.votes])

    def __len__(self) -> int:
        """Return the number of votes."""
        return len(self.votes)

    def fits(self, fabric: Any) -> bool:  # noqa: ANN401  (a Fabric, a HiRes)
        """Return whether latents of its pictures mean the same to a fabric's pipeline."""
        return bool(_space(self.environment)) and _space(self.environment) == _space(
            environment_of(fabric)
        )

    def on(self, fabric: Any) -> list[engine.Vote]:  # noqa: ANN401  (a Fabric, a HiRes)
        """Return its votes for any fabric: where latents do not fit, pictures are encoded anew."""
        fits = self.fits(fabric)
        return [_said(vote, encoded=fits) for vote in self.votes]

    def save(self, place: str | os.PathLike[str]) -> None:
        """Save the style in one file, such as "ink.fabric-style".

        Raises
        ------
        OSError
            It cannot be written; what was there before is still there.
        """
        state = State(next_seed=0, votes=self.votes)
        files.save_file(
            files.Saved(state, environments=(self.environment,), name=self.name), Path(place)
        )

    @classmethod
    def open(cls, place: str | os.PathLike[str]) -> Self:
        """Return the style of a file; or the votes of a saved session, as a style.

        Raises
        ------
        SessionFileError
            It is damaged, or there is none.
        ValueError
            It has no votes.
        """
        saved = files.open_saved(place)
        environment = saved.environments[-1] if saved.environments else {}
        return cls(saved.name or Path(place).stem, saved.present.votes, environment)


def _said(vote: Vote, *, encoded: bool) -> engine.Vote:
    image = vote.image
    picture = image if encoded or not isinstance(image, engine.GeneratedImage) else image.image
    return engine.Vote(picture, vote.strength, vote.aspect, vote.part, vote.in_place)


def _space(environment: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what a latent space is known by; () where that is not known."""
    weights = environment.get("weights", {})
    autoencoder = weights.get("vae") or weights.get("movq")
    return (autoencoder, str(environment.get("denoiser"))) if autoencoder else ()
