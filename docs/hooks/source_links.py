"""Links into the source code: on GitHub they lead to a line, in the site they name it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

_LINK = re.compile(r"\[(`[^`]+`)\]\((?:\.\./)+([^)#]+)#L(\d+)\)")


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Return a page whose links into the source code are words: the site has no source code."""
    del page, config, files
    return _LINK.sub(r"\1 in `\2`, line \3", markdown)
