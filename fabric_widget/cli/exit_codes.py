"""How a command ends: its exit codes, and how it prints an error."""

from __future__ import annotations

import sys

from fabric_widget.cli.arguments.program import PROGRAM

USAGE = 2
"""Exit code of a command whose options cannot be met, as argparse gives it."""
INTERRUPTED = 130
"""Exit code of a command that was ended by Ctrl-C, as shells report it."""


def refuse(command: str, error: object, code: int = USAGE) -> int:
    """Print an error of a command and return its exit code."""
    print(f"{PROGRAM} {command}: error: {error}", file=sys.stderr)
    return code
