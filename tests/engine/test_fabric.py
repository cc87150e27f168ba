"""Laws of Fabric: what feedback of weight 0 leaves alone, and what is put back."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
import torch

from fabric_widget.engine import (
    Fabric,
    Progress,
    Schedule,
)
from fabric_widget.zoo import tiny

if TYPE_CHECKING:
    from collections.abc import Iterator

from tests.engine.rounds import EVERY_STEP, make, picture, published, same, untouched

# Weight 0, and what feedback does not touch


@pytest.mark.parametrize(
    "silence",
    [
        {"schedule": Schedule(max_weight=0)},
        {"strength": 0},
        {"schedule": Schedule(start=1, end=1)},
    ],
)
def test_weight_zero_is_the_plain_pipeline(fabric: Fabric, silence: dict[str, Any]) -> None:
    first = make(fabric)
    strength = silence.pop("strength", 1)
    silent = make(fabric, liked=[(first[0], strength)], disliked=[(first[1], strength)], **silence)
    assert same(silent, first)


def test_steps_before_the_window_are_plain(fabric: Fabric) -> None:
    first = make(fabric)
    seen: list[list[torch.Tensor]] = []

    def collect(**votes: Any) -> None:
        steps: list[torch.Tensor] = []
        seen.append(steps)

        def note(pipe: object, i: int, t: object, tensors: dict[str, Any]) -> dict[str, Any]:
            del pipe, i, t
            steps.append(tensors["latents"].clone())
            return tensors

        make(fabric, callback_on_step_end=note, **votes)

    schedule = Schedule(start=0.67, end=1)
    collect()
    collect(liked=[first[0]], schedule=schedule)
    plain, fed = seen
    assert [torch.equal(a, b) for a, b in zip(plain, fed, strict=True)] == [True, True, False]


def test_steps_of_weight_zero_compute_no_reference(fabric: Fabric) -> None:
    first = make(fabric)
    make(fabric, liked=[first[0]], schedule=Schedule(start=0.67, end=1))
    assert (fabric._cache.misses, fabric._cache.hits) == (1, 0)


def test_likes_and_dislikes_stay_in_their_branches(fabric: Fabric) -> None:
    """With guidance the conditional branch alone hears likes, the unconditional one dislikes."""
    first = make(fabric)
    halves: list[torch.Tensor] = []
    denoise = fabric.pipe.unet.forward

    def watched(*args: Any, **kwargs: Any) -> Any:
        out = denoise(*args, **kwargs)
        halves.append(out[0].clone())
        return out

    fabric.pipe.unet.forward = watched
    outputs = []
    for votes in ({}, {"liked": [first[0]]}, {"disliked": [first[0]]}):
        halves.clear()
        make(fabric, num_inference_steps=1, **votes)
        outputs.append(halves[-1])
    del fabric.pipe.unet.forward
    plain, liked, disliked = (out.chunk(2) for out in outputs)
    assert torch.allclose(liked[0], plain[0], atol=1e-6)
    assert not torch.allclose(liked[1], plain[1], atol=1e-3)
    assert not torch.allclose(disliked[0], plain[0], atol=1e-3)
    assert torch.allclose(disliked[1], plain[1], atol=1e-6)


# What is put back


@pytest.mark.parametrize("sampler", ["DDIM", "PNDM", "Euler ancestral", "DPM++ 2M"])
def test_nothing_is_left_behind(sampler: str) -> None:
    pipe = tiny.pipeline(sampler=sampler)
    fabric = published(pipe)
    first = make(fabric)
    with untouched(pipe):
        make(fabric, liked=[first[0]], disliked=[picture(1)], on_step=Progress.previews)
    assert same(make(fabric), first)


def failing_at(pipe: Any, place: str, error: BaseException) -> Any:
    """Return a context manager under which a part of the pipeline fails."""
    owner, name, calls = {
        "text encoder": (pipe.text_encoder, "forward", 0),
        "encoding a picture": (pipe.vae, "encode", 0),
        "measuring": (pipe.unet.mid_block, "forward", 0),
        "a reference": (pipe.unet.mid_block, "forward", 1),
        "a step": (pipe.unet.mid_block, "forward", 4),
        "the scheduler": (pipe.scheduler, "step", 1),
        "decoding": (pipe.vae, "decode", 0),
    }[place]

    @contextmanager
    def broken() -> Iterator[None]:
        plain, count = getattr(owner, name), 0

        def fail(*args: Any, **kwargs: Any) -> Any:
            nonlocal count
            count += 1
            if count > calls:
                raise error
            return plain(*args, **kwargs)

        setattr(owner, name, fail)
        try:
            yield
        finally:
            delattr(owner, name)

    return broken()


PLACES = (
    "text encoder",
    "encoding a picture",
    "measuring",
    "a reference",
    "a step",
    "the scheduler",
    "decoding",
)


@pytest.mark.parametrize("place", PLACES)
def test_out_of_memory_leaves_a_whole_pipeline(pipe: Any, place: str) -> None:
    fabric = published(pipe)
    first = make(fabric)
    votes = {"liked": [first[0], picture(1)], "disliked": [first[1]]}
    expected = make(published(tiny.pipeline()), **votes)
    make(fabric, liked=[first[0]], schedule=EVERY_STEP)
    fails = failing_at(pipe, place, torch.OutOfMemoryError("no memory left"))
    with untouched(pipe), fails, pytest.raises(torch.OutOfMemoryError):
        make(fabric, **votes)
    assert (len(fabric._cache), fabric._cache.nbytes) == (0, 0)
    assert same(make(fabric), first)
    assert same(make(fabric, **votes), expected)


def test_an_error_in_the_callback_comes_out(pipe: Any) -> None:
    fabric = published(pipe)
    first = make(fabric)

    def fail(progress: Progress) -> None:
        message = f"at {progress.step}"
        raise LookupError(message)

    with untouched(pipe), pytest.raises(LookupError, match="at 1"):
        make(fabric, liked=[first[0]], on_step=fail)
    assert same(make(fabric), first)
