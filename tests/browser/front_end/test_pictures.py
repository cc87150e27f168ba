"""One picture: zoom, download, again; and pictures that the person brings along."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import FilePayload, expect

from tests.browser.front_end.pictures import ids, picture, pictures, ready, wire
from tests.browser.front_end.widget_page import HOSTS, Host, WidgetPage

if TYPE_CHECKING:
    from pathlib import Path

    from tests.browser.front_end.widget_page import Opener

FIRST = ids(0)
MINE = picture(20)


def file(name: str = "mine.png", kind: str = "image/png", data: bytes = MINE.full) -> FilePayload:
    return {"name": name, "mimeType": kind, "buffer": data}


def choose(widget: WidgetPage, *files: FilePayload) -> None:
    """Pick files with the file input, which may be hidden behind a button."""
    widget.root.get_by_label("Add pictures").set_input_files(list(files))


def transfer(widget: WidgetPage, event: str, files: list[FilePayload]) -> bool:
    """Drop or paste files; says whether the widget took them."""
    items = [
        {
            "name": one["name"],
            "type": one["mimeType"],
            "data": base64.b64encode(one["buffer"]).decode(),
        }
        for one in files
    ]
    taken: bool = widget.prompt.evaluate(
        """(field, [event, items]) => {
            const transfer = new DataTransfer();
            for (const { name, type, data } of items) {
                const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
                transfer.items.add(new File([bytes], name, { type }));
            }
            const about = { bubbles: true, composed: true, cancelable: true };
            const fire = (one) => {
                field.dispatchEvent(one);
                return one.defaultPrevented;
            };
            if (event === "paste") {
                return fire(new ClipboardEvent("paste", { ...about, clipboardData: transfer }));
            }
            fire(new DragEvent("dragenter", { ...about, dataTransfer: transfer }));
            const over = fire(new DragEvent("dragover", { ...about, dataTransfer: transfer }));
            return fire(new DragEvent("drop", { ...about, dataTransfer: transfer })) && over;
        }""",
        [event, items],
    )
    return taken


def uploads(widget: WidgetPage) -> list[tuple[list[str], list[bytes]]]:
    """Say names and bytes of every upload that was sent."""
    return [
        (entry["content"]["names"], [base64.b64decode(data) for data in entry["buffers"]])
        for entry in widget.log()
        if entry["kind"] == "send" and entry["content"]["type"] == "upload"
    ]


@pytest.mark.parametrize("way", ["picker", "drop", "paste"])
def test_files_are_sent_as_they_are(open_widget: Opener, way: str) -> None:
    widget = open_widget()
    files = [file(), file("second.webp", "image/webp", MINE.screen)]
    if way == "picker":
        choose(widget, *files)
    else:
        assert transfer(widget, way, files)
    widget.wait_sent("upload")
    assert uploads(widget) == [(["mine.png", "second.webp"], [MINE.full, MINE.screen])]


def test_files_reach_the_widget_anywhere_on_it(open_widget: Opener) -> None:
    widget = open_widget()
    taken = widget.button("Like picture 1").evaluate(
        """(button) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([new Uint8Array([1])], "a.png", { type: "image/png" }));
            const about = { bubbles: true, cancelable: true, dataTransfer: transfer };
            return ["dragenter", "dragover", "drop"].map((name) => {
                const event = new DragEvent(name, about);
                button.dispatchEvent(event);
                return event.defaultPrevented;
            });
        }"""
    )
    assert taken[1:] == [True, True]
    widget.wait_sent("upload")


@pytest.mark.parametrize("host", HOSTS)
def test_an_upload_appears_on_the_shelf(open_widget: Opener, host: Host) -> None:
    widget = open_widget(host=host, hold=("upload",))
    choose(widget, file())
    widget.wait_sent("upload")
    size = {"width": MINE.side, "height": MINE.side}
    upload = {"id": MINE.id, "name": "mine.png", "thumb": wire(MINE.thumb), **size}
    widget.kernel(uploads=[upload], votes={MINE.id: 1})
    widget.answer("upload", added=[MINE.id], problems=[])
    expect(widget.shelf("Liked")).to_have_count(1)
    widget.expect_loaded(widget.shelf("Liked").locator("img"))
    assert widget.saved() == []


def test_the_kernel_says_what_was_wrong_with_a_file(open_widget: Opener) -> None:
    widget = open_widget(hold=("upload",))
    choose(widget, file(data=b"not a picture at all"))
    widget.wait_sent("upload")
    widget.answer("upload", added=[], problems=[{"name": "mine.png", "message": "It is broken."}])
    expect(widget.root).to_contain_text("mine.png")
    expect(widget.root).to_contain_text("It is broken.")


def test_what_a_picture_of_a_session_was_made_from_is_offered(open_widget: Opener) -> None:
    widget = open_widget(hold=("upload",))
    choose(widget, file())
    widget.wait_sent("upload")
    made = [{"name": "mine.png", "prompt": "a <b>dog</b>", "seed": 7}]
    widget.answer("upload", added=[MINE.id], problems=[], made=made)
    line = widget.root.locator(".fw-notice")
    expect(line).to_contain_text("mine.png was made from “a <b>dog</b>”, seed 7.")
    line.get_by_role("button", name="Use its settings").focus()
    widget.page.keyboard.press("Enter")
    assert widget.wait_sent("use_settings")[0]["name"] == "mine.png"
    expect(line).to_have_count(1)  # to be used again


def test_other_notices_offer_nothing(open_widget: Opener) -> None:
    widget = open_widget(hold=("upload",))
    choose(widget, file(data=b"not a picture at all"))
    widget.wait_sent("upload")
    widget.answer("upload", added=[], problems=[{"name": "mine.png", "message": "It is broken."}])
    expect(widget.root.locator(".fw-notice")).to_be_visible()
    expect(widget.root.get_by_role("button", name="Use its settings")).to_have_count(0)


@pytest.mark.parametrize("way", ["picker", "drop", "paste"])
def test_what_is_no_picture_is_refused_here(open_widget: Opener, way: str) -> None:
    widget = open_widget()
    text = file("notes.txt", "text/plain", b"hello")
    if way == "picker":
        choose(widget, text)
    else:
        transfer(widget, way, [text])
    expect(widget.root).to_contain_text("notes.txt")
    assert uploads(widget) == []


def test_what_is_too_large_is_refused_here(open_widget: Opener) -> None:
    widget = open_widget()
    widget.root.get_by_label("Add pictures").evaluate(
        """(input) => {
            const transfer = new DataTransfer();
            const large = new File(["x"], "huge.png", { type: "image/png" });
            Object.defineProperty(large, "size", { value: 2 ** 31 });
            transfer.items.add(large);
            Object.defineProperty(input, "files", { value: [large], configurable: true });
            input.dispatchEvent(new Event("change", { bubbles: true }));
        }"""
    )
    expect(widget.root).to_contain_text(re.compile(r"huge\.png.* MB"))
    widget.settle()
    assert uploads(widget) == []


def test_one_bad_file_does_not_keep_back_the_good_one(open_widget: Opener) -> None:
    widget = open_widget()
    choose(widget, file("notes.txt", "text/plain", b"hello"), file())
    widget.wait_sent("upload")
    assert uploads(widget) == [(["mine.png"], [MINE.full])]
    expect(widget.root).to_contain_text("notes.txt")


def test_the_same_file_can_be_picked_twice_in_a_row(open_widget: Opener) -> None:
    widget = open_widget()
    choose(widget, file())
    widget.wait_sent("upload")
    choose(widget, file())
    widget.wait_sent("upload", 2)


def test_pasted_text_is_text(open_widget: Opener) -> None:
    widget = open_widget()
    taken = widget.prompt.evaluate(
        """(field) => {
            const transfer = new DataTransfer();
            transfer.setData("text/plain", "a fish");
            const event = new ClipboardEvent("paste", {
                bubbles: true, composed: true, cancelable: true, clipboardData: transfer,
            });
            field.dispatchEvent(event);
            return event.defaultPrevented;
        }"""
    )
    assert not taken
    assert uploads(widget) == []


def test_zoom_opens_moves_votes_and_gives_the_focus_back(open_widget: Opener) -> None:
    widget = open_widget()
    widget.button("Zoom picture 2").click()
    expect(widget.dialog("Picture 2")).to_be_visible()
    assert widget.dialog("Picture 2").evaluate("(dialog) => dialog.matches(':modal')")
    widget.page.keyboard.press("ArrowRight")
    dialog = widget.dialog("Picture 3")
    expect(dialog).to_be_visible()
    widget.page.keyboard.press("l")
    assert widget.trait("votes") == {FIRST[2]: 1}
    expect(dialog.get_by_role("button", name="Like picture 3", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    dialog.get_by_role("button", name="Dislike picture 3", exact=True).click()
    assert widget.trait("votes") == {FIRST[2]: -1}
    widget.page.keyboard.press("ArrowLeft")
    expect(widget.dialog("Picture 2")).to_be_visible()
    widget.page.keyboard.press("Escape")
    expect(widget.root.get_by_role("dialog")).to_have_count(0)
    card = widget.page.evaluate("() => document.activeElement.closest('.fw-card')?.dataset.id")
    assert card == FIRST[1]


@pytest.mark.parametrize("host", HOSTS)
def test_zoom_shows_the_full_picture(open_widget: Opener, host: Host) -> None:
    widget = open_widget(host=host)
    widget.button("Zoom picture 1").click()
    (asked,) = widget.wait_sent("fetch")
    assert (asked["id"], asked["kind"]) == (FIRST[0], "full")
    image = widget.dialog("Picture 1").locator("img").first
    expect(image).to_be_visible()
    widget.expect_loaded(image)
    widget.page.keyboard.press("Escape")
    widget.button("Zoom picture 1").click()
    widget.settle()
    assert len(widget.sent("fetch")) == 1, "kept while the picture is shown"


def test_zoom_shows_something_before_the_full_picture_is_there(open_widget: Opener) -> None:
    widget = open_widget(hold=("*",))
    widget.button("Zoom picture 4").click()
    image = widget.dialog("Picture 4").locator("img").first
    expect(image).to_be_visible()
    expect(image).to_have_js_property("naturalWidth", 128)


def test_zoom_survives_a_new_round(open_widget: Opener) -> None:
    widget = open_widget()
    widget.button("Zoom picture 4").click()
    after = ready(2)
    after["round"]["images"] = after["round"]["images"][:2]
    widget.kernel(round=after["round"], history=after["history"])
    widget.settle()
    widget.page.keyboard.press("ArrowRight")
    widget.page.keyboard.press("Escape")
    expect(widget.root.get_by_role("dialog")).to_have_count(0)
    expect(widget.cards).to_have_count(2)


@pytest.mark.parametrize("host", HOSTS)
def test_download_saves_the_lossless_picture(
    open_widget: Opener, host: Host, tmp_path: Path
) -> None:
    widget = open_widget(host=host)
    with widget.page.expect_download() as saved:
        widget.more(2, "Download").click()
    assert saved.value.suggested_filename == "monster-1.png"
    saved.value.save_as(tmp_path / "picture.png")
    assert (tmp_path / "picture.png").read_bytes() == pictures(0)[1].full


def test_download_that_fails_says_so(open_widget: Opener) -> None:
    widget = open_widget(hold=("fetch",))
    widget.more(2, "Download").click()
    (asked,) = widget.wait_sent("fetch")
    widget.message(
        {"type": "failed", "request": asked["request"], "message": "This picture is gone."}
    )
    expect(widget.root).to_contain_text("This picture is gone.")


def test_make_again(open_widget: Opener) -> None:
    widget = open_widget()
    widget.more(3, "again").click()
    (message,) = widget.wait_sent("again")
    assert message["id"] == FIRST[2]


def test_the_menu_opens_and_closes_by_keyboard(open_widget: Opener) -> None:
    widget = open_widget()
    button = widget.button("More for picture 2")
    entry = (
        widget.root.get_by_text("Use as the only reference")
        .or_(widget.root.get_by_text("Use picture 2 as the only reference"))
        .filter(visible=True)
    )
    button.focus()
    widget.page.keyboard.press("Enter")
    expect(entry).to_have_count(1)
    widget.page.keyboard.press("Escape")
    expect(entry).to_have_count(0)
    expect(button).to_be_focused()


def test_pictures_say_what_they_are(open_widget: Opener) -> None:
    widget = open_widget()
    expect(widget.grid.get_by_role("group", name="Picture 2, seed 1", exact=True)).to_be_visible()
    for image in widget.grid.locator("img").all():
        assert "a monster" in (image.get_attribute("alt") or "")
