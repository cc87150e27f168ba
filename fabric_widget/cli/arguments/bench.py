"""The options of the command bench."""

from __future__ import annotations

import argparse

from fabric_widget.bench.plan import (
    BESIDE,
    DTYPES,
    LOADING,
    MOST_REFERENCES,
    ON_REQUEST,
    REFERENCES,
    TARGETS,
)
from fabric_widget.cli.arguments.printing import add_printing
from fabric_widget.cli.arguments.program import PROGRAM
from fabric_widget.cli.arguments.values import COUNTS, STEPS, folder, integer

_PICTURES = range(1, 65)
_LATENTS = range(8, 1025)
_THREADS = range(1, 1025)
_MEBIBYTES = range(2**30)


def add_bench(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    command = commands.add_parser(
        "bench",
        help="measure what feedback costs, beside the plain pipeline and the published way",
        description="""\
Times a denoising step of the plain pipeline, of a round whose references are new,
of a later round that has them again, and of FABRIC as it was published, in turn,
for growing numbers of references, by default all liked and read at every step.
Counts the arithmetic and the memory. Prints a table; writes bench.json and, for each target,
a chart. Ctrl-C ends it early and keeps what was measured.""",
        epilog=f"""targets:
  demo     the model that ships in this package
  sd15     the UNet of Stable Diffusion 1.5 with random weights
  sdxl     that of Stable Diffusion XL; takes an accelerator
  loading  how long imports take
  sd35-medium, sd35-large, flux  transformers with random weights, on an accelerator; if named

examples:
  {PROGRAM} bench --quick
  {PROGRAM} bench demo --references 0 1 8 --repeats 15
  {PROGRAM} bench demo --references 8 --beside budget --usual
  {PROGRAM} bench demo --references 8 --beside budget lens
  {PROGRAM} bench sd15 --latent 64 --batch 2 --json | python -m json.tool""",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument(
        "targets",
        nargs="*",
        metavar="TARGET",
        help=f"{', '.join([*TARGETS, LOADING])} "
        "(default: the UNets that the device takes, and loading)",
    )
    command.add_argument(
        "--references",
        type=integer(range(MOST_REFERENCES + 1)),
        nargs="+",
        metavar="N",
        help=f"how many (default: {' '.join(map(str, REFERENCES))})",
    )
    command.add_argument(
        "--disliked", action="store_true", help="dislike every second reference instead of none"
    )
    for name, allowed, meaning in (
        ("steps", STEPS, "denoising steps of a round"),
        ("repeats", COUNTS, "how often everything is timed"),
        ("batch", _PICTURES, "pictures of a round"),
        ("latent", _LATENTS, "side of a picture in latents"),
    ):
        command.add_argument(
            f"--{name}",
            type=integer(allowed),
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
        "--threads", type=integer(_THREADS), metavar="N", help="CPU threads (default: torch's)"
    )
    command.add_argument(
        "--cache",
        type=integer(_MEBIBYTES),
        metavar="MIB",
        help="memory for references; 0 remembers none (default: half of what is free)",
    )
    command.add_argument(
        "--offload",
        action="store_true",
        help="let the published way copy what it keeps to the CPU, as its authors' code does",
    )
    command.add_argument(
        "--beside",
        choices=(*BESIDE, *ON_REQUEST),
        nargs="+",
        default=BESIDE,
        metavar="NAME",
        help=f"what is measured beside the plain pipeline: any of {' '.join(BESIDE)}; "
        "explore, the plan by default; lens, the budget with a lens on one picture (default: all "
        "but these two)",
    )
    command.add_argument(
        "--usual",
        action="store_true",
        help="follow the schedule that people use instead of reading feedback at every step",
    )
    command.add_argument(
        "--quick", action="store_true", help="a rough look: demo and loading, few of everything"
    )
    command.add_argument(
        "--out",
        type=folder,
        default="out",
        metavar="FOLDER",
        help="where bench.json and the charts go (default: %(default)s)",
    )
    add_printing(command)
