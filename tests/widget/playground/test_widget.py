"""The playground: what is made when, what is told, and that it says what the engine did."""

from __future__ import annotations

import gc
import weakref
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from traitlets import TraitError

from fabric_widget import AttentionPlayground, Fabric, Schedule, load_demo
from fabric_widget.engine import Everything, GenerationCancelled
from fabric_widget.engine.schedule import coarseness
from tests.widget.fakes import PATIENCE, Front, Studio, flat, png

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from diffusers import DiffusionPipeline

    from fabric_widget.session import Session

STEPS = 3


@pytest.fixture(scope="module")
def pipe() -> DiffusionPipeline:
    return load_demo()


@pytest.fixture
def play(
    front: Front, session: Session, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., AttentionPlayground]]:
    """Return a function that makes the playground which the front end shows."""
    made = []

    def new(pipe: Any = session, **settings: Any) -> AttentionPlayground:
        made.append(AttentionPlayground(pipe, **settings))
        return made[-1]

    assert front is not None
    monkeypatch.setattr(AttentionPlayground, "_debounce", 0.0)
    yield new
    for playground in made:
        thread = playground._worker.thread
        playground.close()
        if thread is not None:
            thread.join(PATIENCE)
            assert not thread.is_alive()


def settled(front: Front) -> dict[str, Any]:
    """Wait until the pictures are those of the present settings; return the status."""
    return front.wait_phase("ready", "error")


# ---- with the demo model -----------------------------------------------------------------------


def test_at_weight_0_the_steered_picture_is_the_plain_one_to_the_bit(
    play: Callable[..., AttentionPlayground], pipe: DiffusionPipeline, front: Front
) -> None:
    playground = play(pipe, steps=STEPS, weight=0.0)
    same = playground.run().result(PATIENCE)
    assert torch.equal(same.plain.latents, same.steered.latents)
    assert same.plain.image.tobytes() == same.steered.image.tobytes()
    assert same.influence is None
    assert settled(front)["message"] == "Ready: 0% of the attention went to the reference."
    assert front.state["lens"] == {"dislike": False}
    playground.weight = 1.0
    other = playground.run().result(PATIENCE)
    assert other.plain is same.plain
    assert not torch.equal(other.plain.latents, other.steered.latents)
    assert playground.result is other


def test_what_is_told_of_the_gate_is_what_the_engine_measured(
    play: Callable[..., AttentionPlayground], pipe: DiffusionPipeline, front: Front
) -> None:
    playground = play(pipe, steps=STEPS, weight=0.8, bottleneck_scale=0.5, end=1.0)
    influence = playground.run().result(PATIENCE).influence
    lens = front.state["lens"]
    levels, parts = len(influence.levels), len(influence.parts)
    assert len(lens["maps"]) == (levels + 1) * (parts + 1)
    for told in lens["maps"]:
        shares = influence.shares(level=told["level"], part=told["part"])[0]
        data = np.frombuffer(told["data"], "<f4").reshape(told["rows"], told["columns"])
        np.testing.assert_array_equal(data, shares.numpy())
    weights = {m["level"]: m["weight"] for m in lens["maps"]}
    depths = coarseness([level.tokens for level in influence.levels])
    schedule = Schedule(max_weight=0.8, bottleneck_scale=0.5)
    for level, depth in enumerate(depths):
        assert weights[level] == pytest.approx(0.8 * schedule.level_scale(depth))
    assert min(weights.values()) == pytest.approx(0.4)
    assert min(weights.values()) < weights[None] < max(weights.values())
    assert lens["parts"][0][0] == 1
    assert lens["parts"][-1][1] == STEPS

    for level in range(levels):
        content, (data,) = front.answer(front.ask("looks", level=level, part=-1))
        looks = influence.looks(0, level=level).float()
        assert (content["rows"], content["columns"]) == looks.shape[2:]
        told = torch.frombuffer(bytearray(data), dtype=torch.uint8).reshape(looks.shape).float()
        scaled = looks / looks.amax((2, 3), keepdim=True)
        assert (told / 255 - scaled).abs().max() <= 0.5 / 255 + 1e-6
    refused = front.call("looks", level=levels, part=-1)
    assert refused["type"] == "failed"


