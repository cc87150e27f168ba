"""The options of the command pipelines."""

from __future__ import annotations

import argparse

from fabric_widget.cli.arguments.printing import add_quiet
from fabric_widget.cli.arguments.program import PROGRAM
from fabric_widget.cli.arguments.values import STEPS, integer


def add_pipelines(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    command = commands.add_parser(
        "pipelines",
        help="try feedback with every family of pipelines, or with one of your own",
        description="""\
Makes a tiny pipeline of every family that diffusers has, with random weights, and
measures what feedback does to it: in how many attention layers it acts, whether
weight 0 is the plain pipeline to the bit, whether feedback changes the picture,
and whether the pipeline is as it was afterwards. Nothing is downloaded, unless
--pipeline names something that is not there. The exit code is 0 if all is well.""",
        epilog=f"""examples:
  {PROGRAM} pipelines
  {PROGRAM} pipelines flux "SD 1" --json | python -m json.tool
  {PROGRAM} pipelines --pipeline stable-diffusion-v1-5/stable-diffusion-v1-5""",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help="a family, or a part of the names of several (default: all)",
    )
    command.add_argument(
        "--pipeline",
        metavar="PATH_OR_ID",
        help="try this one instead: a folder that diffusers saved, or a name on the Hugging Face "
        "Hub; on the GPU if there is one",
    )
    command.add_argument(
        "--steps",
        type=integer(STEPS),
        default=4,
        metavar="N",
        help="denoising steps for --pipeline (default: %(default)s)",
    )
    form = command.add_mutually_exclusive_group()
    form.add_argument(
        "--json", action="store_true", help="print one line of JSON, an array, instead of a table"
    )
    form.add_argument(
        "--markdown", action="store_true", help="print the tables of docs/pipelines.md"
    )
    add_quiet(command)
