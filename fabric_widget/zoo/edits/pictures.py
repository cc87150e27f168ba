"""A source picture, its depth and a mask, as large as what the tiny pipelines make."""

from __future__ import annotations

import torch
from PIL import Image

from fabric_widget.zoo import tiny

_SIZE = (tiny.SIDE, tiny.SIDE)
PICTURE = Image.linear_gradient("L").resize(_SIZE).convert("RGB")
MASK = Image.radial_gradient("L").resize(_SIZE)
DEPTH = torch.linspace(0, 1, tiny.SIDE).expand(1, tiny.SIDE, -1)
