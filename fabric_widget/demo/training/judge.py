"""Measure how well the model follows prompts, and how diverse it is in what they leave open."""

from __future__ import annotations

import math
import random
from collections import Counter
from typing import TYPE_CHECKING, Any

import torch

from fabric_widget.demo.scenes import ATTRIBUTES, Scene, choose, describe

from .loop import progress

if TYPE_CHECKING:
    from diffusers import StableDiffusionPipeline

    from fabric_widget.demo.reader import Reader, Reading

_ALWAYS_NAMED = {"color", "shape", "background"}
_IMAGES = 4


def prompts_followed(
    pipe: StableDiffusionPipeline, reader: Reader, *, prompts: int, **arguments: Any
) -> dict[str, float]:
    """Return, for each attribute, how often the picture shows what the prompt asked for.

    Every prompt names kind, colour, shape and background colour, and other attributes at random;
    four pictures are drawn for each. An attribute counts where the prompt names it.
    """
    rng = random.Random(2)
    asked: Counter[str] = Counter()
    shown: Counter[str] = Counter()
    for i in progress(range(prompts), "prompts"):
        scene = Scene.sample(rng)
        named = choose(scene, rng) | _ALWAYS_NAMED
        for reading in _draw(pipe, reader, describe(scene, named), i * _IMAGES, **arguments):
            for name in named | {"kind"}:
                asked[name] += 1
                shown[name] += reading.best(name) == getattr(scene, name)
    return {name: shown[name] / asked[name] for name in ATTRIBUTES if asked[name]}


def entropy_of_open_attributes(
    pipe: StableDiffusionPipeline, reader: Reader, *, images: int, **arguments: Any
) -> dict[str, dict[str, float]]:
    """Return the entropy of each attribute that "a monster" and the like leave open.

    In units of its maximum: 1 where all values are equally frequent.
    """
    figures = {}
    for kind in ATTRIBUTES["kind"]:
        readings: list[Reading] = []
        for i in progress(range(0, images, _IMAGES), f"a {kind}"):
            readings += _draw(pipe, reader, f"a {kind}", 10_000 + i, **arguments)
        figures[kind] = {
            name: _entropy([reading.best(name) for reading in readings], len(values))
            for name, values in ATTRIBUTES.items()
            if name != "kind" and (name != "eyes" or kind == "monster")
        }
    return figures


def _draw(
    pipe: StableDiffusionPipeline, reader: Reader, prompt: str, seed: int, **arguments: Any
) -> list[Reading]:
    generators = [torch.Generator().manual_seed(seed + i) for i in range(_IMAGES)]
    images = pipe(prompt, num_images_per_prompt=_IMAGES, generator=generators, **arguments).images
    return reader.read(images)


def _entropy(values: list[str], choices: int) -> float:
    shares = [count / len(values) for count in Counter(values).values()]
    return -sum(share * math.log(share) for share in shares) / math.log(choices)