def test_more_weight_draws_more_attention(
    play: Callable[..., AttentionPlayground], pipe: DiffusionPipeline
) -> None:
    playground = play(pipe, steps=STEPS)
    drawn = []
    for weight in (0.1, 0.5, 2.0):
        playground.weight = weight
        (share,) = playground.run().result(PATIENCE).influence.contributions.values()
        drawn.append(share)
    assert 0 < drawn[0] < drawn[1] < drawn[2] < 1


def test_the_last_of_several_quick_changes_wins(
    play: Callable[..., AttentionPlayground], pipe: DiffusionPipeline, front: Front
) -> None:
    playground = play(pipe, steps=STEPS)
    front.call("hello")
    for weight in (0.2, 1.9, 0.6, 1.4):
        front.set(weight=weight)
    assert settled(front)["phase"] == "ready"
    shown = playground.result
    assert shown is not None
    (wanted,) = Fabric(pipe, plan=Everything())(
        playground.prompt,
        num_images=1,
        seed=playground.seed,
        liked=[shown.reference],
        schedule=Schedule(end=1.0, max_weight=1.4, neg_scale=1.0),
        num_inference_steps=STEPS,
    )
    assert torch.equal(shown.steered.latents, wanted.latents)


def test_a_picture_of_ones_own_can_be_the_reference(
    play: Callable[..., AttentionPlayground], pipe: DiffusionPipeline, front: Front
) -> None:
    playground = play(pipe, steps=STEPS, reference=flat(3, 80))
    assert front.state["reference_name"] == "Your picture"
    made = playground.run().result(PATIENCE)
    assert made.reference.size == (80, 80)
    assert made.influence is not None
    assert not torch.equal(made.plain.latents, made.steered.latents)


# ---- with a studio that can be held ------------------------------------------------------------


def test_a_change_during_a_run_supersedes_it_however_far_it_is(
    play: Callable[..., AttentionPlayground], studio: Studio, front: Front
) -> None:
    play()
    front.call("hello")
    settled(front)
    held = studio.hold(studio.steps - 1)  # more than half of it is done
    front.set(weight=0.3)
    held.wait()
    taken = studio.taken
    front.set(weight=0.7)
    held.release()
    settled(front)
    weights = [request["schedule"].max_weight for request in studio.requests if "lens" in request]
    assert weights == [1.0, 0.3, 0.7]
    assert studio.taken == taken + 1 + studio.steps
    assert front.statuses[-1]["error"] is None


def test_what_python_asks_for_is_never_taken_away(
    play: Callable[..., AttentionPlayground], studio: Studio
) -> None:
    playground = play()
    held = studio.hold(2)
    outcome = playground.run()
    held.wait()
    playground.weight = 0.1
    held.release()
    assert outcome.result(PATIENCE).steered.seed == playground.seed
    assert playground.run().result(PATIENCE) is playground.result
    assert studio.requests[-1]["schedule"].max_weight == 0.1


def test_only_what_has_changed_is_made_again(
    play: Callable[..., AttentionPlayground], studio: Studio
) -> None:
    playground = play()
    playground.run().result(PATIENCE)
    assert [(r["seed"], "lens" in r) for r in studio.requests] == [(2, 0), (1, 0), (1, 1)]
    playground.weight = 0.5
    playground.run().result(PATIENCE)
    assert len(studio.requests) == 4
    playground.steps = 7
    playground.run().result(PATIENCE)
    assert len(studio.requests) == 7
    assert all(r["num_inference_steps"] == 7 for r in studio.requests[4:])


def test_a_disliked_reference_joins_the_other_side_with_the_same_weight(
    play: Callable[..., AttentionPlayground], studio: Studio
) -> None:
    playground = play(dislike=True, weight=0.6, start=0.7, end=0.2)
    made = playground.run().result(PATIENCE)
    asked = studio.requests[-1]
    assert asked["disliked"] == ((made.reference, 1.0),)
    assert not asked["liked"]
    assert asked["schedule"] == Schedule(start=0.2, end=0.7, max_weight=0.6, neg_scale=1.0)


