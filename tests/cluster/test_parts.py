"""The parts of a fabric over workers, without any: shares, steps, names, what is held."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from fabric_widget import load_demo
from fabric_widget.cluster.held import Held, _Kept
from fabric_widget.cluster.shares import Share, Steps, shares_of
from fabric_widget.cluster.wire import name_of, pack, unpack
from fabric_widget.cluster.worker import PipelineWorker
from fabric_widget.engine import GeneratedImage

pytest.importorskip("ray")


def picture(seed: int = 0, **settings: Any) -> GeneratedImage:
    latents = torch.full((4, 2, 2), float(seed))
    return GeneratedImage(Image.new("RGB", (8, 8), (seed, 0, 0)), latents, seed, "a", settings)


@given(st.integers(1, 64), st.integers(1, 80))
def test_shares_are_every_picture_once_and_as_equal_as_can_be(pictures: int, workers: int) -> None:
    shares = shares_of(pictures, workers, {})
    made = [share.first + i for share in shares for i in range(share.count)]
    assert made == list(range(pictures))
    counts = [share.count for share in shares]
    assert len(counts) == min(pictures, workers)
    assert max(counts) - min(counts) <= 1


@pytest.mark.parametrize(
    "arguments",
    [
        {"image": [Image.new("RGB", (8, 8))] * 4},
        {"latents": torch.zeros(4, 4, 8, 8)},
        {"prompt_embeds": torch.zeros(4, 7, 8)},
        {"negative_prompt": ["a", "b", "c", "d"]},
    ],
    ids=lambda arguments: next(iter(arguments)),
)
def test_what_has_an_entry_for_each_picture_is_not_divided(arguments: dict[str, Any]) -> None:
    assert shares_of(4, 2, arguments) == [Share(0, 4)]


def test_what_all_pictures_share_does_not_hinder() -> None:
    arguments = {"prompt_embeds": torch.zeros(1, 7, 8), "image": Image.new("RGB", (8, 8))}
    assert len(shares_of(4, 2, arguments | {"height": 64, "timesteps": [3, 1]})) == 2


@given(st.permutations([0] * 3 + [1] * 3), st.integers(0, 5))
def test_the_count_of_steps_never_falls_and_ends_with_all(order: list[int], lost: int) -> None:
    shares = [Share(0, 2), Share(2, 1)]
    steps, done, told = Steps(shares), [0, 0], []
    for place, index in enumerate(order):
        if place == lost:  # its worker is lost, and its pictures are begun again
            done[index] = 0
        done[index] += 1
        told.append(steps.note(shares[index], done[index], 3))
    for index in (0, 1):
        while done[index] < 3:
            done[index] += 1
            told.append(steps.note(shares[index], done[index], 3))
    counts = [step for step, _ in told]
    assert counts == sorted(counts)
    assert told[-1] == (6, 6)


def test_a_picture_is_named_by_all_that_is_known_of_it() -> None:
    first = picture(1, guidance_scale=3.0, image=Image.new("RGB", (8, 8)))
    same = picture(1, image=Image.new("RGB", (8, 8)), guidance_scale=3.0)
    assert name_of(first) == name_of(same)
    others = [
        picture(2, **first.settings),
        replace(first, prompt="b"),
        replace(first, settings={**first.settings, "guidance_scale": 2.0}),
        replace(first, settings={**first.settings, "image": Image.new("RGB", (8, 8), "red")}),
        first.image,
        Image.new("L", (8, 8)),
    ]
    assert len({name_of(first), *map(name_of, others)}) == len(others) + 1
    assert name_of("a") is None


def test_what_is_held_travels_by_its_name_alone() -> None:
    made, upload = picture(), Image.effect_noise((400, 400), 9)
    call = {"liked": [made, upload, made], "words": "a"}
    data = pack(call, name_of)
    assert len(data) < 1000 < len(pack(upload))
    held = {name_of(made) or "": made, name_of(upload) or "": upload}
    back = unpack(data, held.__getitem__)
    assert back["liked"][0] is back["liked"][2] is made
    assert back["liked"][1] is upload
    with pytest.raises(KeyError):
        unpack(data)
    whole = pack(made, lambda part: name_of(part) if part is made else None)
    assert unpack(whole) == made  # a picture itself is never left out


def test_a_worker_forgets_the_oldest_and_is_sent_it_again() -> None:
    held = Held(capacity=10)
    a, b, c = ({name: _Kept(None, 4)} for name in "abc")
    assert held.note(a | b) == (["a", "b"], [])
    assert held.note(a) == ([], [])
    assert held.note(c) == (["c"], ["b"])
    assert held.note(b | a | c) == (["b"], [])  # whatever one call needs has room
    assert held.note(b) == ([], ["a"])


class _Hook:
    """What marks a model that moves by itself."""


@pytest.mark.parametrize(("moved", "device"), [(True, "meta"), (False, "cpu")])
def test_a_pipeline_is_put_on_the_device_of_its_worker_unless_it_moves_by_itself(
    *, moved: bool, device: str
) -> None:
    def load() -> Any:
        pipe = load_demo()
        if not moved:
            pipe.unet._hf_hook = _Hook()
        return pipe

    worker = PipelineWorker(pack(load), "meta")
    worker.open()
    assert worker._fabric is not None
    assert next(worker._fabric.pipe.unet.parameters()).device.type == device
