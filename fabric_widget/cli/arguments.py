"""The parser of the command line. Imports nothing heavy."""

from __future__ import annotations

import argparse
import math
import os
from pathlib import Path
from typing import TYPE_CHECKING

from fabric_widget import __version__
from fabric_widget.bench.plan import DTYPES, LOADING, MOST_REFERENCES, REFERENCES, TARGETS
from fabric_widget.demo import training
from fabric_widget.evaluation.plan import AT_A_GLANCE, IMAGES, ROUNDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from fabric_widget.evaluation.tastes import Taste

PROGRAM = "python -m fabric_widget"
DEFAULT_TASTE = "green triangular monster"
_STEPS = range(1, 1001)
_COUNTS = range(1, 1001)
_SEEDS = range(2**32)
_PICTURES = range(1, 65)
_LATENTS = range(8, 1025)
_THREADS = range(1, 1025)
_MEBIBYTES = range(2**30)


def build_parser() -> argparse.ArgumentParser:
    """Return the parser; parsed arguments carry their command as `command`."""
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Like and dislike pictures; the next ones come closer to what you meant.",
        epilog=f"Help on a command: {PROGRAM} demo --help",
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_demo(commands)
    _add_tastes(commands)
    _add_pipelines(commands)
    _add_bench(commands)
    _add_train_demo(commands)
    return parser


def _add_demo(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
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
        type=_taste,
        default=DEFAULT_TASTE,
        help="what the person wants and does not say, in the demo's words (default: %(default)s)",
    )
    command.add_argument(
        "--prompt", default="", help='what the person says (default: the kind alone, "a monster")'
    )
    _add_rounds(command)
    command.add_argument(
        "--out",
        type=_folder,
        default="out",
        metavar="FOLDER",
        help="where demo.png and demo.html go (default: %(default)s)",
    )


def _add_tastes(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
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
        type=_integer(_COUNTS),
        default=20,
        metavar="N",
        help=f"how many tastes, {_span(_COUNTS)} (default: %(default)s)",
    )
    command.add_argument(
        "--about",
        type=_attributes,
        default=",".join(AT_A_GLANCE),
        metavar="NAMES",
        help="what tastes may name beside the kind, separated by commas (default: %(default)s, "
        "which one sees at a glance; there are size, mood, accessory and eyes, too)",
    )
    _add_rounds(command)


