"""Whatever lies in the place of a session, opening it says what is wrong, and does nothing else."""

from __future__ import annotations

import json
import pickle
import struct
import tracemalloc
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
import torch
from PIL import Image
from safetensors.torch import load, save

from fabric_widget.session import Session, SessionFileError
from fabric_widget.session.files import SessionNotFoundError
from tests.session.files import hostile
from tests.session.files.hostile import (
    Members,
    beside,
    bomb,
    exchanged,
    first,
    flipped,
    packed,
    png_of_size,
    shown_as,
    with_index,
    without,
)
from tests.session.files.small import SIDE, PaintingFabric, small_session

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FABRIC: Any = PaintingFabric()
MOST_MEMORY = 200_000_000  # bytes


def tensors(change: Callable[[dict[str, torch.Tensor]], object]) -> Callable[[Members], bytes]:
    def made(members: Members) -> bytes:
        name = first(members, ".safetensors")
        content = load(members[name])
        change(content)
        return packed(members | {name: save(content)})

    return made


def claimed(content: Any) -> Callable[[Members], bytes]:
    """Safetensors whose header claims something."""
    header = json.dumps(content).encode()
    data = struct.pack("<Q", len(header)) + header
    return lambda members: packed(members | {first(members, ".safetensors"): data})


def no_number(content: dict[str, Any]) -> None:
    content["turns"][0]["contributions"] = {"0a": float("nan")}


def of_turn(**changes: Any) -> Callable[[Members], bytes]:
    return with_index(lambda content: content["turns"][0].update(changes))


def of_vote(**changes: Any) -> Callable[[Members], bytes]:
    return with_index(lambda content: content["votes"][0].update(changes))


def of_mask(**changes: Any) -> Callable[[Members], bytes]:
    def change(content: dict[str, Any]) -> None:
        (part,) = (vote["part"] for vote in content["votes"] if vote["part"])
        part.update(changes)

    return with_index(change)


