"""Every family with feedback, and one family with every sampler: what it must do, and must not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import torch

from fabric_widget.engine.attention import calls
from fabric_widget.engine.compatibility import check_compatibility
from fabric_widget.engine.references.recorder import Recorder
from fabric_widget.zoo import ZOO, tiny
from tests.engine.families import called, one_of_each_kind, survey
from tests.engine.rounds import EVERY_STEP, latents_of, published

if TYPE_CHECKING:
    from fabric_widget.engine import Fabric, Round
    from fabric_widget.zoo import Family

# What some of diffusers' own pipelines say of each other.
pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")

SETTINGS: dict[str, Any] = {"num_inference_steps": 3, "guidance_scale": 3.0}
SEED = 5
PICTURES = 2
REFUSED = {
    "Stable Cascade": r"StableCascadeCombinedPipeline has no denoiser",
}
NEEDY = [family for family in ZOO.values() if family.needs]


def plain_latents(pipe: Any) -> torch.Tensor:
    """Return what the pipeline makes by itself."""
    generators = [torch.Generator().manual_seed(SEED + i) for i in range(PICTURES)]
    output = pipe(
        "a cat",
        num_images_per_prompt=PICTURES,
        generator=generators,
        output_type="latent",
        **SETTINGS,
    )
    latents: torch.Tensor = output.images
    return latents


def make(fabric: Fabric, family: Family, **arguments: Any) -> Round:
    ours = {"num_images": family.pictures, "seed": SEED, "schedule": EVERY_STEP}
    return fabric("a cat", **{**ours, **called(family), **arguments})


@pytest.mark.parametrize("name", one_of_each_kind(*REFUSED))
def test_every_family_takes_feedback(name: str) -> None:
    family, row = ZOO[name], survey(name)
    assert not row.reason
    assert row.works
    assert ("unconditional" in re.split(", |;", ";".join(row.roles))) == family.guided


@pytest.mark.parametrize("name", [name for name, family in ZOO.items() if not family.able])
def test_a_family_without_reachable_attention_says_so(name: str) -> None:
    row = survey(name)
    assert re.search(REFUSED[name], row.reason)
    assert (row.sites, row.works) == (0, False)


@pytest.mark.parametrize("family", NEEDY, ids=lambda family: family.name)
def test_what_a_family_must_be_called_with_is_said(family: Family) -> None:
    row = check_compatibility(family.build(), num_images=family.pictures, **family.arguments)
    assert all(f"give {argument}={value}" in row.reason for argument, value in family.needs.items())


@pytest.mark.parametrize("name", one_of_each_kind("Stable Cascade"))
def test_likes_and_dislikes_stay_in_their_branches(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only conditional rows hear likes, only unconditional ones dislikes, however they come."""
    family = ZOO[name]
    fabric = published(family.build())
    reference = make(fabric, family, num_images=1, seed=1)[0]
    denoiser = fabric._denoiser.module
    denoise, seen = denoiser.forward, []
    computed = Recorder._computed

    def unseen(self: Recorder, *args: Any) -> Any:
        self._inner = denoise  # calls about references are none of the run's
        return computed(self, *args)

    monkeypatch.setattr(Recorder, "_computed", unseen)

    def watched(*args: Any, **kwargs: Any) -> Any:
        out = denoise(*args, **kwargs)
        made = out[0]
        rows = torch.stack(list(made)) if isinstance(made, list) else made.clone()
        seen.append((torch.stack([x.flatten() for x in rows]), fabric._denoiser.bind(args, kwargs)))
        return out

    roles = survey_roles(family)
    denoiser.forward = watched
    first_step = []
    pictures = max(2, family.pictures) if family.pictures > 1 else 1
    for votes in ({}, {"liked": [reference]}, {"disliked": [reference]}):
        seen.clear()
        steps: list[Any] = []
        if not family.guided and "disliked" in votes:
            continue
        make(fabric, family, num_images=pictures, on_step=steps.append, **votes)
        rows = [len(row) * pictures for row in roles]
        main = [out for out, call in seen if call.rows in rows and call.rows >= pictures]
        first_step.append(main[-len(steps) * len(roles) :][: len(roles)])
    del denoiser.forward
    plain, liked, *rest = first_step
    for step, hears in ((liked, True), *((step, False) for step in rest)):
        for outputs, without, row in zip(step, plain, roles, strict=True):
            for part, other, conditional in zip(
                outputs.chunk(len(row)), without.chunk(len(row)), row, strict=True
            ):
                moved = float((part - other).abs().max() / other.std())
                assert (moved > 1e-3) == (conditional == hears), (moved, row, hears)


def survey_roles(family: Family) -> list[list[bool]]:
    """Return for each call of a step whether each of its blocks of rows is conditional."""
    roles = survey(family.name).roles
    return [[role == "conditional" for role in call.split(", ")] for call in roles]


@pytest.mark.parametrize("name", one_of_each_kind("Stable Cascade"))
def test_remembered_or_not_gated_or_concatenated(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cold is warm to the bit, and the gate is keys put side by side."""
    family = ZOO[name]
    fabric = published(family.build())
    votes = {"liked": [make(fabric, family, num_images=1, seed=1)[0]]}
    cold = latents_of(make(fabric, family, **votes))
    warm = latents_of(make(fabric, family, **votes))
    assert fabric._cache.hits == fabric._cache.misses > 0
    assert torch.equal(cold, warm)
    monkeypatch.setattr(calls, "has_log_sum_exp", lambda _: False)
    beside = latents_of(make(published(fabric.pipe), family, **votes))
    assert (beside - cold).abs().max() < 1e-3 * cold.std()


@pytest.mark.parametrize("sampler", tiny.SCHEDULERS)
def test_feedback_and_its_absence(sampler: str) -> None:
    pipe = tiny.pipeline(sampler=sampler)
    plain = plain_latents(pipe)
    fabric = published(pipe)

    without = fabric("a cat", num_images=PICTURES, seed=SEED, **SETTINGS)
    assert torch.equal(latents_of(without), plain)

    def fed() -> torch.Tensor:
        made = fabric(
            "a cat",
            num_images=PICTURES,
            seed=SEED,
            liked=[without[0]],
            disliked=[without[1]],
            **SETTINGS,
        )
        return latents_of(made)

    cold, warm = fed(), fed()
    assert cold.isfinite().all()
    assert (cold - plain).abs().max() > 1e-3
    assert torch.equal(cold, warm)
    assert torch.equal(plain_latents(pipe), plain)
