"""A fabric over two workers: the pictures of one, whatever happens on the way."""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import os
import threading
from typing import TYPE_CHECKING, Any

import pytest
import torch

from fabric_widget import DistributedFabric, Everything, Fabric, Lens, Session, Vote, load_demo
from fabric_widget.cluster.held import Held
from fabric_widget.cluster.wire import pack
from fabric_widget.cluster.worker import Call
from fabric_widget.engine import FabricError, FabricWarning, GenerationCancelled, HiRes
from fabric_widget.session.replay import environment_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from fabric_widget.engine import GeneratedImage, Progress, Round

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # Ray's own

PROMPT = "a fish"
FEW: dict[str, Any] = {"num_inference_steps": 4}
TOLERANCE = 1e-4  # of latents: batches of other sizes are rounded otherwise
ADDED_UP = 2e-3  # where such rounds follow each other, as in the laws of mixed rounds


@pytest.fixture(scope="module")
def one() -> Fabric:
    return Fabric(load_demo())


@pytest.fixture(scope="module")
def plain(one: Fabric) -> Round:
    return one(PROMPT, **FEW)


def assert_alike(
    made: Sequence[GeneratedImage],
    expected: Sequence[GeneratedImage],
    tolerance: float = TOLERANCE,
) -> None:
    assert len(made) == len(expected)
    for mine, theirs in zip(made, expected, strict=True):
        assert (mine.seed, mine.prompt, mine.settings) == (
            theirs.seed,
            theirs.prompt,
            theirs.settings,
        )
        torch.testing.assert_close(mine.latents, theirs.latents, atol=tolerance, rtol=0)
        assert mine.trajectory is not None
        assert mine.image.size == theirs.image.size


def feedback(plain: Round) -> dict[str, Any]:
    """Return votes of all kinds on a round: whole pictures, aspects, parts, an upload."""
    upload = plain[3].image.resize((80, 64))
    liked = [plain[0], Vote(plain[1], 0.8, "colors"), Vote(upload, part=(0, 0, 40, 64))]
    return {"liked": liked, "disliked": [plain[2]], "seed": 40, **FEW}


def test_each_picture_is_the_one_that_a_single_worker_makes(
    shared_fabric: DistributedFabric, one: Fabric, plain: Round
) -> None:
    asked = feedback(plain)
    made, expected = shared_fabric(PROMPT, **asked), one(PROMPT, **asked)
    assert_alike(made, expected)
    assert [recipe.words for recipe in made.recipes] == [r.words for r in expected.recipes]
    assert made.recipes[0].disliked[0].content is plain[2]  # not a copy of it
    # To the bit, in batches of the same size.
    for first in (0, 2):
        share = one(
            PROMPT,
            num_images=2,
            plan=expected.recipes[first : first + 2],
            **FEW | {"seed": 40 + first},
        )
        assert share.images == made[first : first + 2]
    assert (
        shared_fabric(PROMPT, num_images=1, **FEW).images == one(PROMPT, num_images=1, **FEW).images
    )


