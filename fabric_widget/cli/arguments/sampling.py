"""The options of commands that draw pictures: how many, how, with which pipeline. Nothing heavy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fabric_widget.cli.arguments.values import STEPS, guidance, integer, span
from fabric_widget.evaluation.study.settings import DEMO, SEEDS, THREADS

if TYPE_CHECKING:
    import argparse

PIPELINE: dict[str, Any] = {
    "default": DEMO,
    "metavar": "PATH_OR_ID",
    "help": "a folder that diffusers saved, or a name on the Hugging Face Hub (default: "
    "%(default)s, the model that ships)",
}
"""What an argument that names a pipeline looks like."""


def add_counts(command: argparse.ArgumentParser, *counts: tuple[str, range, int, str]) -> None:
    """Add options for numbers: of each the name, the range, the default, and what it counts."""
    for name, allowed, default, meaning in counts:
        command.add_argument(
            f"--{name}",
            type=integer(allowed),
            default=default,
            metavar="N",
            help=f"{meaning}, {span(allowed)} (default: %(default)s)",
        )


def add_sampling(
    command: argparse.ArgumentParser, *, seed: str, steps: str, guidance_note: str = ""
) -> None:
    """Add seed, steps and guidance.

    Parameters
    ----------
    command
        Gets the options.
    seed
        What the seed is of.
    steps
        How many there are by default.
    guidance_note
        What else is to be known about the guidance scale.
    """
    command.add_argument(
        "--seed",
        type=integer(SEEDS),
        default=0,
        metavar="N",
        help=f"{seed} (default: %(default)s)",
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
        help=f"guidance scale{guidance_note} (default: what the model recommends)",
    )


def add_hardware(command: argparse.ArgumentParser, threads_note: str = "") -> None:
    """Add device and threads; `threads_note` is what else is to be known about threads."""
    command.add_argument(
        "--device", metavar="NAME", help="cpu or cuda (default: cuda if it is there)"
    )
    command.add_argument(
        "--threads",
        type=integer(THREADS),
        default=1,
        metavar="N",
        help=f"threads of torch on the CPU{threads_note} (default: %(default)s)",
    )
