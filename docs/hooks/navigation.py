"""Expand navigation entries with a `*` to the matching pages that no other entry names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files


def on_files(files: Files, *, config: MkDocsConfig) -> None:
    """Replace each entry with a `*` by its pages, in alphabetical order."""
    named = set(_named(config.nav))
    free = sorted({page.src_uri for page in files.documentation_pages()} - named)
    config.nav = _expanded(config.nav, free)


def _named(nav: object) -> Iterator[str]:
    """Yield every page that a navigation names explicitly."""
    if isinstance(nav, str):
        yield nav
    elif isinstance(nav, (list, dict)):
        for entry in nav.values() if isinstance(nav, dict) else nav:
            yield from _named(entry)


def _expanded(nav: object, free: list[str]) -> list[object]:
    """Return a navigation without `*` entries; a `*` does not match a slash."""
    expanded: list[object] = []
    for entry in nav if isinstance(nav, list) else [nav]:
        if isinstance(entry, dict):
            inner = {
                title: _expanded(part, free) if isinstance(part, list) else part
                for title, part in entry.items()
            }
            expanded.append(inner)
        elif isinstance(entry, str) and "*" in entry:
            pattern = re.compile(re.escape(entry).replace(r"\*", "[^/]*"))
            expanded += [page for page in free if pattern.fullmatch(page)]
        else:
            expanded.append(entry)
    return expanded
