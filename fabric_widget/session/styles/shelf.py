"""StyleShelf: a folder with a person's own styles, each one file."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from fabric_widget import user_folder
from fabric_widget.session.styles.style import Style

if TYPE_CHECKING:
    import os

SUFFIX = ".fabric-style"
MOST = 100
MOST_BYTES = 2 * 10**9
"""Of all styles together."""
_FOLDER = "styles"
_LONGEST_NAME = 60
_SLUG = 40  # letters of a name that stand in the name of its file

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class SavedStyle:
    """A style of a shelf.

    Parameters
    ----------
    name
        What it is called.
    place
        Its file.
    likes, dislikes
        How many votes of each it has.
    """

    name: str
    place: Path
    likes: int
    dislikes: int

    def open(self) -> Style:
        """Return the style.

        Raises
        ------
        SessionFileError
            Its file is gone, or damaged.
        """
        return Style.open(self.place)

    def thumbnails(self, count: int = 3, side: int = 96) -> list[Image.Image]:
        """Return small pictures of what it likes, and then of what it dislikes.

        Parameters
        ----------
        count
            How many at most.
        side
            Of the longer side, in pixels.

        Raises
        ------
        SessionFileError
            A picture of it is damaged.
        """
        ordered = sorted(self.open().votes, key=lambda vote: vote.strength < 0)
        small = []
        for picture in islice({vote.id: vote.image for vote in ordered}.values(), count):
            shown = picture if isinstance(picture, Image.Image) else picture.image
            thumb = shown.convert("RGB")
            thumb.thumbnail((side, side), Image.Resampling.LANCZOS)
            small.append(thumb)
        return small

    def delete(self) -> None:
        """Delete its file. Sessions that use it keep its pictures.

        Raises
        ------
        OSError
            It cannot be deleted.
        """
        self.place.unlink(missing_ok=True)


class StyleShelf:
    """The styles that a person keeps.

    Parameters
    ----------
    folder
        Where they are; by default ``styles`` in the user's folder, which ``FABRIC_WIDGET_HOME``
        moves.
    """

    def __init__(self, folder: str | os.PathLike[str] | None = None) -> None:
        self.folder = user_folder.home() / _FOLDER if folder is None else Path(folder).expanduser()

    def styles(self) -> list[SavedStyle]:
        """Return the styles by their names; files that cannot be read are passed over."""
        found: dict[str, SavedStyle] = {}
        for place in sorted(self.folder.glob(f"*{SUFFIX}")):
            try:
                saved = _saved(place)
            except ValueError as error:
                _logger.info("a style is passed over: %s", error)
                continue
            found.setdefault(saved.name, saved)
        return sorted(found.values(), key=lambda saved: saved.name.casefold())

    def named(self, name: str) -> SavedStyle:
        """Return the style of a name.

        Raises
        ------
        ValueError
            There is none.
        """
        known = {saved.name: saved for saved in self.styles()}
        if name not in known:
            words = ", ".join(known) or "none yet"
            message = f"there is no style {name!r}: the saved styles are {words}"
            raise ValueError(message)
        return known[name]

    def save(self, style: Style, *, replace: bool = False) -> SavedStyle:
        """Keep a style.

        Parameters
        ----------
        style
            Its name has 1 to 60 letters.
        replace
            Whether it may take the place of one of the same name.

        Raises
        ------
        ValueError
            The name cannot be taken, or the shelf is full.
        OSError
            It cannot be written; the styles are as they were.
        """
        checked_name(style.name)
        known = {saved.name: saved for saved in self.styles()}
        if style.name in known and not replace:
            message = (
                f"there is a style {style.name!r} already: give another name, or remove it first"
            )
            raise ValueError(message)
        place = known[style.name].place if style.name in known else self._place(style.name)
        others = [path for path in self.folder.glob(f"*{SUFFIX}") if path != place]
        if len(others) >= MOST:
            message = f"{MOST} styles are kept already: remove one first"
            raise ValueError(message)
        if sum(path.stat().st_size for path in others) >= MOST_BYTES:
            message = f"your styles take {MOST_BYTES / 1e9:.0f} GB already: remove one first"
            raise ValueError(message)
        style.save(place)
        return _saved(place)

    def _place(self, name: str) -> Path:
        """Return the file of a style: readable for people, and another for every name."""
        slug = re.sub(r"\W+", "-", name).strip("-")[:_SLUG]
        return self.folder / f"{slug or 'style'}-{sha256(name.encode()).hexdigest()[:8]}{SUFFIX}"


def _saved(place: Path) -> SavedStyle:
    style = Style.open(place)
    dislikes = sum(vote.strength < 0 for vote in style.votes)
    return SavedStyle(style.name, place, len(style) - dislikes, dislikes)


def checked_name(name: str) -> str:
    """Return the name of a style, or raise a ValueError."""
    if not 0 < len(name) <= _LONGEST_NAME or not name.isprintable() or name != name.strip():
        message = f"{name[:_LONGEST_NAME]!r} is no name for a style: give 1 to 60 letters"
        raise ValueError(message)
    return name


def style_of(place: str | os.PathLike[str], name: str) -> Style:
    """Return the style of a file that is called `name`, under a name that a shelf takes.

    Raises
    ------
    SessionFileError
        It is damaged.
    ValueError
        It has no votes.
    """
    style = Style.open(place)
    inside = style.name if style.name != Path(place).stem else Path(name).stem
    cleaned = " ".join(
        "".join(letter if letter.isprintable() else " " for letter in inside).split()
    )
    return Style(cleaned[:_LONGEST_NAME].strip() or "style", style.votes, style.environment)
