"""Methods: what they ask the engine for, and that they depend on nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from fabric_widget import Fabric, Schedule, TokenBudget, load_demo
from fabric_widget.evaluation.methods import (
    METHODS,
    MethodRequest,
    Picture,
    Shown,
    UnknownMethod,
    load_method,
)
from fabric_widget.evaluation.methods.zero_order import gradient, zero_order
from fabric_widget.evaluation.people.simulated_user import Opinion
from tests.evaluation.painting import Painter

if TYPE_CHECKING:
    from collections.abc import Sequence

OPINION = Opinion((1.0, 0.0, -0.5, 0.0), (0, 1, 2, 1))
OTHER = Opinion((0.0, -1.0, 0.0, 1.0), (1, 2, 1, 0))


def asked(*opinions: Opinion) -> tuple[Painter, MethodRequest]:
    """Return a painter and the ask of somebody who said this of the first rounds."""
    painter = Painter()
    shown = []
    for number, opinion in enumerate(opinions):
        seeds = tuple(range(4 * number, 4 * number + 4))
        pictures = painter("a monster", num_images=4, seed=seeds[0]).images
        shown.append(Shown(seeds, pictures, opinion))
    first = 4 * len(opinions)
    painter.requests.clear()
    return painter, MethodRequest("a big red monster", tuple(range(first, first + 4)), tuple(shown))


def requests(name: str, *opinions: Opinion) -> list[dict[str, Any]]:
    painter, request = asked(*opinions)
    fabric: Any = painter
    load_method(name).method(fabric, request)
    return painter.requests


@pytest.mark.parametrize("name", [name for name in METHODS if name not in {"zero-order", "lora"}])
def test_the_first_round_is_the_plain_one_from_the_given_seeds(name: str) -> None:
    found = requests(name)
    assert [r["seed"] + i for r in found for i in range(r["num_images"])] == [0, 1, 2, 3]
    assert not any(request["liked"] or request["disliked"] for request in found)


@pytest.mark.parametrize("name", [name for name in METHODS if name not in {"zero-order", "lora"}])
def test_the_same_ask_gives_the_same_requests(name: str) -> None:
    assert requests(name, OPINION, OTHER) == requests(name, OPINION, OTHER)


def test_all_votes_of_all_rounds_are_fed_back() -> None:
    (request,) = requests("ours", OPINION, OTHER)
    assert [(image.seed, strength) for image, strength in request["liked"]] == [(0, 1.0), (7, 1.0)]
    assert [(i.seed, strength) for i, strength in request["disliked"]] == [(2, 0.5), (5, 1.0)]
    assert not {"schedule", "plan"} & set(request)


def test_without_feedback_nothing_is_fed_back() -> None:
    (request,) = requests("none", OPINION)
    assert not request["liked"]
    assert not request["disliked"]


@pytest.mark.parametrize("weight", [0.1, 0.3, 0.8])
def test_the_published_arithmetic_has_its_weight_at_every_step(weight: float) -> None:
    (request,) = requests(f"paper-{weight}", OPINION)
    schedule: Schedule = request["schedule"]
    assert not schedule.normalize
    assert [schedule.weight(i, 20) for i in range(20)] == [weight] * 20
    assert len(request["liked"]) == 1


def test_random_votes_are_as_many_and_as_strong_and_stay_what_they_were() -> None:
    drawn = []
    for opinions in ((OPINION,), (OPINION, OTHER)):
        (request,) = requests("random", *opinions)
        votes = [(i.seed, s) for i, s in request["liked"]]
        votes += [(i.seed, -s) for i, s in request["disliked"]]
        drawn.append(votes)
    assert sorted(strength for _, strength in drawn[1]) == [-1.0, -0.5, 1.0, 1.0]
    assert set(drawn[0]) <= set(drawn[1])


def test_random_votes_are_on_every_picture_equally_often() -> None:
    painter: Any
    painter, request = asked(OPINION)
    liked = []
    for start in range(400):
        seeds = tuple(range(start, start + 4))
        painter.requests.clear()
        shown = (replace(request.shown[0], seeds=seeds),)
        load_method("random").method(painter, replace(request, shown=shown))
        liked += [image.seed for image, _ in painter.requests[0]["liked"]]
    assert np.bincount(liked, minlength=4) / 400 == pytest.approx(0.25, abs=0.08)


def test_prompt_dropout_leaves_out_some_words_and_reorders_none() -> None:
    painter, request = asked()
    fabric: Any = painter
    words = ["a", "big", "red", "round", "happy", "monster"]
    kept = 0
    for start in range(0, 400, 4):
        seeds = tuple(range(start, start + 4))
        painter.requests.clear()
        load_method("prompt-dropout").method(
            fabric, replace(request, prompt=" ".join(words), seeds=seeds)
        )
        for seen in painter.requests:
            left = seen["prompt"].split()
            assert [word for word in words if word in left] == left
            kept += len(left)
    assert kept / (400 * len(words)) == pytest.approx(0.7, abs=0.04)


def test_a_picture_shown_twice_has_its_newest_vote() -> None:
    _, request = asked(OPINION)
    again = replace(request, shown=(*request.shown, replace(request.shown[0], opinion=OTHER)))
    assert {getattr(picture, "seed", None) for picture, _ in again.liked} == {0, 3}
    assert [strength for _, strength in again.disliked] == [0.5, 1.0]


def test_pictures_of_foreign_methods_are_votes_too() -> None:
    _, request = asked(OPINION)
    bare = tuple(getattr(picture, "image", picture) for picture in request.shown[0].pictures)
    foreign = replace(request, shown=(replace(request.shown[0], pictures=bare),))
    assert foreign.liked == [(bare[0], 1.0)]


def mine(fabric: Fabric, request: MethodRequest) -> Sequence[Picture]:
    """Do as somebody else would.

    Not told on.
    """
    return fabric(request.prompt, seed=request.seeds[0], num_images=len(request.seeds)).images


def test_functions_of_ones_own_are_methods() -> None:
    known = load_method(f"{__name__}:mine")
    assert known.method is mine
    assert known.words == "Do as somebody else would"
    assert not known.baseline


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("theirs", "no method 'theirs'; there are none, ours, everything, renoised, paper-0.1"),
        ("nowhere.at_all:f", "'nowhere.at_all:f' cannot be imported"),
        ("json:nothing", "'json:nothing' cannot be imported"),
    ],
)
def test_unknown_methods_are_refused(name: str, complaint: str) -> None:
    with pytest.raises(UnknownMethod, match=complaint):
        load_method(name)


def test_the_gradient_points_from_worse_to_better() -> None:
    directions = torch.eye(4)
    assert gradient(directions, (0, 1, 1, 1)).tolist() == pytest.approx([1, -1 / 3, -1 / 3, -1 / 3])
    assert torch.equal(gradient(directions, (3, 2, 1, 0)), -gradient(directions, (0, 1, 2, 3)))
    assert not gradient(directions, (0, 0, 0, 0)).any()


@pytest.fixture(scope="module")
def fabric() -> Fabric:
    return Fabric(load_demo())


def searched(fabric: Fabric, *ranks: tuple[int, ...], seed: int = 0) -> list[torch.Tensor]:
    """Return the start noises of a round after these rankings."""
    started: list[torch.Tensor] = []
    shown: list[Shown] = []
    pipe = fabric.pipe
    original = pipe.prepare_latents

    def spy(*args: Any, **kwargs: Any) -> torch.Tensor:
        latents: torch.Tensor = original(*args, **kwargs)
        started[:] = list(latents)
        return latents

    pipe.prepare_latents = spy
    try:
        for number, rank in enumerate([*ranks, None]):
            seeds = (seed + 2 * number, seed + 2 * number + 1)
            request = MethodRequest("a monster", seeds, tuple(shown), {"num_inference_steps": 1})
            pictures = tuple(zero_order(fabric, request))
            if rank is not None:
                shown.append(Shown(seeds, pictures, Opinion((0.0, 0.0), rank)))
    finally:
        pipe.prepare_latents = original
    return started


def test_the_search_starts_from_the_plain_pictures_and_keeps_the_length_of_noise(
    fabric: Fabric,
) -> None:
    first = searched(fabric)
    plain = [
        torch.randn(x.shape, generator=torch.Generator().manual_seed(i))
        for i, x in enumerate(first)
    ]
    assert all(torch.equal(a, b) for a, b in zip(first, plain, strict=True))
    later = searched(fabric, (0, 1), (1, 0))
    for noise in later:
        assert noise.std().item() == pytest.approx(1, abs=0.1)
    better = searched(fabric, (0, 1))
    along = plain[0] - plain[1]
    assert all((noise * along).mean() > 0.5 for noise in better)
    assert all((noise * along).mean() < -0.5 for noise in searched(fabric, (1, 0)))


def test_who_cannot_tell_apart_gets_plain_noise(fabric: Fabric) -> None:
    noise = torch.stack(searched(fabric, (0, 0)))
    assert noise.std().item() == pytest.approx(1, abs=0.1)
    assert all(abs((n * x).mean()) < 0.1 for n in noise for x in searched(fabric))


def test_pipelines_without_start_noise_are_refused() -> None:
    painter: Any = Painter()
    painter.pipe = object()
    with pytest.raises(TypeError, match="needs `latents`, which object lacks"):
        zero_order(painter, MethodRequest("a monster", (0, 1)))


@pytest.mark.parametrize("name", [name for name in METHODS if name not in {"zero-order", "lora"}])
def test_the_published_arithmetic_alone_knows_no_budget(name: str) -> None:
    class Watched(Painter):
        token_budget = TokenBudget()

        def __call__(self, *args: Any, **kwargs: Any) -> Any:
            assert self.token_budget == (
                TokenBudget.exact() if name.startswith("paper") else TokenBudget()
            )
            return super().__call__(*args, **kwargs)

    painter, request = Watched(), asked(OPINION)[1]
    fabric: Any = painter
    load_method(name).method(fabric, request)
    assert painter.requests
    assert painter.token_budget == TokenBudget()
