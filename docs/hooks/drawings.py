"""Inline the SVG figures of a page, so that they take its text colour."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

_STYLE = re.compile(r"<style>.*?</style>\n?", re.DOTALL)  # colours of a figure without a page
_IMAGE = re.compile(r'<img alt="([^"]*)" src="([^"]+\.svg)"[^>]*>')


def on_page_content(content: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Return a page with its SVG images inlined; the alternative text becomes the label."""
    del files
    here = (Path(config.docs_dir) / page.file.src_uri).parent

    def inline(found: re.Match[str]) -> str:
        alt, source = found.groups()
        # Pages have the same folders in the site as in docs/, so the address fits both.
        svg = _STYLE.sub("", (here / source).resolve().read_text(encoding="utf-8"))
        return svg.replace("<svg ", f'<svg role="img" aria-label="{alt}" ', 1)

    return _IMAGE.sub(inline, content)
