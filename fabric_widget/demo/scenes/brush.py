"""A brush: draws shapes in units that do not depend on the resolution of the picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from fabric_widget.demo.scenes.colors import RGB

Point = tuple[float, float]

CANVAS = 256
"""Side of the canvas in drawing units."""


class Brush:
    """Draws on a square canvas of `side` units, each of `scale` pixels."""

    def __init__(self, side: int, scale: float) -> None:
        self.scale = scale
        pixels = round(side * scale)
        self.image = Image.new("RGB", (pixels, pixels))
        self._draw = ImageDraw.Draw(self.image)

    def polygon(self, points: list[Point], fill: RGB) -> None:
        """Fill a polygon."""
        self._draw.polygon([(x * self.scale, y * self.scale) for x, y in points], fill=fill)

    def oval(self, x: float, y: float, rx: float, ry: float, fill: RGB) -> None:
        """Fill an ellipse with centre (x, y) and these radii."""
        self._draw.ellipse(self._box(x - rx, y - ry, x + rx, y + ry), fill=fill)

    def dot(self, x: float, y: float, r: float, fill: RGB) -> None:
        """Fill a circle with centre (x, y)."""
        self.oval(x, y, r, r, fill)

    def box(self, x: float, y: float, rx: float, ry: float, fill: RGB, radius: float = 0) -> None:
        """Fill a box with centre (x, y) and these half sides, its corners rounded by `radius`."""
        corners = self._box(x - rx, y - ry, x + rx, y + ry)
        self._draw.rounded_rectangle(corners, radius=radius * self.scale, fill=fill)

    def line(self, points: list[Point], width: float, fill: RGB) -> None:
        """Draw a line through points."""
        scaled = [(x * self.scale, y * self.scale) for x, y in points]
        self._draw.line(scaled, fill=fill, width=round(width * self.scale), joint="curve")

    def arc(
        self, box: tuple[float, ...], span: tuple[float, float], width: float, fill: RGB
    ) -> None:
        """Draw the part of the ellipse in `box` between two angles in degrees."""
        self._draw.arc(self._box(*box), *span, fill=fill, width=round(width * self.scale))

    def _box(self, *values: float) -> tuple[float, float, float, float]:
        x0, y0, x1, y1 = (value * self.scale for value in values)
        return x0, y0, x1, y1
