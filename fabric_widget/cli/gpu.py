"""The command gpu: check on a GPU that all of it holds; results are written after each check."""

from __future__ import annotations

import faulthandler
import json
import os
import sys
import time
from typing import TYPE_CHECKING

from fabric_widget.cli.arguments.gpu import LIMIT, SMOKE_LIMIT
from fabric_widget.cli.exit_codes import INTERRUPTED, refuse
from fabric_widget.gpu.bare import engine_without_pipelines, lacking

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from fabric_widget.gpu.check import Answer, Check
    from fabric_widget.gpu.place import Place
    from fabric_widget.gpu.results import Results

_PATIENCE = 120  # seconds beyond the limit after which a run that hangs says where, and ends


def run(arguments: argparse.Namespace) -> int:
    """Run the checks, and return the exit code: 0 if none failed.

    Ctrl-C ends the run early; what was found is written all the same.
    """
    start = time.monotonic()
    missing = lacking()
    if "torch" in missing:
        return refuse("gpu", "torch is not installed: there is nothing to ask a GPU with", 1)
    if missing:
        print(
            f"not installed: {', '.join(missing)}; only the attention kernels can be asked",
            file=sys.stderr,
        )
        engine_without_pipelines()
    from fabric_widget.gpu.checks import every_check
    from fabric_widget.gpu.results import Results

    try:
        place = _place(arguments)
    except ValueError as error:
        return refuse("gpu", error)
    checks = [c for c in every_check(place) if not arguments.only or c.group in arguments.only]
    if arguments.list:
        print("\n".join(f"{check.full_name}: {check.asked}" for check in checks))
        return 0
    results = Results(arguments.out, place, resumed=arguments.resumed)
    limit = arguments.limit or (SMOKE_LIMIT if place.smoke else LIMIT)
    if sys.__stderr__ is not None:
        faulthandler.dump_traceback_later(limit + _PATIENCE, exit=True, file=sys.__stderr__)
    try:
        left = limit - (time.monotonic() - start)  # imports take a part of what is lent
        usable = _asked(checks, place, results, left, quiet=arguments.quiet)
    except KeyboardInterrupt:
        print("interrupted: kept what was found", file=sys.stderr)
        return INTERRUPTED
    finally:
        faulthandler.cancel_dump_traceback_later()
    if not usable:
        print("the GPU is lost to this process: a new one goes on", file=sys.stderr)
        _go_on(arguments, limit - (time.monotonic() - start))
    results.finish()
    if arguments.json:
        print(json.dumps(results.figures | {"files": [str(path) for path in results.paths]}))
    else:
        counts = ", ".join(f"{number} {status}" for status, number in results.counts.items())
        print("\n".join([counts or "no checks", *map(str, results.paths)]))
    return 0 if results.passed else 1


def _place(arguments: argparse.Namespace) -> Place:
    """Return where to ask, or raise a ValueError."""
    import torch

    from fabric_widget.cli.bench.plan import choose_device
    from fabric_widget.gpu.place import Place

    if arguments.dry:
        return Place(torch.device("cpu"), arguments.smoke)
    if not torch.cuda.is_available():
        message = "torch sees no CUDA device here: give --dry to run the same on the CPU"
        raise ValueError(message)
    device = torch.device(choose_device(arguments.device or "cuda"))
    if device.type != "cuda":
        message = f"device is {arguments.device!r}: give cuda, cuda:N, or --dry for the CPU"
        raise ValueError(message)
    return Place(device, arguments.smoke)


def _asked(
    checks: Sequence[Check], place: Place, results: Results, limit: float, *, quiet: bool
) -> bool:
    """Ask the checks that have no answer yet; return whether the device is usable."""
    from fabric_widget.gpu.run import run

    known = results.known
    new = [check for check in checks if (check.group, check.name) not in known]

    def keep(answer: Answer) -> None:
        results.keep(answer)
        if not quiet:
            found = answer.found.figure if answer.found else answer.reason
            line = (
                f"{answer.seconds:6.1f} s  {answer.status:<13}  {answer.check.full_name}: {found}"
            )
            print(line.splitlines()[0], file=sys.stderr, flush=True)

    return run(new, place, keep, limit)


def _go_on(arguments: argparse.Namespace, left: float) -> None:
    """Become a new process that goes on where this one ended."""
    options = ["--continue", "--limit", str(max(int(left), 1)), "--out", str(arguments.out)]
    options += ["--smoke"] * arguments.smoke + ["--json"] * arguments.json
    options += ["--quiet"] * arguments.quiet
    options += ["--device", arguments.device] if arguments.device else []
    options += ["--only", *arguments.only] if arguments.only else []
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "fabric_widget", "gpu", *options])  # noqa: S606  (this very program)