# What lies there, and what the error says of it.
ZIPS: dict[str, tuple[Callable[[Members], bytes], str]] = {
    "nothing": (lambda _: b"", "no .fabric file, or it was cut short"),
    "no zip": (lambda _: b"years of work" * 9, "no .fabric file"),
    "cut short": (hostile.cut, "no .fabric file, or it was cut short"),
    "a zip of other things": (lambda _: packed({"thesis.txt": b""}), "'thesis.txt', which no"),
    "an empty zip": (lambda _: packed({}), "no session"),
    "a way out": (beside("../../evil.png"), r"'\.\./\.\./evil\.png', which no session has"),
    "an absolute name": (beside("/etc/evil.png"), "'/etc/evil.png', which no session has"),
    "a name of another system": (beside("C:\\evil.png"), "evil.png', which no session has"),
    "a folder in it": (beside("pictures/"), "'pictures/', which no session has"),
    "a zip in it": (lambda m: packed({"cats.fabric": packed(m)}), "'cats.fabric', which no"),
    "a zip for a picture": (lambda m: shown_as(packed(m))(m), "not a PNG"),
    "a link": (hostile.linked, "png is a link"),
    "a name twice": (hostile.doubled, "it has a name twice"),
    "one place many times": (hostile.overlapping, "overlap"),
    "a million members": (hostile.crowded, "more files than a session has"),
    "a bomb of JSON": (bomb("session.json", b"[", 40), "session.json would have 41943040 bytes"),
    "a deep document": (bomb("session.json", b"[", 1), "more entries than a session can have"),
    "a wide document": (bomb("session.json", b"0,", 8), "more entries than a session can have"),
    "a bomb for a picture": (bomb(".png", b"\0", 64), "would have 67108864 bytes"),
    "a bomb for latents": (bomb(".safetensors", b"\0", 64), "would have 67108864 bytes"),
    "another sum": (hostile.stale_sum, "its bytes are not those that were saved"),
    "no JSON": (beside("session.json", b"{"), "JSONDecodeError"),
    "nesting": (beside("session.json", b"[" * 90_000), "RecursionError"),
    "not an object": (beside("session.json", b"[]"), "the document is .*should be an object"),
    "no text": (beside("session.json", b"\xff\xfe{"), "UnicodeDecodeError"),
    "a number that is none": (with_index(no_number), "NaN is no number"),
    "a newer format": (with_index(lambda c: c.update(format=99)), "newer version.*update the pack"),
    "a format of words": (with_index(lambda c: c.update(format="3")), "format is '3'"),
    "no index": (without("session.json"), "no session"),
    "no picture": (without(".png"), r"\.png: it is missing"),
    "no latents": (without(".safetensors"), r"\.safetensors: it is missing"),
    "a lacking entry": (with_index(lambda c: c.pop("turns")), "'turns'"),
    "a round that is not there": (with_index(lambda c: c.update(current=17)), "the current round"),
    "a state of no round": (
        with_index(lambda c: c["states"].append({"turns": [0, [9]]})),
        "a turn",
    ),
    "two presents": (with_index(lambda c: c["states"].append(None)), "2 are the present one"),
    "a parent after its child": (of_turn(parent=1), "the parent of round 0 is 1"),
    "a path for an id": (of_vote(picture="../../etc/passwd"), "is not the id of a picture"),
    "another picture for an id": (of_vote(picture="0123456789abcdef"), "is missing"),
    "a strength of words": (of_vote(strength="much"), "a strength is 'much'"),
    "a strength out of range": (of_vote(strength=3), "a strength is 3"),
    "an unknown aspect": (of_vote(aspect="smell"), "the aspect is 'smell'"),
    "an unknown part": (of_vote(part={"name": "nose"}), "a part is called 'nose'"),
    "a mask of another size": (of_mask(shape=[4, 3]), "cannot reshape"),
    "a mask as large as a house": (of_mask(shape=[90_000, 90_000]), "a side of a mask is 90000"),
    "another mask": (of_mask(name="0123456789abcdef"), "is another one"),
    "no schedule": (of_turn(schedule={"end": "late"}), "end is 'late'"),
    "no kind": (of_turn(kind="dream"), "a round is 'dream'"),
    "a seed below 0": (of_turn(seed=-1), "a seed is -1"),
    "a prompt of numbers": (of_turn(prompt=5), "a prompt is 5"),
    "a setting that no session keeps": (
        of_turn(settings={"guidance_scale": {}}),
        "guidance_scale of settings is {}, and should be a text, a finite number",
    ),
    "an argument that no session keeps": (
        of_turn(options={"arguments": {"eta": [0]}}),
        r"eta of arguments is \[0\]",
    ),
    "names of numbers": (of_turn(options={"left_out": [0.5]}), "a name in left_out is 0.5"),
    "no pictures": (of_turn(images=[]), "0 pictures"),
    "too few recipes": (with_index(lambda c: c["turns"][0]["recipes"].pop()), "1 recipes for 2"),
    "two pictures exchanged": (exchanged(".png"), "exchanged or changed"),
    "two latents exchanged": (exchanged(".safetensors"), "exchanged or changed"),
    "a changed byte of latents": (flipped(".safetensors"), r"\.safetensors: "),
    "a changed byte of a picture": (flipped(".png"), r"\.png: "),
    "latents without numbers": (tensors(lambda t: t["latents"].fill_(torch.nan)), "not finite"),
    "other latents": (tensors(lambda t: t["latents"].add_(1)), "latents of another picture"),
    "a trajectory without numbers": (tensors(lambda t: t["passed"].fill_(torch.inf)), "not finite"),
    "a start without numbers": (tensors(lambda t: t["start"].fill_(torch.nan)), "not finite"),
    "a trajectory of another length": (
        tensors(lambda t: t.update(passed=t["passed"][:1])),
        "parts of the shapes",
    ),
    "no trajectory": (tensors(lambda t: t.pop("passed")), "not the one that was saved"),
    "a trajectory of other numbers": (
        tensors(lambda t: t["passed"][0, 0, 0].add_(1)),
        "not the one that was saved",
    ),
    "no latents in the file": (tensors(lambda t: t.pop("latents")), "'latents'"),
    "latents of nothing": (
        tensors(lambda t: t.update(latents=torch.zeros(0))),
        r"the shape \(0,\)",
    ),
    "latents of claims": (
        claimed({"latents": {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 2**42]}}),
        "SafetensorError",
    ),
    "169 million pixels in one bit": (shown_as(png_of_size(13_000, 13_000, 1, 0)), "1 bits"),
    "81 million pixels": (shown_as(png_of_size(9_000, 9_000, 8, 2)), "at most 64000000"),
    "another size": (shown_as(png_of_size(SIDE, SIDE + 1, 8, 2)), "and the session says RGB"),
    "a picture cut short": (
        lambda m: packed(m | {first(m, ".png"): m[first(m, ".png")][:-60]}),
        r"\.png: OSError|\.png: .*truncated",
    ),
    "a picture without pixels": (shown_as(b"\x89PNG\r\n\x1a\n"), "not a PNG"),
    "a size of sides below 0": (
        with_index(lambda c: next(iter(c["generated"].values())).update(size=[-1, 9])),
        "a side is -1",
    ),
}


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> Members:
    place = tmp_path_factory.mktemp("small") / "cats.fabric"
    small_session().save(place)
    return hostile.members_of(place)


