"""Where sessions are kept, and which notebook this is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from fabric_widget import Autosave
from fabric_widget.widget import FabricWidget
from fabric_widget.widget.saving import notebook, places

if TYPE_CHECKING:
    from collections.abc import Callable

    Make = Callable[..., FabricWidget]


@pytest.mark.parametrize(
    ("given", "word", "expected"),
    [
        (None, "off", None),
        (None, "0", None),
        (None, "", Autosave()),
        (None, "on", Autosave()),
        (None, "/tmp/x", Autosave("/tmp/x")),  # noqa: S108  (nothing is written)
        (False, "on", None),
        (True, "off", Autosave()),
        (Autosave(sessions=3), "off", Autosave(sessions=3)),
        ("here", "", Autosave(Path("/books/fabric_widget_sessions"))),
    ],
)
def test_where_sessions_are_kept(
    given: Any, word: str, expected: Autosave | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FABRIC_WIDGET_AUTOSAVE", word)
    monkeypatch.setenv("JPY_SESSION_NAME", "/books/foxes.ipynb")
    assert places.autosave_of(given) == expected


@pytest.mark.parametrize("given", [3, object(), Autosave], ids=["number", "object", "class"])
def test_what_says_not_where_is_refused(given: Any) -> None:
    with pytest.raises(TypeError, match="'here'"):
        FabricWidget(autosave=given)


@pytest.mark.parametrize(
    "limits",
    [{"sessions": 0}, {"gigabytes": 0}, {"sessions": 1.5}, {"memory": 0}, {"memory": float("nan")}],
)
def test_limits_out_of_range_are_refused(limits: Any) -> None:
    with pytest.raises(ValueError, match=next(iter(limits))):
        Autosave(**limits)


def test_the_drive_of_colab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLAB_RELEASE_TAG", "release")
    monkeypatch.setattr(places, "DRIVE", tmp_path / "MyDrive")
    with pytest.raises(ValueError, match=r"drive\.mount"):
        places.autosave_of("drive")
    assert "drive.mount" in places.hint_for_colab(Autosave())
    (tmp_path / "MyDrive").mkdir()
    assert places.autosave_of("drive") == Autosave(tmp_path / "MyDrive/fabric_widget_sessions")
    hint = places.hint_for_colab(Autosave())
    assert "autosave='drive'" in hint
    assert "mount" not in hint
    assert not places.hint_for_colab(Autosave("/content/drive/MyDrive/x"))


def test_notebooks_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    assert notebook.notebook_name() == str(tmp_path)
    monkeypatch.setattr(notebook, "_variables", lambda: {"__vsc_ipynb_file__": "/a/b.ipynb"})
    assert notebook.notebook_name() == "/a/b.ipynb"
    assert notebook.notebook_folder() == Path("/a")
    monkeypatch.setenv("JPY_SESSION_NAME", "c.ipynb")
    assert notebook.notebook_name() == str(tmp_path / "c.ipynb")
