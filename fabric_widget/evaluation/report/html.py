"""The HTML document around every page, and the badge of a vote."""

from __future__ import annotations

from html import escape
from importlib.resources import files

from fabric_widget.evaluation.report import thumb_icon


def document(title: str, body: str, *, styles: tuple[str, ...] = ("page.css",)) -> str:
    """Return a self-contained HTML document whose security policy forbids to load anything.

    It follows the reader's colour scheme and defines the thumb that `badge` refers to.

    Parameters
    ----------
    title
        Plain text.
    body
        HTML of the main part.
    styles
        Style sheets beside this file.
    """
    here = files("fabric_widget.evaluation.report")
    style = "\n".join(here.joinpath(name).read_text(encoding="utf-8") for name in styles)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
      content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>{escape(title)}</title>
<style>
{style}</style>
</head>
<body>
<svg width="0" height="0" style="position:absolute" aria-hidden="true"><symbol id="thumb"
 viewBox="0 0 {thumb_icon.SIDE} {thumb_icon.SIDE}">{_thumb()}</symbol></svg>
<main>
{body}</main>
</body>
</html>
"""


def badge(*, up: bool) -> str:
    """Return a thumb on a disc, for the corner of a picture."""
    turn = "" if up else ' transform="matrix(1 0 0 -1 0 100)"'
    return (
        '<svg class="badge" viewBox="0 0 100 100" aria-hidden="true"><circle cx="50" cy="50" '
        f'r="50"/><g fill="#fff"{turn}><use href="#thumb" x="9" y="11" width="80" height="80"/>'
        "</g></svg>"
    )


def _thumb() -> str:
    polygons = (
        " ".join(f"{x:g},{y:g}" for x, y in outline)
        for outline in (thumb_icon.CUFF, thumb_icon.HAND)
    )
    return "".join(f'<polygon points="{points}"/>' for points in polygons)
