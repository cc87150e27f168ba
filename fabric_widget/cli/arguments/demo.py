"""The options of the commands demo and tastes."""

from __future__ import annotations

import argparse

from fabric_widget.cli.arguments.program import PROGRAM
from fabric_widget.cli.arguments.rounds import add_rounds
from fabric_widget.cli.arguments.values import COUNTS, attributes, folder, integer, span, taste
from fabric_widget.evaluation.people.options import AT_A_GLANCE

# No picture of its first round has it, so that one can see votes find it.
DEFAULT_TASTE = "yellow triangular monster"


def add_demo(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    command = commands.add_parser(
        "demo",
        help="watch feedback work on real pictures, without a notebook",
        description="""\
A simulated person with a hidden taste says little, likes the best and dislikes
the worst picture of each round. Writes demo.png and demo.html, which show every
round beside the same seeds without feedback, and prints what was measured.""",
        epilog=f"""examples:
  {PROGRAM} demo
  {PROGRAM} demo --taste "sad blue fish on a yellow background" --rounds 5
  {PROGRAM} demo --images 8 --seed 7 --json | python -m json.tool""",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument(
        "--taste",
        type=taste,
        default=DEFAULT_TASTE,
        help="what the person wants and does not say, in the demo's words (default: %(default)s)",
    )
    command.add_argument(
        "--prompt", default="", help='what the person says (default: the kind alone, "a monster")'
    )
    add_rounds(command)
    command.add_argument(
        "--out",
        type=folder,
        default="out",
        metavar="FOLDER",
        help="where demo.png and demo.html go (default: %(default)s)",
    )


def add_tastes(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    command = commands.add_parser(
        "tastes",
        help="measure how much nearer feedback comes, over many random tastes",
        description="""\
Lets a simulated person look for each of many random tastes, and compares the
last round with that of the same seeds without feedback: mean distances, and how
much nearer feedback came, with a bootstrap 95%% interval.""",
        epilog=f"""examples:
  {PROGRAM} tastes
  {PROGRAM} tastes --about size,mood,accessory
  {PROGRAM} tastes --count 50 --rounds 5 --json | python -m json.tool""",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument(
        "--count",
        type=integer(COUNTS),
        default=20,
        metavar="N",
        help=f"how many tastes, {span(COUNTS)} (default: %(default)s)",
    )
    command.add_argument(
        "--about",
        type=attributes,
        default=",".join(AT_A_GLANCE),
        metavar="NAMES",
        help="what tastes may name beside the kind, separated by commas (default: %(default)s, "
        "which one sees at a glance; there are size, mood, accessory and eyes, too)",
    )
    add_rounds(command)
