"""More like one picture: every picture follows it alone, each in another way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fabric_widget.engine.errors import BadReference
from fabric_widget.engine.generated_image import GeneratedImage
from fabric_widget.engine.plans.explore import Explore
from fabric_widget.engine.votes.votes import read_votes

if TYPE_CHECKING:
    from fabric_widget.engine.plans.recipe import Recipe
    from fabric_widget.engine.votes.votes import Votes


@dataclass(frozen=True)
class MoreLike:
    """The ways of `Explore` with one picture as the only reference, whatever was voted.

    Of four pictures one stays close, one takes the colors, one the form, and one is a variation: it
    shares half of the start noise.

    Parameters
    ----------
    picture
        What every picture follows.
    variety
        How far they go from it, as for `Explore`.

    Raises
    ------
    BadReference
        `picture` is no generated image.
    ValueError
        `variety` is out of range.
    """

    picture: GeneratedImage
    variety: float = 0.5

    def __post_init__(self) -> None:
        """Check picture and dial."""
        if not isinstance(self.picture, GeneratedImage):
            message = (
                f"picture is a {type(self.picture).__name__}: give a generated image; for others "
                "use liked=[picture]"
            )
            raise BadReference(message)
        Explore(self.variety)

    def recipes(self, votes: Votes, num_images: int, seed: int) -> tuple[Recipe, ...]:
        """Return a recipe for each picture."""
        del votes
        made = Explore(self.variety).recipes(read_votes([self.picture], []), num_images, seed)
        # A picture whose start noise is not known has no variations: those stay close to it too.
        return tuple(recipe if recipe.sources else made[0] for recipe in made)
