"""Three journeys through the code: writes their page and their drawings from `journeys.toml`.

Lines are looked up in the sources, so that links lead to where the code stands today. `make format`
runs this file, and a test notices a page that is out of date.
"""

from __future__ import annotations

import ast
import re
import tomllib
from dataclasses import dataclass
from html import escape
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "explanation" / "journeys.md"
IMAGES = ROOT / "docs" / "images"


@dataclass(frozen=True)
class Step:
    """One place that a journey passes.

    Parameters
    ----------
    room
        The lane of the drawing.
    path
        Of the file, from the root of the repository.
    symbol
        The function, class or method, as ``Class.method``.
    words
        What happens there.
    """

    room: str
    path: str
    symbol: str
    words: str

    @property
    def line(self) -> int:
        """The line where the symbol is defined."""
        text = (ROOT / self.path).read_text(encoding="utf-8")
        found = _python_line(text, self.symbol) if self.path.endswith(".py") else None
        found = found or _script_line(text, self.symbol)
        if found is None:
            message = f"{self.path} defines no {self.symbol}"
            raise LookupError(message)
        return found


@dataclass(frozen=True)
class Journey:
    """A way through the code, with the name of its drawing."""

    name: str
    title: str
    words: str
    steps: tuple[Step, ...]


def _read() -> tuple[Journey, ...]:
    table = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    return tuple(
        Journey(**{**one, "steps": tuple(Step(*step) for step in one["steps"])})
        for one in table["journey"]
    )


_INTRODUCTION = """# Three journeys through the code

The shortest way to know the house is to walk through it. Each journey names, in the order in which
it happens, the functions it passes; links lead to their lines. The columns of a drawing are folders
of the package and of the front end."""


def _python_line(text: str, symbol: str) -> int | None:
    body: list[ast.stmt] = ast.parse(text).body
    found: ast.stmt | None = None
    for name in symbol.split("."):
        named = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        found = next((n for n in body if isinstance(n, named) and n.name == name), None)
        if found is None:
            return None
        body = getattr(found, "body", [])
    return found.lineno if found is not None else None


def _script_line(text: str, symbol: str) -> int | None:
    """Return the line of a function, a constant or a method of JavaScript."""
    defined = re.compile(
        rf"^\s*(?:(?:export )?(?:async )?(?:function|const|class) {symbol}\b|{symbol}\([^)]*\) {{$)"
    )
    lines = enumerate(text.splitlines(), start=1)
    return next((n for n, line in lines if defined.match(line)), None)


_LANE, _ROW, _TOP, _BOX = 132, 46, 34, 28


def drawing(journey: Journey) -> str:
    """Return a journey as SVG: rooms as columns, steps from top to bottom."""
    rooms = list(dict.fromkeys(step.room for step in journey.steps))
    width, height = _LANE * len(rooms), _TOP + _ROW * len(journey.steps)
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="figure" '
            f'viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
            'font-family="system-ui, sans-serif" font-size="11">'
        ),
        "<style>svg{color:#222}@media(prefers-color-scheme:dark){svg{color:#ddd}}</style>",
    ]
    for index, room in enumerate(rooms):
        x = _LANE * index + _LANE / 2
        parts += [
            (
                f'<text x="{x}" y="16" text-anchor="middle" font-weight="600" fill="currentColor">'
                f"{escape(room)}</text>"
            ),
            f'<path d="M{x} 24V{height}" stroke="currentColor" opacity=".15"/>',
        ]
    before: tuple[float, float] | None = None
    for index, step in enumerate(journey.steps):
        x, y = _LANE * rooms.index(step.room) + _LANE / 2, float(_TOP + _ROW * index)
        if before is not None:
            parts.append(_arrow(before, (x, y)))
        name = step.symbol.rpartition(".")[2]
        parts += [
            (
                f'<rect x="{x - _LANE / 2 + 4}" y="{y}" width="{_LANE - 8}" height="{_BOX}" rx="6" '
                'fill="#2a9d8f" fill-opacity=".18" stroke="#2a9d8f"/>'
            ),
            (
                f'<text x="{x}" y="{y + 18}" text-anchor="middle" fill="currentColor">'
                f"{index + 1} {escape(name)}</text>"
            ),
        ]
        before = (x, y + _BOX)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _arrow(start: tuple[float, float], end: tuple[float, float]) -> str:
    (x, y), (to_x, to_y) = start, end
    middle = (y + to_y) / 2
    head = f"M{to_x - 4} {to_y - 5}L{to_x} {to_y}L{to_x + 4} {to_y - 5}"
    return f'<path d="M{x} {y}V{middle}H{to_x}V{to_y}{head}" fill="none" stroke="currentColor"/>'


def page() -> str:
    """Return the page."""
    parts = [_INTRODUCTION]
    for journey in _read():
        steps = [
            f"{number}. [`{step.symbol}`](../../{step.path}#L{step.line}): {step.words}"
            for number, step in enumerate(journey.steps, start=1)
        ]
        parts += [
            f"## {journey.title}",
            journey.words,
            f"![The steps of this journey, room by room](../images/{journey.name}.svg)",
            "\n".join(steps),
        ]
    return "\n\n".join(parts) + "\n"


def files() -> dict[Path, str]:
    """Return what is written where."""
    drawn = {IMAGES / f"{journey.name}.svg": drawing(journey) for journey in _read()}
    return {PAGE: page(), **drawn}


if __name__ == "__main__":
    for path, text in files().items():
        path.write_text(text, encoding="utf-8")
