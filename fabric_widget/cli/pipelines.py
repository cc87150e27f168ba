"""The command pipelines: check that feedback works, with every family or with one pipeline."""

from __future__ import annotations

import json
import sys
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fabric_widget.cli.exit_codes import refuse
from fabric_widget.cli.progress import Bar, hide_library_bars
from fabric_widget.cli.table import aligned

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from fabric_widget.engine.compatibility import Compatibility
    from fabric_widget.zoo import Family


@dataclass(frozen=True)
class Row:
    """The result of one pipeline.

    Parameters
    ----------
    name
        Name of the family, or the path or id that was given.
    kind
        Class name of the pipeline.
    compatibility
        The result of `check_compatibility`.
    expected
        Whether feedback should work.
    needs
        Arguments that the pipeline needs for it.
    """

    name: str
    kind: str
    compatibility: Compatibility
    expected: bool = True
    needs: str = ""

    @property
    def as_expected(self) -> bool:
        """Whether feedback works as expected."""
        return self.compatibility.works == self.expected

    @property
    def remark(self) -> str:
        """Why feedback does not work, or which arguments it needs."""
        return self.compatibility.reason or (self.needs and f"with {self.needs}")

    def figures(self) -> dict[str, Any]:
        """Return all of it for JSON."""
        found = self.compatibility
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
    """Check pipelines, print the results, and return the exit code."""
    if arguments.pipeline is not None and arguments.names:
        return refuse("pipelines", "give names of families or --pipeline, not both")
    quiet = arguments.quiet or not sys.stderr.isatty()
    try:
        if arguments.pipeline is None:
            families = _chosen(arguments.names)
            rows = list(_check_families(families, quiet=quiet))
        else:
            rows = [_check_own(arguments.pipeline, arguments.steps, quiet=quiet)]
    except ValueError as error:  # no such family, or an impossible id
        return refuse("pipelines", error)
    if arguments.json:
        print(json.dumps([row.figures() for row in rows], ensure_ascii=False))
    elif arguments.markdown:
        print(_markdown(rows))
    else:
        print(_table(rows))
    return 0 if all(row.as_expected for row in rows) else 1


def _chosen(names: Sequence[str]) -> list[Family]:
    """Return the families with these names, or with names that contain them."""
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


def _check_families(families: Sequence[Family], *, quiet: bool) -> Iterator[Row]:
    with Bar("making tiny pipelines", quiet=quiet) as bar:
        for i, family in enumerate(families):
            bar.show(family.name, i, len(families))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # warnings of diffusers about its own models
                pipe = family.build()
                needs = ", ".join(f"{name}={value!r}" for name, value in family.needs.items())
                found = _check(pipe, num_images=family.pictures, **family.arguments, **family.needs)
            yield Row(family.name, type(pipe).__name__, found, family.able, needs)
        bar.show("all families", len(families), len(families))


def _check_own(place: str, steps: int, *, quiet: bool) -> Row:
    """Check a pipeline from a folder or the Hub, on the GPU if there is one."""
    import torch

    from fabric_widget.evaluation.study.resources import load_pipeline

    if quiet:
        hide_library_bars()
    pipe = load_pipeline(place, "cuda" if torch.cuda.is_available() else "cpu")
    pipe.set_progress_bar_config(disable=quiet)
    return Row(place, type(pipe).__name__, _check(pipe, num_inference_steps=steps))


def _check(pipe: Any, **arguments: Any) -> Compatibility:  # noqa: ANN401  (any diffusers pipeline)
    """Return the compatibility; any other error becomes its reason."""
    from fabric_widget.engine.compatibility import Compatibility, check_compatibility

    try:
        return check_compatibility(pipe, **arguments)
    except Exception as error:  # noqa: BLE001  (one pipeline must not hide the others)
        return Compatibility(reason=f"{type(error).__name__}: {error}")


def _facts(row: Row) -> tuple[str, ...]:
    found = row.compatibility
    checks = (found.identity, found.effect, found.restored)
    if not found.sites:
        return (row.name, "none", "", "", "", "")
    roles = " + ".join(found.roles)
    return (row.name, str(found.sites), roles, *("yes" if passed else "no" for passed in checks))


_HEADS = ("family", "sites", "roles", "identity", "effect", "restored")
_TEXT_COLUMNS = (0, 2, 3, 4, 5)


def _summary(rows: Sequence[Row]) -> str:
    works = sum(row.compatibility.works for row in rows)
    return f"{works} of {len(rows)} take feedback."


def _table(rows: Sequence[Row]) -> str:
    remarks = [f"{row.name}: {row.remark}" for row in rows if row.remark]
    table = aligned(_HEADS, [_facts(row) for row in rows], texts=_TEXT_COLUMNS)
    return "\n\n".join([table, *remarks, _summary(rows)])


def _markdown(rows: Sequence[Row]) -> str:
    able = [row for row in rows if row.compatibility.sites]
    unable = [row for row in rows if not row.compatibility.sites]
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
