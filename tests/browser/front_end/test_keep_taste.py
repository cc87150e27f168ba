"""Keep this taste: asked for, followed as it learns, stopped, dialled, taken off, downloaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.browser.front_end.looks import BEYOND, FAINT, LOOKS, dress
from tests.browser.front_end.pictures import ids, picture, ready, status
from tests.browser.front_end.test_accessibility import AXE, STANDARDS
from tests.browser.front_end.widget_page import DIALECTS, Host

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from tests.browser.front_end.pictures import Json
    from tests.browser.front_end.widget_page import Opener, WidgetPage

HELD = ("tastes", "bake", "use_taste", "delete_taste", "taste_file", "enough", "cancel")
KEPT: list[Json] = [
    {"id": "0123456789ab", "name": "ink", "prompt": "a fox", "thumbs": 3},
    {"id": "cdef01234567", "name": "<b class=evil>x</b>", "prompt": "", "thumbs": 0},
]
IN_USE: list[Json] = [{"id": "0123456789ab", "name": "ink", "strength": 1}]
LIKES = {ids(0)[0]: 1, f"{ids(0)[1]}:colors": 0.5, ids(0)[2]: -1}
TITLE = "Keep this taste"


def reply(widget: WidgetPage, kind: str, rows: list[Json] | None = None) -> None:
    """Answer the newest message of a type, with tastes and their pictures."""
    request = widget.wait_sent(kind)[-1]["request"]
    told: dict[str, Any] = {} if rows is None else {"tastes": rows}
    count = sum(row["thumbs"] for row in rows or [])
    thumbs = [picture(seed).thumb for seed in range(count)]
    widget.message({"type": "answer", "request": request, **told}, thumbs)


def learning(*, step: int = 12, pending: bool = False, **more: Any) -> Json:
    """Say the status while a taste is learnt."""
    bake = {"name": "red ink", "waits": False, "enough": True, **more}
    numbers = {"job": 3, "step": step, "steps": 80, "eta": 14.2}
    return status(
        "running", 30 + step, message="Learning red ink.", bake=bake, pending=pending, **numbers
    )


def opened(
    open_widget: Opener,
    rows: list[Json] | None = None,
    *,
    host: Host | None = None,
    **traits: Any,
) -> WidgetPage:
    widget = open_widget(ready(**{"votes": LIKES, **traits}), host=host or Host(), hold=HELD)
    summary(widget).click()
    reply(widget, "tastes", KEPT if rows is None else rows)
    return widget


def summary(widget: WidgetPage) -> Locator:
    return widget.root.locator("summary").filter(has_text=TITLE)


def entries(widget: WidgetPage) -> Locator:
    return widget.root.get_by_role("list", name="Tastes", exact=True).get_by_role("listitem")


def name(widget: WidgetPage) -> Locator:
    return widget.root.get_by_role("textbox", name="Taste name", exact=True)


@pytest.mark.parametrize("host", DIALECTS)
def test_a_taste_is_asked_for_and_followed(open_widget: Opener, host: Host) -> None:
    widget = opened(open_widget, [], host=host)
    name(widget).focus()
    widget.page.keyboard.type(" red ink ")
    widget.page.keyboard.press("Enter")
    asked = widget.wait_sent("bake")[0]
    assert (asked["name"], asked["votes"]) == ("red ink", LIKES)
    assert "prompt" in asked["controls"]
    reply(widget, "bake")
    expect(name(widget)).to_have_value("")

    widget.kernel(status=learning())
    section = widget.root.get_by_role("region", name="A taste is learnt")
    expect(section).to_contain_text("Learning red ink")
    expect(section).to_contain_text("Step 12 of 80 · 15 s left")
    bar = section.get_by_role("progressbar", name="Learnt")
    expect(bar).to_have_js_property("position", 12 / 80)
    expect(widget.button(TITLE)).to_have_attribute("aria-disabled", "true")
    for _ in range(2):  # the second ones take the place of the first
        told = {"type": "taste", "job": 3, "step": 20, "mime": "image/webp"}
        prompts = ["a fox", "a flower", "a fish"]
        shots = [picture(seed).screen for seed in range(3)]
        widget.message({**told, "prompts": prompts}, shots)
    images = section.locator("img")
    expect(images).to_have_count(3)
    widget.expect_loaded(images)
    expect(section.locator("figcaption")).to_have_text(prompts)

    used = [{"id": "0123456789ab", "name": "red ink", "strength": 1}]
    widget.kernel(status=status("ready", 99, undo="lora"), tastes=used)
    expect(section).to_be_hidden()
    reply(widget, "tastes", [{**KEPT[0], "name": "red ink"}])
    expect(entries(widget)).to_have_count(1)
    widget.expect_loaded(entries(widget).locator("img"))
    expect(widget.root.get_by_text("red ink is kept. Undo takes it off.")).to_be_visible()
    expect(widget.slider("Strength of red ink")).to_have_value("1")
    expect(widget.button("Undo")).to_have_attribute("title", "Undo the taste")


@pytest.mark.parametrize(
    ("votes", "why"),
    [
        ({}, "Like two pictures first"),
        ({ids(0)[0]: 1, f"{ids(0)[0]}:colors": 1, ids(0)[1]: -1}, "Like one more picture first"),
    ],
)
def test_too_few_likes_are_told_before_it_is_asked_for(
    open_widget: Opener, votes: Json, why: str
) -> None:
    widget = opened(open_widget, [], votes=votes)
    keep = widget.button(TITLE)
    expect(keep).to_have_attribute("aria-disabled", "true")
    expect(keep).to_have_accessible_description(f"{why}: a taste is learnt from two or more.")
    name(widget).fill("ink")
    widget.page.keyboard.press("Enter")
    keep.focus()
    widget.page.keyboard.press("Enter")
    widget.settle()
    assert widget.sent("bake") == []
    widget.kernel(votes=LIKES)
    expect(keep).not_to_have_attribute("aria-disabled", "true")


def test_it_is_stopped_or_kept_as_it_is(open_widget: Opener) -> None:
    widget = opened(open_widget, status=learning(enough=False))
    enough = widget.button("Keep it as it is")
    expect(enough).to_have_attribute("aria-disabled", "true")
    widget.kernel(status=learning(step=20))
    enough.focus()
    widget.page.keyboard.press("Enter")
    widget.wait_sent("enough")
    section = widget.root.get_by_role("region", name="A taste is learnt")
    section.get_by_role("button", name="Stop").focus()
    widget.page.keyboard.press("Space")
    widget.wait_sent("cancel")
    widget.kernel(status={**learning(step=21), "phase": "stopping"})
    expect(enough).to_have_attribute("aria-disabled", "true")
    widget.kernel(status=status("ready", 99))
    expect(section).to_be_hidden()
    expect(name(widget)).to_be_focused()  # what had the focus has gone


def test_a_round_that_waits_says_why_and_so_does_a_taste(open_widget: Opener) -> None:
    widget = opened(open_widget, status=learning(pending=True))
    live = widget.root.locator(".fw-status [role=status]")
    expect(live).to_have_text("Learning red ink.")
    waits = {"name": "red ink", "waits": True, "enough": False}
    widget.kernel(status=status("running", 98, count=4, bake=waits, pending=True))
    section = widget.root.get_by_role("region", name="A taste is learnt")
    expect(section).to_contain_text("red ink waits for the round")
    expect(live).to_have_text("Making 4 pictures")


def test_the_dial_says_how_strongly_and_off(open_widget: Opener) -> None:
    widget = opened(open_widget, tastes=IN_USE)
    expect(entries(widget)).to_have_count(2)
    expect(widget.root.locator(".evil")).to_have_count(0)
    dial = widget.slider("Strength of ink")
    assert (dial.get_attribute("min"), dial.get_attribute("max")) == ("0", "1.5")
    dial.focus()
    widget.page.keyboard.press("ArrowLeft")
    sent = widget.wait_sent("use_taste")[-1]
    assert (sent["id"], sent["strength"]) == ("0123456789ab", 0.95)
    reply(widget, "use_taste")
    widget.page.keyboard.press("Home")
    assert widget.wait_sent("use_taste", 2)[-1]["strength"] == 0
    widget.kernel(tastes=[])
    expect(dial).to_have_attribute("aria-valuetext", "off")
    expect(dial).to_be_focused()
    widget.kernel(tastes=[{**IN_USE[0], "strength": 2}])  # Python may go further
    expect(dial).to_have_value("2")
    widget.button("Take ink off").click()
    assert widget.wait_sent("use_taste", 3)[-1]["strength"] == 0
    expect(dial).to_be_focused()


def test_what_is_off_is_removed_by_two_presses(open_widget: Opener) -> None:
    widget = opened(open_widget)
    expect(widget.button("Take ink off")).to_have_count(0)
    widget.button("Remove ink").click()
    assert not widget.sent("delete_taste")
    widget.button("Press again to remove ink").click()
    assert widget.wait_sent("delete_taste")[0]["id"] == "0123456789ab"
    reply(widget, "delete_taste", KEPT[1:])
    expect(entries(widget)).to_have_count(1)
    expect(widget.root.get_by_text("ink is removed.")).to_be_visible()
    expect(name(widget)).to_be_focused()


def test_the_file_is_downloaded(open_widget: Opener) -> None:
    widget = opened(open_widget, tastes=IN_USE)
    with widget.page.expect_download() as downloading:
        widget.button("Download ink").click()
        request = widget.wait_sent("taste_file")[0]
        told = {"name": "ink.safetensors", "mime": "application/octet-stream"}
        widget.message({"type": "answer", "request": request["request"], **told}, [b"weights"])
    assert request["id"] == "0123456789ab"
    assert downloading.value.suggested_filename == "ink.safetensors"
    assert downloading.value.path().read_bytes() == b"weights"


def test_one_whose_file_is_elsewhere_is_shown_and_can_be_taken_off(open_widget: Opener) -> None:
    widget = opened(open_widget, [], tastes=IN_USE)
    expect(entries(widget)).to_have_count(1)
    expect(widget.button("Download ink")).to_have_count(0)
    expect(widget.button("Take ink off")).to_be_visible()


def test_a_refusal_is_told_and_the_name_stays(open_widget: Opener) -> None:
    widget = opened(open_widget)
    name(widget).fill("a/b")
    widget.button(TITLE).click()
    widget.wait_sent("bake")
    widget.refuse("bake", "a LoRA is called 'a/b'")
    expect(widget.root.locator(".fw-notice")).to_contain_text("a LoRA is called 'a/b'")
    expect(name(widget)).to_have_value("a/b")


def test_two_views_agree(open_widget: Opener, page: Page) -> None:
    widget = open_widget(ready(votes=LIKES, tastes=IN_USE, status=learning()), views=2, hold=HELD)
    roots = page.locator(".fabric-widget")
    for at in range(2):
        roots.nth(at).locator("summary").filter(has_text=TITLE).click()
    dials = page.get_by_role("slider", name="Strength of ink")
    expect(dials).to_have_count(2)
    dials.first.focus()
    page.keyboard.press("End")
    widget.wait_sent("use_taste")
    widget.kernel(tastes=[{**IN_USE[0], "strength": 1.5}])
    expect(dials.nth(1)).to_have_value("1.5")
    widget.message(
        {"type": "taste", "job": 3, "step": 20, "mime": "image/webp", "prompts": ["a", "b", "c"]},
        [picture(seed).screen for seed in range(3)],
    )
    expect(page.locator(".fw-samples img")).to_have_count(6)


def test_pictures_are_let_go(open_widget: Opener) -> None:
    widget = opened(open_widget, [])
    before = widget.page.evaluate("() => harness.leaks()")["urls"]
    widget.kernel(status=learning())
    told = {"type": "taste", "job": 3, "step": 20, "mime": "image/webp", "prompts": []}
    widget.message(told, [picture(0).screen])
    expect(widget.root.locator(".fw-samples img")).to_have_count(1)
    widget.kernel(status=status("ready", 99))
    expect(widget.root.locator(".fw-samples img")).to_have_count(0)
    assert widget.page.evaluate("() => harness.leaks()")["urls"] == before


@pytest.mark.parametrize("width", [240, 360, 1200])
@pytest.mark.parametrize("look", LOOKS[:2], ids=lambda look: look.name)
def test_it_fits_can_be_read_and_axe_finds_nothing(
    page: Page, open_widget: Opener, width: int, look: Any
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    dress(page, look)
    widget = opened(open_widget, tastes=IN_USE, status=learning())
    told = {"type": "taste", "job": 3, "step": 20, "mime": "image/webp"}
    shots = [picture(seed).screen for seed in range(3)]
    widget.message({**told, "prompts": ["a fox", "a flower", "a fish"]}, shots)
    expect(widget.root.locator(".fw-samples img")).to_have_count(3)
    panel = summary(widget).locator("xpath=..")
    assert panel.evaluate(BEYOND) == [0, []]
    assert panel.evaluate(FAINT)["faint"] == []
    if width == 360 and AXE.exists():
        page.add_script_tag(path=AXE)
        found = page.evaluate(
            "(only) => axe.run(document.querySelector('.fabric-widget'), { runOnly: only })",
            STANDARDS,
        )
        assert found["passes"]
        assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == []
