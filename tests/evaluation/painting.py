"""A fabric that paints scenes and copies what it is told is liked, and a reader that knows them."""

from __future__ import annotations

import random
from dataclasses import asdict
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import torch

from fabric_widget.demo.reader import Reading
from fabric_widget.demo.scenes import ATTRIBUTES, Scene, parse, render
from fabric_widget.engine import Everything, GeneratedImage, Progress, Round, Vote
from fabric_widget.evaluation.people.tastes import Taste
from fabric_widget.evaluation.report.story import Story, run_story
from fabric_widget.evaluation.report.story_plan import Plan

if TYPE_CHECKING:
    from PIL import Image

STEPS = 3


class Painter:
    """Stands in for a `Fabric`: instant, and its pictures are exactly what was asked for."""

    plan = Everything()
    pipe = SimpleNamespace(unet=torch.nn.Identity())  # through which nothing goes

    def __init__(self, obedience: float = 0.8) -> None:
        self.obedience = obedience
        self.requests: list[dict[str, Any]] = []

    def __call__(
        self, prompt: str, *, num_images: int, seed: int, liked: Any = (), **others: Any
    ) -> Round:
        recipes, followed = others.get("plan"), ()
        if isinstance(recipes, (tuple, list)):  # a session's
            followed = tuple(recipes)
            votes = sorted(recipes[0].liked, key=lambda vote: vote.place)
            liked = [(vote.content, vote.strength) for vote in votes]
            others["disliked"] = [(vote.content, vote.strength) for vote in recipes[0].disliked]
        self.requests.append(
            {"prompt": prompt, "num_images": num_images, "seed": seed, "liked": tuple(liked)}
            | others
        )
        images = tuple(self.paint(prompt, seed + i, liked) for i in range(num_images))
        for step in range(1, STEPS + 1):
            if others.get("on_step"):
                others["on_step"](Progress(step, STEPS))
        return Round(images, prompt, seed, recipes=followed)

    def paint(self, prompt: str, seed: int, liked: Any) -> GeneratedImage:
        rng = random.Random(seed)
        scene = Scene.sample(rng, **parse(prompt))
        for vote in liked:
            image = vote.picture if isinstance(vote, Vote) else vote[0]
            wanted = asdict(image.image.info["scene"])
            taken = {n: v for n, v in wanted.items() if rng.random() < self.obedience}
            mixed = asdict(scene) | taken
            if mixed["color"] != mixed["background"]:
                scene = Scene(**mixed)
        picture = render(scene, rng)
        picture.info["scene"] = scene
        return GeneratedImage(picture, torch.full((1, 1, 1), seed + len(liked) / 10), seed, prompt)


def seen(scene: Scene, sure: float = 0.97) -> Reading:
    """Return the reading of someone nearly sure of what is there."""
    return Reading(
        {
            name: {
                value: sure if value == getattr(scene, name) else (1 - sure) / (len(values) - 1)
                for value in values
            }
            for name, values in ATTRIBUTES.items()
        }
    )


class Knower:
    """Stands in for a `Reader`: looks up what the painter painted."""

    def read(self, images: list[Image.Image]) -> list[Reading]:
        return [seen(image.info["scene"]) for image in images]


def painted_story(**settings: Any) -> Story:
    """Return a story of someone who wants a green monster."""
    fabric: Any = Painter()
    reader: Any = Knower()
    plan = Plan(taste=Taste.parse("green monster"), **settings)
    return Story(plan, tuple(run_story(fabric, reader, plan)))
