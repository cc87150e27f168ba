"""The widget on the harness page, by the names that a person or a screen reader meets."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from playwright.sync_api import FloatRect, Locator, Page, expect

from tests.browser.front_end.pictures import Json, picture

if TYPE_CHECKING:
    from collections.abc import Sequence

SHAPES = ("backbone", "marimo")
BUFFERS = ("view", "array")


@dataclass(frozen=True)
class Host:
    """How a notebook talks to a widget: callback arguments and kind of buffers."""

    shape: str = "backbone"
    buffers: str = "view"
    shadow: bool = False


HOSTS = [Host(shape, buffers) for shape in SHAPES for buffers in BUFFERS]
DIALECTS = [Host("backbone", "view"), Host("marimo", "array")]
"""Each of both once, for what has little to do with bytes."""


@dataclass(frozen=True)
class WidgetPage:
    """One page with one fake model and its views."""

    page: Page
    root: Locator

    # the kernel's side

    def kernel(self, **traits: Any) -> None:
        """Write traits as the kernel does."""
        self.page.evaluate("(traits) => harness.model.fromKernel(traits)", traits)

    def message(self, content: Json, buffers: Sequence[bytes] = ()) -> None:
        texts = [base64.b64encode(data).decode() for data in buffers]
        self.page.evaluate("([c, b]) => harness.model.message(c, b)", [content, texts])

    def hold(self, *types: str) -> None:
        """Leave messages of these types unanswered from now on; "*": all."""
        self.page.evaluate("(types) => harness.model.hold(types)", list(types))

    def answer(self, kind: str, **more: Any) -> None:
        self.page.evaluate("([kind, more]) => harness.model.answer(kind, more)", [kind, more])

    def refuse(self, kind: str, words: str) -> None:
        self.page.evaluate("([kind, words]) => harness.model.refuse(kind, words)", [kind, words])

    def looked(self, name: str, *, made: bool = True) -> None:
        """Say that the kernel has looked at a picture."""
        self.page.evaluate("([id, made]) => harness.model.looked(id, made)", [name, made])

    def close(self) -> None:
        self.page.evaluate("() => harness.disconnect()")

    # what the widget sent

    def log(self) -> list[Json]:
        entries: list[Json] = self.page.evaluate("() => harness.model.log")
        return entries

    def sent(self, kind: str) -> list[Json]:
        """Say the messages of this type so far."""
        contents = [entry["content"] for entry in self.log() if entry["kind"] == "send"]
        return [one for one in contents if one["type"] == kind]

    def saved(self, *names: str) -> list[Json]:
        """Say the changes that were saved so far, those that touch one of these traits if given."""
        saves = [entry["changes"] for entry in self.log() if entry["kind"] == "save"]
        return [one for one in saves if not names or set(names) & set(one)]

    def wait_sent(self, kind: str, count: int = 1) -> list[Json]:
        """Wait until there are this many messages of this type."""
        self.page.wait_for_function(
            "([kind, count]) => harness.model.log.filter((one) => one.kind === 'send' "
            "&& one.content.type === kind).length >= count",
            arg=[kind, count],
        )
        return self.sent(kind)

    def wait_saved(self, name: str, count: int = 1) -> list[Json]:
        """Wait until this trait was saved this many times."""
        self.page.wait_for_function(
            "([name, count]) => harness.model.log.filter((one) => one.kind === 'save' "
            "&& name in one.changes).length >= count",
            arg=[name, count],
        )
        return self.saved(name)

    def trait(self, name: str) -> Any:
        return self.page.evaluate("(name) => harness.model.get(name)", name)

    def settle(self) -> None:
        """Let the frames pass in which everything that is already on its way arrives."""
        self.page.evaluate(
            "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )

    # what a person sees

    def button(self, name: str) -> Locator:
        return self.root.get_by_role("button", name=name, exact=True)

    def slider(self, name: str) -> Locator:
        return self.root.get_by_role("slider", name=name, exact=True)

    def number(self, name: str) -> Locator:
        """Find a number of the settings, which are opened."""
        self.details("Settings")
        return self.root.get_by_role("spinbutton", name=name, exact=True)

    def checkbox(self, name: str) -> Locator:
        return self.root.get_by_role("checkbox", name=name, exact=True)

    @property
    def prompt(self) -> Locator:
        return self.root.get_by_role("textbox", name="Prompt", exact=True)

    @property
    def grid(self) -> Locator:
        return self.root.get_by_role("list", name="Pictures", exact=True)

    @property
    def cards(self) -> Locator:
        return self.root.locator(".fw-grid > .fw-card")

    def card(self, number: int) -> Locator:
        return self.cards.nth(number - 1)

    def shelf(self, name: str) -> Locator:
        """Find the entries of the list "Liked" or "Disliked"."""
        feedback = self.root.get_by_role("region", name="Feedback", exact=True)
        return feedback.get_by_role("list", name=name, exact=True).get_by_role("listitem")

    def details(self, name: str) -> Locator:
        """Open the disclosure of this name."""
        summary = self.root.locator("summary").filter(has_text=name)
        box = summary.locator("xpath=..")
        if box.get_attribute("open") is None:
            summary.click()
        return box

    def dialog(self, name: str) -> Locator:
        return self.root.get_by_role("dialog", name=name, exact=True)

    def more(self, number: int, action: str) -> Locator:
        """Open the menu of a card and find one of its entries, whatever role it has."""
        self.button(f"More for picture {number}").click()
        return self.root.locator("button, [role=menuitem]").filter(visible=True).get_by_text(action)

    def focus_card(self, number: int) -> None:
        """Bring the focus into the grid, as Tab and a digit do."""
        self.grid.locator("[tabindex='0']").first.focus()
        self.page.keyboard.press(str(number))

    def focused_card(self) -> int | None:
        """Say in which place of the grid the focus is, counted from 1."""
        place: int = self.root.evaluate(
            """(root) => {
                const card = root.getRootNode().activeElement?.closest(".fw-card");
                return card ? [...card.parentElement.children].indexOf(card) + 1 : 0;
            }"""
        )
        return place or None

    def expect_pressed(self, number: int, *, like: bool, dislike: bool) -> None:
        for name, on in (("Like", like), ("Dislike", dislike)):
            button = self.button(f"{name} picture {number}")
            expect(button).to_have_attribute("aria-pressed", str(on).lower())

    def expect_pictures(self, wanted: Sequence[str]) -> None:
        """Wait until the grid shows these pictures, loaded."""
        expect(self.cards).to_have_count(len(wanted))
        for number, name in enumerate(wanted, 1):
            expect(self.card(number)).to_have_attribute("data-id", name)
        self.expect_loaded(self.grid.locator("img"))

    def expect_loaded(self, images: Locator) -> None:
        """Wait until every one of these pictures came through undamaged."""
        for image in images.all():
            expect(image).to_have_js_property("complete", value=True)
            image.evaluate("(img) => img.decode()")

    def boxes(self) -> list[FloatRect]:
        """Say where the cards are."""
        return [box for card in self.cards.all() if (box := card.bounding_box())]


class Opener(Protocol):
    """Opens the widget in a host; the page and its size are the test's own."""

    def __call__(
        self,
        traits: Json | None = None,
        *,
        host: Host = ...,
        views: int = 1,
        hold: tuple[str, ...] = ...,
        lenses: Json | None = ...,
        script: str = ...,
        looks: Json | None = ...,
        policy: str = ...,
    ) -> WidgetPage: ...


def library(seeds: Sequence[int] = range(24)) -> Json:
    """Collect what the kernel can be asked for."""
    return {picture(seed).id: picture(seed).stored() for seed in seeds}
