"""What goes wrong is shown in the widget, and nothing is lost."""

from __future__ import annotations

import gc
import logging
import weakref
from typing import TYPE_CHECKING

import pytest

from fabric_widget.zoo import tiny

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL import Image

    from fabric_widget.widget import FabricWidget
    from tests.widget.fakes import Front, Studio


# ---- what goes wrong ---------------------------------------------------------------------------


def test_a_pipeline_that_raises_is_shown_and_the_session_is_still_there(
    widget: FabricWidget, front: Front, studio: Studio, caplog: pytest.LogCaptureFixture
) -> None:
    widget.generate().result()
    before = front.state["round"], front.state["votes"]
    studio.failure = ZeroDivisionError("no such number")
    with caplog.at_level(logging.ERROR), pytest.raises(ZeroDivisionError):
        widget.generate().result()
    error = front.status["error"]
    assert front.status["phase"] == "error"
    assert (error["title"], error["message"]) == ("ZeroDivisionError", "no such number")
    assert "raise failure\nZeroDivisionError: no such number" in error["traceback"]
    assert error["advice"]
    assert "no such number" in caplog.text
    assert (front.state["round"], front.state["votes"]) == before
    assert len(widget.session.rounds) == 1
    widget.generate().result()
    assert (front.status["phase"], front.status["error"]) == ("ready", None)


def test_out_of_memory_says_what_to_lower(
    widget: FabricWidget, front: Front, studio: Studio
) -> None:
    widget.num_images, widget.width, widget.height = 6, 1024, 768
    studio.failure = RuntimeError("CUDA out of memory. Tried to allocate 20 GiB\nmore")
    with pytest.raises(RuntimeError, match="out of memory"):
        widget.generate().result()
    error = front.status["error"]
    assert error["title"] == "Out of memory"
    assert "Pictures (now 6)" in error["advice"]
    assert "1024 × 768" in error["advice"]
    assert "batch_size=1" in error["advice"]


def test_an_error_keeps_no_memory(widget: FabricWidget, studio: Studio) -> None:
    class Big:
        """Stands for a tensor."""

    kept: list[weakref.ref[Big]] = []

    def paint(_seed: int) -> Image.Image:
        big = Big()
        kept.append(weakref.ref(big))
        message = "no"
        raise ValueError(message)

    studio.paint = paint
    outcome = widget.generate()
    assert isinstance(outcome.exception(), ValueError)
    gc.collect()
    assert kept[0]() is None


def test_a_model_that_cannot_be_loaded_is_an_error_in_the_widget(
    make: Callable[..., FabricWidget], front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load() -> None:
        message = "no model there"
        raise FileNotFoundError(message)

    monkeypatch.setattr("fabric_widget.demo.load_demo", load)
    widget = make(None)
    front.call("hello")
    front.wait_phase("error")
    assert front.status["error"]["message"] == "no model there"
    with pytest.raises(FileNotFoundError):
        widget.generate().result()
    answer = front.call("upload", [b"x"], names=["x"])
    assert answer["type"] == "failed"


def test_a_prompt_longer_than_the_model_reads_is_said(
    make: Callable[..., FabricWidget], front: Front
) -> None:
    widget = make(tiny.pipeline(), prompt="a b c d e f g h i j", steps=1, num_images=1)
    widget.generate().result()
    assert "the first 8 tokens" in front.status["notice"]["text"]
    notice = front.status["notice"]["id"]
    widget.generate().result()
    assert front.status["notice"]["id"] == notice
