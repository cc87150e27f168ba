"""Files changed at random: they open as they were, or are refused; nothing else happens.

What is changed is one small session, made once, so that thousands of examples cost seconds.
"""

from __future__ import annotations

import copy
import io
import json
import random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from fabric_widget.session import Session, SessionFileError, read_settings
from fabric_widget.session.files import writing
from tests.session.files import hostile
from tests.session.files.small import PaintingFabric, facts, painted, small_session

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FABRIC: Any = PaintingFabric()
MANY = pytest.param(20_000, marks=pytest.mark.soak)
VALUES: list[Any] = [None, True, -1, 0, 1, 2**70, 0.5, 1e308, "", "x", "0" * 32, [], {}, [[]], [0]]


class Small:
    """The session, its file and what is in that."""

    def __init__(self, folder: Path) -> None:
        self.place = folder / "cats.fabric"
        session = small_session()
        session.save(self.place)
        self.facts = facts(session)
        self.zip = self.place.read_bytes()
        self.members = hostile.members_of(self.place)

    def opened(self, content: bytes) -> Session | None:
        """Return the session of a changed file, or None if it was refused."""
        self.place.write_bytes(content)
        try:
            session = Session.open(FABRIC, self.place, check=True)
        except SessionFileError as error:
            assert "cats.fabric" in str(error)  # noqa: PT017  (most are refused, not all)
            return None
        return session


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Small:
    return Small(tmp_path_factory.mktemp("small"))


def mutated(content: bytes, seed: int) -> bytes:
    """Return bytes of which some were changed, lost, doubled or exchanged."""
    draw = random.Random(seed)
    changed = bytearray(content)
    for _ in range(draw.choice((1, 1, 2, 8))):
        at = draw.randrange(len(changed))
        end = min(at + draw.choice((1, 2, 4, 40)), len(changed))
        kind = draw.randrange(5)
        if kind == 0:
            changed[at] ^= 1 << draw.randrange(8)
        elif kind == 1:
            changed[at:end] = draw.randbytes(end - at)
        elif kind == 2:
            del changed[at:end]
        elif kind == 3:
            changed[at:at] = changed[at:end]
        else:
            changed[at:end] = bytes([draw.choice((0, 255))]) * (end - at)
    return bytes(changed)


def many(count: int, check: Callable[[int], None]) -> None:
    """Run a check with so many seeds, as Hypothesis draws and shrinks them."""
    settings(max_examples=count, database=None)(given(st.integers(0, 2**32))(check))()


@pytest.mark.parametrize("count", [800, MANY])
def test_a_changed_zip_is_what_it_was_or_refused(count: int, small: Small) -> None:
    def check(seed: int) -> None:
        session = small.opened(mutated(small.zip, seed))
        assert session is None or facts(session) == small.facts

    many(count, check)


@pytest.mark.parametrize("count", [500, MANY])
def test_a_changed_document_opens_as_something_that_can_be_kept(count: int, small: Small) -> None:
    known = json.loads(small.members["session.json"])

    def check(seed: int) -> None:
        draw = random.Random(seed)
        content = json.loads(json.dumps(known))
        for _ in range(draw.choice((1, 1, 2))):
            holder = content
            while True:
                places = list(holder) if isinstance(holder, dict) else range(len(holder))
                if not places:
                    break
                place = draw.choice(list(places))
                inner = holder[place]
                if isinstance(inner, (dict, list)) and inner and draw.random() < 0.8:
                    holder = inner
                elif draw.random() < 0.2:
                    del holder[place]
                    break
                else:
                    holder[place] = copy.deepcopy(draw.choice(VALUES))  # or it could hold itself
                    break
            if not content:
                break
        session = small.opened(
            hostile.packed(small.members | {"session.json": json.dumps(content).encode()})
        )
        if session is not None:
            told = facts(session)
            session.save(small.place)
            assert facts(Session.open(FABRIC, small.place, check=True)) == told

    many(count, check)


@pytest.mark.parametrize("suffix", [".png", ".safetensors"])
@pytest.mark.parametrize("count", [300, MANY])
def test_a_changed_picture_is_what_it_was_or_refused(count: int, suffix: str, small: Small) -> None:
    """The zip's own sum agrees, as it does where another program packed it, or in a folder."""
    name = hostile.first(small.members, suffix)

    def check(seed: int) -> None:
        content = mutated(small.members[name], seed)
        session = small.opened(hostile.packed(small.members | {name: content}))
        assert session is None or facts(session) == small.facts

    many(count, check)


@pytest.mark.parametrize("count", [100, MANY])
def test_texts_of_a_png_are_read_or_refused_in_words(count: int) -> None:
    image = painted(3, "a “cat”", {"num_inference_steps": 3})
    png = writing.png_of(image, None)
    end = png.index(b"IDAT")
    told = read_settings(png)
    assert told is not None

    def check(seed: int) -> None:
        changed = mutated(png[:end], seed) + png[end:]
        try:
            found = read_settings(changed)
        except (ValueError, OSError) as error:
            assert str(error)  # noqa: PT017  (some are refused)
        else:
            assert found is None or isinstance(found.seed, int)

    many(count, check)
    assert read_settings(Image.open(io.BytesIO(png))) == told
