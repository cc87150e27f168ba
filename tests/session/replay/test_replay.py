"""A saved session is made once more to the bit; and what differs is told."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from fabric_widget import load_demo
from fabric_widget.__main__ import main
from fabric_widget.engine import (
    Everything,
    Fabric,
    GenerationCancelled,
    HiRes,
    Schedule,
    TokenBudget,
)
from fabric_widget.session import Session
from fabric_widget.session.history import History
from fabric_widget.session.replay import environment_of, fabric_as_noted
from fabric_widget.session.replay.environment import differences
from fabric_widget.zoo import tiny

if TYPE_CHECKING:
    from pathlib import Path

COUNT = 17
QUICK: dict[str, Any] = {"num_images": 2, "num_inference_steps": 2, "guidance_scale": 3.0}


def long_session(fabric: Any) -> Session:
    """Return twelve rounds of all kinds, on several branches."""
    session = Session(fabric, seed=7)
    first = session.generate("a red fish", **QUICK)
    session.like(first[0])
    session.like(Image.new("RGB", (40, 30), "blue"), aspect="colors")
    session.generate(**QUICK)
    session.dislike(first[1], part=(3, 3, 30, 20), in_place=False)
    session.generate("a blue fish", batch_size=1, **QUICK)
    drafts = session.draft(num_images=3, num_inference_steps=3, guidance_scale=3.0)
    session.like(drafts[1], aspect="form", part="subject")
    session.finish(drafts[1])
    session.schedule = Schedule(end=1, max_weight=0.5)
    session.enlarge(drafts[2], scale=1.5, strength=0.7)
    session.branch(1)
    session.plan = Everything()
    for _ in range(5):
        session.like(session.generate(**QUICK | {"num_images": 1})[0], 0.5)
    session.undo()
    session.generate("a green bird", **QUICK | {"num_images": 1})
    assert len(session.turns) == 12
    return session


@pytest.fixture(scope="module")
def demo_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("replay") / "cats.fabric"
    long_session(Fabric(load_demo())).save(place)
    return place


def test_twelve_rounds_come_out_to_the_bit_in_a_fresh_process(
    demo_file: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "fabric_widget", "replay", str(demo_file), "--json", "--quiet"]
    done = subprocess.run(  # noqa: S603  (our own)
        [*command, "--out", str(tmp_path / "again")], check=False, capture_output=True, text=True
    )
    told = json.loads(done.stdout)
    assert told["differences"] == []
    assert [picture for picture in told["pictures"] if not picture["same"]] == []
    assert len(told["pictures"]) == COUNT
    assert done.returncode == 0
    session = Session.open(Fabric(load_demo()), demo_file)
    for index, made in enumerate(session.rounds):
        for image in made:
            image.image.copy().save(tmp_path / "kept.png")
            written = tmp_path / "again" / f"{index + 1:03d}-{image.seed}.png"
            assert written.read_bytes() == (tmp_path / "kept.png").read_bytes()


def test_another_model_is_told_and_the_exit_code_is_1(
    demo_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny.pipeline().save_pretrained(tmp_path / "tiny")
    assert main(["replay", str(demo_file), "--model", str(tmp_path / "tiny"), "--quiet"]) == 1
    told = capsys.readouterr().out
    assert "weights unet: " in told
    assert f"0 of {COUNT} pictures agree to the bit" in told
    assert "round 1, seed 7: another size, (64, 64) then, (16, 16) now" in told


def test_no_session_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(tmp_path / "cats.fabric")]) == 2
    assert "there is no session" in capsys.readouterr().err


def test_one_changed_pixel_is_found_with_how_much_it_differs() -> None:
    session = Session(Fabric(tiny.pipeline()))
    made = session.generate("abc", **QUICK)
    shown = made[1].image.copy()
    pixel: Any = shown.getpixel((3, 4))
    red, green, blue = pixel
    shown.putpixel((3, 4), (red, (green + 128) % 256, blue))
    turn = session.turns[0]
    changed = replace(made, images=(made[0], replace(made[1], image=shown)))
    session._history = History(
        replace(session._history.present, turns=(replace(turn, round=changed),))
    )
    result = session.replay()
    assert [(picture.same, picture.largest) for picture in result.pictures] == [
        (True, 0),
        (False, 128),
    ]
    assert not result.same
    assert str(result).endswith("round 1, seed 1: pixels differ by up to 128 of 255")


def test_progress_is_told_and_differences_come_first() -> None:
    session = Session(Fabric(tiny.pipeline()))
    session.generate("abc", **QUICK)
    session.generate("def", **QUICK)
    heard: list[Any] = []
    session.replay(
        on_step=lambda *told: heard.append(told),
        on_start=lambda told: heard.append(("start", *told)),
        on_picture=lambda picture: heard.append(("picture", picture.round)),
    )
    assert heard == [
        ("start",),
        *[(0, 2, 0.5), (0, 2, 1.0), ("picture", 0), ("picture", 0)],
        *[(1, 2, 0.5), (1, 2, 1.0), ("picture", 1), ("picture", 1)],
    ]
    assert len(session.turns) == 2


def test_pictures_of_two_passes_are_made_again_by_two_passes(tmp_path: Path) -> None:
    twice: Any = HiRes(Fabric(tiny.pipeline()), scale=1.5)
    session = Session(twice)
    first = session.generate("abc", **QUICK)
    session.like(first[0])
    session.draft(**QUICK | {"num_inference_steps": 6})
    session.finish(session.rounds[-1][0])
    session.save(tmp_path / "cats.fabric")
    for fabric in (Fabric(tiny.pipeline()), HiRes(Fabric(tiny.pipeline()), scale=3)):
        assert str(Session.open(fabric, tmp_path / "cats.fabric").replay()).endswith(
            "5 of 5 pictures agree to the bit"
        )


def test_what_no_file_can_hold_is_told(tmp_path: Path) -> None:
    pipe = tiny.pipeline()
    session = Session(Fabric(pipe))
    embeds = pipe.encode_prompt("abc", "cpu", 1, do_classifier_free_guidance=False)[0]
    session.generate("", prompt_embeds=embeds, **QUICK | {"guidance_scale": 1.0})
    assert session.replay().same
    session.save(tmp_path / "cats.fabric")
    again = Session.open(session.fabric, tmp_path / "cats.fabric")
    again.save(tmp_path / "cats.fabric")  # remembers it
    result = Session.open(session.fabric, tmp_path / "cats.fabric").replay()
    assert not result.same
    assert "could not be made: FabricError: it was made with prompt_embeds" in str(result)


def test_a_fabric_is_made_as_the_session_had_it() -> None:
    settings: Any = {"schedule": Schedule(end=0.3), "token_budget": TokenBudget.exact()}
    fabric = Fabric(tiny.pipeline(), **settings, cache_bits=8)
    noted = json.loads(json.dumps(environment_of(fabric), allow_nan=False))
    again = fabric_as_noted(tiny.pipeline(), [noted])
    assert (again.schedule, again.token_budget) == (fabric.schedule, fabric.token_budget)
    assert again.cache_bits == 8
    assert differences([noted], environment_of(again)) == ()
    told = differences([noted], environment_of(Fabric(tiny.pipeline(), **settings)))
    assert told == ("cache_bits: 8 then, nothing now",)


def test_every_difference_is_told_once() -> None:
    now = environment_of(Fabric(tiny.pipeline()))
    then = {**now, "device": "cuda", "libraries": {**now["libraries"], "torch": "1.0"}}
    assert differences([then, then], now) == (
        f"torch: 1.0 then, {now['libraries']['torch']} now",
        f"device: cuda then, {now['device']} now",
    )
    assert differences([], now) == ("the session does not say what it was made with",)
    other = tiny.pipeline()
    other.unet.conv_in.weight.data.neg_()
    (told,) = differences([now], environment_of(Fabric(other)))
    assert told.startswith("weights unet: ")


@pytest.mark.parametrize("kind", ["round", "enlarged", "two passes", "between"])
def test_a_replay_is_cancelled_in_whichever_pass_it_is(kind: str) -> None:
    fabric = Fabric(tiny.pipeline())
    maker: Any = HiRes(fabric) if kind == "two passes" else fabric
    session = Session(maker)
    made = session.generate("abc", **QUICK | {"num_images": 1})
    if kind == "enlarged":
        session.enlarge(made[0], scale=1.5, strength=1.0)
    session.generate("def", **QUICK | {"num_images": 1})
    steps: list[tuple[int, float]] = []
    enough = {"round": (0, 0.0), "enlarged": (1, 0.0), "two passes": (0, 0.5)}.get(kind, (9, 9))

    def on_step(index: int, _count: int, done: float) -> None:
        steps.append((index, done))
        if index == enough[0] and done > enough[1]:
            session.cancel()

    def on_picture(_picture: object) -> None:
        if kind == "between":
            session.cancel()

    with pytest.raises(GenerationCancelled):
        session.replay(on_step=on_step, on_picture=on_picture)
    assert steps[-1][0] == {"enlarged": 1}.get(kind, 0)
    assert steps[-1][1] < 1 or kind == "between"
    assert session.replay().same  # the next one is not cancelled
