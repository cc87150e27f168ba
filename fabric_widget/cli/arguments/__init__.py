"""The parser of the command line. Imports nothing heavy.

demo       options of demo and tastes
evaluate   options of evaluate
pipelines  options of pipelines
bench      options of bench
gpu        options of gpu
aspects    options of aspects
sessions   options of replay and export
rounds     options of commands that make rounds
sampling   options of commands that draw pictures: counts, seed, steps, pipeline
printing   options of what is printed
values     parsers of the values of options
program    the name of the command line
"""

from __future__ import annotations

import argparse

from fabric_widget import __version__
from fabric_widget.cli.arguments.aspects import add_aspects
from fabric_widget.cli.arguments.bench import add_bench
from fabric_widget.cli.arguments.demo import DEFAULT_TASTE, add_demo, add_tastes
from fabric_widget.cli.arguments.evaluate import add_evaluate
from fabric_widget.cli.arguments.gpu import add_gpu
from fabric_widget.cli.arguments.pipelines import add_pipelines
from fabric_widget.cli.arguments.program import PROGRAM
from fabric_widget.cli.arguments.sessions import add_export, add_replay
from fabric_widget.demo import training

__all__ = ["DEFAULT_TASTE", "PROGRAM", "build_parser"]


def build_parser() -> argparse.ArgumentParser:
    """Return the parser; parsed arguments carry their command as `command`."""
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Like and dislike pictures; the next ones come closer to what you meant.",
        epilog=f"Help on a command: {PROGRAM} demo --help",
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    add_demo(commands)
    add_tastes(commands)
    add_evaluate(commands)
    add_pipelines(commands)
    add_bench(commands)
    add_gpu(commands)
    add_aspects(commands)
    add_replay(commands)
    add_export(commands)
    _add_train_demo(commands)
    return parser


def _add_train_demo(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser(
        "train-demo",
        help="make the demo model again from nothing",
        description="Makes the demo model again from nothing, on a CPU or an accelerator. Run it "
        "again to resume.",
    )
    training.add_arguments(command)
