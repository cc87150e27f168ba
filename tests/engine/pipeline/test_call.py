"""One call of a denoiser: its rows, its form, and where its picture stands."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from fabric_widget.engine.errors import FabricError
from fabric_widget.engine.pipeline.call import Call, Within, in_form, tensors, within
from fabric_widget.engine.pipeline.denoiser import Denoiser
from fabric_widget.engine.pipeline.record_calls import check_contiguous, null_call
from fabric_widget.zoo import ZOO


def call(**arguments: Any) -> Call:
    return Call(arguments, "x", "t")


def grid(height: int, width: int) -> torch.Tensor:
    """Return positions as pipelines with packed latents tell them, (tokens, 3)."""
    rows, columns = torch.arange(height), torch.arange(width)
    return torch.stack(
        [
            torch.zeros(height * width),
            *(x.flatten() for x in torch.meshgrid(rows, columns, indexing="ij")),
        ],
        -1,
    )


def test_what_belongs_to_each_row_is_measured() -> None:
    """As long as the batch by chance is not enough; lists count as batches where they grow."""

    def made(n: int) -> Call:
        return call(
            x=torch.zeros(n, 4, 3),
            t=torch.zeros(n),
            words=torch.arange(n).float(),
            sizes=[[(1, 2, 2)]] * n,
            more={"pooled": torch.arange(n), "scales": torch.arange(2), "each": [torch.zeros(n)]},
            chance=torch.arange(2),
            pair=(3, 4),
        )

    null = made(2).batched(made(4))
    assert null.per_row is not None
    assert {"/".join(map(str, path)) for path in null.per_row} == {
        "x",
        "t",
        "words",
        "sizes",
        "more/pooled",
        "more/each/0",
    }
    chosen = null.with_rows([1], torch.ones(1, 4, 3), torch.tensor([0.5]))
    assert chosen["words"].tolist() == [1]
    assert chosen["sizes"] == [[(1, 2, 2)]]
    assert chosen["more"]["pooled"].tolist() == [1]
    assert chosen["chance"].tolist() == chosen["more"]["scales"].tolist() == [0, 1]
    assert chosen["pair"] == (3, 4)


def test_latents_in_a_list_with_an_axis_of_time() -> None:
    null = call(x=[torch.zeros(4, 1, 2, 2, dtype=torch.bfloat16)], t=torch.zeros(1))
    chosen = null.with_rows([0], torch.ones(1, 4, 6, 8), torch.tensor([0.5]))
    assert [x.shape for x in chosen["x"]] == [(4, 1, 6, 8)]
    assert chosen["x"][0].dtype == torch.bfloat16


@pytest.mark.parametrize(
    ("given", "form", "expected"),
    [
        ((4, 2, 3), (4, 8, 8), (4, 2, 3)),
        ((4, 1, 3), (4, 1, 8, 8), (4, 1, 1, 3)),
        ((4, 1, 2, 3), (4, 8, 8), (4, 2, 3)),
        ((2, 3, 4), (1, 8, 8, 4), (1, 2, 3, 4)),
        ((16, 4), (16, 4), (16, 4)),
    ],
)
def test_axes_of_length_one_come_and_go(given: Any, form: Any, expected: Any) -> None:
    assert in_form(torch.zeros(given), torch.zeros(form)).shape == expected


@pytest.mark.parametrize("batch", [False, True])
def test_a_reference_stands_to_the_right_of_the_picture(batch: bool) -> None:
    def packed(height: int, width: int) -> Call:
        ids = grid(height, width)
        return call(
            x=torch.zeros(1, height * width, 8),
            t=torch.zeros(1),
            text_ids=torch.zeros(height * width, 3),
            ids=ids[None] if batch else ids,
        )

    picture, reference = packed(2, 3), packed(4, 5)
    moved = reference.beside(picture)
    before, after = (x.part(("ids",)).reshape(-1, 3) for x in (reference, moved))
    assert torch.equal(after[:, :2], before[:, :2])
    assert torch.equal(after[:, 2], before[:, 2] + 3)
    assert torch.equal(moved.part(("text_ids",)), reference.part(("text_ids",)))
    assert torch.equal(reference.part(("ids",)).reshape(-1, 3), grid(4, 5))


def test_without_positions_a_call_stays_as_it_is() -> None:
    one = call(x=torch.zeros(1, 6, 8), t=torch.zeros(1), ids=torch.zeros(6, 3))
    assert one.beside(one) is one
    flat = call(x=torch.zeros(1, 4, 2, 3), t=torch.zeros(1), ids=grid(2, 3))
    assert flat.beside(flat) is flat


@pytest.mark.parametrize(
    ("name", "told"),
    [("Flux", True), ("Flux 2", True), ("Chroma", True), ("SD 3", False), ("Z-Image", False)],
)
def test_families_that_tell_positions(name: str, told: bool) -> None:
    family = ZOO[name]
    null = null_call(Denoiser(family.build()), family.arguments)
    changed = [
        path
        for (path, a), (_, b) in zip(
            tensors(null.arguments), tensors(null.beside(null).arguments), strict=True
        )
        if not torch.equal(a, b)
    ]
    assert changed == [("img_ids",)] * told


@pytest.mark.parametrize(
    ("shape", "axis", "start"),
    [((9, 4, 6), -3, 0), ((7, 4, 6), -3, 3), ((4, 4, 12), -1, 6), ((4, 1, 4, 12), -1, 6)],
)
def test_latents_are_found_beside_other_things(
    shape: tuple[int, ...], axis: int, start: int
) -> None:
    """By their values, for a scheduler may have scaled them; alone they are everything."""
    generator = torch.Generator().manual_seed(0)
    row = torch.randn(shape, generator=generator)
    latents = torch.randn((4, 4, 6), generator=generator)
    place = Within(axis, start, latents.shape[axis])
    mixed = place.filled(row, in_form(0.3 * latents, row)).bfloat16()
    assert within(mixed, latents) == place
    assert within(in_form(latents, row), latents) is None
    assert within(torch.randn(shape, generator=generator), latents) is None


def test_a_template_keeps_what_stands_beside_the_latents() -> None:
    """In each row its own, as conditioning: some rows may see no source."""
    inputs = torch.arange(2 * 5 * 3).reshape(2, 5, 3).float()
    null = Call({"x": inputs, "t": torch.zeros(2)}, "x", "t", within=Within(-2, 1, 2))
    assert null.packed
    assert null.latents.tolist() == inputs[:, 1:3].tolist()
    filled = null.with_rows([1, 0], -torch.ones(2, 2, 3), torch.tensor([0.5]))["x"]
    expected = inputs[[1, 0]].clone()
    expected[:, 1:3] = -1
    assert torch.equal(filled, expected)
    assert inputs.min() == 0


def test_a_reference_stands_beside_the_picture_and_its_sources() -> None:
    """Sources keep their place; the reference has one that neither has."""
    ids = torch.cat([grid(2, 3), grid(4, 7) + torch.tensor([1, 0, 0])])
    null = call(x=torch.zeros(1, len(ids), 8), t=torch.zeros(1), ids=ids)
    null = replace(null, within=Within(-2, 0, 6))
    assert null.grid == (2, 3)
    moved = null.beside(null).arguments["ids"]
    assert torch.equal(moved[6:], ids[6:])
    assert moved[:6, 2].tolist() == (ids[:6, 2] + 7).tolist()
    assert torch.equal(moved[:, :2], ids[:, :2])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("SD 1 inpainting, 9 channels", Within(-3, 0, 4)),
        ("InstructPix2Pix", Within(-3, 0, 4)),
        ("Flux Fill", Within(-1, 0, 16)),
        ("Flux Kontext", Within(-2, 0, 16)),
        ("SD 1 inpainting", None),
        ("SD 1", None),
    ],
)
def test_what_a_pipeline_puts_beside_its_latents(name: str, expected: Within | None) -> None:
    family = ZOO[name]
    assert null_call(Denoiser(family.build()), family.arguments).within == expected


@pytest.mark.parametrize(
    ("shape", "place", "refused"),
    [
        ((1, 4, 8, 16), Within(-1, 0, 8), True),
        ((1, 4, 8, 16), None, False),
        ((1, 8, 8, 8), Within(-3, 0, 4), False),
        ((1, 1, 8, 8, 9), Within(-1, 0, 4), False),
        ((1, 16, 32), Within(-1, 0, 16), False),
    ],
)
def test_a_source_in_the_columns_beside_is_refused(
    shape: tuple[int, ...], place: Within | None, refused: bool
) -> None:
    """Its tokens alternate with the latents'; other channels and other tokens do not."""
    null = replace(call(x=torch.zeros(shape), t=torch.zeros(1)), within=place)
    denoiser: Any = SimpleNamespace(pipe=None)
    with pytest.raises(FabricError, match="in width") if refused else nullcontext():
        check_contiguous(denoiser, null)
