"""The options of every command that makes rounds. Imports nothing heavy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fabric_widget.cli.arguments.printing import add_printing
from fabric_widget.cli.arguments.values import STEPS, guidance, integer, span
from fabric_widget.evaluation.people.options import IMAGES, ROUNDS
from fabric_widget.evaluation.study.settings import SEEDS

if TYPE_CHECKING:
    import argparse


def add_rounds(command: argparse.ArgumentParser, steps: str = "what the model recommends") -> None:
    """Add the options of every command that makes rounds."""
    for name, allowed, default, meaning in (
        ("rounds", ROUNDS, 3, "how many rounds"),
        ("images", IMAGES, 4, "how many pictures a round"),
    ):
        command.add_argument(
            f"--{name}",
            type=integer(allowed),
            default=default,
            metavar="N",
            help=f"{meaning}, {span(allowed)} (default: %(default)s)",
        )
    command.add_argument(
        "--seed",
        type=integer(SEEDS),
        default=0,
        metavar="N",
        help="seed of the first picture, and of random tastes (default: %(default)s)",
    )
    command.add_argument(
        "--steps",
        type=integer(STEPS),
        metavar="N",
        help=f"denoising steps (default: {steps})",
    )
    command.add_argument(
        "--guidance",
        type=guidance,
        metavar="X",
        help="guidance scale; dislikes need more than 1 (default: what the model recommends)",
    )
    add_printing(command)
