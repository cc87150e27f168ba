"""Styles in the widget: kept, listed, used with one click, taken off by undo."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from fabric_widget.session.styles import StyleShelf
from fabric_widget.zoo import tiny
from tests.session.files.small import small_session
from tests.widget.fakes import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fabric_widget.widget import FabricWidget
    from tests.widget.fakes import Front

    Make = Callable[..., FabricWidget]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FABRIC_WIDGET_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def send(front: Front, data: bytes) -> dict[str, Any]:
    """Send a style as a page does, which has room in one piece."""
    number = front.call("open_file", name="ink.fabric-style", size=len(data))["file"]
    front.call("open_piece", [data], file=number, index=0)
    return front.call("open_whole", file=number)


def test_a_style_is_kept_used_taken_off_and_removed(make: Make, front: Front, home: Path) -> None:
    widget = make(auto=False, prompt="a fox")
    widget.generate().result(PATIENCE)
    widget.like(0, 1.5)
    widget.dislike(1)
    number = front.ask("save_style", name="  round   heads ")
    told, thumbs = front.answer(number)
    row = {"name": "round heads", "likes": 1, "dislikes": 1, "thumbs": 2}
    assert told["styles"] == [row]
    assert [Image.open(io.BytesIO(bytes(one))).format for one in thumbs] == ["JPEG"] * 2
    assert [one.parent for one in home.rglob("*.fabric-style")] == [home / "styles"]

    other = make(auto=False, prompt="a fish")  # of another session, as another notebook would
    other.session.clear()
    assert front.call("styles")["styles"] == [row]
    assert front.call("use_style", name="round heads")["type"] == "answer"
    assert sorted(front.state["votes"].values()) == [-1.0, 1.5]
    names = sorted(upload["name"] for upload in front.state["uploads"])
    assert names == ["round heads 1", "round heads 2"]
    other.undo()
    assert front.state["votes"] == {}
    assert front.call("delete_style", name="round heads")["styles"] == []
    assert other.styles == []
    assert "there is no style" in front.call("use_style", name="round heads")["message"]


def test_pictures_of_a_style_have_names_and_thumbnails(make: Make, front: Front) -> None:
    quick: dict[str, Any] = {"steps": 2, "guidance": 3.0, "num_images": 1, "auto": False}
    widget = make(tiny.pipeline(), prompt="abc", **quick)
    widget.generate().result(PATIENCE)
    widget.like(0, aspect="colors")
    saved = widget.save_style("ink")
    assert [one.name for one in widget.styles] == ["ink"]
    other = make(tiny.pipeline(), prompt="def", **quick)
    other.use_style("ink")
    ((name, strength),) = other.votes.items()
    assert name.endswith(":colors")
    assert strength == 1.0
    (upload,) = front.state["uploads"]
    assert (upload["id"], upload["name"]) == (name.partition(":")[0], "ink 1")
    assert other.generate().result(PATIENCE)[0].prompt == "def"
    other.delete_style("ink")
    assert not saved.place.exists()
    assert other.session.liked  # whoever uses it keeps its pictures


def test_a_style_starts_a_round_as_votes_do(make: Make, front: Front) -> None:
    widget = make(auto=True)
    widget.generate().result(PATIENCE)
    StyleShelf().save(small_session().style("ink"))
    widget.use_style("ink")
    assert widget._worker.pending
    assert front.status["undo"] == "vote"


@pytest.mark.parametrize(
    ("kind", "name", "words"),
    [
        ("save_style", "ink", "like some pictures first"),
        ("use_style", "ink", "there is no style 'ink'"),
        ("delete_style", "ink", "there is no style 'ink'"),
    ],
)
def test_what_cannot_be_is_told(make: Make, front: Front, kind: str, name: str, words: str) -> None:
    make()
    assert words in front.call(kind, name=name)["message"]


def test_a_style_that_is_sent_is_kept_and_the_session_stays(
    make: Make, front: Front, tmp_path: Path
) -> None:
    widget = make()
    before = widget.session
    small_session().style("ink").save(tmp_path / "ink.fabric-style")
    data = (tmp_path / "ink.fabric-style").read_bytes()
    assert send(front, data)["type"] == "answer"
    assert [one.name for one in widget.styles] == ["ink"]
    assert front.status["notice"]["text"] == "The style ink is kept: use it under Styles."
    assert "already" in send(front, data)["message"]
    broken = send(front, data[:-30])
    assert "the session in ink.fabric-style is damaged" in broken["message"]
    assert widget.session is before
