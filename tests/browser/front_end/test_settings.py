"""Fields, sliders and presets: each gesture one write, nothing overwritten under one's hands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.browser.front_end.pictures import GENTLE, STANDARD, idle, ready
from tests.browser.front_end.widget_page import DIALECTS, Host, WidgetPage

if TYPE_CHECKING:
    from tests.browser.front_end.widget_page import Opener

SLIDERS = {
    "Feedback strength": ("strength", "1.5"),
    "From": ("start", "0.25"),
    "To": ("end", "0.5"),
    "Weight of dislikes": ("dislike_scale", "1.25"),
}


def counting(widget: WidgetPage) -> Any:
    return widget.details("How feedback counts")


def drawn(widget: WidgetPage) -> str:
    """Say the shape of the curve, whatever it is made of."""
    return counting(widget).locator("svg").first.evaluate("(svg) => svg.outerHTML")  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("name", "trait", "value"),
    [("Pictures", "num_images", 9), ("Seed", "seed", 2**32 - 64)],
)
@pytest.mark.parametrize("host", DIALECTS)
def test_numbers_are_written(
    open_widget: Opener, host: Host, name: str, trait: str, value: int
) -> None:
    widget = open_widget(host=host)
    widget.number(name).fill(str(value))
    widget.number(name).blur()
    widget.wait_saved(trait)
    assert widget.trait(trait) == value
    assert widget.saved(trait)[-1] == {trait: value}


@pytest.mark.parametrize(
    ("name", "trait", "value"),
    [("Steps", "steps", 30), ("Guidance", "guidance", 5.5), ("Width", "width", 512)],
)
def test_settings_are_written_and_emptied_to_null(
    open_widget: Opener, name: str, trait: str, value: float
) -> None:
    widget = open_widget()
    field = widget.number(name)
    expect(field).to_have_value("")
    field.fill(str(value))
    field.blur()
    widget.wait_saved(trait)
    assert widget.trait(trait) == value
    field.fill("")
    field.blur()
    widget.page.wait_for_function(f"() => harness.model.get('{trait}') === null")
    assert widget.saved(trait)[-1] == {trait: None}


def test_placeholders_show_the_defaults_of_the_pipeline(open_widget: Opener) -> None:
    widget = open_widget()
    for name, default in (("Steps", "20"), ("Guidance", "7.5"), ("Width", "64"), ("Height", "64")):
        expect(widget.number(name)).to_have_attribute("placeholder", default)


@pytest.mark.parametrize("typed", ["99", "-3", "0"])
def test_a_number_out_of_range_is_never_written(open_widget: Opener, typed: str) -> None:
    widget = open_widget()
    widget.number("Pictures").fill(typed)
    widget.number("Pictures").blur()
    widget.settle()
    for save in widget.saved("num_images"):
        assert 1 <= save["num_images"] <= 16
    widget.button("Next round").click()
    (message,) = widget.wait_sent("generate")
    assert 1 <= message["controls"]["num_images"] <= 16


def test_an_emptied_field_that_needs_a_number_keeps_its_last_one(open_widget: Opener) -> None:
    widget = open_widget()
    widget.number("Seed").fill("")
    widget.number("Seed").blur()
    widget.settle()
    assert widget.trait("seed") == 41
    expect(widget.number("Seed")).to_have_value("41")


@pytest.mark.parametrize("host", DIALECTS)
def test_the_prompt_reaches_the_kernel(open_widget: Opener, host: Host) -> None:
    widget = open_widget(host=host)
    widget.prompt.fill("two red fish")
    widget.prompt.blur()
    widget.page.wait_for_function("() => harness.model.get('prompt') === 'two red fish'")
    assert widget.saved("prompt")[-1] == {"prompt": "two red fish"}


def test_typing_is_not_a_write_per_letter(open_widget: Opener) -> None:
    widget = open_widget()
    widget.prompt.fill("")
    before = len(widget.saved())
    widget.prompt.press_sequentially("a rather long prompt about a monster")
    widget.prompt.blur()
    widget.page.wait_for_function("() => harness.model.get('prompt').endsWith('monster')")
    assert len(widget.saved()) - before < 20


@pytest.mark.parametrize("host", DIALECTS)
def test_an_echo_does_not_overwrite_what_is_being_typed(open_widget: Opener, host: Host) -> None:
    widget = open_widget(host=host)
    widget.prompt.fill("a mon")
    widget.prompt.press("End")
    widget.kernel(prompt="something older")
    widget.settle()
    expect(widget.prompt).to_have_value("a mon")
    widget.page.keyboard.type("ster")
    expect(widget.prompt).to_have_value("a monster")
    assert widget.prompt.evaluate("(field) => field.selectionStart") == len("a monster")


def test_the_kernel_writes_fields_that_nobody_types_in(open_widget: Opener) -> None:
    widget = open_widget()
    widget.kernel(prompt="a fish", seed=45, steps=12, num_images=6, auto=False)
    expect(widget.prompt).to_have_value("a fish")
    expect(widget.number("Seed")).to_have_value("45")
    expect(widget.number("Steps")).to_have_value("12")
    expect(widget.number("Pictures")).to_have_value("6")
    expect(widget.checkbox("Regenerate when I vote")).not_to_be_checked()
    assert widget.saved() == []


def test_the_negative_prompt_is_not_offered_where_there_is_none(open_widget: Opener) -> None:
    info = {**idle()["info"], "negative": False}
    widget = open_widget(ready(info=info))
    field = widget.root.get_by_role("textbox", name="Negative prompt", exact=True)
    expect(field.filter(visible=True).and_(widget.page.locator(":enabled"))).to_have_count(0)


def test_auto_is_written(open_widget: Opener) -> None:
    widget = open_widget()
    box = widget.checkbox("Regenerate when I vote")
    expect(box).to_be_checked()
    box.uncheck()
    assert widget.saved() == [{"auto": False}]
    widget.button("Next round").click()
    assert widget.wait_sent("generate")[0]["controls"]["auto"] is False


def test_the_seed_is_locked_and_unlocked(open_widget: Opener) -> None:
    widget = open_widget()
    widget.details("Settings")
    lock = widget.button("Lock seed")
    expect(lock).to_have_attribute("aria-pressed", "false")
    lock.click()
    expect(lock).to_have_attribute("aria-pressed", "true")
    lock.click()
    expect(lock).to_have_attribute("aria-pressed", "false")
    assert widget.saved() == [{"lock_seed": True}, {"lock_seed": False}]


@pytest.mark.parametrize("name", SLIDERS)
def test_sliders_are_written_and_the_curve_follows(open_widget: Opener, name: str) -> None:
    widget = open_widget()
    counting(widget)
    before = drawn(widget)
    trait, value = SLIDERS[name]
    widget.slider(name).fill(value)
    widget.wait_saved(trait)
    (save,) = widget.saved()
    assert save[trait] == float(value)
    widget.settle()
    assert drawn(widget) != before


def test_the_curve_follows_the_hand_and_the_write_waits(open_widget: Opener) -> None:
    widget = open_widget()
    counting(widget)
    curves = widget.slider("Feedback strength").evaluate(
        """async (slider) => {
            const svg = slider.closest("details").querySelector("svg");
            const seen = [];
            for (const value of ["1", "1.5", "2"]) {
                slider.value = value;
                slider.dispatchEvent(new Event("input", { bubbles: true }));
                await new Promise(requestAnimationFrame);
                await new Promise(requestAnimationFrame);
                seen.push(svg.outerHTML);
            }
            return seen;
        }"""
    )
    assert len(set(curves)) == 3
    assert widget.saved() == []
    widget.slider("Feedback strength").dispatch_event("change")
    widget.wait_saved("strength")
    assert widget.saved() == [{"strength": 2}]


def test_the_window_never_ends_before_it_begins(open_widget: Opener) -> None:
    widget = open_widget()
    counting(widget)
    widget.slider("To").fill("0.4")
    widget.slider("From").fill("0.7")
    widget.wait_saved("start")
    assert widget.trait("start") <= widget.trait("end")


def test_sharing_one_weight_is_written(open_widget: Opener) -> None:
    widget = open_widget()
    counting(widget)
    widget.checkbox("Share one weight").uncheck()
    assert widget.saved() == [{"normalize": False}]


def test_every_slider_is_explained(open_widget: Opener) -> None:
    widget = open_widget()
    counting(widget)
    for name in SLIDERS:
        described = widget.slider(name).evaluate(
            """(slider) => {
                const root = slider.getRootNode();
                const ids = (slider.getAttribute("aria-describedby") ?? "").split(" ");
                return ids.map((id) => root.getElementById(id)?.textContent ?? "").join(" ").trim();
            }"""
        )
        assert len(described) > 20, name


@pytest.mark.parametrize("host", DIALECTS)
def test_a_preset_is_applied_with_one_write(open_widget: Opener, host: Host) -> None:
    widget = open_widget(host=host)
    counting(widget)
    before = drawn(widget)
    widget.root.get_by_label("Preset", exact=True).select_option("Gentle")
    widget.settle()
    (save,) = widget.saved()
    assert {name: widget.trait(name) for name in GENTLE} == GENTLE
    assert all(GENTLE[name] == value for name, value in save.items())
    assert {name for name in GENTLE if GENTLE[name] != STANDARD[name]} <= set(save)
    expect(widget.slider("Feedback strength")).to_have_value("0.4")
    assert drawn(widget) != before


def test_a_preset_is_saved_under_its_name(open_widget: Opener) -> None:
    widget = open_widget()
    counting(widget)
    widget.slider("Feedback strength").fill("1.5")
    widget.button("Save preset").click()
    field = widget.root.get_by_role("textbox", name="Preset name", exact=True)
    expect(field).to_be_focused()
    field.fill("Strong")
    widget.page.keyboard.press("Enter")
    (message,) = widget.wait_sent("save_preset")
    assert message["name"] == "Strong"
    assert message["values"] == {**STANDARD, "strength": 1.5}
    values = {**STANDARD, "strength": 1.5}
    preset = {"name": "Strong", "builtin": False, "note": "", "values": values}
    widget.kernel(presets=[*idle()["presets"], preset])
    select = widget.root.get_by_label("Preset", exact=True)
    expect(select.locator("option", has_text="Strong")).to_have_count(1)


def test_a_preset_without_a_name_is_not_saved(open_widget: Opener) -> None:
    widget = open_widget()
    counting(widget)
    widget.button("Save preset").click()
    widget.root.get_by_role("textbox", name="Preset name", exact=True).fill("   ")
    widget.page.keyboard.press("Enter")
    widget.settle()
    assert widget.sent("save_preset") == []


def test_saving_a_preset_that_fails_says_so(open_widget: Opener) -> None:
    widget = open_widget(hold=("save_preset",))
    counting(widget)
    widget.button("Save preset").click()
    widget.root.get_by_role("textbox", name="Preset name", exact=True).fill("Gentle")
    widget.page.keyboard.press("Enter")
    (message,) = widget.wait_sent("save_preset")
    refused = {"type": "failed", "request": message["request"], "message": "Gentle is taken."}
    widget.message(refused)
    expect(widget.root).to_contain_text("Gentle is taken.")


def test_only_own_presets_are_deleted(open_widget: Opener) -> None:
    widget = open_widget()
    counting(widget)
    select = widget.root.get_by_label("Preset", exact=True)
    select.select_option("Gentle")
    widget.button("Delete preset").click(force=True)
    assert widget.sent("delete_preset") == []
    select.select_option("Mine")
    widget.button("Delete preset").click()
    (message,) = widget.wait_sent("delete_preset")
    assert message["name"] == "Mine"


def test_settings_do_not_close_when_something_changes(open_widget: Opener) -> None:
    widget = open_widget()
    box = counting(widget)
    widget.kernel(strength=1.2, seed=50)
    widget.settle()
    expect(box).to_have_attribute("open", "")
    expect(widget.slider("Feedback strength")).to_have_value("1.2")
