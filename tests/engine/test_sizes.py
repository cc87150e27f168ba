"""Any width and height, and references of any other size and aspect ratio."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from diffusers.image_processor import VaeImageProcessor

from fabric_widget.engine import BadReference, Fabric, GeneratedImage, Round, Schedule
from fabric_widget.engine.pipeline.denoiser import Denoiser
from fabric_widget.engine.references.recorder import Recorder
from fabric_widget.engine.references.references import ReferenceMaker
from fabric_widget.engine.votes.votes import read_votes
from fabric_widget.zoo import ZOO, tiny
from tests.engine.families import one_of_each_kind
from tests.engine.rounds import picture, published

# What some of diffusers' own pipelines say of each other.
pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")

MIXED = ((512, 768), (768, 512), (512, 1024), (640, 640), (300, 900), (1000, 250))
NO_WAY = ("DeepFloyd IF", "ERNIE-Image")


def make(fabric: Fabric, name: str = "SD 1", **arguments: Any) -> Round:
    settings = {"num_images": 1, "seed": 3, "schedule": Schedule(end=1)}
    family = ZOO[name].arguments | ZOO[name].needs
    return fabric("a cat", **{**settings, **family, **arguments})


def difference(a: Round, b: Round) -> float:
    return float((a[0].latents - b[0].latents).abs().max() / b[0].latents.std())


@pytest.mark.parametrize(("width", "height"), [(64, 96), (96, 64), (32, 64)])
@pytest.mark.parametrize("family", ["SD 1", "SDXL"])
def test_six_references_of_mixed_sizes(
    family: str, width: int, height: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: set[tuple[int, int]] = set()
    computed = Recorder._computed

    def watched(self: Any, part: Any, *others: Any) -> Any:
        seen.update((task.latents.shape[-1], task.latents.shape[-2]) for task in part)
        return computed(self, part, *others)

    fabric = published(ZOO[family].build())
    size = {"width": width, "height": height}
    plain = make(fabric, family, **size)
    monkeypatch.setattr(Recorder, "_computed", watched)
    votes = [picture(i, *(side // 8 for side in sides)) for i, sides in enumerate(MIXED)]
    fed = make(fabric, family, liked=votes[:3], disliked=votes[3:], **size)
    assert fed[0].image.size == (width, height)
    assert difference(fed, plain) > 1e-3
    assert len(seen) == len({w / h for w, h in MIXED})
    for w, h in MIXED:
        assert min(abs(a / b / (w / h) - 1) for a, b in seen) < 0.15


def test_references_of_several_sizes_where_none_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Image-to-image takes no size: one template serves references of every shape."""
    seen: set[tuple[int, int]] = set()
    computed = Recorder._computed

    def watched(self: Any, part: Any, *others: Any) -> Any:
        seen.update((task.latents.shape[-1], task.latents.shape[-2]) for task in part)
        return computed(self, part, *others)

    monkeypatch.setattr(Recorder, "_computed", watched)
    fabric = published(ZOO["SD 1 image-to-image"].build())
    votes = [picture(1, 64, 20), picture(2, 20, 64), picture(3, 32, 32)]
    together = make(fabric, "SD 1 image-to-image", liked=votes)
    assert difference(together, make(fabric, "SD 1 image-to-image")) > 1e-3
    assert sorted(width > height for width, height in seen) == [False, False, True]
    assert len(seen) == 3
    other = published(fabric.pipe)
    for vote in votes:
        make(other, "SD 1 image-to-image", liked=[vote])
    again = make(other, "SD 1 image-to-image", liked=votes)
    assert torch.equal(again[0].latents, together[0].latents)


@pytest.mark.parametrize("sides", [*MIXED, (2048, 1024)])
def test_latents_keep_the_ratio_of_the_picture(sides: tuple[int, int]) -> None:
    """At the sizes people use: nothing is added, and hardly anything is cut off."""
    pipe = tiny.pipeline()
    maker = ReferenceMaker(pipe, Denoiser(pipe))
    [vote] = read_votes([picture(0, *sides)], []).liked
    height, width = maker.make(vote, torch.zeros(2, 4, 128, 192)).latents.shape[-2:]
    assert abs(width / height / (sides[0] / sides[1]) - 1) < 0.02
    assert abs(width * height / (128 * 192) - 1) < 0.05


@pytest.mark.slow
@pytest.mark.parametrize(
    ("width", "height"),
    [
        (512, 768),
        pytest.param(768, 512, marks=pytest.mark.soak),  # of any shape: the mixed sizes above
        pytest.param(512, 1024, marks=pytest.mark.soak),
    ],
)
def test_sizes_that_people_use(width: int, height: int) -> None:
    """With latents of an eighth, as the models that people use have them."""
    pipe = tiny.pipeline()
    pipe.register_modules(vae=tiny.vae(levels=4))
    pipe.vae_scale_factor = 8
    pipe.image_processor = VaeImageProcessor(vae_scale_factor=8)
    votes = [picture(i, *sides) for i, sides in enumerate(MIXED)]
    size: dict[str, Any] = {"width": width, "height": height, "num_inference_steps": 1}
    fed = make(published(pipe), liked=votes[:3], disliked=votes[3:], **size)
    assert fed[0].image.size == (width, height)
    assert fed[0].latents.shape[-2:] == (height // 8, width // 8)
    assert difference(fed, make(published(pipe), **size)) > 1e-3


# Sana makes pictures of multiples of 32: what a latent of its models has, and more than one here.
@pytest.mark.parametrize("name", one_of_each_kind("Stable Cascade", "Sana", "Sana PAG"))
def test_a_picture_of_another_shape_joins_every_family(name: str) -> None:
    fabric = published(ZOO[name].build())
    plain = make(fabric, name)
    votes = {"liked": [picture(1, 64, 20)]}
    if name in NO_WAY:
        with pytest.raises(BadReference, match=r"only generated images|made by this pipeline"):
            make(fabric, name, **votes)
    else:
        assert difference(make(fabric, name, **votes), plain) > 1e-3


@pytest.mark.parametrize(
    "name", ["SD 3", "Flux", "Flux 2", "Chroma", "Qwen-Image", "Z-Image", "Lumina 2", "Kandinsky 5"]
)
def test_generated_images_of_another_size_join(name: str) -> None:
    fabric = published(ZOO[name].build())
    wide, tall = {"width": 64, "height": 32}, {"width": 32, "height": 64}
    other, plain = make(fabric, name, **wide), make(fabric, name, **tall)
    assert difference(make(fabric, name, liked=[other[0]], **tall), plain) > 1e-3


def test_packed_latents_whose_size_is_not_what_is_said() -> None:
    fabric = published(ZOO["Flux"].build())
    made = make(fabric)[0]
    lost = GeneratedImage(made.image, made.latents[:7], 0, "", made.settings)
    with pytest.raises(BadReference, match="7 tokens is not of the size that its settings say"):
        make(fabric, liked=[lost], name="Flux")


def test_latents_of_another_kind() -> None:
    packed, flat = (published(ZOO[name].build()) for name in ("Flux", "SD 1"))
    with pytest.raises(BadReference, match="works on 16 channels packed into tokens"):
        make(packed, "Flux", liked=[make(flat)[0]])
    with pytest.raises(BadReference, match=r"shape \(16, 16\), but .* works on 4 channels"):
        make(flat, liked=[make(packed, "Flux")[0]])
