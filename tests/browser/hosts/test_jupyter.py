"""The widget in real JupyterLab 4 and Notebook 7, on today's kernel and on one before subshells.

What the widget does with every message and key is tested elsewhere; here it has real neighbours: a
notebook with its own keys, other cells that keep the kernel busy, pages that are reloaded.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from .notebook import PATIENCE, brightness, gate

if TYPE_CHECKING:
    from collections.abc import Callable

    from .notebook import Notebook

    Open = Callable[..., Notebook]

# Small and quick: these tests are about the notebook, not about the pictures.
SMALL = "prompt='a monster', num_images=2, steps=3, seed=7"
QUIET = f"w = FabricWidget({SMALL}, auto=False)"


def test_the_kernel_is_the_one_that_was_asked_for(notebook: Open, version: str) -> None:
    book = notebook("import ipykernel")
    assert book.evaluate("ipykernel.__version__").split(".")[0] == version


def test_a_like_makes_the_next_round_another_one(notebook: Open) -> None:
    book = notebook(f"{QUIET}\nw.show()")
    widget = book.widget().wait(phase="idle", round=-1)
    first = widget.generate(0)
    widget.like(1).click()
    widget.expect_vote(1, liked=True)
    second = widget.generate(1)
    assert len(first) == len(second) == 2
    assert not {*first} & {*second}
    assert book.evaluate("[dict(w.votes), len(w.session.rounds)]") == [{first[0]: 1}, 2]


def test_a_vote_alone_brings_the_next_round(notebook: Open) -> None:
    book = notebook(f"w = FabricWidget(load_demo(), {SMALL})\nw")
    widget = book.widget().wait(phase="idle")
    first = widget.generate(0)
    widget.like(2).click()
    widget.wait(round=1, phase="ready")
    assert not {*first} & {*widget.ids()}


def test_the_lens_shows_what_shaped_a_picture(notebook: Open) -> None:
    book = notebook(f"{QUIET}\nw.show()", "'another cell'")
    widget = book.widget().wait(phase="idle", round=-1)
    widget.generate(0)
    widget.like(1).click()
    widget.expect_vote(1, liked=True)
    widget.generate(1)
    before = book.cells()
    widget.button("Lens for picture 1").click()
    places = widget.root.get_by_role("grid")
    expect(places).to_be_focused(timeout=PATIENCE)
    readout = widget.root.locator(".fw-lens-readout")
    for key in ("ArrowLeft", "ArrowDown", "d", "d", "x", "Enter"):
        told = readout.text_content() or ""
        shares = [float(share) for share in re.findall(r"([\d.]+) %", told)]
        assert len(shares) == 2, told
        assert sum(shares) == pytest.approx(100, abs=1)
        book.page.keyboard.press(key)
    expect(readout).to_contain_text("(pinned)")
    expect(widget.root.locator(".fw-lens-veil")).to_be_visible(timeout=PATIENCE)
    assert book.cells() == before
    book.page.keyboard.press("Escape")
    expect(widget.button("Lens for picture 1")).to_be_focused()
    assert book.evaluate("len(w.session.rounds)") == 2
    bar = widget.root.locator(".fw-entry .fw-contribution")
    expect(bar).to_have_attribute("title", re.compile(r"round 2"))


def test_the_playground_follows_its_sliders(notebook: Open) -> None:
    cell = "from fabric_widget import AttentionPlayground\n"
    book = notebook(f"{cell}play = AttentionPlayground(steps=4)\nplay.show()", "'another cell'")
    root, page = book.widget().root, book.page
    before = book.cells()
    expect(root.locator(".fp-number").first).to_be_visible(timeout=PATIENCE)
    first = root.locator(".fp-number").first.inner_text()
    weight = root.get_by_role("slider", name="Weight w")
    weight.focus()
    for key in ("b", "Home", "End"):
        page.keyboard.press(key)
    number = root.locator(".fp-number").first
    expect(number).not_to_have_text(first, timeout=PATIENCE)
    assert book.evaluate("play.weight") == 2
    assert book.cells() == before


def test_stop_stops_within_a_step(notebook: Open) -> None:
    book = notebook(
        "pipe = load_demo()\n"
        "w = FabricWidget(pipe, prompt='a monster', num_images=2, steps=150, auto=False)\n"
        "events = []\n"
        "pipe.unet.register_forward_pre_hook(lambda *_: events.append('step'))\n"
        "w.on_msg(lambda _, content, buffers: events.append(content['type']))\n"
        "w.show()"
    )
    widget = book.widget().wait(phase="idle")
    widget.button("Next round").click()
    widget.wait(phase="running")
    expect(widget.root.get_by_text(re.compile(r"\b[1-9]\d* of 150\b")).first).to_be_visible(
        timeout=PATIENCE
    )
    widget.button("Stop").click()
    widget.wait(phase="idle", round=-1)
    status = book.evaluate("w.status")
    stopped = re.search(r"Stopped after (\d+) of 150", status["message"])
    assert stopped
    assert 0 < int(stopped[1]) < 150
    events = book.evaluate("events")
    assert events[events.index("cancel") :].count("step") <= 1


def test_keys_in_the_widget_leave_the_notebook_alone(notebook: Open) -> None:
    book = notebook(f"{QUIET}\nw.show()", "'another cell'")
    widget = book.widget().wait(phase="idle")
    widget.generate(0)
    widget.root.get_by_text("How feedback counts").click()
    before = book.cells()
    widget.root.get_by_role("slider", name="Feedback strength").focus()
    for key in "ddabmxcvzy":
        book.page.keyboard.press(key)
    assert book.cells() == before
    expect(widget.root).to_be_visible()
    # The same keys, and the same notebook, one click further out.
    book.page.locator(".jp-InputPrompt").nth(2).click()
    book.page.keyboard.press("b")
    book.page.wait_for_function(
        "count => document.querySelectorAll('.jp-CodeCell').length > count", arg=len(before)
    )


_FOCUSABLE = """() => {
  const found = [...document.querySelectorAll(
    ".fabric-widget :is(button, select, summary, input:not([type=text], [type=number]), [tabindex])"
  )].filter(element => element.checkVisibility());
  window.focusable = found;
  return found.length;
}"""
_FOCUSED = """index => {
  const element = window.focusable[index];
  if (element.isConnected) element.focus();
  return document.activeElement === element;
}"""


def test_no_key_reaches_the_notebook_from_anywhere(notebook: Open) -> None:
    """Nothing is pressed but B, which makes a cell wherever the notebook hears it."""
    book = notebook(f"{QUIET}\nw.show()", "'another cell'")
    widget = book.widget().wait(phase="idle", round=-1)
    page, before = book.page, book.cells()

    def press_everywhere(least: int) -> None:
        focused = 0
        for index in range(page.evaluate(_FOCUSABLE)):
            if page.evaluate(_FOCUSED, index):
                page.keyboard.press("b")
                focused += 1
        assert focused >= least
        assert book.cells() == before

    widget.generate(0)
    widget.like(1).click()
    widget.expect_vote(1, liked=True)
    widget.generate(1)
    press_everywhere(20)
    widget.button("Zoom picture 1").click()
    press_everywhere(5)
    page.keyboard.press("Escape")
    widget.button("Lens for picture 1").click()
    expect(widget.root.get_by_role("grid")).to_be_focused(timeout=PATIENCE)
    press_everywhere(5)


def test_shift_enter_in_the_prompt_is_a_line_break(notebook: Open) -> None:
    book = notebook(f"{QUIET}\nw.show()", "'another cell'")
    widget = book.widget().wait(phase="idle")
    before = book.cells()
    widget.prompt.fill("a monster")
    widget.prompt.press("Shift+Enter")
    widget.prompt.press_sequentially("at night, daubed")
    assert widget.prompt.input_value() == "a monster\nat night, daubed"
    # Had the cell been run, the kernel would have done it before it answers.
    assert book.evaluate("1") == 1
    assert book.cells() == before


def test_control_enter_in_the_prompt_is_the_next_round(notebook: Open) -> None:
    book = notebook(f"{QUIET}\nw.show()", "'another cell'")
    widget = book.widget().wait(phase="idle")
    before = book.cells()
    widget.prompt.fill("a blue fish")
    widget.prompt.press("Control+Enter")
    widget.wait(round=0, phase="ready")
    assert book.cells() == before
    assert book.evaluate("w.round.prompt") == "a blue fish"


def test_a_reload_brings_the_round_back(notebook: Open) -> None:
    book = notebook(f"{QUIET}\nw.show()")
    widget = book.widget().wait(phase="idle")
    widget.generate(0)
    widget.like(2).click()
    second = widget.generate(1)
    widget.like(1).click()
    widget.expect_vote(1, liked=True)
    book.command("docmanager:save")
    book.reload()
    widget = book.widget().wait(phase="ready", round=1, connection="live")
    assert widget.ids() == second
    widget.expect_vote(1, liked=True)
    widget.expect_vote(2, liked=False)
    # And it is alive, not a picture of itself.
    assert not {*second} & {*widget.generate(2)}


def test_the_picture_for_lifeless_notebooks_is_hidden_while_the_widget_lives(
    notebook: Open,
) -> None:
    book = notebook(f"{QUIET}\nw.show()")
    book.widget().wait(phase="idle").generate(0)
    static_output = book.page.locator(".fabric-widget-still img")
    expect(static_output).to_have_count(1)
    expect(static_output).to_be_hidden()


def test_two_views_of_one_widget_agree(notebook: Open) -> None:
    book = notebook(QUIET, "w", "w.show()")
    above, below = book.widget(0).wait(phase="idle"), book.widget(1).wait(phase="idle")
    ids = above.generate(0)
    below.wait(round=0, phase="ready")
    assert below.ids() == ids
    above.like(1).click()
    below.expect_vote(1, liked=True)
    below.like(1).click()
    above.expect_vote(1, liked=False)
    assert book.evaluate("dict(w.votes)") == {}


def test_an_error_shows_with_what_there_is_to_copy(notebook: Open) -> None:
    book = notebook(
        "pipe = load_demo()\n"
        "def fail(*_): raise RuntimeError('the paint is dry')\n"
        f"w = FabricWidget(pipe, {SMALL}, auto=False)",
        "w.show()",
    )
    widget = book.widget().wait(phase="idle")
    first = widget.generate(0)
    book.evaluate("str(pipe.unet.register_forward_pre_hook(fail))")
    widget.button("Next round").click()
    widget.wait(phase="error")
    alert = widget.root.get_by_role("alert")
    expect(alert).to_contain_text("the paint is dry")
    expect(alert.get_by_role("button", name="Copy traceback")).to_be_visible()
    assert "Traceback (most recent call last)" in str(alert.text_content())
    # The session is still there, and goes on once the cause is gone.
    assert widget.ids() == first
    book.evaluate("pipe.unet._forward_pre_hooks.clear()")
    assert not {*first} & {*widget.generate(1)}
    expect(alert).to_be_hidden()


def test_a_click_while_another_cell_runs_is_never_lost(notebook: Open, version: str) -> None:
    book = notebook(f"{QUIET}\nw.show()", "'the cell that will block'")
    widget = book.widget().wait(phase="idle", connection="live")
    with gate() as (block, listener):
        book.start_last_cell(block)
        cell, _ = listener.accept()
        with cell:
            widget.button("Next round").click()
            if version == "7":
                # May have a second thread for widgets: which one it is that gets the click depends
                # on where the widget last sent something from.
                widget.root.and_(
                    book.page.locator("[data-connection=waiting], [data-round='0']")
                ).wait_for()
            else:
                widget.wait(round=-1, connection="waiting")
                expect(widget.root).to_contain_text("Kernel busy: your click is queued")
    widget.wait(round=0, phase="ready", connection="live")
    assert len(widget.ids()) == 2
    expect(widget.root).not_to_contain_text("Kernel busy")


def test_a_kernel_restarted_under_an_open_page_leaves_the_pictures(notebook: Open) -> None:
    book = notebook(f"{QUIET}\nw.show()")
    widget = book.widget().wait(phase="idle")
    first = widget.generate(0)
    book.page.evaluate("void window.jupyterapp.commands.execute('kernelmenu:restart')")
    book.page.locator(".jp-Dialog").get_by_role("button", name="Confirm").click()
    widget.wait(connection=re.compile("closed|waiting"))
    assert widget.ids() == first
    book.wait()
    if widget.root.get_attribute("data-connection") != "closed":
        widget.button("Next round").click()
        widget.wait(connection="closed")
    expect(widget.root).to_contain_text(
        "Not connected to a kernel: run the cell again to go on. Your pictures are still here."
    )
    assert widget.ids() == first
    book.run()
    assert len(book.widget().wait(phase="idle", connection="live", round=-1).generate(0)) == 2


def test_the_theme_of_the_notebook_is_the_theme_of_the_widget(notebook: Open) -> None:
    book = notebook(f"{QUIET}\nw.show()")
    widget = book.widget().wait(phase="idle", theme="light")
    light = brightness(widget)
    book.command("apputils:change-theme", theme="JupyterLab Dark")
    widget.wait(theme="dark")
    dark = brightness(widget)
    book.command("apputils:change-theme", theme="JupyterLab Light")
    widget.wait(theme="light")
    assert dark < 70
    assert light > 200
