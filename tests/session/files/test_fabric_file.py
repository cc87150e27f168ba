"""One file holds all of a session, is there as a whole, and is read when somebody looks."""

from __future__ import annotations

import json
import os
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from PIL import Image

from fabric_widget.engine import Fabric, HiRes
from fabric_widget.session import PictureSettings, Session, SessionFileError, read_settings
from fabric_widget.session.files.archive import Archive
from fabric_widget.session.files.source import Folder
from fabric_widget.zoo import tiny
from tests.session.files.small import PaintingFabric, facts, painted, small_session

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FABRIC: Any = PaintingFabric()
PLACES = ["cats.fabric", "cats"]


@pytest.mark.parametrize("name", PLACES)
def test_everything_comes_back_also_what_was_taken_back(name: str, tmp_path: Path) -> None:
    session = small_session()
    assert session.redoable == "round"
    session.save(tmp_path / name)
    again = Session.open(FABRIC, tmp_path / name)
    assert facts(again) == facts(session)
    assert (again.undoable, again.redoable) == (session.undoable, session.redoable)
    while session.redo():
        assert again.redo()
    assert not again.redo()
    while session.undo():
        assert again.undo()
    assert not again.undo()
    assert not again.turns


@pytest.mark.parametrize("name", PLACES)
def test_saving_what_was_opened_is_the_same_file_again(name: str, tmp_path: Path) -> None:
    """Also over the place that its pictures are read from, and in the other form."""
    session = small_session()
    session.save(tmp_path / name)
    before = content(tmp_path / name)
    again = Session.open(FABRIC, tmp_path / name)
    again.save(tmp_path / name)
    assert content(tmp_path / name) == before
    (other,) = set(PLACES) - {name}
    again.save(tmp_path / other)
    assert content(tmp_path / other) == before
    assert facts(again) == facts(session)


def content(place: Path) -> dict[str, bytes]:
    if place.is_dir():
        return {path.name: path.read_bytes() for path in place.iterdir()}
    with zipfile.ZipFile(place) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("kind", [Archive, Folder])
