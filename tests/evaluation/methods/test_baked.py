"""The method that bakes the votes: plain until there are enough, then with what was learnt."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from fabric_widget import Fabric
from fabric_widget.evaluation.methods import METHODS, MethodRequest, Shown
from fabric_widget.evaluation.people.simulated_user import Opinion
from fabric_widget.lora import bake
from fabric_widget.zoo import tiny
from tests.lora.sessions import FEW, QUICK, traces

if TYPE_CHECKING:
    import pytest


def test_it_is_plain_until_two_pictures_are_liked(monkeypatch: pytest.MonkeyPatch) -> None:
    quick = functools.partial(bake, settings=FEW)
    monkeypatch.setattr("fabric_widget.evaluation.methods.baked.bake", quick)
    pipe = tiny.pipeline()
    fabric, before = Fabric(pipe), traces(pipe.unet)
    seen = fabric("abc", num_images=2, seed=0, **QUICK).images
    made = {}
    for likes in (1, 2):
        opinion = Opinion((1.0, 1.0 if likes > 1 else -1.0), (0, 1))
        request = MethodRequest("abc", (2, 3), (Shown((0, 1), seen, opinion),), QUICK)
        for name in ("none", "lora"):
            made[name, likes] = [p.id for p in METHODS[name].method(fabric, request)]  # type: ignore[union-attr]
    assert made["lora", 1] == made["none", 1]
    assert made["lora", 2] != made["none", 2]
    assert traces(pipe.unet) == before