@pytest.mark.parametrize("what", ZIPS)
def test_a_file_that_is_no_session_is_refused_in_words(
    what: str, members: Members, tmp_path: Path
) -> None:
    make, says = ZIPS[what]
    place = tmp_path / "inside" / "cats.fabric"
    place.parent.mkdir()
    place.write_bytes(make(members))
    tracemalloc.start()
    try:
        with pytest.raises(SessionFileError, match=says) as caught:
            Session.open(FABRIC, place, check=True)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert "cats.fabric" in str(caught.value)
    assert ": " in str(caught.value)
    assert peak < MOST_MEMORY
    assert [path.name for path in tmp_path.rglob("*")] == ["inside", "cats.fabric"]


def test_the_session_itself_passes_the_check(members: Members, tmp_path: Path) -> None:
    """Or else every case above would be refused for nothing."""
    place = tmp_path / "cats.fabric"
    for how in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        place.write_bytes(packed(members, how))
        assert Session.open(FABRIC, place, check=True).turns
    place.write_bytes(with_index(lambda _: None)(members))
    assert Session.open(FABRIC, place, check=True).turns


def test_a_picture_is_checked_when_it_is_looked_at(members: Members, tmp_path: Path) -> None:
    place = tmp_path / "cats.fabric"
    place.write_bytes(exchanged(".png")(members))
    session = Session.open(FABRIC, place)
    image = session.rounds[0][0]
    assert image.latents.isfinite().all()
    for _ in range(2):
        with pytest.raises(SessionFileError, match=f"{image.id}.png: .*exchanged"):
            image.image.tobytes()
    place.write_bytes(tensors(lambda t: t["latents"].fill_(torch.nan))(members))
    image = Session.open(FABRIC, place).rounds[0][0]
    image.image.load()
    with pytest.raises(SessionFileError, match=f"{image.id}.safetensors: .*not finite"):
        _ = image.latents


def test_links_in_a_folder_are_not_followed(members: Members, tmp_path: Path) -> None:
    place = tmp_path / "cats"
    place.mkdir()
    for name, content in members.items():
        (place / name).write_bytes(content)
    shown = place / first(members, ".png")
    shown.rename(tmp_path / "elsewhere.png")
    shown.symlink_to(tmp_path / "elsewhere.png")
    with pytest.raises(SessionNotFoundError, match=r"\.png: it is missing"):
        Session.open(FABRIC, place)


def test_limits_of_pillow_are_told_too(members: Members, tmp_path: Path) -> None:
    """Whoever lowers them for the process: its errors come as ours."""
    place = tmp_path / "cats.fabric"
    place.write_bytes(packed(members))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Image, "MAX_IMAGE_PIXELS", 4)
        with pytest.raises(SessionFileError, match="DecompressionBombError"):
            Session.open(FABRIC, place, check=True)


def test_errors_can_be_sent_to_another_process() -> None:
    error = SessionFileError("the session in cats.fabric …")
    assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301  (our own)
