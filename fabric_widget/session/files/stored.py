"""Pictures that are read from a saved session when somebody looks at them.

What identifies them, and their size, is known without reading. What was read is kept, until it is
put back where room is short.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from PIL import Image

from fabric_widget.engine import GeneratedImage
from fabric_widget.session.files import pictures
from fabric_widget.session.files.errors import told

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import torch

    from fabric_widget.engine import Trajectory
    from fabric_widget.session.files.pictures import Facts
    from fabric_widget.session.files.source import Source
    from fabric_widget.session.votes import Picture


@dataclass(frozen=True)
class Kept:
    """Where the files of a picture are, and what is known of them.

    Parameters
    ----------
    source
        The session that has them.
    name
        Id of the picture.
    facts
        What the session says of it.
    noted
        Called with the name when some of it was read, if somebody counts what is in memory.
    """

    source: Source
    name: str
    facts: Facts
    noted: Callable[[str], object] | None = field(default=None, compare=False)

    @property
    def png(self) -> bytes:
        """The file of its pixels."""
        return self.source.read(pictures.png_name(self.name))

    @property
    def tensors(self) -> bytes:
        """The file of its latents."""
        return self.source.read(pictures.tensors_name(self.name))

    def note(self) -> None:
        """Say that some of it was read."""
        if self.noted is not None:
            self.noted(self.name)

    def image(self) -> Image.Image:
        """Return the picture, read and checked."""
        with told(self.source.place, pictures.png_name(self.name)):
            return pictures.decode(self.png, self.facts)

    def latents(self) -> tuple[torch.Tensor, Trajectory | None]:
        """Return latents and trajectory, read and checked."""
        with told(self.source.place, pictures.tensors_name(self.name)):
            return pictures.read_tensors(self.tensors, self.name, self.facts)


class StoredPicture(Image.Image):
    """A picture of known size whose pixels are read when they are first needed."""

    kept: Kept | None = None

    def __init__(self, kept: Kept) -> None:
        super().__init__()
        self._size = kept.facts.size
        self._mode = kept.facts.mode
        self.kept = kept

    def load(self) -> Any:  # noqa: ANN401  (as Pillow has it)
        """Read the pixels; from then on this is a picture like any other."""
        if self.kept is not None and type(self) is StoredPicture:
            self.im = self.kept.image().im
            self.__class__ = Image.Image  # type: ignore[assignment]
            self.kept.note()
        return Image.Image.load(self)

    def __reduce_ex__(self, protocol: Any) -> Any:  # noqa: ANN401  (as pickle has it)
        """Read the pixels: what is pickled or copied does not need the session any more."""
        self.load()
        return self.__reduce_ex__(protocol)

    def __eq__(self, other: object) -> bool:
        """Compare the pixels, as Pillow does."""
        if isinstance(other, StoredPicture):
            other.load()
        self.load()
        return bool(self == other)

    __hash__ = None  # type: ignore[assignment]  # as Pillow has it: pixels can be changed


class StoredImage(GeneratedImage):
    """A generated image whose latents and trajectory are read when they are first needed."""

    kept: Kept | None = None

    def __getattribute__(self, name: str) -> Any:  # noqa: ANN401  (any attribute)
        """Return an attribute, read if it was not yet."""
        value = super().__getattribute__(name)
        if not isinstance(value, Kept) or name == "kept":
            return value
        read = dict(zip(("latents", "trajectory"), value.latents(), strict=True))
        for known, tensors in read.items():
            object.__setattr__(self, known, tensors)
        value.note()  # which may put it back at once
        return read[name]

    def __reduce__(self) -> Any:  # noqa: ANN401  (as pickle has it)
        """Read all of it: what is pickled or copied does not need the session any more."""
        return GeneratedImage, tuple(getattr(self, one.name) for one in fields(GeneratedImage))


def stored(kept: Kept, making: Mapping[str, Any] | None) -> Picture:
    """Return a picture that is read later.

    Parameters
    ----------
    kept
        Where it is.
    making
        Prompt, seed and settings of a generated image; None for an upload.
    """
    shown = StoredPicture(kept)
    if making is None:
        return shown
    unread: Any = kept
    image = StoredImage(
        shown, unread, making["seed"], making["prompt"], making["settings"], kept.name, unread
    )
    object.__setattr__(image, "kept", kept)
    return image


def put_back(image: GeneratedImage, kept: Kept) -> None:
    """Let a generated image go that is on disk: it is read again when somebody looks at it."""
    unread: Any = kept
    object.__setattr__(image, "__class__", StoredImage)
    for name, value in (
        ("kept", kept),
        ("latents", unread),
        ("trajectory", unread),
        ("image", StoredPicture(kept)),
    ):
        object.__setattr__(image, name, value)


def kept_of(picture: Picture) -> Kept | None:
    """Return where a picture was read from, if it was."""
    found = vars(picture).get("kept")
    return found if isinstance(found, Kept) else None
