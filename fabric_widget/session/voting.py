"""Voting: a timeline whose states hold votes on pictures.

It knows every picture and every part that was ever named, so that what was taken back can be said
again. How votes become pictures is left to the session.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from fabric_widget.engine import BadReference, Vote
from fabric_widget.session.timeline import Timeline
from fabric_widget.session.votes import drawn_parts, key_of, read_key, read_vote, strengths_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fabric_widget.engine.votes.parts import Part
    from fabric_widget.session.history import History
    from fabric_widget.session.state import State, Turn
    from fabric_widget.session.votes import Picture
    from fabric_widget.session.votes import Vote as _Vote


class Voting(Timeline):
    """Likes and dislikes, and what they are about.

    Parameters
    ----------
    start
        The first state.
    """

    def __init__(self, start: State) -> None:
        super().__init__(start)
        self._pictures: dict[str, Picture] = {}
        self._parts: dict[str, Part] = {}

    @property
    def pictures(self) -> Mapping[str, Picture]:
        """Every picture that the session has met, by id; also those of acts taken back."""
        return MappingProxyType(self._pictures)

    @property
    def votes(self) -> tuple[tuple[Picture, float], ...]:
        """Pictures with their signed strengths, liked above 0, the newest vote last."""
        return tuple((vote.image, vote.strength) for vote in self._history.present.votes)

    @property
    def parts(self) -> Mapping[str, Part]:
        """Every box and mask that the session has met, by name; also those of acts taken back."""
        return MappingProxyType(self._parts)

    @property
    def strengths(self) -> dict[str, float]:
        """Signed strengths of the votes by what they are about, the newest vote last.

        That is a picture's id; then, after colons, the aspect and the part, if not everything of
        the whole picture counts: "0a1b…", "0a1b…:colors", "0a1b…:colors:subject".
        """
        return strengths_of(self._history.present.votes)

    @property
    def liked(self) -> tuple[tuple[Picture, float], ...]:
        """Liked pictures with their strengths, more than 0 and up to 2, the newest last."""
        return self._history.present.liked

    @property
    def disliked(self) -> tuple[tuple[Picture, float], ...]:
        """Disliked pictures with their strengths, more than 0 and up to 2, the newest last."""
        return self._history.present.disliked

    def like(
        self,
        image: Any,  # noqa: ANN401  (any picture)
        strength: float = 1.0,
        *,
        aspect: str = "all",
        part: Any = None,  # noqa: ANN401  (a name, a box or a mask)
        in_place: bool = True,
    ) -> str:
        """Ask for more like `image`, or like something of it.

        Parameters
        ----------
        image
            A generated image, or any picture: a PIL image, a numpy array, a torch tensor, the path
            of a file (which is read now), its bytes, an open file, a data URL.
        strength
            -2 … 2. A negative like is a dislike; 0 takes the vote back. Of votes about the same
            aspect and part of a picture the newest counts; others stand beside it.
        aspect
            What of the picture counts: "all", its "colors", or its "form".
        part
            Which part of it counts: None for the whole, "subject", "background", a box (left, top,
            right, bottom) in its pixels, or a mask (an "L" image or an array (height, width), above
            0 where the part is).
        in_place
            Whether the part is borrowed only where it stands; otherwise anywhere.

        Returns
        -------
        str
            The picture's id: equal pictures have equal ids.

        Raises
        ------
        BadReference
            `image` is not a picture, or one of the other arguments cannot be used.
        """
        return self._vote(Vote(image, strength, aspect, part, in_place), sign=1)

    def dislike(
        self,
        image: Any,  # noqa: ANN401  (any picture)
        strength: float = 1.0,
        *,
        aspect: str = "all",
        part: Any = None,  # noqa: ANN401  (a name, a box or a mask)
        in_place: bool = True,
    ) -> str:
        """Ask for less like `image`; parameters, result and errors are those of `like`."""
        return self._vote(Vote(image, strength, aspect, part, in_place), sign=-1)

    def vote(self, strengths: Mapping[str, float]) -> None:
        """Replace all votes, as one act.

        Parameters
        ----------
        strengths
            -2 … 2 by what they are about, as in `strengths`, the newest vote last; liked above 0,
            disliked below. What is not named, or has 0, has no vote.

        Raises
        ------
        BadReference
            A picture, an aspect or a part is unknown, or a strength is out of range. No vote was
            changed.
        """
        votes = [
            read_vote(replace(read_key(key, self._pictures, self._parts), strength=value), 1)
            for key, value in strengths.items()
        ]
        self._act(lambda state: state.with_votes(votes))

    def name(
        self,
        image: Any,  # noqa: ANN401  (any picture)
        *,
        aspect: str = "all",
        part: Any = None,  # noqa: ANN401  (a name, a box or a mask)
        in_place: bool = True,
    ) -> str:
        """Return what a vote would be about, as in `strengths`; nobody has voted yet.

        Parameters and errors are those of `like`.
        """
        vote = read_vote(Vote(image, 1.0, aspect, part, in_place), 1)
        self._meet(vote)
        return key_of(vote.id, vote.aspect, vote.part, in_place=vote.in_place)

    def knows(self, key: str) -> bool:
        """Return whether a vote can be about this, as named in `strengths`."""
        try:
            read_key(key, self._pictures, self._parts)
        except BadReference:
            return False
        return True

    def clear(self, image: Any = None) -> None:  # noqa: ANN401  (any picture)
        """Remove the votes on `image`, or all votes.

        Raises
        ------
        BadReference
            `image` is not a picture.
        """
        if image is None:
            self._act(lambda state: state.with_votes(()))
        else:
            named = read_vote(Vote(image, 0.0), 1)
            self._act(lambda state: state.with_votes([v for v in state.votes if v.id != named.id]))

    def restore(self, history: History[State]) -> None:
        """Put a history in the place of the session's own, with every picture and part in it."""
        states, _ = history.line
        with self._lock:
            self._history = history
            turns: tuple[Turn, ...] = ()
            for state in states:
                new, turns = state.turns[len(turns) :], state.turns
                votes = [*(vote for turn in new for vote in turn.votes), *state.votes]
                for vote in votes:
                    self._pictures.setdefault(vote.id, vote.image)
                self._pictures.update((image.id, image) for turn in new for image in turn.round)
                self._parts.update(drawn_parts(votes))

    def _vote(self, said: Vote, *, sign: int) -> str:
        vote = read_vote(said, sign)
        self._meet(vote)
        self._act(lambda state: state.with_vote(vote))
        return vote.id

    def _meet(self, vote: _Vote) -> None:
        with self._lock:
            self._pictures.setdefault(vote.id, vote.image)
            self._parts.update(drawn_parts([vote]))