def test_nothing_but_the_index_is_read_until_a_picture_is_looked_at(
    kind: type[Archive | Folder], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / ("cats.fabric" if kind is Archive else "cats")
    session = small_session()
    session.save(place)
    reads: list[str] = []
    for name in ("read", "head"):
        monkeypatch.setattr(kind, name, counting(getattr(kind, name), reads))
    again = Session.open(FABRIC, place)
    image = again.rounds[0][1]
    assert image.image.size == session.rounds[0][1].image.size
    assert (image.id, image.seed) == (session.rounds[0][1].id, 6)
    again.like(image)
    again.save(place)
    assert reads[0] == "session.json"
    opened = [name for name in reads[1:] if kind is Folder or name == "session.json"]
    assert not opened  # a file is written anew, and a folder's pictures stay where they are
    reads.clear()
    assert image.image.getpixel((0, 0)) == session.rounds[0][1].image.getpixel((0, 0))
    assert reads == [f"{image.id}.png"]
    assert image.start_noise is not None
    assert torch.equal(image.latents, session.rounds[0][1].latents)
    assert reads == [f"{image.id}.png", f"{image.id}.safetensors"]
    image.image.tobytes()
    assert len(reads) == 2


def counting(read: Callable[..., bytes], reads: list[str]) -> Callable[..., bytes]:
    def counted(source: Any, member: str, *others: Any, **named: Any) -> bytes:
        if member not in reads[-1:]:
            reads.append(member)
        return read(source, member, *others, **named)

    return counted


def test_pictures_can_be_read_after_the_file_was_replaced(tmp_path: Path) -> None:
    """Another session in its place, or none: what is open stays whole."""
    session = small_session()
    place = tmp_path / "cats.fabric"
    session.save(place)
    again = Session.open(FABRIC, place)
    Session(FABRIC).save(place)
    assert facts(again) == facts(session)


def test_a_file_that_was_let_go_is_opened_again(tmp_path: Path) -> None:
    """Where the system lets no open file be replaced."""
    place = tmp_path / "cats.fabric"
    small_session().save(place)
    archive = Archive(place)
    before = archive.read("session.json")
    archive.release()
    assert archive.read("session.json") == before


def test_a_save_that_fails_leaves_the_old_file_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = small_session()
    place = tmp_path / "cats.fabric"
    session.save(place)
    before = place.read_bytes()
    session.generate(num_images=1)

    def full(_: int) -> None:
        message = "no space left on device"
        raise OSError(message)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space"):
        session.save(place)
    assert place.read_bytes() == before
    assert list(tmp_path.iterdir()) == [place]


def test_a_folder_is_not_taken_for_a_file(tmp_path: Path) -> None:
    (tmp_path / "cats.fabric").mkdir()
    with pytest.raises(FileExistsError, match=r"cats\.fabric is a folder"):
        small_session().save(tmp_path / "cats.fabric")


def test_a_file_can_be_unpacked_into_a_folder_and_packed_by_any_program(tmp_path: Path) -> None:
    session = small_session()
    session.save(tmp_path / "cats.fabric")
    with zipfile.ZipFile(tmp_path / "cats.fabric") as archive:
        archive.extractall(tmp_path / "unpacked")
    assert facts(Session.open(tmp_path / "unpacked", FABRIC, check=True)) == facts(session)
    with zipfile.ZipFile(tmp_path / "packed.fabric", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in (tmp_path / "unpacked").iterdir():
            archive.write(path, path.name)
    assert facts(Session.open(FABRIC, tmp_path / "packed.fabric", check=True)) == facts(session)


def test_a_session_goes_on_to_the_bit_after_opening(tmp_path: Path) -> None:
    quick: dict[str, Any] = {"num_images": 2, "num_inference_steps": 2, "guidance_scale": 3.0}
    session = Session(Fabric(tiny.pipeline()))
    first = session.generate("abc", **quick)
    session.like(first[0])
    session.like(Image.new("RGB", (20, 30), "blue"), aspect="form", part=np.eye(5))
    session.save(tmp_path / "cats.fabric")
    again = Session.open(tiny.pipeline(), tmp_path / "cats.fabric")
    assert isinstance(again.fabric, Fabric)
    for made, known in zip(again.generate(**quick), session.generate(**quick), strict=True):
        assert made.id == known.id
        assert made.image.tobytes() == known.image.tobytes()
    assert again.look(again.rounds[1][0]) is not None


def test_a_picture_that_was_opened_can_be_enlarged_and_finished(tmp_path: Path) -> None:
    quick: dict[str, Any] = {"num_images": 1, "num_inference_steps": 3}
    session = Session(Fabric(tiny.pipeline()))
    session.draft("abc", **quick)
    session.save(tmp_path / "cats.fabric")
    again = Session.open(session.fabric, tmp_path / "cats.fabric")
    assert again.finish(again.rounds[0][0])[0].settings["num_inference_steps"] == 3
    larger = again.enlarge(again.rounds[0][0])
    assert larger[0].image.width == 2 * again.rounds[0][0].image.width
    again.save(tmp_path / "cats.fabric")
    one_pass: Any = session.fabric
    opened = Session.open(HiRes(one_pass), tmp_path / "cats.fabric", check=True)
    assert opened.turns[-1].options == {"scale": 2.0, "strength": 0.5}


def test_a_png_of_a_session_says_what_it_was_made_from(tmp_path: Path) -> None:
    session = small_session()
    session.save(tmp_path / "cats")
    image = session.rounds[1][0]
    path = tmp_path / "cats" / f"{image.id}.png"
    told = read_settings(path)
    assert isinstance(told, PictureSettings)
    assert (told.prompt, told.seed, told.id) == ("a dog", image.seed, image.id)
    assert told.settings == {"guidance_scale": 2.5}
    assert [(v["picture"], v["strength"]) for v in told.votes] == [
        (v.id, v.strength) for v in session.turns[1].votes
    ]
    with Image.open(path) as opened:
        assert read_settings(opened) == told
    assert read_settings(path.read_bytes()) == told
    assert read_settings(str(path)) == told


def test_a_picture_of_anybody_else_says_nothing(tmp_path: Path) -> None:
    Image.new("RGB", (3, 3)).save(tmp_path / "photo.png")
    assert read_settings(tmp_path / "photo.png") is None
    assert read_settings(Image.new("RGB", (3, 3))) is None


def test_a_session_needs_a_pipeline_and_a_place() -> None:
    for given in ((FABRIC,), ("cats.fabric",), (FABRIC, FABRIC)):
        with pytest.raises(TypeError, match="give a pipeline or a Fabric"):
            Session.open(*given)


def test_what_json_cannot_hold_is_left_out_and_named(tmp_path: Path) -> None:
    session = Session(FABRIC)
    strange: dict[str, Any] = {"prompt_embeds": torch.zeros(2), "guidance_scale": float("nan")}
    session.generate("half a pair \ud83d", num_images=1, **strange)
    session.save(tmp_path / "cats.fabric")
    with zipfile.ZipFile(tmp_path / "cats.fabric") as archive:
        (turn,) = json.loads(archive.read("session.json"))["turns"]
    assert turn["options"]["left_out"] == ["guidance_scale", "prompt_embeds"]
    assert Session.open(FABRIC, tmp_path / "cats.fabric").prompt == session.prompt


def test_a_stored_picture_is_a_picture_like_any_other(tmp_path: Path) -> None:
    session = Session(FABRIC)
    session.like(Image.new("RGB", (4, 3), "red"))
    session.save(tmp_path / "cats.fabric")

    def shown() -> Any:
        ((picture, _),) = Session.open(FABRIC, tmp_path / "cats.fabric").liked
        return picture

    red = Image.new("RGB", (4, 3), "red")
    assert shown().size == (4, 3)
    assert shown() == red
    assert red == shown().copy()
    assert np.array_equal(np.asarray(shown()), np.asarray(red))
    assert shown().resize((2, 2)).getpixel((1, 1)) == (255, 0, 0)
    assert shown().crop((0, 0, 2, 2)).tobytes() == red.crop((0, 0, 2, 2)).tobytes()


def test_pictures_of_equal_latents_are_written_once(tmp_path: Path) -> None:
    session = Session(FABRIC)
    session.generate("one", num_images=1, seed=0)
    session.generate("one", num_images=1, seed=0)
    session.save(tmp_path / "cats.fabric")
    assert set(content(tmp_path / "cats.fabric")) == {
        "session.json",
        f"{painted(0).id}.png",
        f"{painted(0).id}.safetensors",
    }


def test_errors_of_opening_are_of_one_class(tmp_path: Path) -> None:
    with pytest.raises(SessionFileError, match=r"no session .*cats\.fabric") as caught:
        Session.open(FABRIC, tmp_path / "cats.fabric")
    assert isinstance(caught.value, FileNotFoundError)
