"""A progress bar, and what a command keeps when Ctrl-C ends it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from tqdm import tqdm

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType
    from typing import Self

T = TypeVar("T")


def until_interrupted(items: Iterable[T]) -> list[T]:
    """Return all items, or on Ctrl-C those that were finished before it."""
    finished: list[T] = []
    with suppress(KeyboardInterrupt):
        for item in items:
            finished.append(item)  # noqa: PERF402  (a list made at once would be lost)
    return finished


def hide_library_bars() -> None:
    """Turn off the progress bars of diffusers and transformers: ours is the only one shown."""
    import diffusers
    import transformers

    diffusers.utils.logging.disable_progress_bar()
    transformers.utils.logging.disable_progress_bar()


class Bar:
    """A progress bar. The number of steps may change while it is shown."""

    def __init__(self, words: str = "loading the model", *, quiet: bool) -> None:
        self._bar = tqdm(
            desc=words,
            unit="step",
            disable=quiet,
            dynamic_ncols=True,
            bar_format="{desc:<30} {percentage:3.0f}% |{bar}| {elapsed} < {remaining}",
            total=1,
        )

    def __enter__(self) -> Self:
        """Show the bar."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave the bar as it stands."""
        self._bar.close()

    def show(self, words: str, done: int, total: int) -> None:
        """Show that `done` of `total` steps are finished."""
        if self._bar.total != total:
            self._bar.reset(total)  # also restarts the clock: loading is no measure of a step
        self._bar.set_description_str(words, refresh=False)
        self._bar.update(done - self._bar.n)
