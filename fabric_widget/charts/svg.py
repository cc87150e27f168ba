"""SVG as text: the elements that charts are made of, and the picture around them."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

    Point = tuple[float, float]


def picture(
    size: tuple[float, float],
    parts: Iterable[str],
    *,
    name: str,
    title: str,
    description: str,
    **attributes: str | float,
) -> str:
    """Return an SVG picture that has a title and a description for screen readers.

    Parameters
    ----------
    size
        Width and height of the drawing in pixels.
    parts
        Its elements.
    name
        An identifier that no other picture on the page has.
    title, description
        What it shows, in a few words and in full.
    **attributes
        Further attributes of the ``svg`` element.
    """
    names = {"title": f"{name}-title", "desc": f"{name}-words"}
    content = [
        element("title", escape(title), id=names["title"]),
        element("desc", escape(description), id=names["desc"]),
        *parts,
    ]
    return element(
        "svg",
        "\n".join(["", *content, ""]),
        **attributes,
        viewBox=f"0 0 {size[0]:g} {size[1]:g}",
        role="img",
        aria_labelledby=" ".join(names.values()),
    )


def line(css: str, start: Point, end: Point) -> str:
    """Return a straight line."""
    (x1, y1), (x2, y2) = start, end
    return element("line", class_=css, x1=x1, y1=y1, x2=x2, y2=y2)


def polyline(css: str, points: Iterable[Point]) -> str:
    """Return a line through points."""
    return element("polyline", class_=css, points=_joined(points))


def polygon(css: str, points: Iterable[Point]) -> str:
    """Return a filled shape."""
    return element("polygon", class_=css, points=_joined(points))


def dot(css: str, center: Point, radius: float = 4) -> str:
    """Return a filled circle."""
    x, y = center
    return element("circle", class_=css, cx=x, cy=y, r=radius)


def text(
    position: Point, words: str, css: str = "", anchor: Literal["start", "middle", "end"] = "start"
) -> str:
    """Return a line of text that starts, has its middle, or ends at a position."""
    x, y = position
    return element("text", escape(words), class_=css, x=x, y=y, text_anchor=anchor)


def element(name: str, content: str = "", **attributes: str | float) -> str:
    """Return an element. ``class_`` becomes ``class`` and ``text_anchor`` becomes ``text-anchor``.

    Numbers are rounded to a tenth of a pixel; `content` is markup, attributes are plain text.
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_attribute(value)}"'
        for key, value in attributes.items()
    )
    return f"<{name}{written}>{content}</{name}>" if content else f"<{name}{written}/>"


def _attribute(value: str | float) -> str:
    return escape(value) if isinstance(value, str) else f"{round(value, 1):g}"


def _joined(points: Iterable[Point]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
