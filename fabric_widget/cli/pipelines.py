"""Whether feedback works: with every family of pipelines, or with one of the user's own."""

from __future__ import annotations

import json
import sys
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fabric_widget.cli import USAGE
from fabric_widget.cli.arguments import PROGRAM
from fabric_widget.cli.progress import Bar
from fabric_widget.cli.table import aligned

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from fabric_widget.engine.compatibility import Compatibility
    from fabric_widget.zoo import Family


@dataclass(frozen=True)
class Row:
    """What was measured with one pipeline.

    Parameters
    ----------
    name
        Of the family, or the path or name that was given.
    kind
        Class of the pipeline.
    check_compatibility
        What was found out.
    expected
        Whether feedback should work.
    needs
        What the pipeline must be called with for that.
    """

    name: str
    kind: str
    check_compatibility: Compatibility
    expected: bool = True
    needs: str = ""

    @property
    def well(self) -> bool:
        """Whether feedback works exactly where it should."""
        return self.check_compatibility.works == self.expected

    @property
    def remark(self) -> str:
        """Why feedback does not work, or what it takes."""
        return self.check_compatibility.reason or (self.needs and f"with {self.needs}")

    def figures(self) -> dict[str, Any]:
        """Return all of it for JSON."""
        found = self.check_compatibility
        return {
            "name": self.name,
            "pipeline": self.kind,
            "sites": found.sites,
            "roles": list(found.roles),
            "identity": found.identity,
            "effect": found.effect,
            "restored": found.restored,
            "works": found.works,
            "moved": found.moved,
            "needs": self.needs,
            "reason": found.reason,
        }


def run(arguments: argparse.Namespace) -> int:
    """Survey what was asked for, print it, and return the exit code."""
    if arguments.pipeline is not None and arguments.names:
        return _refuse("give names of families or --pipeline, not both")
    quiet = arguments.quiet or not sys.stderr.isatty()
    try:
        if arguments.pipeline is None:
            families = _chosen(arguments.names)
            rows = list(_surveyed(families, quiet=quiet))
        else:
            rows = [_own(arguments.pipeline, arguments.steps, quiet=quiet)]
    except ValueError as error:  # no such family, or no name that a pipeline could have
        return _refuse(str(error))
    if arguments.json:
        print(json.dumps([row.figures() for row in rows], ensure_ascii=False))
    elif arguments.markdown:
        print(_markdown(rows))
    else:
        print(_table(rows))
    return 0 if all(row.well for row in rows) else 1


def _refuse(message: str) -> int:
    print(f"{PROGRAM} pipelines: error: {message}", file=sys.stderr)
    return USAGE


def _chosen(names: Sequence[str]) -> list[Family]:
    """Return the families of these names, or of which these are parts of the names."""
    from fabric_widget.zoo import ZOO

    chosen: dict[str, Family] = {}
    for name in names:
        wanted = name.casefold()
        found = {n: family for n, family in ZOO.items() if n.casefold() == wanted} or {
            n: family for n, family in ZOO.items() if wanted in n.casefold()
        }
        if not found:
            message = f"there is no family {name!r}; there are {', '.join(ZOO)}"
            raise ValueError(message)
        chosen |= found
    return list((chosen or ZOO).values())


def _surveyed(families: Sequence[Family], *, quiet: bool) -> Iterator[Row]:
    with Bar("making tiny pipelines", quiet=quiet) as bar:
        for i, family in enumerate(families):
            bar.show(family.name, i, len(families))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # what diffusers says of its own models
                pipe = family.build()
                needs = ", ".join(f"{name}={value!r}" for name, value in family.needs.items())
                found = _tried(pipe, num_images=family.pictures, **family.arguments, **family.needs)
            yield Row(family.name, type(pipe).__name__, found, family.able, needs)
        bar.show("all families", len(families), len(families))


def _own(place: str, steps: int, *, quiet: bool) -> Row:
    """Survey a pipeline of the user's own, on the GPU if there is one."""
    import diffusers
    import torch
    import transformers

    from fabric_widget.evaluation.study.resources import load_pipeline

    if quiet:
        diffusers.utils.logging.disable_progress_bar()
        transformers.utils.logging.disable_progress_bar()
    pipe = load_pipeline(place, "cuda" if torch.cuda.is_available() else "cpu")
    pipe.set_progress_bar_config(disable=quiet)
    return Row(place, type(pipe).__name__, _tried(pipe, num_inference_steps=steps))


def _tried(pipe: Any, **arguments: Any) -> Compatibility:  # noqa: ANN401  (any diffusers pipeline)
    """Return a survey; an error that is not the engine's becomes its reason."""
    from fabric_widget.engine.compatibility import Compatibility, check_compatibility

    try:
        return check_compatibility(pipe, **arguments)
    except Exception as error:  # noqa: BLE001  (one pipeline must not hide the others)
        return Compatibility(reason=f"{type(error).__name__}: {error}")


def _facts(row: Row) -> tuple[str, ...]:
    found = row.check_compatibility
    truths = (found.identity, found.effect, found.restored)
    if not found.sites:
        return (row.name, "none", "", "", "", "")
    roles = " + ".join(found.roles)
    return (row.name, str(found.sites), roles, *("yes" if true else "no" for true in truths))


_HEADS = ("family", "sites", "roles", "identity", "effect", "restored")
_WORDS = (0, 2, 3, 4, 5)  # columns


def _summary(rows: Sequence[Row]) -> str:
    works = sum(row.check_compatibility.works for row in rows)
    return f"{works} of {len(rows)} take feedback."


def _table(rows: Sequence[Row]) -> str:
    remarks = [f"{row.name}: {row.remark}" for row in rows if row.remark]
    table = aligned(_HEADS, [_facts(row) for row in rows], texts=_WORDS)
    return "\n\n".join([table, *remarks, _summary(rows)])


def _markdown(rows: Sequence[Row]) -> str:
    able = [row for row in rows if row.check_compatibility.sites]
    unable = [row for row in rows if not row.check_compatibility.sites]
    lines = [
        _summary(rows),
        "",
        _line(("family", "pipeline", *_HEADS[1:])),
        _line(["---"] * (len(_HEADS) + 1)),
    ]
    for row in able:
        name, *facts = _facts(row)
        lines.append(_line([name, f"`{row.kind}`", *facts]))
    remarks = [f"- **{row.name}**: {row.remark}." for row in able if row.remark]
    lines += ["", *remarks] if remarks else []
    if unable:
        lines += ["", _line(("family that cannot", "what `Fabric` says")), _line(["---"] * 2)]
        lines += [_line((row.name, row.remark)) for row in unable]
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
