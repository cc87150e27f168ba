"""What was saved is there again, and goes on as if it had never been closed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from PIL import Image

from fabric_widget.engine import AspectTable, AspectWeights, Fabric, Schedule
from fabric_widget.session import Session, SessionFileError
from fabric_widget.zoo import tiny

if TYPE_CHECKING:
    from collections.abc import Callable

QUICK: dict[str, Any] = {"num_images": 2, "num_inference_steps": 2, "guidance_scale": 4.0}


def lived(fabric: Any) -> Session:
    """Return a session with a branch, votes of all kinds, an upload and something undone."""
    session = Session(fabric, seed=3, schedule=Schedule(end=0.5))
    first = session.generate("abc ✓", **QUICK)
    session.like(first[0], 1.5)
    session.like(Image.new("RGB", (30, 20), "red"))
    session.generate("xyz", **QUICK)
    session.undo()
    session.dislike(first[1])
    session.generate("def", **QUICK)
    session.branch(0)
    session.dislike(Image.new("RGB", (20, 30), "blue"), 0.25)
    return session


def facts(session: Session) -> dict[str, Any]:
    return {
        "prompt": session.prompt,
        "current": session.current,
        "next seed": session.next_seed,
        "votes": list(session.strengths.items()),
        "turns": [
            {
                "prompt": turn.round.prompt,
                "seed": turn.round.seed,
                "settings": dict(turn.round.settings),
                "parent": turn.parent,
                "schedule": turn.schedule,
                "votes": [(vote.id, vote.strength) for vote in turn.votes],
                "contributions": dict(turn.round.contributions),
                "images": [
                    (i.id, i.seed, i.prompt, dict(i.settings), i.image.tobytes(), i.image.size)
                    for i in turn.round
                ],
            }
            for turn in session.turns
        ],
    }


def test_a_saved_session_is_the_same_and_goes_on_to_the_bit(tmp_path: Path) -> None:
    fabric = Fabric(tiny.pipeline())
    session = lived(fabric)
    session.save(tmp_path / "mine")
    again = Session.open(tmp_path / "mine", Fabric(tiny.pipeline()), schedule=Schedule(end=0.5))
    assert facts(again) == facts(session)
    assert (again.undoable, again.redoable) == (session.undoable, session.redoable)
    one, other = session.generate(**QUICK), again.generate(**QUICK)
    assert [i.id for i in one] == [i.id for i in other]
    assert [i.image.tobytes() for i in one] == [i.image.tobytes() for i in other]


def test_saving_again_writes_only_what_is_new(tmp_path: Path) -> None:
    session = lived(Fabric(tiny.pipeline()))
    session.save(tmp_path)
    before = {path.name: path.stat().st_ino for path in tmp_path.iterdir()}
    made = session.generate(**QUICK)
    session.save(tmp_path)
    after = {path.name: path.stat().st_ino for path in tmp_path.iterdir()}
    new = {f"{image.id}.{ending}" for image in made for ending in ("png", "safetensors")}
    assert set(after) - set(before) == new
    assert {name for name in before if before[name] != after[name]} == {"session.json"}
    assert facts(Session.open(tmp_path, session.fabric)) == facts(session)


def test_an_empty_session_can_be_saved(tmp_path: Path, fabric: Any) -> None:
    Session(fabric, seed=9).save(tmp_path)
    assert Session.open(tmp_path, fabric).generate().seed == 9


def test_votes_on_pictures_of_undone_rounds_are_kept(tmp_path: Path) -> None:
    session = Session(Fabric(tiny.pipeline()))
    made = session.generate("abc", **QUICK)
    session.undo()
    session.like(made[1])
    session.save(tmp_path)
    ((picture, strength),) = Session.open(tmp_path, session.fabric).liked
    assert (picture, strength) == (made[1], 1.0)


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path, fabric: Any) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(FileExistsError, match="empty folder"):
        Session(fabric).save(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_folder_without_a_session_is_told(tmp_path: Path, fabric: Any) -> None:
    with pytest.raises(FileNotFoundError, match="no session"):
        Session.open(tmp_path, fabric)


def spoilt(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        path = folder / "session.json"
        content = json.loads(path.read_text(encoding="utf-8"))
        change(content)
        path.write_text(json.dumps(content))

    return spoil


DAMAGE: dict[str, Callable[[Path], object]] = {
    "no JSON": lambda folder: (folder / "session.json").write_text("{"),
    "not an object": lambda folder: (folder / "session.json").write_text("[]"),
    "a newer format": spoilt(lambda c: c.update(format=99)),
    "a lacking entry": spoilt(lambda c: c.pop("turns")),
    "a turn that is not there": spoilt(lambda c: c.update(current=17)),
    "a path for an id": spoilt(lambda c: c.update(votes={"../../etc/passwd": 1.0})),
    "a schedule of nonsense": spoilt(lambda c: c["turns"][0]["schedule"].update(end="late")),
    "a broken picture": lambda folder: next(folder.glob("*.png")).write_bytes(b"\x89PNG"),
    "broken latents": lambda folder: next(folder.glob("*.safetensors")).write_bytes(b"no"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_session_is_refused_with_a_word_on_what_is_wrong(
    tmp_path: Path, damage: str
) -> None:
    fabric = Fabric(tiny.pipeline())
    lived(fabric).save(tmp_path)
    DAMAGE[damage](tmp_path)
    with pytest.raises(SessionFileError, match=r"damaged|newer version"):
        Session.open(tmp_path, fabric, check=True)


def test_a_missing_picture_is_named(tmp_path: Path) -> None:
    fabric = Fabric(tiny.pipeline())
    lived(fabric).save(tmp_path)
    lost = next(tmp_path.glob("*.safetensors"))
    lost.unlink()
    with pytest.raises(FileNotFoundError, match=lost.name):
        Session.open(tmp_path, fabric)


def test_a_failed_save_leaves_the_saved_session_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = lived(Fabric(tiny.pipeline()))
    session.save(tmp_path)
    saved = facts(session)
    session.generate(**QUICK)

    def full(*_: object) -> None:
        message = "no space left on device"
        raise OSError(message)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="no space"):
        session.save(tmp_path)
    monkeypatch.undo()
    assert facts(Session.open(tmp_path, session.fabric)) == saved


SAVED = Path(__file__).parent / "saved"


@pytest.mark.parametrize("form", ["format-1", "format-2"])
def test_a_folder_of_an_earlier_version_opens_and_goes_on(form: str, tmp_path: Path) -> None:
    """The first has strengths by id, no recipes, contributions or trajectories."""
    opened = Session.open(SAVED / form, Fabric(tiny.pipeline()), check=True)
    assert [[image.seed for image in made] for made in opened.rounds] == [[3, 4], [5, 6]]
    assert list(opened.strengths.values()) == [-0.25]
    assert opened.prompt == "abc ✓"
    assert [vote.strength for vote in opened.turns[1].votes] == (
        [1.5, 1.0, 0.5] if form == "format-2" else [0.5, 1.0]
    )
    known = [image.trajectory is not None for made in opened.rounds for image in made]
    assert known == [form == "format-2"] * 4
    assert len(opened.generate(**QUICK)) == QUICK["num_images"]
    opened.save(tmp_path / "again.fabric")
    again = Session.open(tmp_path / "again.fabric", opened.fabric, check=True)
    assert facts(again) == facts(opened)


def test_what_was_said_and_what_each_picture_followed_comes_back_to_the_bit(tmp_path: Path) -> None:
    """Aspects, parts, plans, trajectories and start noise: the next round is the same."""
    quick: dict[str, Any] = {"num_images": 4, "num_inference_steps": 2, "guidance_scale": 3.0}
    session = Session(Fabric(tiny.pipeline()), schedule=Schedule(end=1))
    first = session.generate("abc", **quick)
    session.like(first[0], aspect="colors", part="subject")
    session.like(first[1], 0.5, part=(1, 2, 9, 8), in_place=False)
    session.like(first[2])
    session.dislike(first[3], part=np.eye(7))
    second = session.generate(**quick)
    session.save(tmp_path / "saved")
    again = Session.open(tmp_path / "saved", Fabric(tiny.pipeline()), schedule=Schedule(end=1))
    assert [v.key for v in again.turns[1].votes] == [v.key for v in session.turns[1].votes]
    for recipe, other in zip(again.rounds[1].recipes, second.recipes, strict=True):
        assert recipe.words == other.words
        assert [v.key for v in recipe.liked] == [v.key for v in other.liked]
        assert (recipe.start is None) == (other.start is None)
    for image, known in zip(again.rounds[1], second, strict=True):
        assert image.trajectory is not None
        assert known.trajectory is not None
        assert torch.equal(image.trajectory.latents, known.trajectory.latents)
    made, expected = (each.generate(**quick) for each in (again, session))
    for image, known in zip(made, expected, strict=True):
        assert torch.equal(image.latents, known.latents)


def test_what_aspects_meant_comes_back_whatever_they_mean_by_then(tmp_path: Path) -> None:
    table = AspectTable(colors=AspectWeights((1.0,) * 7, end=0.6))
    quick: dict[str, Any] = {"num_images": 1, "num_inference_steps": 2, "guidance_scale": 3.0}
    session = Session(Fabric(tiny.pipeline(), aspects=table), schedule=Schedule(end=1))
    session.like(session.generate("abc", **quick)[0], aspect="colors")
    made = session.generate(**quick)
    session.save(tmp_path / "saved")
    again = Session.open(tmp_path / "saved", Fabric(tiny.pipeline()), schedule=Schedule(end=1))
    assert [recipe.aspects for recipe in again.rounds[1].recipes] == [table]
    looks = [each.look(each.rounds[1][0]) for each in (session, again)]
    assert looks[0] is not None
    assert looks[1] is not None
    assert looks[0].contributions == looks[1].contributions
    assert again.generate(seed=made.seed, **quick).recipes[0].aspects == AspectTable()


def test_several_votes_on_one_picture_are_taken_back_together_or_alone(fabric: Any) -> None:
    session = Session(fabric)
    made = session.generate("abc")
    session.like(made[0])
    session.like(made[0], aspect="form")
    session.like(made[0], 0, aspect="form")
    assert [strength for _, strength in session.votes] == [1.0]
    session.like(made[0], aspect="colors")
    session.clear(made[0])
    assert not session.votes


def test_parts_that_were_drawn_are_known_after_opening(tmp_path: Path) -> None:
    session = Session(Fabric(tiny.pipeline()))
    made = session.generate("abc", num_images=1, num_inference_steps=1)
    session.like(made[0], part=(0, 0, 3, 3))
    session.save(tmp_path / "saved")
    again = Session.open(tmp_path / "saved", Fabric(tiny.pipeline()))
    known = again.strengths
    assert known == session.strengths
    again.clear()
    again.vote(known)
    assert again.strengths == known
