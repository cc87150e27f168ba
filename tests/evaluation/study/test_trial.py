"""Trials: what is recorded, and that nothing outside of them counts."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from fabric_widget.engine import Fabric
from fabric_widget.engine.pipeline.denoiser import Denoiser
from fabric_widget.evaluation.methods import METHODS, KnownMethod
from fabric_widget.evaluation.study import trial
from fabric_widget.evaluation.study.cost import measured
from fabric_widget.evaluation.study.settings import TASTE
from fabric_widget.evaluation.study.trial import run_trial
from fabric_widget.zoo import tiny
from tests.evaluation.study.conftest import PREFERENCE, TARGET, PaintedResources, cases

if TYPE_CHECKING:
    from fabric_widget.evaluation.study.settings import Settings


def results(settings: Settings, number: int = 0, method: str = "ours") -> dict[str, Any]:
    """Return all of a trial's record but what it cost."""
    record = run_trial(PaintedResources(settings), cases()[number], method)
    return {name: value for name, value in record.items() if name != "costs"}


@pytest.mark.parametrize("settings", [PREFERENCE, TARGET], ids=["preference", "target"])
def test_a_trial_does_not_depend_on_what_ran_before_or_on_global_state(settings: Settings) -> None:
    alone = results(settings, 1)
    resources = PaintedResources(settings)
    run_trial(resources, cases()[0], "ours")
    run_trial(resources, cases()[1], "none")
    torch.manual_seed(99)
    after = run_trial(resources, cases()[1], "ours")
    del after["costs"]
    assert after == alone


def test_records_survive_json() -> None:
    record = results(PREFERENCE)
    assert json.loads(json.dumps(record)) == record


def test_threads_and_random_state_are_put_back() -> None:
    before, state = torch.get_num_threads(), torch.random.get_rng_state()
    settings = replace(PREFERENCE, threads=before + 1)
    threads = []
    resources = PaintedResources(settings)
    run_trial(resources, cases()[0], "none", lambda: threads.append(torch.get_num_threads()))
    assert threads == [before + 1] * settings.rounds
    assert torch.get_num_threads() == before
    assert torch.equal(torch.random.get_rng_state(), state)


def test_foreign_methods_may_use_global_random_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(fabric: Any, request: Any) -> Any:
        seed = int(torch.randint(1000, (1,)))
        return fabric(request.prompt, num_images=len(request.seeds), seed=seed).images

    monkeypatch.setitem(METHODS, "careless", KnownMethod(careless, "uses the global generator"))
    torch.manual_seed(1)
    found = results(PREFERENCE, method="careless")
    torch.manual_seed(2)
    assert results(PREFERENCE, method="careless") == found


def test_every_method_is_asked_with_the_same_seeds_and_no_seed_is_used_twice() -> None:
    seeds = {
        (number, method): [made["seeds"] for made in results(PREFERENCE, number, method)["rounds"]]
        for number in (0, 1)
        for method in ("none", "ours")
    }
    assert seeds[0, "none"] == seeds[0, "ours"] == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]
    assert seeds[1, "none"] == [[9, 10, 11], [12, 13, 14], [15, 16, 17]]


def test_the_hidden_picture_is_never_shown_and_never_voted_for() -> None:
    resources = PaintedResources(TARGET)
    record = run_trial(resources, cases()[0], "ours")
    hidden = cases()[0].hidden_seed(TARGET)
    requests = [request for painter in resources.painters for request in painter.requests]
    assert [r["seed"] for r in requests].count(hidden) == 1
    voted = [image.seed for r in requests for image, _ in (*r["liked"], *r.get("disliked", ()))]
    assert voted
    assert hidden not in voted
    assert hidden not in [seed for made in record["rounds"] for seed in made["seeds"]]
    assert record["target"] not in [p for made in record["rounds"] for p in made["pictures"]]


def test_votes_are_those_of_the_voter() -> None:
    for made in results(PREFERENCE)["rounds"]:
        values = made["scores"][TASTE]["values"]
        if max(values) - min(values) >= 0.01:
            assert values[made["strengths"].index(1.0)] > max(values) - 0.01
            assert values[made["strengths"].index(-1.0)] < min(values) + 0.01


def test_a_scorer_likes_what_it_scores_highest() -> None:
    settings = replace(PREFERENCE, voter="luminance", person="eager")
    for made in results(settings)["rounds"]:
        values = made["scores"]["luminance"]["values"]
        assert made["strengths"][int(np.argmax(values))] == 1.0
        assert made["strengths"][int(np.argmin(values))] == -1.0


