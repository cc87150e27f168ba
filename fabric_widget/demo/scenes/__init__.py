"""The pictures that the demo model learns from: small creatures, drawn by code, with captions.

scene        every attribute of a picture and its values
captions     describe a scene in English, and read a description back
render       draw a scene as a picture
backgrounds  one colour, plain or with a pattern
creatures    monster, flower, fish
brush        shapes in units that do not depend on the resolution
colors       colours derived from a colour

Nothing here imports torch.
"""

from __future__ import annotations

from fabric_widget.demo.scenes.captions import MENTIONED, caption, choose, describe, parse
from fabric_widget.demo.scenes.render import render
from fabric_widget.demo.scenes.scene import ATTRIBUTES, COLORS, Scene

__all__ = [
    "ATTRIBUTES",
    "COLORS",
    "MENTIONED",
    "Scene",
    "caption",
    "choose",
    "describe",
    "parse",
    "render",
]
