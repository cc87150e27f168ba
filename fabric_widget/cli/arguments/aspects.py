"""The options of the command aspects."""

from __future__ import annotations

import argparse

from fabric_widget.cli.arguments.printing import add_printing
from fabric_widget.cli.arguments.program import PROGRAM
from fabric_widget.cli.arguments.sampling import (
    PIPELINE,
    add_counts,
    add_hardware,
    add_sampling,
)
from fabric_widget.cli.arguments.values import folder
from fabric_widget.evaluation.aspects.settings import PICTURES, REFERENCES, Settings
from fabric_widget.evaluation.study.settings import DEMO_STEPS


def add_aspects(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    command = commands.add_parser(
        "aspects",
        help='measure what "colors" and "form" mean on a pipeline',
        description="""\
Draws pictures with one reference liked that lends in one cell only, a group of
attention layers at a third of the steps, beside nothing borrowed and everything.
How far they come to its colors, and how far to its form, says what the cell is
for; from all cells follow the weights of both aspects. Keeps them for
Fabric(pipe, aspects="measured"). Prints a table; writes aspects.json and
aspects.svg. Ctrl-C ends it early: what was measured is shown and not kept.""",
        epilog=f"""examples:
  {PROGRAM} aspects
  {PROGRAM} aspects --references 24 --json | python -m json.tool
  {PROGRAM} aspects stable-diffusion-v1-5/stable-diffusion-v1-5 \\
      --prompt "a cat" "a house"

Weights are kept in the folder FABRIC_WIDGET_HOME, or else where the system keeps
a user's data.""",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("pipeline", nargs="?", **PIPELINE)
    command.add_argument(
        "--prompt",
        nargs="+",
        metavar="TEXT",
        help="one or more that references take turns with (default: what suits the pipeline)",
    )
    add_counts(
        command,
        ("references", REFERENCES, Settings.references, "how many references"),
        ("images", PICTURES, Settings.pictures, "how many pictures beside each, at once"),
    )
    steps = f"{DEMO_STEPS} on the demo model, else what the pipeline recommends"
    add_sampling(command, seed="of all pictures", steps=steps)
    add_hardware(command)
    command.add_argument(
        "--out",
        type=folder,
        default="out",
        metavar="FOLDER",
        help="where aspects.json and aspects.svg go (default: %(default)s)",
    )
    add_printing(command)
