"""python -m fabric_widget COMMAND: the package without a notebook."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING

from fabric_widget.cli.arguments import build_parser
from fabric_widget.cli.exit_codes import INTERRUPTED, refuse

if TYPE_CHECKING:
    from collections.abc import Sequence

_COMMANDS = {
    "aspects": "fabric_widget.cli.aspects",
    "bench": "fabric_widget.cli.bench",
    "demo": "fabric_widget.cli.demo",
    "evaluate": "fabric_widget.cli.evaluate",
    "export": "fabric_widget.cli.export",
    "gpu": "fabric_widget.cli.gpu",
    "pipelines": "fabric_widget.cli.pipelines",
    "replay": "fabric_widget.cli.replay",
    "tastes": "fabric_widget.cli.tastes",
    "train-demo": "fabric_widget.demo.training",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code.

    Parameters
    ----------
    argv
        The command and its options; by default those of the process.
    """
    arguments = build_parser().parse_args(argv)
    # Their remarks on what else could be installed would tear the progress bar.
    for library in ("DIFFUSERS", "TRANSFORMERS"):
        os.environ.setdefault(f"{library}_VERBOSITY", "error")
    try:
        run = import_module(_COMMANDS[arguments.command]).run
        code: int = run(arguments)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except OSError as error:  # a disk that is full, a model that was not installed
        return refuse(arguments.command, error, 1)
    return code


if __name__ == "__main__":
    sys.exit(main())
