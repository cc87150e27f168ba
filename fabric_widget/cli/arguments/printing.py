"""The options of what a command prints. Imports nothing heavy."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


def add_printing(command: argparse.ArgumentParser) -> None:
    """Add the options of commands that print a table."""
    command.add_argument(
        "--json", action="store_true", help="print one line of JSON instead of a table"
    )
    add_quiet(command)


def add_quiet(command: argparse.ArgumentParser) -> None:
    """Add the option that hides the progress bar."""
    command.add_argument("--quiet", action="store_true", help="show no progress")
