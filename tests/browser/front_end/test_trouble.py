"""What goes wrong is said in the widget, as text, and the widget goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.front_end.pictures import (
    ERROR,
    failed,
    idle,
    ids,
    pictures,
    ready,
    round_of,
    row_of,
    running,
    status,
)
from tests.browser.front_end.widget_page import DIALECTS, Host

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.front_end.widget_page import Opener

HTML = "<img src=x onerror=window.hacked=1><b class=evil>bold</b><script>window.hacked=1</script>"
CONTROL = "\x00\x07\x1b[31m\u202e\u200b\ufeff\x7f"
BUSY = "Kernel busy: your click is queued"
GONE = "Not connected to a kernel: run the cell again to go on. Your pictures are still here."


@pytest.mark.parametrize("host", DIALECTS)
def test_html_is_text_everywhere(open_widget: Opener, host: Host) -> None:
    shown = pictures(0)
    error = dict.fromkeys(ERROR, HTML)
    notice = {"id": 1, "text": HTML}
    preset = {
        "name": HTML,
        "builtin": False,
        "note": HTML,
        "values": idle()["presets"][0]["values"],
    }
    widget = open_widget(
        ready(
            prompt=HTML,
            negative_prompt=HTML,
            round=round_of(0, shown, HTML),
            history=[row_of(0, shown, HTML)],
            presets=[*idle()["presets"], preset],
            info={**idle()["info"], "title": HTML, "device": HTML},
            status=status("error", 10, message=HTML, error=error, notice=notice),
            votes={ids(0)[0]: 1},
        ),
        host=host,
    )
    widget.button("Zoom picture 1").click()
    expect(widget.dialog("Picture 1")).to_be_visible()
    widget.settle()
    assert widget.root.locator(".evil, script, img[src=x]").count() == 0
    assert widget.page.evaluate("() => window.hacked") is None
    expect(widget.prompt).to_have_value(HTML)
    expect(widget.root).to_contain_text("<b class=evil>bold</b>")


def test_control_characters_and_a_very_long_prompt(open_widget: Opener) -> None:
    prompt = CONTROL + "monster " * 13000
    shown = pictures(0)
    before = open_widget().boxes()
    widget = open_widget(
        ready(prompt=prompt, round=round_of(0, shown, prompt), history=[row_of(0, shown, prompt)])
    )
    widget.expect_pictures(ids(0))
    assert widget.boxes() == before, "the pictures stay where they are"
    widget.button("Like picture 1").click()
    widget.expect_pressed(1, like=True, dislike=False)
    assert widget.page.evaluate("() => document.documentElement.scrollHeight") < 5000


def test_an_error_says_what_happened_and_what_to_do(open_widget: Opener) -> None:
    widget = open_widget()
    widget.kernel(status=status("error", 30, job=2, error=ERROR))
    expect(widget.root).to_have_attribute("data-phase", "error")
    alert = widget.root.get_by_role("alert")
    for part in ("title", "message", "advice"):
        expect(alert).to_contain_text(ERROR[part])
    expect(alert.get_by_text("RuntimeError: boom")).to_be_hidden()
    alert.locator("summary").click()
    expect(alert.get_by_text("RuntimeError: boom")).to_be_visible()
    widget.expect_pictures(ids(0))


@pytest.mark.usefixtures("own_window")
def test_the_traceback_is_copied(open_widget: Opener) -> None:
    widget = open_widget(failed())
    widget.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    widget.button("Copy traceback").click()
    widget.page.wait_for_function(
        "async (text) => (await navigator.clipboard.readText()).includes(text)",
        arg=ERROR["traceback"],
    )


def test_the_traceback_can_be_copied_by_hand_where_the_clipboard_is_closed(
    page: Page, open_widget: Opener
) -> None:
    page.add_init_script(
        """Object.defineProperty(navigator, "clipboard", { value: undefined, configurable: true });
        document.execCommand = () => false;"""
    )
    widget = open_widget(failed())
    widget.button("Copy traceback").click()
    expect(widget.root.get_by_text("RuntimeError: boom")).to_be_visible()


def test_an_error_is_dismissed(open_widget: Opener) -> None:
    widget = open_widget(failed())
    widget.root.get_by_role("alert").get_by_role("button", name="Dismiss").click()
    widget.wait_sent("dismiss")
    widget.kernel(status=status("ready", 40, job=2))
    expect(widget.root.get_by_text(ERROR["title"])).to_be_hidden()
    expect(widget.root).to_have_attribute("data-phase", "ready")


def test_an_error_does_not_keep_one_from_going_on(open_widget: Opener) -> None:
    widget = open_widget(failed())
    widget.button("Next round").click()
    widget.wait_sent("generate")
    widget.kernel(status=status("running", 40, job=3, step=0, steps=20, count=4))
    expect(widget.root.get_by_text(ERROR["title"])).to_be_hidden()


def test_a_notice_is_shown_until_it_is_dismissed(open_widget: Opener) -> None:
    widget = open_widget()
    text = "The prompt was too long and is cut."
    notice = {"id": 3, "text": text}
    widget.kernel(status=status("ready", 20, notice=notice))
    said = widget.root.get_by_text(text)
    expect(said.filter(visible=True).first).to_be_visible()
    widget.kernel(status=status("running", 21, job=2, steps=20, count=4, notice=notice))
    expect(said.filter(visible=True).first).to_be_visible()
    widget.root.get_by_role("button", name="Dismiss").click()
    widget.wait_sent("dismiss")
    widget.kernel(status=status("running", 22, job=2, steps=20, count=4))
    expect(said.filter(visible=True)).to_have_count(0)


@pytest.mark.parametrize("host", DIALECTS)
def test_a_refused_request_is_told(open_widget: Opener, host: Host) -> None:
    widget = open_widget(host=host, hold=("*",))
    widget.button("Next round").click()
    (message,) = widget.wait_sent("generate")
    widget.message(
        {"type": "failed", "request": message["request"], "message": "There is no such round."}
    )
    expect(widget.root).to_contain_text("There is no such round.")


@pytest.mark.usefixtures("own_window")
def test_a_busy_kernel_is_told_after_a_while_and_no_longer_when_it_answers(
    page: Page, open_widget: Opener
) -> None:
    page.clock.install()
    widget = open_widget(hold=("*",))
    widget.page.clock.run_for(10000)
    expect(widget.root.get_by_text(BUSY)).to_have_count(0)
    widget.button("Next round").click()
    widget.page.clock.run_for(500)
    expect(widget.root).to_have_attribute("data-connection", "live")
    widget.page.clock.run_for(3000)
    expect(widget.root).to_have_attribute("data-connection", "waiting")
    expect(widget.root.get_by_text(BUSY).filter(visible=True).first).to_be_visible()
    widget.hold()
    widget.answer("generate")
    widget.page.clock.run_for(100)
    expect(widget.root).to_have_attribute("data-connection", "live")
    expect(widget.root.get_by_text(BUSY).filter(visible=True)).to_have_count(0)


@pytest.mark.usefixtures("own_window")
def test_votes_count_while_the_kernel_is_busy(page: Page, open_widget: Opener) -> None:
    page.clock.install()
    widget = open_widget(hold=("*",))
    widget.button("Next round").click()
    widget.page.clock.run_for(5000)
    expect(widget.root).to_have_attribute("data-connection", "waiting")
    widget.button("Like picture 1").click()
    widget.expect_pressed(1, like=True, dislike=False)
    assert widget.trait("votes") == {ids(0)[0]: 1}


def test_a_closed_connection_is_told_and_the_pictures_stay(open_widget: Opener) -> None:
    widget = open_widget()
    expect(widget.root).to_have_attribute("data-connection", "live")
    widget.close()
    expect(widget.root).to_have_attribute("data-connection", "closed")
    expect(widget.root.get_by_text(GONE).filter(visible=True).first).to_be_visible()
    widget.expect_pictures(ids(0))
    sent = len(widget.log())
    widget.button("Next round").click(force=True)
    widget.button("Like picture 1").click(force=True)
    widget.settle()
    assert widget.sent("generate") == []
    assert widget.saved() == []
    assert len(widget.log()) == sent
    expect(widget.button("Next round")).to_have_attribute("aria-disabled", "true")


def test_a_view_that_opens_without_a_kernel(page: Page, open_widget: Opener) -> None:
    """As in a saved notebook: the state is there, nobody listens."""
    open_widget().close()
    page.evaluate("() => harness.render()")
    views = page.locator(".fabric-widget")
    expect(views).to_have_count(2)
    expect(views.nth(1)).to_have_attribute("data-connection", "closed")
    expect(views.nth(1).locator(".fw-card")).to_have_count(4)


def poll_count(page: Page) -> int:
    return page.evaluate(  # type: ignore[no-any-return]
        "() => harness.model.log.filter((one) => one.content?.type === 'poll').length"
    )


@pytest.mark.parametrize("phase", ["idle", "ready", "error"])
@pytest.mark.usefixtures("own_window")
def test_nothing_is_sent_while_nothing_happens(page: Page, open_widget: Opener, phase: str) -> None:
    page.clock.install()
    widget = open_widget(ready(status=status(phase, 10)))
    before = len(widget.log())
    page.clock.run_for(60000)
    assert len(widget.log()) == before


@pytest.mark.parametrize("phase", ["loading", "running", "stopping"])
@pytest.mark.parametrize("host", DIALECTS)
@pytest.mark.usefixtures("own_window")
def test_a_running_job_is_polled(page: Page, open_widget: Opener, host: Host, phase: str) -> None:
    page.clock.install()
    widget = open_widget(ready(status=status(phase, 10, job=2, steps=20, count=4)), host=host)
    page.clock.run_for(10000)
    count = poll_count(page)
    assert 2 <= count <= 20
    poll = widget.sent("poll")[-1]
    assert (poll["seen"], poll["round"]) == (10, 0)
    waiting = page.evaluate("() => harness.model.waiting.poll")
    assert waiting["most"] == 1, "never two unanswered"
    widget.kernel(status=status("ready", 11, job=2))
    page.clock.run_for(3000)
    count = poll_count(page)
    page.clock.run_for(60000)
    assert poll_count(page) == count


@pytest.mark.usefixtures("own_window")
def test_a_poll_without_an_answer_is_not_repeated(page: Page, open_widget: Opener) -> None:
    page.clock.install()
    widget = open_widget(running(), hold=("*",))
    for step in range(8, 14):
        page.clock.run_for(2000)
        widget.kernel(status=status("running", 20 + step, job=2, step=step, steps=20, count=4))
    assert len(widget.sent("poll")) == 1
    widget.hold()
    widget.answer("poll")
    page.clock.run_for(3000)
    assert len(widget.sent("poll")) >= 2


def test_messages_from_the_future_are_ignored(open_widget: Opener) -> None:
    widget = open_widget()
    widget.message({"type": "confetti", "amount": 9})
    widget.message({"type": "answer", "request": 99999})
    widget.message({"type": "preview", "job": 77, "step": 1, "first": 0, "mime": "image/webp"})
    widget.kernel(surprise=3)
    widget.expect_pictures(ids(0))


def test_a_broken_picture_leaves_its_card(open_widget: Opener) -> None:
    state = ready()
    state["round"]["images"][1]["data"] = {"bytes": "AAAA"}
    widget = open_widget(state)
    expect(widget.cards).to_have_count(4)
    widget.button("Like picture 2").click()
    widget.expect_pressed(2, like=True, dislike=False)
