"""The command replay: every picture of a saved session made once more, and compared."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from fabric_widget.cli.exit_codes import INTERRUPTED, refuse
from fabric_widget.cli.progress import Bar, hide_library_bars

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any

    from fabric_widget.session import Session
    from fabric_widget.session.replay import Replay, Replayed

    Environments = tuple[Mapping[str, Any], ...]

_PARTS = 1000  # of a round, for the progress bar


def run(arguments: argparse.Namespace) -> int:
    """Replay a session, print what came out, and return the exit code.

    Ctrl-C ends it early; what was compared is printed all the same.
    """
    from fabric_widget.cli.bench.plan import choose_device
    from fabric_widget.engine import FabricError
    from fabric_widget.session import SessionFileError
    from fabric_widget.session.files import open_saved

    try:
        device = choose_device(arguments.device)
        saved = open_saved(arguments.session)
    except (SessionFileError, ValueError) as error:
        return refuse("replay", error)
    hide_library_bars()
    done: list[Replayed] = []
    try:
        with Bar(quiet=arguments.quiet) as bar:
            session = _opened(arguments, device, saved.environments)
            result = _replayed(session, bar, done, quiet=arguments.quiet or arguments.json)
    except KeyboardInterrupt:
        print(f"interrupted: {len(done)} pictures were compared", file=sys.stderr)
        return INTERRUPTED
    except (FabricError, SessionFileError, TypeError, ValueError) as error:
        return refuse("replay", error, 1)
    files = [] if arguments.out is None else [str(path) for path in _write(done, arguments.out)]
    if arguments.json:
        print(json.dumps(_figures(result) | {"files": files}, ensure_ascii=False))
    else:
        print("\n".join([str(result), *files]))
    return 0 if result.same else 1


def _opened(arguments: argparse.Namespace, device: str, environments: Environments) -> Session:
    """Return the session with the pipeline that was asked for."""
    import torch

    from fabric_widget.evaluation.study.resources import load_pipeline
    from fabric_widget.session import Session
    from fabric_widget.session.replay import fabric_as_noted

    noted = environments[-1].get("threads") if environments else None
    threads = arguments.threads or noted
    if isinstance(threads, int) and threads > 0:
        torch.set_num_threads(threads)
    fabric = fabric_as_noted(load_pipeline(arguments.model, device), environments)
    return Session.open(fabric, arguments.session)


def _replayed(session: Session, bar: Bar, done: list[Replayed], *, quiet: bool) -> Replay:
    def show(index: int, count: int, share: float) -> None:
        bar.show(f"round {index + 1} of {count}", int((index + share) * _PARTS), count * _PARTS)

    def start(differences: tuple[str, ...]) -> None:
        if not quiet:
            for told in differences:
                print(told, file=sys.stderr)

    return session.replay(on_step=show, on_start=start, on_picture=done.append)


def _figures(result: Replay) -> dict[str, object]:
    return {
        "same": result.same,
        "differences": list(result.differences),
        "pictures": [
            {
                "round": picture.round,
                "seed": picture.kept.seed,
                "id": picture.kept.id,
                "same": picture.same,
                "largest": picture.largest,
                "problem": picture.problem,
            }
            for picture in result.pictures
        ],
    }


def _write(done: list[Replayed], folder: Path) -> list[Path]:
    """Write the pictures that were made, named by their round and seed."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for picture in done:
        if picture.made is not None:
            path = folder / f"{picture.round + 1:03d}-{picture.kept.seed}.png"
            picture.made.image.save(path)
            paths.append(path)
    return paths
