"""Messages of the playground and their handlers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fabric_widget.widget.images import encoding
from fabric_widget.widget.jobs import influence_maps
from fabric_widget.widget.messages.schema import Answer, BadMessage, Message, texts, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from PIL import Image

    from fabric_widget.widget.playground.runs import PlaygroundRuns

KNOWN: Mapping[str, Message] = {
    "hello": Message(),
    "run": Message(),
    "cancel": Message(),
    "looks": Message({"level": whole, "part": whole}),
    "upload": Message({"names": texts}, files=True),
    "forget": Message(),
    "poll": Message({"seen": whole}),
    "dismiss": Message(),
}
"""Every type of message that the front end sends. Level and part -1 are the mean over all."""


class PlaygroundMessages:
    """Handles the playground's messages.

    Parameters
    ----------
    runs
        Makes the pictures.
    refer
        Makes a picture the reference, under a name; None for one that the model makes.
    """

    def __init__(
        self, runs: PlaygroundRuns, refer: Callable[[Image.Image | None, str], None]
    ) -> None:
        self._runs = runs
        self._refer = refer

    def _on_hello(self) -> None:
        self._runs.look()

    def _on_run(self) -> None:
        self._runs.ask()

    def _on_cancel(self) -> None:
        self._runs.cancel()

    def _on_looks(self, level: int, part: int) -> Answer:
        result = self._runs.result
        if result is None or result.influence is None:
            message = "nothing was looked at: the reference had no weight"
            raise BadMessage(message)
        wanted = [None if at < 0 else at for at in (level, part)]
        told, data = influence_maps.looks(result.influence, 0, *wanted)
        return Answer(told, [data])

    def _on_upload(self, names: list[str], files: list[bytes]) -> None:
        if not len(names) == len(files) == 1:
            message = f"there are {len(files)} pictures: give one as the reference"
            raise BadMessage(message)
        try:
            self._refer(encoding.read_upload(files[0]), names[0])
        except (ValueError, OSError) as error:
            self._runs.publisher.notice(f"{names[0] or 'The picture'} was not taken: {error}.")
            raise

    def _on_forget(self) -> None:
        self._refer(None, "")

    def _on_poll(self, seen: int) -> None:
        """Send state again from inside a handler: some hosts show nothing else during a job."""
        self._runs.publisher.repeat(seen)

    def _on_dismiss(self) -> None:
        self._runs.publisher.dismiss()