def test_nothing_is_liked_that_is_worse_than_what_was_there() -> None:
    settings = replace(PREFERENCE, voter="luminance", rounds=8)
    best, liked = -np.inf, []
    for made in results(settings, method="none")["rounds"]:
        values = made["scores"]["luminance"]["values"]
        liked.append(1.0 in made["strengths"])
        assert liked[-1] == (max(values) > best - 1e-6)
        best = max(best, *values)
    assert set(liked) == {True, False}


def test_who_says_what_they_like_says_it_of_the_nearest_picture_and_once() -> None:
    settings = replace(PREFERENCE, person="says=2", rounds=3)
    found = [said for made in results(settings)["rounds"] for said in made["said"]]
    assert found
    assert not any(s for made in results(settings)["rounds"] for s in made["strengths"])
    nearest: dict[str, float] = {}
    for said in found:
        assert said["distance"] < nearest.get(said["attribute"], 0.35)
        nearest[said["attribute"]] = said["distance"]
    with pytest.raises(ValueError, match="needs a wish"):
        results(replace(settings, voter="luminance"))


def test_rows_are_those_that_went_through_the_denoiser() -> None:
    """Two for each picture and step under guidance, and those of references beside them."""
    pipe = tiny.pipeline()
    arguments: dict[str, Any] = {"num_inference_steps": 3, "guidance_scale": 3.0}
    fabric = Fabric(pipe)
    with measured(torch.device("cpu"), Denoiser(pipe)) as plain:
        made = fabric("a cat", num_images=2, **arguments)
    assert plain.rows == 3 * 2 * 2
    with measured(torch.device("cpu"), Denoiser(pipe)) as fed:
        fabric("a cat", num_images=2, liked=[made[0]], **arguments)
    assert fed.rows > plain.rows


def test_similarity_and_diversity_are_cosines_of_features() -> None:
    settings = replace(PREFERENCE, frechet="reader")
    rounds = results(settings)["rounds"]
    assert rounds[0]["similarity_liked"] is rounds[0]["similarity_disliked"] is None
    liked: list[list[float]] = []
    for made in rounds:
        rows = np.array(made["features"])
        assert made["diversity"] == pytest.approx(
            1 - np.mean([a @ b for a, b in combinations(rows, 2)])
        )
        if liked:
            assert made["similarity_liked"] == pytest.approx(np.mean(rows @ np.array(liked).T))
        liked += [row for row, s in zip(made["features"], made["strengths"], strict=True) if s > 0]


def test_who_changes_their_mind_sees_earlier_pictures_with_other_eyes() -> None:
    settings = replace(PREFERENCE, rounds=2)
    case = replace(cases()[0], wish="green then not green")
    found = run_trial(PaintedResources(settings), case, "none")["rounds"]
    only = replace(case, wish="not green")
    steady = run_trial(PaintedResources(settings), only, "none")["rounds"]
    assert found[1]["scores"][TASTE]["values"] == steady[1]["scores"][TASTE]["values"]
    all_values = [v for made in steady for v in made["scores"][TASTE]["values"]]
    assert found[1]["scores"][TASTE]["best"] == pytest.approx(max(all_values))


def test_pictures_are_kept_small(monkeypatch: pytest.MonkeyPatch) -> None:
    exact = results(PREFERENCE)["rounds"][0]["pictures"]
    monkeypatch.setattr(trial, "_THUMBNAIL_SIDE", 16)
    assert len(results(PREFERENCE)["rounds"][0]["pictures"][0]) < len(exact[0])


def test_costs_are_measured() -> None:
    for cost in run_trial(PaintedResources(PREFERENCE), cases()[0], "none")["costs"]:
        assert cost["seconds"] > 0
        assert cost["peak_bytes"] > 2**20


def test_a_method_that_makes_too_few_pictures_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(METHODS, "lazy", KnownMethod(lambda *_: [], "does nothing"))
    with pytest.raises(ValueError, match="lazy made 0 pictures for a round of 3"):
        run_trial(PaintedResources(PREFERENCE), cases()[0], "lazy")


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        (replace(PREFERENCE, voter="colour"), "colour prefers no picture to another"),
        (replace(PREFERENCE, scorers=("colour",)), "colour prefers no picture to another"),
    ],
)
def test_scorers_that_cannot_do_it_are_refused(settings: Settings, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        PaintedResources(settings)


def test_a_prompt_without_a_wish_is_refused_where_one_is_needed() -> None:
    case = replace(cases()[0], wish="")
    with pytest.raises(ValueError, match="nothing is known of what is wanted in 'a monster'"):
        run_trial(PaintedResources(PREFERENCE), case, "none")
