"""Entries with a star in the navigation: each stands for the pages that no other entry names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files


def on_files(files: Files, *, config: MkDocsConfig) -> None:
    """Write the pages in place of the stars, in alphabetical order."""
    named = set(_named(config.nav))
    free = sorted({page.src_uri for page in files.documentation_pages()} - named)
    config.nav = _expanded(config.nav, free)


def _named(nav: object) -> Iterator[str]:
    """Yield every page that a navigation names."""
    if isinstance(nav, str):
        yield nav
    elif isinstance(nav, (list, dict)):
        for entry in nav.values() if isinstance(nav, dict) else nav:
            yield from _named(entry)


def _expanded(nav: object, free: list[str]) -> list[object]:
    """Return a navigation without stars; a star does not stand for a slash."""
    expanded: list[object] = []
    for entry in nav if isinstance(nav, list) else [nav]:
        if isinstance(entry, dict):
            inner = {
                title: _expanded(part, free) if isinstance(part, list) else part
                for title, part in entry.items()
            }
            expanded.append(inner)
        elif isinstance(entry, str) and "*" in entry:
            fits = re.compile(re.escape(entry).replace(r"\*", "[^/]*"))
            expanded += [page for page in free if fits.fullmatch(page)]
        else:
            expanded.append(entry)
    return expanded
