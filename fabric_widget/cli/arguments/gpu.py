"""The options of the command gpu."""

from __future__ import annotations

import argparse

from fabric_widget.cli.arguments.printing import add_printing
from fabric_widget.cli.arguments.program import PROGRAM
from fabric_widget.cli.arguments.values import folder, integer

GROUPS = ("kernels", "laws", "memory", "shapes", "placement", "rounds")
LIMIT, SMOKE_LIMIT = 480, 60  # seconds
_SECONDS = range(1, 86401)


def add_gpu(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    command = commands.add_parser(
        "gpu",
        help="check on a GPU that all of it holds, and what it costs at real sizes",
        description="""\
Asks a GPU, the most important first: is the gate exact with each attention kernel; do
families of pipelines obey the laws in half precision; does a round come back from running
out of memory; what does feedback cost at real sizes, with random weights; do offloaded,
compiled and quantized pipelines obey. Needs no network. Writes gpu.json and gpu.html anew
after each check, so that a run that is killed keeps what it had.""",
        epilog=f"""groups: {", ".join(GROUPS)}

examples:
  {PROGRAM} gpu --smoke
  {PROGRAM} gpu
  {PROGRAM} gpu --continue
  {PROGRAM} gpu --only kernels laws --limit 120
  {PROGRAM} gpu --dry

A dry run asks the same of the CPU with tiny shapes; what takes a GPU is asked in its
nearest form, and said so.""",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("--dry", action="store_true", help="run on the CPU, with tiny shapes")
    command.add_argument(
        "--smoke", action="store_true", help="a few checks of each group, in a minute"
    )
    command.add_argument(
        "--limit",
        type=integer(_SECONDS),
        metavar="SECONDS",
        help="what would take longer than is left is named as not run "
        f"(default: {LIMIT}, and {SMOKE_LIMIT} with --smoke)",
    )
    command.add_argument(
        "--only", nargs="+", choices=GROUPS, metavar="GROUP", help="groups of checks to run"
    )
    command.add_argument(
        "--continue",
        dest="resumed",
        action="store_true",
        help="keep what the folder holds, and run what it has no answer to",
    )
    command.add_argument("--list", action="store_true", help="name the checks and run none")
    command.add_argument("--device", help="cuda, cuda:1, … (default: the first GPU)")
    command.add_argument(
        "--out",
        type=folder,
        default="out",
        metavar="FOLDER",
        help="where gpu.json and gpu.html go (default: %(default)s)",
    )
    add_printing(command)
