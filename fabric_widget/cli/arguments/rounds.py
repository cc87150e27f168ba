"""The options of every command that makes rounds. Imports nothing heavy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fabric_widget.cli.arguments.printing import add_printing
from fabric_widget.cli.arguments.sampling import add_counts, add_sampling
from fabric_widget.evaluation.people.options import IMAGES, ROUNDS

if TYPE_CHECKING:
    import argparse


def add_rounds(command: argparse.ArgumentParser, steps: str = "what the model recommends") -> None:
    """Add the options of every command that makes rounds."""
    add_counts(
        command,
        ("rounds", ROUNDS, 3, "how many rounds"),
        ("images", IMAGES, 4, "how many pictures a round"),
    )
    add_sampling(
        command,
        seed="seed of the first picture, and of random tastes",
        steps=steps,
        guidance_note="; dislikes need more than 1",
    )
    add_printing(command)
