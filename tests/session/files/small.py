"""A small session of everything that a session can hold, without a model."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from PIL import Image

from fabric_widget.engine import Explore, GeneratedImage, Round, Schedule, Trajectory
from fabric_widget.session import Session

SIDE = 6


class PaintingFabric:
    """Paints pictures of noise by their seeds, with latents and trajectories."""

    plan = Explore()

    def __call__(self, prompt: str, *, num_images: int, seed: int, **others: Any) -> Round:
        names = ("num_inference_steps", "guidance_scale", "prompt_embeds")
        settings = {name: others[name] for name in names if name in others}
        images = tuple(painted(seed + i, prompt, settings) for i in range(num_images))
        return Round(images, prompt, seed, settings, recipes=tuple(others["plan"]))


def painted(seed: int, prompt: str = "", settings: dict[str, Any] | None = None) -> GeneratedImage:
    draw = np.random.default_rng(seed)
    latents = torch.from_numpy(draw.standard_normal((2, 3, 3)).astype(np.float32))
    levels = torch.linspace(0.1, 0.9, 2, dtype=torch.float64)
    trajectory = Trajectory(
        torch.stack([latents, latents / 2]), torch.tensor([9, 4]), levels, 1 - levels, latents * 2
    )
    pixels = draw.integers(0, 255, (SIDE, SIDE, 3), np.uint8)
    return GeneratedImage(
        Image.fromarray(pixels), latents, seed, prompt, settings or {}, trajectory=trajectory
    )


def small_session() -> Session:
    """Return a session with a branch, votes of all kinds, an upload, a star, undo and redo."""
    fabric: Any = PaintingFabric()
    session = Session(fabric, seed=5, schedule=Schedule(end=0.5))
    first = session.generate("a “cat” ✓ <b>", num_images=2, num_inference_steps=3)
    session.like(first[0], 1.5)
    session.like(Image.new("RGB", (4, 3), "red"), aspect="colors")
    session.dislike(first[1], part=(1, 1, 5, 4), in_place=False)
    session.generate("a dog", num_images=2, batch_size=1, guidance_scale=2.5)
    session.star(first[1])
    session.branch(0)
    session.like(first[0], 0.5)
    session.dislike(first[1], part=(1, 1, 5, 4), in_place=False)
    session.generate(num_images=1)  # taken back below: its picture is only there for redo
    session.like(session.rounds[-1][0], part="subject")
    for _ in range(2):
        session.undo()
    return session


def facts(session: Session) -> dict[str, Any]:
    """Return all of a session that can be compared, at every state that undo and redo reach."""
    history = session._history
    states = (*history.past, history.present, *history.future)
    return {
        "place": len(history.past),
        "states": [
            {
                "prompt": state.prompt,
                "current": state.current,
                "next seed": state.next_seed,
                "starred": state.starred,
                "votes": [(vote.key, vote.strength) for vote in state.votes],
                "turns": [_turn(turn) for turn in state.turns],
            }
            for state in states
        ],
    }


def _turn(turn: Any) -> dict[str, Any]:
    made = turn.round
    return {
        "what": (made.prompt, made.seed, turn.parent, turn.kind, turn.full_steps, turn.schedule),
        "settings": dict(made.settings),
        "options": dict(turn.options),
        "votes": [(vote.key, vote.strength) for vote in turn.votes],
        "contributions": dict(made.contributions),
        "recipes": [
            (
                recipe.words,
                [(vote.key, vote.strength) for vote in (*recipe.liked, *recipe.disliked)],
                recipe.start and (recipe.start.parent.id, recipe.start.own),
                recipe.aspects,
            )
            for recipe in made.recipes
        ],
        "images": [_image(image) for image in made],
    }


def _image(image: GeneratedImage) -> tuple[Any, ...]:
    passed = image.trajectory
    tensors = [image.latents]
    if passed is not None:
        tensors += [passed.latents, passed.told, passed.signal, passed.noise]
    return (
        image.id,
        image.seed,
        image.prompt,
        dict(image.settings),
        image.image.size,
        image.image.tobytes(),
        [tensor.tolist() for tensor in tensors],
        None if image.start_noise is None else image.start_noise.tolist(),
    )
