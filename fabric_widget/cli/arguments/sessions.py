"""The options of the commands replay and export."""

from __future__ import annotations

import argparse
from pathlib import Path

from fabric_widget.cli.arguments.printing import add_printing
from fabric_widget.cli.arguments.program import PROGRAM
from fabric_widget.cli.arguments.sampling import PIPELINE
from fabric_widget.cli.arguments.values import folder, integer, span
from fabric_widget.evaluation.study.settings import THREADS


def add_replay(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    command = commands.add_parser(
        "replay",
        help="make every picture of a saved session again, and say which are the same",
        description="""\
Makes every picture of a saved session once more, drafts, finished and enlarged ones
alike, with the seeds, settings and votes that are in the file, and compares them. Says
first what is different now: pipeline, weights, device, precision, libraries. The exit
code is 0 if all pictures are the same to the bit, and 1 if not.""",
        epilog=f"""examples:
  {PROGRAM} replay cats.fabric
  {PROGRAM} replay cats.fabric --model stable-diffusion-v1-5/stable-diffusion-v1-5
  {PROGRAM} replay cats.fabric --out again --json | python -m json.tool""",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_session(command)
    command.add_argument("--model", **PIPELINE)
    command.add_argument(
        "--device", metavar="NAME", help="cpu or cuda (default: cuda if it is there)"
    )
    command.add_argument(
        "--threads",
        type=integer(THREADS),
        metavar="N",
        help=f"threads of torch on the CPU, {span(THREADS)} (default: as many as the session had)",
    )
    command.add_argument(
        "--out", type=folder, metavar="FOLDER", help="write the pictures made now there, as PNG"
    )
    add_printing(command)


def add_export(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    command = commands.add_parser(
        "export",
        help="write a saved session as a page, as pictures or as Python code",
        description="""\
Writes a saved session for people who have no kernel. The name says how: story.html is
one page with all pictures, prompts and votes, and no script; story.py is Python code that
makes the session again; a name without a suffix is a folder of PNGs with a line of JSON
about each. No model is loaded.""",
        epilog=f"""examples:
  {PROGRAM} export cats.fabric story.html
  {PROGRAM} export cats.fabric story.py
  {PROGRAM} export cats.fabric pictures""",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_session(command)
    command.add_argument("place", type=Path, metavar="PLACE", help="the file or folder to write")
    command.add_argument(
        "--kind", choices=("page", "pictures", "code"), help="if the name does not say it"
    )


def _add_session(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "session", type=Path, metavar="SESSION", help="a .fabric file, or a folder of a session"
    )
