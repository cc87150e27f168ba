"""Sessions against a simple model: any acts, any number of undos and redos."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from fabric_widget.session import Session
from tests.session.conftest import RecordingFabric

STRENGTHS = st.floats(-2, 2)
UPLOADS = st.integers(0, 2)


def upload(number: int) -> np.ndarray[Any, Any]:
    return np.full((3, 3, 3), 50 * number, dtype=np.uint8)


class Sessions(RuleBasedStateMachine):
    """The model is a list of what a session holds, as plain data, and a position."""

    def __init__(self) -> None:
        super().__init__()
        self.fabric = RecordingFabric()
        self.session = Session(self.fabric, seed=3)  # type: ignore[arg-type]  # a stand-in
        self.line: list[dict[str, Any]] = [
            {"rounds": [], "votes": {}, "prompt": "", "current": None, "made": []}
        ]
        self.position = 0

    @property
    def model(self) -> dict[str, Any]:
        return self.line[self.position]

    def acted(self, model: dict[str, Any]) -> None:
        if model != self.model or list(model["votes"]) != list(self.model["votes"]):
            self.line[self.position + 1 :] = [model]
            self.position += 1

    def voted(self, name: Any, strength: float) -> None:
        model = copy.deepcopy(self.model)
        if model["votes"].get(name, 0) != strength:
            model["votes"].pop(name, None)
            if strength:
                model["votes"][name] = strength
        self.acted(model)

    @rule(
        number=st.integers(1, 5),
        prompt=st.none() | st.sampled_from(["a monster", "a fish"]),
        batch_size=st.none() | st.integers(1, 6),
    )
    def generate(self, number: int, prompt: str | None, batch_size: int | None) -> None:
        model = copy.deepcopy(self.model)
        used = [seed for seeds in model["rounds"] for seed in seeds]
        first = max(used, default=2) + 1
        model["rounds"].append(list(range(first, first + number)))
        model["prompt"] = model["prompt"] if prompt is None else prompt
        model["made"].append((model["prompt"], list(model["votes"].items()), model["current"]))
        model["current"] = len(model["rounds"]) - 1
        self.fabric.requests.clear()
        made = self.session.generate(prompt, num_images=number, batch_size=batch_size)
        sizes = [request["num_images"] for request in self.fabric.requests]
        assert sum(sizes) == len(made) == number
        assert max(sizes) == min(batch_size or number, number)
        request = self.fabric.requests[-1]
        likes = {s: v for s, v in self.model["votes"].items() if v > 0}
        dislikes = {s: -v for s, v in self.model["votes"].items() if v < 0}
        assert {self.name(image): v for image, v in request["liked"]} == likes
        assert {self.name(image): v for image, v in request["disliked"]} == dislikes
        assert made is self.session.rounds[-1]
        self.acted(model)

    @rule()
    def fail_to_generate(self) -> None:
        self.fabric.failure = RuntimeError("out of memory")
        try:
            self.session.generate("never")
        except RuntimeError:
            return
        raise AssertionError

    @precondition(lambda self: self.session.rounds)
    @rule(data=st.data(), strength=STRENGTHS, like=st.booleans())
    def vote(self, data: st.DataObject, strength: float, like: bool) -> None:
        image = data.draw(st.sampled_from([i for r in self.session.rounds for i in r]))
        (self.session.like if like else self.session.dislike)(image, strength)
        self.voted(image.seed, strength if like else -strength)

    @precondition(lambda self: self.session.pictures)
    @rule(data=st.data())
    def vote_on_many(self, data: st.DataObject) -> None:
        known = st.sampled_from(sorted(self.session.pictures))
        strengths = data.draw(st.dictionaries(known, STRENGTHS))
        self.session.vote(strengths)
        named = {self.name(self.session.pictures[i]): v for i, v in strengths.items() if v}
        votes = self.model["votes"]
        same = {**votes} == named  # in another order it is no act
        self.acted(copy.deepcopy(self.model) | {"votes": dict(votes) if same else named})

    @precondition(lambda self: self.session.rounds)
    @rule(data=st.data())
    def branch(self, data: st.DataObject) -> None:
        index = data.draw(st.integers(0, len(self.session.rounds) - 1))
        self.session.branch(index)
        prompt, votes, _ = self.model["made"][index]
        same = dict(votes) == self.model["votes"]
        standing = self.model["votes"] if same else dict(votes)
        back = {"current": index, "prompt": prompt, "votes": dict(standing)}
        self.acted(copy.deepcopy(self.model) | back)

    @rule(number=UPLOADS, strength=STRENGTHS)
    def vote_on_upload(self, number: int, strength: float) -> None:
        self.session.like(upload(number), strength)
        self.voted(("upload", number), strength)

    @rule(number=UPLOADS)
    def clear_upload(self, number: int) -> None:
        self.session.clear(upload(number))
        self.voted(("upload", number), 0)

    @precondition(lambda self: self.session.votes)
    @rule(data=st.data())
    def clear_vote(self, data: st.DataObject) -> None:
        image = data.draw(st.sampled_from([image for image, _ in self.session.votes]))
        self.session.clear(image)
        self.voted(self.name(image), 0)

    @rule()
    def clear(self) -> None:
        self.session.clear()
        self.acted(copy.deepcopy(self.model) | {"votes": {}})

    @rule()
    def undo(self) -> None:
        assert self.session.undo() is (self.position > 0)
        self.position = max(self.position - 1, 0)

    @rule()
    def redo(self) -> None:
        assert self.session.redo() is (self.position < len(self.line) - 1)
        self.position = min(self.position + 1, len(self.line) - 1)

    @rule()
    def undo_all_and_redo_all(self) -> None:
        there = self.view()
        taken_back = 0
        while self.session.undo():
            taken_back += 1
        assert taken_back == self.position
        assert self.view() == self.line[0] | {"votes": []}
        assert not self.session.undoable
        for _ in range(taken_back):
            assert self.session.redo()
        assert self.view() == there

    @invariant()
    def agrees_with_the_model(self) -> None:
        votes = list(self.model["votes"].items())
        assert self.view() == self.model | {"votes": votes}
        liked = [(self.name(image), strength) for image, strength in self.session.liked]
        disliked = [(self.name(image), -strength) for image, strength in self.session.disliked]
        assert liked == [vote for vote in votes if vote[1] > 0]
        assert disliked == [vote for vote in votes if vote[1] < 0]
        assert list(self.session.strengths.values()) == [strength for _, strength in votes]
        met = {image.id for made in self.session.rounds for image in made}
        assert met | set(self.session.strengths) <= set(self.session.pictures)
        assert bool(self.session.undoable) is (self.position > 0)
        assert bool(self.session.redoable) is (self.position < len(self.line) - 1)

    def view(self) -> dict[str, Any]:
        return {
            "rounds": [[image.seed for image in made] for made in self.session.rounds],
            "votes": [(self.name(image), strength) for image, strength in self.session.votes],
            "prompt": self.session.prompt,
            "current": self.session.current,
            "made": [
                (
                    turn.round.prompt,
                    [(self.name(vote.image), vote.strength) for vote in turn.votes],
                    turn.parent,
                )
                for turn in self.session.turns
            ],
        }

    def name(self, image: Any) -> Any:
        if hasattr(image, "seed"):
            return image.seed
        return ("upload", image.getpixel((0, 0))[0] // 50)


TestSessions = Sessions.TestCase