def test_nothing_is_made_before_somebody_looks_and_once_for_all_who_do(
    play: Callable[..., AttentionPlayground], studio: Studio, front: Front
) -> None:
    playground = play()
    playground.weight = 0.4
    assert studio.requests == []
    front.call("hello")
    settled(front)
    front.call("hello")
    settled(front)
    assert len(studio.requests) == 3


@pytest.mark.parametrize("error", [RuntimeError("the model broke"), MemoryError("no room")])
def test_an_error_is_shown_with_what_to_do_and_the_next_run_clears_it(
    play: Callable[..., AttentionPlayground], studio: Studio, front: Front, error: BaseException
) -> None:
    play()
    studio.failure = error
    front.call("hello")
    shown = settled(front)["error"]
    assert str(error) in shown["message"]
    assert "FabricWidget" not in shown["advice"]
    assert "Next round" not in shown["advice"]
    assert shown["traceback"]
    front.call("run")
    assert settled(front)["error"] is None
    assert set(front.state["pictures"]) == {"reference", "plain", "steered"}


def test_stop_stops_and_the_settings_stay(
    play: Callable[..., AttentionPlayground], studio: Studio, front: Front
) -> None:
    playground = play(weight=0.9)
    held = studio.hold(2)
    outcome = playground.run()
    held.wait()
    front.call("cancel")
    held.release()
    with pytest.raises(GenerationCancelled):
        outcome.result(PATIENCE)
    front.wait(lambda: front.status["message"] == "Stopped.")
    assert front.status["phase"] == "idle"
    assert playground.weight == 0.9


def test_values_out_of_range_are_moved_and_told(
    play: Callable[..., AttentionPlayground], front: Front
) -> None:
    playground = play()
    front.set(weight=5, seed=2.4, end="late", status={}, dislike=1)
    assert (playground.weight, playground.seed, playground.end) == (2.0, 2, 1.0)
    assert (front.state["weight"], front.state["seed"], front.state["end"]) == (2.0, 2, 1.0)
    assert front.state["dislike"] is False
    assert front.state["status"]["phase"] == "idle"
    assert "weight cannot be 5; it was set to 2." in front.status["notice"]["text"]
    with pytest.raises(TraitError, match="weight is nan: give a number from 0 to 2"):
        playground.weight = float("nan")


def test_a_file_becomes_the_reference_until_it_is_given_back(
    play: Callable[..., AttentionPlayground], front: Front
) -> None:
    playground = play()
    front.call("upload", names=["cat.png"], buffers=[png(flat(1, 40))])
    assert playground.reference.size == (40, 40)
    assert front.state["reference_name"] == "cat.png"
    refused = front.call("upload", names=["cat.txt"], buffers=[b"no picture"])
    assert refused["type"] == "failed"
    assert "cat.txt was not taken" in front.status["notice"]["text"]
    assert playground.reference.size == (40, 40)
    front.call("forget")
    assert playground.reference is None
    assert front.state["reference_name"] == ""


def test_what_is_no_pipeline_or_no_picture_is_refused() -> None:
    with pytest.raises(TypeError, match="cannot make pictures with a int"):
        AttentionPlayground(3)
    with pytest.raises((TraitError, ValueError, OSError)):
        AttentionPlayground(reference="no such file.png")


def test_a_reloaded_page_shows_the_same(
    play: Callable[..., AttentionPlayground], front: Front
) -> None:
    play().run().result(PATIENCE)
    settled(front)
    again = front.reload()
    assert again["pictures"] == front.state["pictures"]
    assert again["lens"] == front.state["lens"]


def test_closing_ends_the_thread_and_frees_the_pictures(
    play: Callable[..., AttentionPlayground], front: Front
) -> None:
    playground = play()
    picture = weakref.ref(playground.run().result(PATIENCE).steered)
    settled(front)
    thread = playground._worker.thread
    playground.close()
    assert thread is not None
    thread.join(PATIENCE)
    assert not thread.is_alive()
    gc.collect()
    assert picture() is None
    with pytest.raises(RuntimeError, match=r"closed: make a new one, AttentionPlayground\(pipe\)"):
        playground.run()
