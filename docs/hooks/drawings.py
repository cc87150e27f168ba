"""Figures that are SVG stand in the page itself, so that lines and words take its colours."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

_ALONE = re.compile(r"<style>.*?</style>\n?", re.DOTALL)  # ink for where there is no page
_IMAGE = re.compile(r'<img alt="([^"]*)" src="([^"]+\.svg)"[^>]*>')


def on_page_content(content: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Return a page with its SVG figures inside, described as their images were."""
    del files
    here = (Path(config.docs_dir) / page.file.src_uri).parent

    def inlined(found: re.Match[str]) -> str:
        alt, source = found.groups()
        # A page stands in the site where its source stands here, so one address serves both.
        drawn = _ALONE.sub("", (here / source).resolve().read_text(encoding="utf-8"))
        return drawn.replace("<svg ", f'<svg role="img" aria-label="{alt}" ', 1)

    return _IMAGE.sub(inlined, content)
