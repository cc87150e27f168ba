"""A session file is dropped, or picked: it is sent in pieces, and can be stopped."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.front_end.pictures import idle, offered, ready
from tests.browser.front_end.test_pictures import file, transfer, uploads
from tests.browser.front_end.test_styles import ROWS, reply
from tests.browser.front_end.widget_page import DIALECTS, Host

if TYPE_CHECKING:
    from playwright.sync_api import FilePayload, Locator

    from tests.browser.front_end.widget_page import Opener, WidgetPage

DATA = bytes(range(256)) * 10
PIECE = 1000
STEPS = ("open_file", "open_piece", "open_whole")


def session(name: str = "cats.fabric") -> FilePayload:
    return file(name, "", DATA)


def sending(widget: WidgetPage) -> Locator:
    return widget.root.get_by_role("region", name="A session is opened")


def pieces(widget: WidgetPage) -> list[tuple[int, int, bytes]]:
    return [
        (entry["content"]["file"], entry["content"]["index"], base64.b64decode(entry["buffers"][0]))
        for entry in widget.log()
        if entry["kind"] == "send" and entry["content"]["type"] == "open_piece"
    ]


def take(widget: WidgetPage, count: int = 3) -> None:
    """Answer what asks for a file and its first pieces."""
    widget.wait_sent("open_file")
    widget.answer("open_file", file=7, piece=PIECE)
    for at in range(count):
        widget.wait_sent("open_piece", at + 1)
        widget.answer("open_piece", received=min((at + 1) * PIECE, len(DATA)))


def open_both(widget: WidgetPage) -> None:
    """Open the styles, and send a part of a session."""
    widget.hold("styles", *STEPS)
    widget.root.locator("summary").filter(has_text="Styles").click()
    reply(widget, "styles", ROWS)
    transfer(widget, "drop", [session()])
    take(widget, 1)
    widget.wait_sent("open_piece", 2)


@pytest.mark.parametrize("host", DIALECTS)
@pytest.mark.parametrize("way", ["drop", "pick"])
def test_a_session_is_sent_in_pieces(open_widget: Opener, host: Host, way: str) -> None:
    widget = open_widget(idle(), host=host, hold=STEPS)
    if way == "drop":
        assert transfer(widget, "drop", [session()])
    else:
        with widget.page.expect_file_chooser() as chosen:
            widget.button("Open a session…").focus()
            widget.page.keyboard.press("Enter")
        chosen.value.set_files([session()])
    (asked,) = widget.wait_sent("open_file")
    assert (asked["name"], asked["size"]) == ("cats.fabric", len(DATA))
    expect(sending(widget)).to_contain_text("Opening cats.fabric")
    take(widget)
    assert pieces(widget) == [
        (7, 0, DATA[:1000]),
        (7, 1, DATA[1000:2000]),
        (7, 2, DATA[2000:]),
    ]
    assert widget.wait_sent("open_whole")[0]["file"] == 7
    expect(sending(widget)).to_be_visible()
    widget.answer("open_whole")
    expect(sending(widget)).to_be_hidden()
    expect(widget.root.locator(".fw-notice")).to_have_count(0)
    assert uploads(widget) == []


def test_a_piece_waits_until_the_last_one_was_acknowledged(open_widget: Opener) -> None:
    widget = open_widget(idle(), hold=STEPS)
    transfer(widget, "drop", [session()])
    take(widget, 1)
    widget.wait_sent("open_piece", 2)
    widget.settle()
    assert len(pieces(widget)) == 2
    bar = sending(widget).get_by_role("progressbar")
    assert bar.get_attribute("value") == str(PIECE / len(DATA))
    expect(sending(widget)).to_contain_text("1.0 of 2.6 kB")


def test_it_can_be_stopped_and_begun_again(open_widget: Opener) -> None:
    widget = open_widget(idle(), hold=STEPS)
    transfer(widget, "drop", [session()])
    take(widget, 1)
    widget.wait_sent("open_piece", 2)
    widget.button("Cancel").focus()
    widget.page.keyboard.press("Enter")
    expect(sending(widget)).to_be_hidden()
    expect(widget.root.locator(":focus")).to_have_count(1)
    widget.answer("open_piece", received=2 * PIECE)
    assert widget.wait_sent("open_cancel")[0]["file"] == 7
    assert not widget.sent("open_whole")
    transfer(widget, "drop", [session("dogs.fabric")])
    assert widget.wait_sent("open_file", 2)[1]["name"] == "dogs.fabric"


@pytest.mark.parametrize("step", STEPS)
def test_what_the_kernel_refuses_is_told_in_its_words(open_widget: Opener, step: str) -> None:
    widget = open_widget(idle(), hold=STEPS)
    transfer(widget, "drop", [session()])
    if step != "open_file":
        take(widget, 0 if step == "open_piece" else 3)
    widget.wait_sent(step)
    widget.refuse(step, "the session in cats.fabric is damaged: <b>session.json</b>")
    expect(widget.root.locator(".fw-notice")).to_contain_text("damaged: <b>session.json</b>")
    expect(sending(widget)).to_be_hidden()


def test_one_at_a_time(open_widget: Opener) -> None:
    widget = open_widget(idle(), hold=STEPS)
    transfer(widget, "drop", [session(), session("dogs.fabric")])
    widget.wait_sent("open_file")
    expect(widget.root).to_contain_text("cats.fabric is opened, not dogs.fabric")
    transfer(widget, "drop", [session("foxes.fabric")])
    expect(widget.root).to_contain_text("cats.fabric is being opened: wait for it, or cancel it")
    assert len(widget.sent("open_file")) == 1


def test_pictures_beside_it_are_pictures(open_widget: Opener) -> None:
    widget = open_widget(hold=STEPS)
    transfer(widget, "drop", [session("Cats.FABRIC"), file()])
    assert widget.wait_sent("open_file")[0]["name"] == "Cats.FABRIC"
    widget.wait_sent("upload")
    assert [names for names, _ in uploads(widget)] == [["mine.png"]]


def test_a_kernel_that_goes_meanwhile(open_widget: Opener) -> None:
    widget = open_widget(idle(), hold=STEPS)
    transfer(widget, "drop", [session()])
    take(widget, 1)
    widget.close()
    expect(sending(widget)).to_be_hidden()
    expect(widget.button("Open a session…")).to_have_attribute("aria-disabled", "true")
    expect(widget.root.locator(".fw-notice")).to_have_count(0)  # the status says it


def test_the_session_of_before_is_offered(open_widget: Opener) -> None:
    widget = open_widget(ready(saving=offered(left=True)["saving"]))
    offer = widget.root.get_by_role("region", name="An earlier session")
    expect(offer).to_contain_text("Your session from before is kept.")
    widget.button("Go back to it").click()
    (first,) = widget.wait_sent("resume")
    again = offered(left=True, when="2026-05-05T12:00:00+00:00", prompt="a dog")["saving"]
    widget.kernel(saving=again)  # of the same name, and another one
    expect(offer).to_contain_text("“a dog”")
    widget.button("Dismiss").click()
    widget.wait_sent("anew")
    assert first["name"] == again["offer"]["name"]
