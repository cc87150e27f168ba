"""Tastes: LoRAs that were learnt from votes, as the widget lists, uses and gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fabric_widget.widget.saving.switch import jpeg
from fabric_widget.widget.state.serialize import name_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from fabric_widget.lora.shelf import Kept
    from fabric_widget.session import Session
    from fabric_widget.widget.jobs.context import WidgetContext


class Tastes:
    """The tastes of the person that the pipeline at hand can follow.

    Parameters
    ----------
    context
        What the widget's parts share.
    act
        Changes the session, and tells it.
    """

    def __init__(
        self,
        context: WidgetContext,
        *,
        act: Callable[[Callable[[Session], str | None]], str],
    ) -> None:
        self._lazy_session = context.lazy_session
        self._act = act

    def kept(self) -> list[Kept]:
        """Return those that are kept on this machine, by their names."""
        from fabric_widget.engine.pipeline.denoiser import Denoiser
        from fabric_widget.lora import shelf

        fabric: Any = self._lazy_session.load().fabric
        pipe = getattr(getattr(fabric, "fabric", fabric), "pipe", None)  # of the first pass
        if pipe is None:
            return []
        model = Denoiser(pipe).model
        return [one for one in shelf.listed() if one.fits(model)]

    def told(self) -> tuple[list[dict[str, Any]], list[bytes]]:
        """Return them as the front end lists them, and their small pictures in that order."""
        rows, thumbs = [], []
        for kept in self.kept():
            small = [jpeg(image) for image in kept.pictures()]
            thumbs += small
            prompt = str(kept.about.get("prompt", ""))
            row = {"id": name_of(kept.digest), "name": kept.name, "prompt": prompt}
            rows.append({**row, "thumbs": len(small)})
        return rows, thumbs

    def use(self, name: str, strength: float | None = None) -> None:
        """Use a taste in the rounds to come, or another strength of it; 0 takes it off.

        Parameters
        ----------
        name
            What it is called, or its name in messages.
        strength
            0 … 2; by default 1.

        Raises
        ------
        ValueError
            There is none of this name for this pipeline, or the strength is out of range.
        """
        from fabric_widget.engine import FabricError
        from fabric_widget.lora import shelf

        session = self._lazy_session.load()
        used = [use.name for use in session.lora_uses if name in (use.name, name_of(use.digest))]
        given: Any = used[0] if used else None
        try:
            if given is None:
                given = shelf.kept(self._named(name).digest)
            self._act(lambda session: session.use_lora(given, strength))
        except FabricError as error:  # a damaged file
            raise ValueError(str(error)) from error

    def delete(self, name: str) -> None:
        """Delete a taste; the session no longer uses it.

        Raises
        ------
        ValueError
            There is none of this name.
        OSError
            It cannot be deleted.
        """
        from fabric_widget.lora import shelf

        kept = self._named(name)
        if any(use.digest == kept.digest for use in self._lazy_session.load().lora_uses):
            self.use(name, 0)
        shelf.remove(kept.digest)

    def file(self, name: str) -> tuple[str, bytes]:
        """Return the file of a taste: what it is called, and its bytes.

        Raises
        ------
        ValueError
            There is none of this name.
        OSError
            It cannot be read.
        """
        kept = self._named(name)
        return f"{kept.name}{kept.path.suffix}", kept.path.read_bytes()

    def _named(self, name: str) -> Kept:
        for one in self.kept():
            if name in (one.name, name_of(one.digest)):
                return one
        there = ", ".join(repr(one.name) for one in self.kept()) or "none"
        message = f"there is no taste {name!r} for this pipeline; there are: {there}"
        raise ValueError(message)
