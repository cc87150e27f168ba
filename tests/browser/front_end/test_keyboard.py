"""Keys in the grid and in fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.front_end.pictures import ids, ready, status

if TYPE_CHECKING:
    from tests.browser.front_end.widget_page import Opener


FIRST = ids(0)


def test_arrows_home_end_and_digits_move(open_widget: Opener) -> None:
    widget = open_widget()
    press = widget.page.keyboard.press
    widget.focus_card(1)
    assert widget.focused_card() == 1
    for key, place in (
        ("ArrowRight", 2),
        ("ArrowRight", 3),
        ("ArrowLeft", 2),
        ("End", 4),
        ("Home", 1),
        ("3", 3),
        ("2", 2),
    ):
        press(key)
        assert widget.focused_card() == place, key


def test_up_and_down_follow_the_rows_on_the_screen(open_widget: Opener) -> None:
    widget = open_widget()
    widget.page.set_viewport_size({"width": 420, "height": 1200})
    widget.focus_card(1)
    tops = [round(box["y"]) for box in widget.boxes()]
    columns = tops.count(tops[0])
    assert 1 <= columns < 4
    widget.page.keyboard.press("ArrowDown")
    assert widget.focused_card() == columns + 1
    widget.page.keyboard.press("ArrowUp")
    assert widget.focused_card() == 1


def test_a_digit_without_a_picture_does_nothing(open_widget: Opener) -> None:
    widget = open_widget()
    widget.focus_card(2)
    widget.page.keyboard.press("9")
    assert widget.focused_card() == 2


@pytest.mark.parametrize(
    ("keys", "votes"),
    [
        ("l", {FIRST[1]: 1}),
        ("L", {FIRST[1]: 1}),
        ("k", {FIRST[1]: -1}),
        ("lk", {FIRST[1]: -1}),
        ("ll", {}),
        ("l0", {}),
        ("k⌫", {}),
    ],
)
def test_keys_vote(open_widget: Opener, keys: str, votes: dict[str, float]) -> None:
    widget = open_widget()
    widget.focus_card(2)
    for key in keys:
        widget.page.keyboard.press("Backspace" if key == "⌫" else key)
    assert widget.trait("votes") == votes
    assert len(widget.saved("votes")) == len(keys)
    assert widget.focused_card() == 2


def test_plus_and_minus_change_the_strength(open_widget: Opener) -> None:
    widget = open_widget(ready(votes={FIRST[0]: 1}))
    widget.focus_card(1)
    widget.page.keyboard.press("+")
    stronger = widget.trait("votes")[FIRST[0]]
    assert 1 < stronger <= 2
    widget.page.keyboard.press("-")
    assert widget.trait("votes") == {FIRST[0]: 1}
    for _ in range(12):
        widget.page.keyboard.press("+")
    assert widget.trait("votes") == {FIRST[0]: 2}
    for _ in range(30):
        widget.page.keyboard.press("-")
    assert widget.trait("votes") == {FIRST[0]: -2}


@pytest.mark.parametrize(("key", "kind"), [("z", "undo"), ("Shift+Z", "redo"), ("g", "generate")])
def test_keys_send(open_widget: Opener, key: str, kind: str) -> None:
    widget = open_widget(ready(status=status("ready", 10, undo="vote", redo="vote")))
    widget.focus_card(1)
    widget.page.keyboard.press(key)
    assert len(widget.wait_sent(kind)) == 1
    other = {"undo", "redo", "generate"} - {kind}
    assert all(widget.sent(one) == [] for one in other)


def test_undo_by_key_is_not_sent_when_there_is_nothing(open_widget: Opener) -> None:
    widget = open_widget()
    widget.focus_card(1)
    widget.page.keyboard.press("z")
    widget.page.keyboard.press("Shift+Z")
    assert widget.sent("undo") == widget.sent("redo") == []


def test_enter_zooms_and_question_mark_helps(open_widget: Opener) -> None:
    widget = open_widget()
    widget.focus_card(3)
    widget.page.keyboard.press("Enter")
    expect(widget.dialog("Picture 3")).to_be_visible()
    widget.page.keyboard.press("Escape")
    expect(widget.dialog("Picture 3")).to_be_hidden()
    assert widget.focused_card() == 3
    widget.page.keyboard.press("?")
    help_text = widget.dialog("Keyboard")
    expect(help_text).to_be_visible()
    for key in ("L", "K", "Z", "G", "Esc", "Enter"):
        expect(help_text).to_contain_text(key)
    widget.page.keyboard.press("Escape")
    expect(help_text).to_be_hidden()
    assert widget.focused_card() == 3


def test_the_help_button(open_widget: Opener) -> None:
    widget = open_widget()
    widget.button("Help").click()
    expect(widget.dialog("Keyboard")).to_be_visible()
    widget.page.keyboard.press("Escape")
    expect(widget.dialog("Keyboard")).to_be_hidden()
    expect(widget.button("Help")).to_be_focused()


def test_escape_leaves_the_grid(open_widget: Opener) -> None:
    widget = open_widget()
    widget.focus_card(1)
    widget.page.keyboard.press("Escape")
    assert widget.focused_card() is None
    widget.page.keyboard.press("l")
    assert widget.trait("votes") == {}


@pytest.mark.parametrize("modifier", ["ctrlKey", "altKey", "metaKey"])
def test_keys_with_modifiers_are_left_alone(open_widget: Opener, modifier: str) -> None:
    widget = open_widget(ready(votes={FIRST[0]: 1}, status=status("ready", 10, undo="vote")))
    widget.focus_card(2)
    for key in ("l", "k", "0", "g", "z", "1", "+", "-", "Backspace", "ArrowRight", "End", "Enter"):
        prevented = widget.root.evaluate(
            """(root, [key, modifier]) => {
                const event = new KeyboardEvent("keydown", {
                    key, bubbles: true, composed: true, cancelable: true, [modifier]: true,
                });
                document.activeElement.dispatchEvent(event);
                return event.defaultPrevented;
            }""",
            [key, modifier],
        )
        assert not prevented, key
    assert widget.saved() == []
    assert widget.sent("generate") == widget.sent("undo") == []
    assert widget.focused_card() == 2


@pytest.mark.parametrize("key", ["l", "k"])
def test_a_key_held_down_votes_once(open_widget: Opener, key: str) -> None:
    widget = open_widget()
    widget.focus_card(2)
    for _ in range(5):
        widget.page.keyboard.down(key)
    widget.page.keyboard.up(key)
    assert len(widget.saved("votes")) == 1


def test_letters_in_a_field_are_text(open_widget: Opener) -> None:
    widget = open_widget()
    widget.prompt.fill("")
    widget.prompt.press_sequentially("lkgz0?1")
    expect(widget.prompt).to_have_value("lkgz0?1")
    assert widget.trait("votes") == {}
    assert widget.sent("generate") == []
    expect(widget.dialog("Keyboard")).to_be_hidden()


def test_control_enter_in_the_prompt_is_the_next_round(open_widget: Opener) -> None:
    widget = open_widget()
    widget.prompt.fill("a fish")
    widget.page.keyboard.press("Control+Enter")
    (message,) = widget.wait_sent("generate")
    assert message["controls"]["prompt"] == "a fish"
    expect(widget.prompt).to_have_value("a fish")


def test_shift_enter_in_the_prompt_is_a_new_line(open_widget: Opener) -> None:
    widget = open_widget()
    widget.prompt.fill("a")
    widget.page.keyboard.press("Shift+Enter")
    widget.page.keyboard.type("b")
    expect(widget.prompt).to_have_value("a\nb")
    assert widget.sent("generate") == []
