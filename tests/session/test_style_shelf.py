"""A person's own styles: kept under names, listed, never lost by keeping another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PIL import Image

from fabric_widget.session import SessionFileError
from fabric_widget.session.styles import StyleShelf, shelf
from fabric_widget.session.styles.shelf import style_of
from tests.session.files.small import small_session

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def kept(tmp_path: Path) -> StyleShelf:
    return StyleShelf(tmp_path / "styles")


def keys(style: object) -> list[tuple[str, float]]:
    return [(vote.key, vote.strength) for vote in style.votes]  # type: ignore[attr-defined]


def test_what_is_kept_is_what_comes_back(kept: StyleShelf) -> None:
    session = small_session()
    for name in ("ink", "Ägypten / „alt“", "../../etc/passwd", "zig zag"):
        assert kept.save(session.style(name)).name == name
    assert [one.name for one in kept.styles()] == [
        "../../etc/passwd",
        "ink",
        "zig zag",
        "Ägypten / „alt“",
    ]
    assert all(one.place.parent == kept.folder for one in kept.styles())
    one = kept.named("zig zag")
    assert (one.likes, one.dislikes) == (1, 1)
    assert keys(one.open()) == keys(session.style("zig zag"))
    assert [image.size for image in one.thumbnails(side=3)] == [(3, 3)] * 2


def test_a_style_of_the_same_name_is_not_lost(kept: StyleShelf) -> None:
    session = small_session()
    before = keys(kept.save(session.style("ink")).open())
    session.undo()
    with pytest.raises(ValueError, match="there is a style 'ink' already"):
        kept.save(session.style("ink"))
    assert keys(kept.named("ink").open()) == before
    kept.save(session.style("ink"), replace=True)
    assert keys(kept.named("ink").open()) == keys(session.style("ink")) != before
    assert len(kept.styles()) == 1


def test_the_shelf_is_bounded(kept: StyleShelf, monkeypatch: pytest.MonkeyPatch) -> None:
    session = small_session()
    monkeypatch.setattr(shelf, "MOST", 2)
    kept.save(session.style("one"))
    kept.save(session.style("two"))
    with pytest.raises(ValueError, match="2 styles are kept already: remove one first"):
        kept.save(session.style("three"))
    kept.save(session.style("two"), replace=True)
    kept.named("one").delete()
    monkeypatch.setattr(shelf, "MOST_BYTES", 1)
    with pytest.raises(ValueError, match="your styles take 0 GB already"):
        kept.save(session.style("three"))
    assert [one.name for one in kept.styles()] == ["two"]


@pytest.mark.parametrize("name", ["", " ink", "a\nb", "x" * 61, "a\u202eb"])
def test_what_is_no_name_is_refused(kept: StyleShelf, name: str) -> None:
    with pytest.raises(ValueError, match="is no name for a style"):
        kept.save(small_session().style(name))
    assert not kept.folder.exists()


def test_files_from_elsewhere_are_listed_and_damaged_ones_passed_over(kept: StyleShelf) -> None:
    kept.folder.mkdir()
    small_session().style("from a friend").save(kept.folder / "x.fabric-style")
    (kept.folder / "broken.fabric-style").write_bytes(b"nothing")
    assert [one.name for one in kept.styles()] == ["from a friend"]
    with pytest.raises(ValueError, match="the saved styles are from a friend"):
        kept.named("broken")


def test_a_file_gets_a_name_that_the_shelf_takes(kept: StyleShelf, tmp_path: Path) -> None:
    place = tmp_path / "sent.part"
    small_session().style(" a\u202e\nb ").save(place)
    assert kept.save(style_of(place, "x.fabric-style")).name == "a b"
    small_session().save(tmp_path / "cats.fabric")  # without a name inside
    assert kept.save(style_of(tmp_path / "cats.fabric", "dogs.fabric")).name == "dogs"
    Image.new("RGB", (2, 2)).save(place, "PNG")
    with pytest.raises(SessionFileError, match="this is no"):
        style_of(place, "x.fabric-style")