def _add_pipelines(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
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
        type=_integer(_STEPS),
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
    command.add_argument("--quiet", action="store_true", help="show no progress")


def _add_bench(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser(
        "bench",
        help="measure what feedback costs, beside the plain pipeline and the published way",
        description="""\
Times a denoising step of the plain pipeline, of a round whose references are new,
of a later round that has them again, and of FABRIC as it was published, in turn,
for growing numbers of references, all liked and read at every step. Counts the
arithmetic and the memory. Prints a table; writes bench.json and, for each target,
a chart. Ctrl-C ends it early and keeps what was measured.""",
        epilog=f"""targets:
  demo     the model that ships in this package
  sd15     the UNet of Stable Diffusion 1.5 with random weights
  sdxl     that of Stable Diffusion XL; takes an accelerator
  loading  how long imports take

examples:
  {PROGRAM} bench --quick
  {PROGRAM} bench demo --references 0 1 8 --repeats 15
  {PROGRAM} bench sd15 --latent 64 --batch 2 --json | python -m json.tool""",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument(
        "targets",
        nargs="*",
        metavar="TARGET",
        help=f"{', '.join([*TARGETS, LOADING])} (default: all that the device takes)",
    )
    command.add_argument(
        "--references",
        type=_integer(range(MOST_REFERENCES + 1)),
        nargs="+",
        metavar="N",
        help=f"how many (default: {' '.join(map(str, REFERENCES))})",
    )
    command.add_argument(
        "--disliked", action="store_true", help="dislike every second reference instead of none"
    )
    for name, allowed, meaning in (
        ("steps", _STEPS, "denoising steps of a round"),
        ("repeats", _COUNTS, "how often everything is timed"),
        ("batch", _PICTURES, "pictures of a round"),
        ("latent", _LATENTS, "side of a picture in latents"),
    ):
        command.add_argument(
            f"--{name}",
            type=_integer(allowed),
            metavar="N",
            help=f"{meaning} (default: what suits target and device)",
        )
    command.add_argument("--device", help="cpu, cuda, cuda:1, … (default: the best one there is)")
    command.add_argument(
        "--dtype",
        choices=DTYPES,
        help="precision (default: float32 on a CPU, float16 on an accelerator)",
    )
    command.add_argument(
        "--threads", type=_integer(_THREADS), metavar="N", help="CPU threads (default: torch's)"
    )
    command.add_argument(
        "--cache",
        type=_integer(_MEBIBYTES),
        metavar="MIB",
        help="memory for references; 0 remembers none (default: half of what is free)",
    )
    command.add_argument(
        "--offload",
        action="store_true",
        help="let the published way copy what it keeps to the CPU, as its authors' code does",
    )
    command.add_argument(
        "--quick", action="store_true", help="a rough look: demo and loading, few of everything"
    )
    command.add_argument(
        "--out",
        type=_folder,
        default="out",
        metavar="FOLDER",
        help="where bench.json and the charts go (default: %(default)s)",
    )
    command.add_argument(
        "--json", action="store_true", help="print one line of JSON instead of a table"
    )
    command.add_argument("--quiet", action="store_true", help="show no progress")


def _add_train_demo(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser(
        "train-demo",
        help="make the demo model again from nothing",
        description="Makes the demo model again from nothing, on a CPU or an accelerator. Run it "
        "again to resume.",
    )
    training.add_arguments(command)


def _add_rounds(command: argparse.ArgumentParser) -> None:
    """Add what every command that makes rounds takes."""
    for name, allowed, default, meaning in (
        ("rounds", ROUNDS, 3, "how many rounds"),
        ("images", IMAGES, 4, "how many pictures a round"),
    ):
        command.add_argument(
            f"--{name}",
            type=_integer(allowed),
            default=default,
            metavar="N",
            help=f"{meaning}, {_span(allowed)} (default: %(default)s)",
        )
    command.add_argument(
        "--seed",
        type=_integer(_SEEDS),
        default=0,
        metavar="N",
        help="seed of the first picture, and of random tastes (default: %(default)s)",
    )
    command.add_argument(
        "--steps",
        type=_integer(_STEPS),
        metavar="N",
        help="denoising steps (default: what the model recommends)",
    )
    command.add_argument(
        "--guidance",
        type=_guidance,
        metavar="X",
        help="guidance scale; dislikes need more than 1 (default: what the model recommends)",
    )
    command.add_argument(
        "--json", action="store_true", help="print one line of JSON instead of a table"
    )
    command.add_argument("--quiet", action="store_true", help="show no progress")


def _span(allowed: range) -> str:
    return f"{allowed[0]} to {allowed[-1]}"


def _integer(allowed: range) -> Callable[[str], int]:
    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = None
        if value is None or value not in allowed:
            message = f"{text!r} is not a whole number from {_span(allowed)}"
            raise argparse.ArgumentTypeError(message)
        return value

    return parse


def _guidance(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:  # NaN fails too
        message = f"{text!r} is not a number of 0 or more"
        raise argparse.ArgumentTypeError(message)
    return value


def _taste(text: str) -> Taste:
    from fabric_widget.evaluation.tastes import Taste

    try:
        return Taste.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _attributes(text: str) -> tuple[str, ...]:
    from fabric_widget.evaluation.tastes import sample_tastes

    names = tuple(name.strip() for name in text.split(","))
    try:
        sample_tastes(0, about=names)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return names


def _folder(text: str) -> Path:
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
