"""Static output: the last round as a picture, for notebooks without a kernel.

A saved notebook, nbconvert and GitHub cannot draw a widget. So, where outputs can be updated,
displaying it also displays an output that carries the latest round. While the widget lives its own
style sheet hides that output.
"""

from __future__ import annotations

import base64
import html
import logging
import sys
import uuid
from typing import TYPE_CHECKING, Any

from fabric_widget.widget.images.contact_sheet import caption, contact_sheet
from fabric_widget.widget.images.encoding import jpeg

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from PIL import Image

    from fabric_widget.engine import Round

_WIDTH = 640
_MOST_BYTES = 60_000
_QUALITIES = (85, 75, 60, 45, 30, 15)
_EMPTY: dict[str, Any] = {"text/html": '<div class="fabric-widget-still"></div>'}

_logger = logging.getLogger(__name__)


class StaticOutput:
    """A notebook output that shows the last round, or whatever was made last."""

    def __init__(self) -> None:
        self._display_id = uuid.uuid4().hex
        self._shown = _EMPTY
        self._published = False

    def publish(self) -> None:
        """Add the output to the running cell, if this is a notebook."""
        if in_notebook_kernel():
            self._published = True
            self._display(update=False)

    def show_sheet(self, sheet: Image.Image, told: str) -> None:
        """Update the output with a picture and its text alternative."""
        self._show(bundle_of(sheet, told))

    def show(
        self, made: Round | None, strengths: Mapping[str, float], starred: Container[str] = ()
    ) -> None:
        """Update the output with a round, or with nothing."""
        self._show(_EMPTY if made is None else static_output_of(made, strengths, starred))

    def _show(self, bundle: dict[str, Any]) -> None:
        self._shown = bundle
        if self._published:
            self._display(update=True)

    def _display(self, *, update: bool) -> None:
        from IPython.display import display

        try:
            display(  # type: ignore[no-untyped-call]
                self._shown, raw=True, display_id=self._display_id, update=update
            )
        except Exception:  # a notebook that went away must not fail the round
            _logger.exception("the still picture could not be displayed")


def in_notebook_kernel() -> bool:
    """Return whether this runs in an IPython kernel, where outputs can be updated."""
    if "IPython" not in sys.modules:
        return False
    from IPython import get_ipython

    return getattr(get_ipython(), "kernel", None) is not None


def static_output_of(
    made: Round, strengths: Mapping[str, float], starred: Container[str] = ()
) -> dict[str, Any]:
    """Return a round as a MIME bundle without scripts, a picture of at most 60 kB."""
    sheet = contact_sheet(made, strengths, _WIDTH, starred)
    return bundle_of(sheet, caption(made, strengths, starred))


def bundle_of(sheet: Image.Image, told: str) -> dict[str, Any]:
    """Return a picture as a MIME bundle without scripts; `told` stands for it in words."""
    data, told = _small(sheet), html.escape(told, quote=True)
    source = f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"
    return {
        "text/html": (
            f'<div class="fabric-widget-still"><img src="{source}" alt="{told}" '
            f'width="{sheet.width}" style="max-width: 100%; height: auto"></div>'
        ),
        "image/jpeg": base64.b64encode(data).decode(),
    }


def _small(sheet: Image.Image) -> bytes:
    """Return the contact sheet as JPEG, at the best quality within the limit."""
    while True:
        for quality in _QUALITIES:
            data = jpeg(sheet, quality)
            if len(data) <= _MOST_BYTES:
                return data
        sheet = sheet.resize((sheet.width * 3 // 4, sheet.height * 3 // 4))
