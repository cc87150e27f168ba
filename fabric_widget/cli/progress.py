"""What commands that make pictures share: the demo model and a progress bar."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tqdm import tqdm

if TYPE_CHECKING:
    import argparse
    from types import TracebackType
    from typing import Self

    from fabric_widget.demo.reader import Reader
    from fabric_widget.engine import Fabric


def load_model() -> tuple[Fabric, Reader]:
    """Load the demo model and its reader; our bar is the only one that shows."""
    import diffusers
    import transformers

    from fabric_widget.demo import load_demo
    from fabric_widget.demo.reader import load_reader
    from fabric_widget.engine import Fabric

    diffusers.utils.logging.disable_progress_bar()
    transformers.utils.logging.disable_progress_bar()
    return Fabric(load_demo()), load_reader()


def pipeline_arguments(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the pipeline's arguments that were given."""
    given = {"num_inference_steps": arguments.steps, "guidance_scale": arguments.guidance}
    return {name: value for name, value in given.items() if value is not None}


class Bar:
    """A progress bar over all steps of all grids, which learns their number on the way."""

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
        """Tell that `done` of `total` steps are finished."""
        if self._bar.total != total:
            self._bar.reset(total)  # loading says nothing of how long a step takes
        self._bar.set_description_str(words, refresh=False)
        self._bar.update(done - self._bar.n)
