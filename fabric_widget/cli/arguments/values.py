"""Parse the values of options, with errors that say what is wrong. Imports nothing heavy."""

from __future__ import annotations

import argparse
import math
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from fabric_widget.evaluation.people.tastes import Taste

STEPS = range(1, 1001)
COUNTS = range(1, 1001)


def span(allowed: range) -> str:
    """Return the limits of a range in words."""
    return f"{allowed[0]} to {allowed[-1]}"


def integer(allowed: range) -> Callable[[str], int]:
    """Return a parser of whole numbers in a range."""

    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = None
        if value is None or value not in allowed:
            message = f"{text!r} is not a whole number from {span(allowed)}"
            raise argparse.ArgumentTypeError(message)
        return value

    return parse


def guidance(text: str) -> float:
    """Read a guidance scale."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:  # NaN fails too
        message = f"{text!r} is not a number of 0 or more"
        raise argparse.ArgumentTypeError(message)
    return value


def taste(text: str) -> Taste:
    """Read a taste in the demo's words."""
    from fabric_widget.evaluation.people.tastes import Taste

    try:
        return Taste.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def attributes(text: str) -> tuple[str, ...]:
    """Read the names of attributes."""
    from fabric_widget.evaluation.people.tastes import sample_tastes

    names = tuple(name.strip() for name in text.split(","))
    try:
        sample_tastes(0, about=names)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return names


def names(text: str) -> tuple[str, ...]:
    """Read names separated by commas, each once."""
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    if not all(names):
        message = f"{text!r} has an empty name: give names separated by single commas"
        raise argparse.ArgumentTypeError(message)
    return names


def file(text: str) -> Path:
    """Read the path of a file."""
    if not Path(text).is_file():
        message = f"there is no file {text!r}"
        raise argparse.ArgumentTypeError(message)
    return Path(text)


def folder(text: str) -> Path:
    """Return a folder that can be written to or made, without making it yet."""
    folder = Path(text)
    there = folder.absolute()
    while not there.exists():
        there = there.parent
    if not there.is_dir():
        message = f"{text!r} cannot be a folder: {str(there)!r} is a file"
        raise argparse.ArgumentTypeError(message)
    if not os.access(there, os.W_OK | os.X_OK):
        message = f"{text!r} cannot be written: no permission in {str(there)!r}"
        raise argparse.ArgumentTypeError(message)
    return folder
