"""Notebooks as pages: each file in notebooks/ is one, with the outputs that are saved in it.

Nothing is executed, and there is no list of them: what lies there is shown. Links between notebooks
and pages are written as GitHub reads them (``../docs/widget.md``, ``02_name.ipynb``) and led to the
pages of the site here.
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
# The picture before the page: what a widget shows without a kernel, it shows here.
_PRIORITY = ["image/svg+xml", "image/png", "image/jpeg", "text/html", "text/markdown", "text/plain"]
_OUTPUTS = Config(NbConvertBase={"display_data_priority": _PRIORITY})
_MARIMO = "marimo.App("  # what makes a Python file a notebook
_FETCHED = re.compile(r"!\[([^\]]*)\]\(https?://[^)]*\)")  # such as the badge of Colab
_OUTSIDE = re.compile(r"\]\((?:\.\./)+(docs|notebooks)/([^)]+)\)")
_NOTEBOOK = re.compile(r"(\]\([^):]*?)\.(?:ipynb|py)\)")


def on_files(files: Files, *, config: MkDocsConfig) -> None:
    """Add a page for each notebook, and its pictures."""
    scripts = [
        path for path in sorted(NOTEBOOKS.glob("*.py")) if _MARIMO in path.read_text("utf-8")
    ]
    for path in [*sorted(NOTEBOOKS.glob("*.ipynb")), *scripts]:
        pictures: dict[str, bytes] = {}
        if path.suffix == ".ipynb":
            exporter = MarkdownExporter(config=_OUTPUTS)
            resources = {"output_files_dir": path.stem, "unique_key": path.stem}
            content, told = exporter.from_filename(str(path), resources=resources)
            pictures = told["outputs"]
        else:
            content = _script(path)
        page = File.generated(config, f"notebooks/{path.stem}.md", content=_at_home(content))
        files.append(page)
        for name, data in pictures.items():
            files.append(File.generated(config, f"notebooks/{name}", content=data))


def on_page_markdown(markdown: str, *, page: Page, **_event: object) -> str:
    """Lead a page's links to notebooks and to the README to where they are on the site."""
    root = "../" * page.file.src_uri.count("/")
    markdown = re.sub(
        r"\]\((?:\.\./)+notebooks/([^)/]+)\.(?:ipynb|py)\)", rf"]({root}notebooks/\1.md)", markdown
    )
    return re.sub(r"\]\((?:\.\./)+README\.md\)", f"]({root}index.md)", markdown)


def _at_home(content: str) -> str:
    """Return a notebook's text as a page of the site."""
    content = _FETCHED.sub(r"\1", content)
    content = _OUTSIDE.sub(
        lambda link: f"](../{link[2]})" if link[1] == "docs" else f"]({link[2]})", content
    )
    content = _NOTEBOOK.sub(r"\1.md)", content)
    return content.replace("<details>", '<details markdown="1">')


def _script(path: Path) -> str:
    """Return the page of a notebook that is a Python file, as marimo writes them."""
    source = path.read_text(encoding="utf-8")
    how = f"A notebook for marimo: `marimo edit notebooks/{path.name}`"
    words = ast.get_docstring(ast.parse(source)) or how
    title = path.stem.split("_", 1)[-1].replace("_", " ")
    return f"# {title}\n\n{words}\n\n```` python\n{source}\n````\n"
