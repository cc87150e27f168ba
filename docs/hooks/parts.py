"""Insert parts that are generated from the package: public names, commands, list of notebooks.

A page contains a comment in place of each part, such as ``<!-- commands -->``.
"""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

import griffe

import fabric_widget
from fabric_widget.cli.arguments import build_parser

if TYPE_CHECKING:
    from mkdocs.structure.files import Files


def on_page_markdown(markdown: str, *, files: Files, **_event: object) -> str:
    """Replace each comment by its part."""
    if "<!-- public names -->" in markdown:
        markdown = markdown.replace("<!-- public names -->", _names())
    if "<!-- commands -->" in markdown:
        markdown = markdown.replace("<!-- commands -->", _commands())
    if "<!-- notebooks -->" in markdown:
        markdown = markdown.replace("<!-- notebooks -->", _notebooks(files))
    return markdown


@cache
def _names() -> str:
    """Return a table of the public names, each with the first line of its docstring."""
    package = griffe.load(fabric_widget.__name__)
    rows = ["| name | what it is |", "|---|---|"]
    for name in fabric_widget.__all__:
        found = package[name].final_target
        summary = found.docstring.value.partition("\n")[0] if found.docstring else ""
        rows.append(f"| [`{name}`][{found.canonical_path}] | {summary} |")
    return "\n".join(rows)


@cache
def _commands() -> str:
    """Return the help text of every command."""
    os.environ["COLUMNS"] = "82"
    parser = build_parser()
    (commands,) = (
        action.choices
        for action in parser._actions  # noqa: SLF001  (argparse has no public list of commands)
        if isinstance(action.choices, dict)
    )
    parts = [f"```text\n{parser.format_help()}```"]
    parts += [
        f"## {name}\n\n```text\n{command.format_help()}```" for name, command in commands.items()
    ]
    return "\n\n".join(parts)


def _notebooks(files: Files) -> str:
    """Return a list of links to all notebooks, with their titles."""
    pages = [file for file in files.documentation_pages() if file.src_uri.startswith("notebooks/")]
    lines = []
    for file in sorted(pages, key=lambda file: file.src_uri):
        headings = [line[2:] for line in file.content_string.splitlines() if line.startswith("# ")]
        if not file.src_uri.endswith("/index.md"):
            name = file.src_uri.removeprefix("notebooks/")
            lines.append(f"- [{headings[0] if headings else name}]({name})")
    return "\n".join(lines)
