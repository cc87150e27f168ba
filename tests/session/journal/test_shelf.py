"""Pictures of a long session leave memory once they are on disk, and come back the same."""

from __future__ import annotations

import copy
import math
import pickle
from typing import TYPE_CHECKING, Any

import pytest
import torch
from PIL import Image

from fabric_widget.engine import Everything, GeneratedImage, Round, Trajectory
from fabric_widget.session import Session
from fabric_widget.session.files.stored import Kept, StoredPicture
from fabric_widget.session.journal import Autosave, Journal, Store

if TYPE_CHECKING:
    from pathlib import Path

SIDE, PICTURES = 32, 12
GIGABYTES = 40_000 / 1e9  # room for a few of the pictures below


class Painter:
    """A fabric whose pictures are noise of a seed."""

    plan = Everything()

    def __call__(self, prompt: str, *, num_images: int, seed: int, **_: Any) -> Round:
        return Round(tuple(painted(prompt, seed + i) for i in range(num_images)), prompt, seed)


def painted(prompt: str, seed: int) -> GeneratedImage:
    chance = torch.Generator().manual_seed(seed)
    pixels = torch.randint(0, 256, (SIDE, SIDE, 3), generator=chance, dtype=torch.uint8)
    latents = torch.randn((4, 8, 8), generator=chance)
    passed, levels = torch.randn((3, 4, 8, 8), generator=chance).half(), torch.ones(3)
    start = torch.randn((4, 8, 8), generator=chance)
    trajectory = Trajectory(passed, levels, levels, levels, start)
    shown = Image.fromarray(pixels.numpy())
    return GeneratedImage(shown, latents, seed, prompt, trajectory=trajectory)


def held(image: GeneratedImage) -> tuple[Any, ...]:
    passed = image.trajectory
    assert passed is not None
    assert passed.start is not None
    tensors = [t.tolist() for t in (image.latents, passed.latents, passed.told, passed.start)]
    return image.image.mode, image.image.tobytes(), *tensors


def loaded(session: Session) -> int:
    """Return how many pictures have latents or pixels in memory."""
    images = [image for made in session.rounds for image in made]
    return sum(
        not isinstance(vars(image)["latents"], Kept)
        or not isinstance(vars(image)["image"], StoredPicture)
        for image in images
    )


@pytest.fixture
def begun(tmp_path: Path) -> tuple[Session, Journal, list[tuple[Any, ...]]]:
    fabric: Any = Painter()
    journal = Journal(Store(Autosave(tmp_path, memory=GIGABYTES)), threads=False)
    session = Session(fabric, lens=None)
    journal.attach(session)
    before = []
    for _ in range(PICTURES // 2):
        before += [held(painted("", session._history.present.next_seed + i)) for i in range(2)]
        made = session.generate("", num_images=2)
        session.like(made[0])
    return session, journal, before


def drawn(session: Session) -> list[GeneratedImage]:
    return [image for made in session.rounds for image in made]


def test_what_is_in_memory_is_bounded_and_comes_back_the_same(
    begun: tuple[Session, Journal, list[tuple[Any, ...]]],
) -> None:
    session, journal, before = begun
    assert 0 < loaded(session) < PICTURES / 2
    for _ in range(2):  # whoever looks at all of them does not fill the memory either
        assert [held(i) for i in drawn(session)] == before
        assert loaded(session) < PICTURES / 2
    assert [i.latents.tolist() for i in drawn(session)] == [one[2] for one in before]
    assert loaded(session) < PICTURES / 2
    assert journal._pictures is not None
    assert journal._pictures.shelf.nbytes <= GIGABYTES * 1e9


def test_so_it_is_when_another_kernel_goes_on(
    begun: tuple[Session, Journal, list[tuple[Any, ...]]],
) -> None:
    session, journal, before = begun
    folder = journal.folder
    assert folder is not None
    journal.let_go()
    again = Session(session.fabric)
    other = Journal(journal._store, threads=False)
    assert other.resume(again, folder)
    assert loaded(again) == 0
    assert [held(i) for i in drawn(again)] == before
    assert loaded(again) < PICTURES / 2
    again.generate("", num_images=2)
    assert loaded(again) < PICTURES / 2


def test_without_a_limit_all_stay(tmp_path: Path) -> None:
    fabric: Any = Painter()
    journal = Journal(Store(Autosave(tmp_path, memory=math.inf)), threads=False)
    session = Session(fabric, lens=None)
    journal.attach(session)
    session.generate("", num_images=PICTURES)
    assert loaded(session) == PICTURES


def test_an_act_is_told_once_even_if_its_files_go_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fabric: Any = Painter()
    journal = Journal(Store(Autosave(tmp_path)), threads=False)
    session = Session(fabric, lens=None)
    append = journal._append

    def append_and_lose(entry: Any) -> None:
        append(entry)
        assert journal.folder is not None
        for path in journal.folder.glob("*.safetensors"):
            path.unlink()

    monkeypatch.setattr(journal, "_append", append_and_lose)
    journal.attach(session)
    session.generate("", num_images=2)
    assert journal.flush()
    assert journal.folder is not None
    lines = (journal.folder / "journal.jsonl").read_bytes().splitlines()
    assert len(lines) == 2  # what it is, and the round


@pytest.mark.parametrize(
    "again",
    [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))],  # noqa: S301  (our own)
    ids=["copy", "deepcopy", "pickle"],
)
def test_a_copy_does_not_need_the_files(
    begun: tuple[Session, Journal, list[tuple[Any, ...]]], again: Any
) -> None:
    session, journal, before = begun
    image = drawn(session)[0]
    assert isinstance(vars(image)["latents"], Kept)
    made, shown = again(image), again(image.image)
    made.image.load()  # a shallow copy shares it
    assert journal.folder is not None
    for path in journal.folder.iterdir():
        path.unlink()
    assert held(made) == before[0]
    assert shown.tobytes() == before[0][1]


def test_a_picture_that_is_made_twice_counts_twice(tmp_path: Path) -> None:
    fabric: Any = Painter()
    journal = Journal(Store(Autosave(tmp_path, memory=GIGABYTES)), threads=False)
    session = Session(fabric, lens=None)
    journal.attach(session)
    for _ in range(PICTURES // 2):
        made = session.generate("", num_images=2, seed=3)
        session.like(made[0])  # votes on it do not count it anew
    assert len({image.id for image in drawn(session)}) == 2
    assert journal._pictures is not None
    shelf = journal._pictures.shelf
    one = next(iter(shelf._all.values())).nbytes
    assert 0 < loaded(session) < PICTURES / 2
    assert shelf.nbytes == loaded(session) * one <= GIGABYTES * 1e9
    for image, seed in zip(drawn(session), [3, 4] * PICTURES, strict=False):
        assert held(image) == held(painted("", seed))
    assert shelf.nbytes == loaded(session) * one <= GIGABYTES * 1e9
