"""Draw a scene as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image

from fabric_widget.demo.scenes.backgrounds import draw_background
from fabric_widget.demo.scenes.brush import CANVAS, Brush
from fabric_widget.demo.scenes.colors import jitter
from fabric_widget.demo.scenes.creatures import CREATURES
from fabric_widget.demo.scenes.scene import COLORS

if TYPE_CHECKING:
    import random

    from fabric_widget.demo.scenes.scene import Scene

_SUPERSAMPLING = 4


def render(scene: Scene, rng: random.Random, size: int = 64) -> Image.Image:
    """Draw `scene` as a square RGB picture of `size` pixels; `rng` jitters place and colour."""
    brush = Brush(CANVAS, _SUPERSAMPLING * size / CANVAS)
    draw_background(brush, scene.pattern, jitter(COLORS[scene.background], rng), rng)
    CREATURES[scene.kind](brush, scene, jitter(COLORS[scene.color], rng), rng)
    return brush.image.resize((size, size), Image.Resampling.BOX)
