"""The site builds without warnings, is complete, has no broken links and loads nothing remote."""

from __future__ import annotations

import os
import re
import runpy
import subprocess
import sys
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import griffe
import pytest
from filelock import FileLock

import fabric_widget

ROOT = Path(fabric_widget.__file__).parents[1]
# Attributes whose addresses a browser loads by itself; `href` of an `a` is a link instead.
_LOADING_ATTRIBUTES = {"src", "srcset", "data", "poster", "href", "xlink:href"}
_REMOTE_CSS = re.compile(r"""(?:url\(|@import)\s*["']?\s*(?:https?:)?//""")


@dataclass
class Page(HTMLParser):
    """The links, ids, loaded addresses and text of a page of the site."""

    path: Path
    ids: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)
    menu: list[str] = field(default_factory=list)
    classes: set[str] = field(default_factory=set)
    text: str = ""

    def __post_init__(self) -> None:
        super().__init__()
        self._in_style = False
        self.feed(self.path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        kinds = given.get("class", "").split()
        self._in_style = tag == "style"
        self.classes.update(kinds)
        self.ids.update(given[name] for name in ("id", "name") if name in given)
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
            if "md-nav__link" in kinds:
                self.menu.append(given["href"])
        elif not (tag == "link" and given.get("rel") in {"canonical", "next", "prev"}):
            self.loaded += [value for name, value in given.items() if name in _LOADING_ATTRIBUTES]
        if _REMOTE_CSS.search(given.get("style", "")):
            self.loaded.append(given["style"])

    def handle_data(self, data: str) -> None:
        if self._in_style and _REMOTE_CSS.search(data):
            self.loaded.append(data)
        self.text += data

    def target(self, link: str) -> Path:
        """Return the file that a link of this page points to."""
        path = unquote(urlsplit(link).path)
        return (self.path.parent / path).resolve() if path else self.path


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The site, built once for all test processes."""
    folder = tmp_path_factory.getbasetemp()
    shared = folder if worker_id == "master" else folder.parent
    built = shared / "site"
    with FileLock(shared / "site.lock"):
        if not built.exists():
            command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir"]
            done = subprocess.run(  # noqa: S603  (a fixed command)
                [*command, str(built)],
                cwd=ROOT,
                env={**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(ROOT)},
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr[-3000:]
    return built


@pytest.fixture(scope="session")
def pages(site: Path) -> dict[Path, Page]:
    """Every page by its file."""
    paths = [path.resolve() for path in site.rglob("*.html") if path.name != "404.html"]
    return {path: Page(path) for path in paths}


def test_no_link_is_broken(pages: dict[Path, Page]) -> None:
    broken = []
    for page in pages.values():
        for link in {*page.links, *page.loaded}:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = page.target(link)
            if target not in pages:
                exists = target.is_file()
            else:
                exists = not parts.fragment or unquote(parts.fragment) in pages[target].ids
            if not exists:
                broken.append(f"{page.path.name}: {link}")
    assert not broken


def test_nothing_is_loaded_from_outside(site: Path, pages: dict[Path, Page]) -> None:
    remote = [
        f"{page.path.name}: {link[:80]}"
        for page in pages.values()
        for link in page.loaded
        if urlsplit(link).netloc or _REMOTE_CSS.search(link)
    ]
    remote += [
        sheet.name
        for sheet in site.rglob("*.css")
        if _REMOTE_CSS.search(sheet.read_text(encoding="utf-8"))
    ]
    assert not remote
    # For Mermaid diagrams, the theme would load a remote script.
    assert not any("mermaid" in page.classes for page in pages.values())


def test_every_page_is_in_the_navigation(site: Path, pages: dict[Path, Page]) -> None:
    home = pages[(site / "index.html").resolve()]
    assert {home.target(link) for link in home.menu} >= pages.keys()


def test_every_page_and_every_notebook_is_there(site: Path) -> None:
    sources = [path.relative_to(ROOT / "docs") for path in (ROOT / "docs").rglob("*.md")]
    books = [*ROOT.glob("notebooks/*.ipynb"), *ROOT.glob("notebooks/*marimo.py")]
    sources += [Path("notebooks") / path.name for path in books]
    assert books
    assert not [path for path in sources if not (site / path.with_suffix(".html")).is_file()]


def documented() -> list[str]:
    """Return the packages with a page in the reference."""
    texts = [page.read_text(encoding="utf-8") for page in ROOT.glob("docs/reference/*.md")]
    return [name for text in texts for name in re.findall(r"^::: (\S+)$", text, re.MULTILINE)]


@pytest.mark.parametrize("package", [fabric_widget.__name__, *documented()])
def test_every_public_name_is_in_the_reference(
    package: str, site: Path, pages: dict[Path, Page]
) -> None:
    reference = (site / "reference").resolve()
    ids = {i for path, page in pages.items() if path.parent == reference for i in page.ids}
    described = {i.rpartition(".")[2] for i in ids if i.startswith(f"{fabric_widget.__name__}.")}
    public = set(map(str, griffe.load(package).exports or ()))  # parsed: importing the zoo is slow
    assert public
    assert not public - described


def test_every_package_of_a_public_name_has_a_page() -> None:
    rooms = set(fabric_widget._ROOMS.values())
    assert not rooms - set(documented())


def test_formulas_need_no_script(pages: dict[Path, Page]) -> None:
    assert not any("arithmatex" in page.classes for page in pages.values())
    assert any("formula" in page.classes for page in pages.values())


def test_the_journeys_lead_to_where_the_code_stands() -> None:
    """`make format` brings the page up to date."""
    made = runpy.run_path(str(ROOT / "docs" / "journeys.py"))["files"]()
    assert made
    for path, text in made.items():
        assert path.read_text(encoding="utf-8") == text, path.name
