"""The journal of a session, read back, is the session: any acts, undone and done again."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule
from PIL import Image

from fabric_widget.session import Session
from fabric_widget.session.journal import Autosave, Journal, Store
from tests.session.conftest import RecordingFabric
from tests.session.journal.told import pixels, read, states

STRENGTHS = st.sampled_from([-2.0, -1.0, 0.0, 0.5, 1.0])
PARTS = st.none() | st.sampled_from(["subject", "background", (0, 0, 1, 2)])


class Journaled(RuleBasedStateMachine):
    """Sessions that write themselves down; now and then a kernel ends and another goes on."""

    fabric: Any

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp())
        self.store = Store(Autosave(self.root))
        self.fabric = RecordingFabric()
        self.session = Session(self.fabric, seed=3)
        self.journal = Journal(self.store, threads=False)
        self.journal.attach(self.session)

    def picture(self, data: st.DataObject) -> Any:
        return data.draw(st.sampled_from([i for made in self.session.rounds for i in made]))

    @rule(number=st.integers(1, 2), prompt=st.none() | st.sampled_from(["a monster", "a ✓"]))
    def generate(self, number: int, prompt: str | None) -> None:
        self.session.generate(prompt, num_images=number)

    @precondition(lambda self: self.session.rounds)
    @rule(
        data=st.data(),
        strength=STRENGTHS,
        aspect=st.sampled_from(["all", "colors"]),
        part=PARTS,
        in_place=st.booleans(),
    )
    def like(
        self, data: st.DataObject, strength: float, aspect: str, part: Any, *, in_place: bool
    ) -> None:
        picture = self.picture(data)
        self.session.like(picture, strength, aspect=aspect, part=part, in_place=in_place)

    @rule(level=st.integers(0, 2), strength=STRENGTHS)
    def like_an_upload(self, level: int, strength: float) -> None:
        self.session.like(Image.new("RGB", (3, 2), (90 * level, 0, 0)), strength)

    @rule(data=st.data())
    def vote_on_many(self, data: st.DataObject) -> None:
        known = st.sampled_from(sorted(self.session.pictures) or [""])
        strengths = data.draw(st.dictionaries(known, STRENGTHS, max_size=4))
        strengths.pop("", None)
        self.session.vote(strengths)

    @precondition(lambda self: self.session.rounds)
    @rule(data=st.data(), starred=st.booleans())
    def star(self, data: st.DataObject, *, starred: bool) -> None:
        self.session.star(self.picture(data), starred=starred)

    @precondition(lambda self: self.session.rounds)
    @rule(data=st.data())
    def branch(self, data: st.DataObject) -> None:
        self.session.branch(data.draw(st.integers(0, len(self.session.rounds) - 1)))

    @rule(steps=st.integers(1, 3))
    def undo(self, steps: int) -> None:
        for _ in range(steps):
            self.session.undo()

    @rule()
    def redo(self) -> None:
        self.session.redo()

    @precondition(lambda self: self.journal.folder is not None)
    @rule(finished=st.booleans())
    def another_kernel_goes_on(self, *, finished: bool) -> None:
        folder = self.journal.folder
        assert folder is not None
        if finished:
            assert self.journal.finish()
            assert read(folder).line[1] == self.session._history.line[1]
        self.session.observe(None)
        self.journal._writer.close()
        self.session = Session(self.fabric)
        self.journal = Journal(self.store, threads=False)
        assert self.journal.resume(self.session, folder)

    def teardown(self) -> None:
        try:
            if self.journal.folder is None:
                assert not self.session.turns
                return
            found = read(self.journal.folder)
            assert states(found) == states(self.session._history)
            for one, other in zip(found.line[0], self.session._history.line[0], strict=True):
                assert pixels(one) == pixels(other)
            again = Session(self.fabric)
            again.restore(found)
            assert {*again.pictures} <= {*self.session.pictures}
            assert {*again.parts} <= {*self.session.parts}
            assert len(self.store.sessions()) == 1
        finally:
            self.journal._writer.close()
            shutil.rmtree(self.root)


TestJournaled = Journaled.TestCase
TestJournaled.settings = settings(max_examples=25, stateful_step_count=20)