def test_references_are_sent_once_to_each_worker(
    shared_fabric: DistributedFabric, plain: Round, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    note = Held.note

    def noted(held: Held, needed: Any) -> tuple[list[str], list[str]]:
        found = note(held, needed)
        sent.extend(found[0])
        return found

    monkeypatch.setattr(Held, "note", noted)
    like: dict[str, Any] = {"liked": [plain[0], Vote(plain[0].image, 0.5)], "plan": None, **FEW}
    shared_fabric("a bird", seed=60, **like)
    sent.clear()
    again = shared_fabric("a tree", seed=70, **like)
    assert not sent
    shared_fabric("a tree", seed=70, liked=[again[0], plain[0]], **FEW)
    assert {name.split()[:2] == ["made", again[0].id] for name in sent} == {True}
    assert 1 <= len(sent) <= 2


def test_a_worker_killed_in_mid_round_is_replaced_and_its_pictures_are_made(
    shared_fabric: DistributedFabric,
    one: Fabric,
    plain: Round,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pool, asked, counts, lost = shared_fabric._pool, feedback(plain), list[int](), list[Any]()
    before, replace = pool.opened, pool._replace

    def noting(task: Any, error: Exception) -> None:
        lost.append(task)
        replace(task, error)

    monkeypatch.setattr(pool, "_replace", noting)
    marker = tmp_path / "once"
    marker.touch()
    made = shared_fabric(
        PROMPT,
        on_step=lambda progress: counts.append(progress.step),
        callback_on_step_end=functools.partial(_dying_once, marker),
        **asked,
    )
    assert len(lost) == 1
    assert lost[0].count == 2
    assert counts == sorted(counts)
    assert_alike(made, one(PROMPT, **asked))
    while len(pool.opened) < 2:
        pool._settle(pool._ready())
    assert len({*pool.opened} - {*before}) == 1
    assert_alike(shared_fabric(PROMPT, **asked), made)  # the new one has no references yet


def _dying_once(marker: Path, _pipe: Any, index: int, _timestep: Any, tensors: Any) -> Any:
    if index == 1:
        with contextlib.suppress(FileNotFoundError):  # the other one has died already
            marker.unlink()
            os._exit(1)
    return tensors


def test_steps_of_all_shares_are_counted_and_show_previews(
    shared_fabric: DistributedFabric,
) -> None:
    told: list[Progress] = []
    sizes: list[tuple[int, int]] = []

    def on_step(progress: Progress) -> None:
        told.append(progress)
        sizes.extend(image.size for image in progress.previews())

    shared_fabric(PROMPT, num_images=3, on_step=on_step, **FEW)
    assert [one.step for one in told] == list(range(1, 9))
    assert {one.steps for one in told} == {8}
    assert {one.first for one in told} == {0, 2}
    assert set(sizes) == {(16, 16)}


def test_a_cancelled_round_ends_and_leaves_the_next_one_as_it_is(
    shared_fabric: DistributedFabric, plain: Round
) -> None:
    with pytest.raises(GenerationCancelled):
        shared_fabric(PROMPT, num_inference_steps=200, on_step=lambda _: shared_fabric.cancel())
    assert_alike(shared_fabric(PROMPT, **FEW), plain)


def test_what_on_step_raises_comes_through(shared_fabric: DistributedFabric, plain: Round) -> None:
    def on_step(_: Progress) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        shared_fabric(PROMPT, num_inference_steps=200, on_step=on_step)
    assert_alike(shared_fabric(PROMPT, **FEW), plain)


def test_errors_and_warnings_of_a_worker_arrive_as_they_are(
    shared_fabric: DistributedFabric,
) -> None:
    with pytest.raises(TypeError, match="generator cannot be given to Fabric") as raised:
        shared_fabric(PROMPT, generator=1)
    assert "cluster/worker.py" in str(raised.value.__cause__)  # where it happened
    with pytest.raises(TypeError, match="made in the worker, by load"):
        shared_fabric.ask(print, threading.Lock())
    with pytest.warns(FabricWarning, match="did you mean guidance_scale"):
        shared_fabric(PROMPT, num_images=1, guidance_scal=3, **FEW)


def test_the_lens_sees_one_picture_or_what_each_vote_did(
    shared_fabric: DistributedFabric, one: Fabric, plain: Round
) -> None:
    asked: dict[str, Any] = {"liked": [plain[0], plain[1]], "seed": 9, **FEW}
    asked["plan"] = Everything()
    for lens in (Lens(image=2), Lens(image=None, cells=1)):
        made, expected = shared_fabric(PROMPT, lens=lens, **asked), one(PROMPT, lens=lens, **asked)
        assert made.contributions == pytest.approx(dict(expected.contributions), abs=1e-3)
    assert made.influence is None
    seen = shared_fabric(PROMPT, lens=Lens(image=2), **asked).influence
    expected_seen = one(PROMPT, lens=Lens(image=2), **asked).influence
    assert seen is not None
    assert expected_seen is not None
    torch.testing.assert_close(seen.shares(), expected_seen.shares(), atol=1e-2, rtol=0)


def test_a_session_does_with_it_what_it_does_with_a_fabric(
    shared_fabric: DistributedFabric, one: Fabric
) -> None:
    def played(fabric: Any) -> Session:
        session = Session(fabric)
        drafts = session.draft(PROMPT, num_images=2, num_inference_steps=6)
        session.like(drafts[0], part="subject")
        session.finish(drafts[0], num_inference_steps=4)
        session.enlarge(session.rounds[-1][0], scale=1.5)
        session.generate(num_images=2, batch_size=1, **FEW)
        return session

    here, there = played(one), played(shared_fabric)
    for mine, theirs in zip(there.rounds, here.rounds, strict=True):
        assert_alike(mine, theirs, ADDED_UP)
    assert there.turns[2].kind == "enlarged"
    picture = there.rounds[0][0]
    assert there.tells_subjects(picture) == here.tells_subjects(picture)
    mask = there.subject(picture.id)
    assert (mask == here.subject(here.rounds[0][0].id)).float().mean() > 0.95
    assert shared_fabric.subjects()[picture.id] is mask
    influence = there.look(there.rounds[-1][0])
    assert influence is not None
    with pytest.raises(FabricError, match="give the session a Fabric"):
        there.bake("ink")
    assert influence.contributions
    noted = [environment_of(made.fabric) | {"threads": 1} for made in (there, here)]
    assert noted[0] == noted[1]  # the same pipeline, weights and settings


def test_what_two_passes_of_a_whole_round_need_is_said(shared_fabric: DistributedFabric) -> None:
    with pytest.raises(TypeError, match="DistributedFabric"):
        HiRes(shared_fabric)  # type: ignore[arg-type]
    session = Session(shared_fabric)
    made = session.generate(PROMPT, num_images=1, **FEW)
    with pytest.raises(ValueError, match="scale"):
        session.enlarge(made[0], scale=9)


def test_each_worker_has_a_gpu_of_its_own(shared_fabric: DistributedFabric) -> None:
    import ray

    seen = [
        ray.get(worker.actor.fact.remote(pack(Call(_visible))))
        for worker in shared_fabric._pool.opened
    ]
    assert len(seen) == 2
    assert len(set(seen)) == 2


def _visible(_: Fabric) -> str:
    return os.environ["CUDA_VISIBLE_DEVICES"]


def test_what_load_raises_is_told_at_once(ray_cluster: None) -> None:
    del ray_cluster
    with pytest.raises(FabricError, match="no weights here"):
        DistributedFabric(_unloadable, workers=1, num_gpus=0)


def _unloadable() -> Any:
    message = "no weights here"
    raise FabricError(message)


def test_arguments_are_refused_in_words(ray_cluster: None, monkeypatch: pytest.MonkeyPatch) -> None:
    del ray_cluster
    pipe: Any = "pipe"
    with pytest.raises(TypeError, match="load is a str: give a function"):
        DistributedFabric(pipe)
    with pytest.raises(ValueError, match="workers is 9: give 1 to 2"):
        DistributedFabric(load_demo, workers=9, num_gpus=1)
    with pytest.raises(RuntimeError, match="the cluster has no 3 GPUs"):
        DistributedFabric(load_demo, num_gpus=3)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install fabric-widget\[cluster\]"):
        DistributedFabric(load_demo)
