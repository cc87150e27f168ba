"""Pictures that are read from a saved session when somebody looks at them.

What identifies them, and their size, is known without reading. What was read is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PIL import Image

from fabric_widget.engine import GeneratedImage
from fabric_widget.session.files import pictures
from fabric_widget.session.files.errors import told

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    """

    source: Source
    name: str
    facts: Facts

    @property
    def png(self) -> bytes:
        """The file of its pixels."""
        return self.source.read(pictures.png_name(self.name))

    @property
    def tensors(self) -> bytes:
        """The file of its latents."""
        return self.source.read(pictures.tensors_name(self.name))

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
        return Image.Image.load(self)

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
        latents, trajectory = value.latents()
        object.__setattr__(self, "latents", latents)
        object.__setattr__(self, "trajectory", trajectory)
        return super().__getattribute__(name)


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


def kept_of(picture: Picture) -> Kept | None:
    """Return where a picture was read from, if it was."""
    found = vars(picture).get("kept")
    return found if isinstance(found, Kept) else None
