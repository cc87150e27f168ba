"""What the playground is told after a real run of the demo model, and the page that shows it."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from fabric_widget import AttentionPlayground, load_demo
from fabric_widget.widget.jobs import influence_maps

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from tests.browser.front_end.pictures import Json
    from tests.browser.front_end.widget_page import Opener, WidgetPage

STEPS = 4
_LAYOUT = {"layout", "tooltip", "tabbable"}


@dataclass(frozen=True)
class Played:
    """A run: the traits, and where every place looked."""

    traits: Json
    looks: Json


@cache
def played(**setting: Any) -> Played:
    """Make pictures with the demo model; return what a page is told."""
    playground = AttentionPlayground(load_demo(), steps=STEPS, **setting)
    try:
        influence = playground.run().result().influence
        told = {name for name in playground.keys if not name.startswith("_")} - _LAYOUT
        traits = {name: _as_sent(getattr(playground, name)) for name in told}
        looks = {}
        if influence is not None:
            for level in (-1, *range(len(influence.levels))):
                for part in (-1, *range(len(influence.parts))):
                    wanted = (None if at < 0 else at for at in (level, part))
                    fields, data = influence_maps.looks(influence, 0, *wanted)
                    encoded = base64.b64encode(data).decode()
                    looks[f"{level} {part}"] = {**fields, "data": encoded}
    finally:
        playground.close()
    return Played(traits, looks)


def open_playground(open_widget: Opener, run: Played, **others: Any) -> WidgetPage:
    """Show the playground after a run, with other traits if given."""
    return open_widget({**run.traits, **others}, script="playground", looks=run.looks)


def shot(widget: WidgetPage, which: str) -> Locator:
    """Find one of the three pictures."""
    return widget.root.locator(f".fp-shot[data-which={which}]")


def stage(widget: WidgetPage) -> Locator:
    """Find the picture over which the place moves."""
    return widget.root.get_by_role("application")


def place(widget: WidgetPage) -> Locator:
    """Find the sentence about the place."""
    return widget.root.locator(".fp-place")


def _as_sent(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"bytes": base64.b64encode(value).decode()}
    if isinstance(value, dict):
        return {name: _as_sent(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_as_sent(one) for one in value]
    return value
