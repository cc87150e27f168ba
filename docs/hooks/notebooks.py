"""Add a page for each notebook in notebooks/, with its saved outputs; nothing is executed.

Links between notebooks and pages are written for GitHub (``../docs/widget.md``, ``02_name.ipynb``);
this hook rewrites them to pages of the site.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs.structure.files import File
from nbconvert import MarkdownExporter
from traitlets.config import Config

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
# Pictures before HTML: a widget shows a picture of its last round, as without a kernel.
_PRIORITY = ["image/svg+xml", "image/png", "image/jpeg", "text/html", "text/markdown", "text/plain"]
_OUTPUTS = Config(NbConvertBase={"display_data_priority": _PRIORITY})
_MARIMO = "marimo.App("  # marks a Python file as a notebook
_REMOTE_IMAGE = re.compile(r"!\[([^\]]*)\]\(https?://[^)]*\)")  # such as the badge of Colab
_REPOSITORY_LINK = re.compile(r"\]\((?:\.\./)+(docs|notebooks)/([^)]+)\)")
_NOTEBOOK_LINK = re.compile(r"(\]\([^):]*?)\.(?:ipynb|py)\)")


def on_files(files: Files, *, config: MkDocsConfig) -> None:
    """Add a page for each notebook, with its pictures."""
    scripts = [
        path for path in sorted(NOTEBOOKS.glob("*.py")) if _MARIMO in path.read_text("utf-8")
    ]
    for path in [*sorted(NOTEBOOKS.glob("*.ipynb")), *scripts]:
        pictures: dict[str, bytes] = {}
        if path.suffix == ".ipynb":
            exporter = MarkdownExporter(config=_OUTPUTS)
            resources = {"output_files_dir": path.stem, "unique_key": path.stem}
            content, exported = exporter.from_filename(str(path), resources=resources)
            pictures = exported["outputs"]
        else:
            content = _script(path)
        content = _with_site_links(content)
        page = File.generated(config, f"notebooks/{path.stem}.md", content=content)
        files.append(page)
        for name, data in pictures.items():
            files.append(File.generated(config, f"notebooks/{name}", content=data))


def on_page_markdown(markdown: str, *, page: Page, **_event: object) -> str:
    """Rewrite a page's links to notebooks and to the README."""
    root = "../" * page.file.src_uri.count("/")
    markdown = re.sub(
        r"\]\((?:\.\./)+notebooks/([^)/]+)\.(?:ipynb|py)\)", rf"]({root}notebooks/\1.md)", markdown
    )
    return re.sub(r"\]\((?:\.\./)+README\.md\)", f"]({root}index.md)", markdown)


def _with_site_links(content: str) -> str:
    """Return a notebook's text with links to pages of the site."""
    content = _REMOTE_IMAGE.sub(r"\1", content)
    content = _REPOSITORY_LINK.sub(
        lambda link: f"](../{link[2]})" if link[1] == "docs" else f"]({link[2]})", content
    )
    content = _NOTEBOOK_LINK.sub(r"\1.md)", content)
    return content.replace("<details>", '<details markdown="1">')


def _script(path: Path) -> str:
    """Return the page of a marimo notebook, which is a Python file."""
    source = path.read_text(encoding="utf-8")
    default = f"A notebook for marimo: `marimo edit notebooks/{path.name}`"
    text = ast.get_docstring(ast.parse(source)) or default
    title = path.stem.split("_", 1)[-1].replace("_", " ")
    return f"# {title}\n\n{text}\n\n```` python\n{source}\n````\n"
