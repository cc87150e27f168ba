"""From the click to the pictures: what is sent, what is shown meanwhile, and that nothing jumps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.browser.front_end.pictures import (
    STANDARD,
    idle,
    ids,
    picture,
    pictures,
    ready,
    round_of,
    row_of,
    running,
    status,
)
from tests.browser.front_end.widget_page import DIALECTS, HOSTS, Host, WidgetPage

if TYPE_CHECKING:
    from tests.browser.front_end.widget_page import Opener

CONTROLS: dict[str, Any] = {
    "prompt": "a monster",
    "negative_prompt": "",
    "num_images": 4,
    "seed": 41,
    "lock_seed": False,
    "steps": None,
    "guidance": None,
    "width": None,
    "height": None,
    **STANDARD,
    "variety": None,
    "auto": True,
}


def deliver(widget: WidgetPage, index: int, first: int, revision: int) -> None:
    """Hand over a round, as the kernel does when it is finished."""
    shown = pictures(first)
    history = widget.page.evaluate("() => harness.model.get('history').length")
    assert history <= index
    rows = [row_of(i, pictures(4 * i)) for i in range(index)] + [row_of(index, shown)]
    widget.kernel(
        round=round_of(index, shown), history=rows, status=status("ready", revision, job=index + 1)
    )


@pytest.mark.parametrize("host", DIALECTS)
def test_generate_carries_all_controls_and_the_votes(open_widget: Opener, host: Host) -> None:
    votes = {ids(0)[0]: 1, ids(0)[1]: -0.5}
    widget = open_widget(ready(votes=votes), host=host)
    widget.button("Next round").click()
    (message,) = widget.wait_sent("generate")
    assert message["controls"] == CONTROLS
    assert message["votes"] == votes
    assert isinstance(message["request"], int | float)


def test_generate_carries_what_was_typed_a_moment_ago(open_widget: Opener) -> None:
    widget = open_widget()
    widget.prompt.fill("a blue fish")
    widget.number("Pictures").fill("9")
    widget.button("Next round").click()
    (message,) = widget.wait_sent("generate")
    assert message["controls"] == {**CONTROLS, "prompt": "a blue fish", "num_images": 9}


def test_two_clicks_are_two_requests(open_widget: Opener) -> None:
    widget = open_widget(hold=("*",))
    widget.button("Next round").dblclick()
    first, second = widget.wait_sent("generate", 2)
    assert first["request"] != second["request"]


def test_a_click_while_a_job_runs_is_sent_and_keeps_the_focus(open_widget: Opener) -> None:
    widget = open_widget(running())
    widget.button("Next round").click()
    widget.wait_sent("generate")
    expect(widget.button("Next round")).to_be_focused()
    expect(widget.button("Next round")).to_be_enabled()


@pytest.mark.parametrize("phase", ["loading", "running", "stopping"])
def test_stop_is_there_while_something_runs(open_widget: Opener, phase: str) -> None:
    widget = open_widget(ready(status=status(phase, 20, job=2, steps=20, count=4)))
    expect(widget.root).to_have_attribute("data-phase", phase)
    expect(widget.button("Stop")).to_be_visible()
    widget.kernel(status=status("ready", 21, job=2))
    expect(widget.button("Stop")).to_be_hidden()


def test_stop_is_there_while_a_round_is_pending(open_widget: Opener) -> None:
    widget = open_widget(ready(status=status("ready", 20, pending=True)))
    expect(widget.button("Stop")).to_be_visible()


def test_stop_cancels(open_widget: Opener) -> None:
    widget = open_widget(running())
    widget.button("Stop").click()
    assert len(widget.wait_sent("cancel")) == 1


def test_progress_in_numbers(open_widget: Opener) -> None:
    widget = open_widget(running())
    progress = widget.root.get_by_role("progressbar", name="Progress", exact=True)
    expect(progress).to_have_js_property("tagName", "PROGRESS")
    expect(progress).to_have_js_property("position", 7 / 20)
    expect(widget.root).to_contain_text("7 of 20")
    expect(widget.root).to_contain_text("1.6")
    widget.kernel(status=status("running", 21, job=2, step=8, steps=20, count=4))
    expect(widget.root).to_contain_text("8 of 20")


@pytest.mark.parametrize("host", HOSTS)
def test_previews_are_shown_and_acknowledged(open_widget: Opener, host: Host) -> None:
    widget = open_widget(running(), host=host)
    forming = pictures(8, 2)
    preview = {"type": "preview", "job": 2, "step": 7, "mime": "image/webp", "done": False}
    widget.message({**preview, "first": 0}, [one.thumb for one in forming])
    assert widget.wait_sent("seen") == [{"type": "seen", "job": 2, "step": 7}]
    widget.message({**preview, "first": 2, "step": 9}, [one.thumb for one in forming])
    assert widget.wait_sent("seen", 2)[1] == {"type": "seen", "job": 2, "step": 9}
    widget.settle()
    shown = widget.grid.locator("img").filter(visible=True)
    expect(shown).to_have_count(4)
    widget.expect_loaded(shown)
    for image in shown.all():
        assert image.evaluate("(img) => img.naturalWidth") == 96


def test_a_preview_of_an_older_job_is_not_shown(open_widget: Opener) -> None:
    widget = open_widget(running())
    old = {"type": "preview", "job": 1, "step": 3, "first": 0, "mime": "image/webp", "done": False}
    widget.message(old, [picture(8).thumb])
    widget.settle()
    assert widget.grid.evaluate(
        "(grid) => [...grid.querySelectorAll('img')].every((img) => img.naturalWidth !== 96)"
    )


@pytest.mark.parametrize("host", HOSTS)
def test_done_pictures_give_way_to_the_round_and_nothing_jumps(
    open_widget: Opener, host: Host
) -> None:
    widget = open_widget(host=host)
    under_way = {"job": 2, "steps": 20, "count": 4}
    before = widget.boxes()
    widget.kernel(status=status("running", 20, step=1, **under_way))
    expect(widget.root).to_have_attribute("data-phase", "running")
    widget.settle()
    assert widget.boxes() == before
    done = {"type": "preview", "job": 2, "step": 20, "first": 0, "mime": "image/webp", "done": True}
    widget.message(done, [one.screen for one in pictures(4)])
    widget.wait_sent("seen")
    widget.settle()
    assert widget.boxes() == before
    deliver(widget, 1, 4, 30)
    widget.expect_pictures(ids(4))
    expect(widget.root).to_have_attribute("data-round", "1")
    assert widget.boxes() == before


def test_the_first_round_does_not_push_what_stands_below(open_widget: Opener) -> None:
    widget = open_widget(idle())
    under_way = {"job": 1, "steps": 20, "count": 4}
    widget.kernel(status=status("running", 20, step=1, **under_way))
    expect(widget.cards).to_have_count(4)
    widget.settle()
    before = widget.boxes()
    deliver(widget, 0, 0, 30)
    widget.expect_pictures(ids(0))
    assert widget.boxes() == before


def test_places_are_kept_in_the_shape_of_the_pictures(open_widget: Opener) -> None:
    widget = open_widget(idle())
    wide = status("running", 20, job=1, steps=20, count=2, width=512, height=256)
    widget.kernel(status=wide)
    expect(widget.cards).to_have_count(2)
    ratio = widget.card(1).evaluate(
        """(card) => {
            for (const part of card.querySelectorAll("*")) {
                const { width, height } = part.getBoundingClientRect();
                if (height > 0 && Math.abs(width / height - 2) < 0.05) return 2;
            }
            return 0;
        }"""
    )
    assert ratio == 2


def test_the_finished_round_can_be_voted_on_while_the_next_one_is_made(open_widget: Opener) -> None:
    widget = open_widget(running())
    widget.button("Look at round 1").click()
    widget.expect_pictures(ids(0))
    expect(widget.root).to_have_attribute("data-round", "0")
    expect(widget.root).to_have_attribute("data-phase", "running")
    widget.button("Like picture 2").click()
    widget.expect_pressed(2, like=True, dislike=False)
    assert widget.trait("votes") == {ids(0)[1]: 1}


@pytest.mark.parametrize("host", DIALECTS)
def test_a_round_is_seen_with_one_write(open_widget: Opener, host: Host) -> None:
    widget = open_widget(idle(), host=host)
    deliver(widget, 0, 0, 30)
    assert widget.wait_saved("seen_round") == [{"seen_round": 0}]
    widget.kernel(status=status("ready", 31, job=1))
    widget.kernel(round=round_of(0, pictures(0)))
    widget.settle()
    assert len(widget.saved()) == 1
    deliver(widget, 1, 4, 40)
    assert widget.wait_saved("seen_round", 2)[1] == {"seen_round": 1}


def test_the_round_is_announced_once_and_steps_are_not(open_widget: Opener) -> None:
    widget = open_widget(idle())
    live = widget.root.get_by_role("status")
    expect(live).to_have_count(1)
    widget.page.evaluate(
        """() => {
            window.said = [];
            const live = document.querySelector(".fabric-widget [role=status]");
            new MutationObserver(() => said.push(live.textContent))
                .observe(live, { childList: true, characterData: true, subtree: true });
        }"""
    )
    for step in range(1, 9):
        widget.kernel(status=status("running", 20 + step, job=1, step=step, steps=20, count=4))
        widget.settle()
    deliver(widget, 0, 0, 40)
    expect(widget.root).to_have_attribute("data-phase", "ready")
    expect(live).not_to_be_empty()
    widget.settle()
    said = [text for text in widget.page.evaluate("() => window.said") if text]
    assert len(set(said)) == len(said) == 2, said
