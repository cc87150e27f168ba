"""Votes of the simulated person."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabric_widget.evaluation.people.simulated_user import (
    NOTICEABLE,
    Opinion,
    SimulatedUser,
    Verdict,
    judge,
)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=16))
def test_nothing_is_better_than_the_liked_or_worse_than_the_disliked(d: list[float]) -> None:
    verdict = judge(d)
    if verdict.liked is None or verdict.disliked is None:
        assert max(d) - min(d) < NOTICEABLE
        assert verdict == Verdict()
        assert verdict.count == 0
    else:
        assert d[verdict.liked] < min(d) + NOTICEABLE
        assert d[verdict.disliked] > max(d) - NOTICEABLE
        assert d[verdict.liked] != d[verdict.disliked]
        assert verdict.count == 2


@pytest.mark.parametrize(
    ("distances", "verdict"),
    [
        ([0.5, 0.2, 0.9, 0.3], Verdict(1, 2)),
        ([0.9, 0.2, 0.9, 0.2], Verdict(1, 0)),
        ([0.4, 0.4], Verdict()),
        ([0.401, 0.4, 0.7, 0.701], Verdict(0, 2)),
        ([0.0, 0.009], Verdict()),
    ],
)
def test_of_what_looks_alike_the_first(distances: list[float], verdict: Verdict) -> None:
    assert judge(distances) == verdict


DISTANCES = st.lists(st.floats(0, 1), min_size=2, max_size=8)
PEOPLE = st.builds(
    SimulatedUser,
    wrong=st.sampled_from([0.0, 0.3, 1.0]),
    likes=st.just(value=True),
    dislikes=st.booleans(),
    graded=st.booleans(),
) | st.builds(SimulatedUser, wrong=st.sampled_from([0.0, 1.0]), likes=st.just(value=False))


def opinion_of(person: SimulatedUser, distances: list[float], seed: int = 0) -> Opinion:
    return person.opinion(distances, np.random.default_rng(seed))


@given(DISTANCES)
def test_somebody_who_never_errs_votes_as_the_judge(distances: list[float]) -> None:
    verdict = judge(distances)
    opinion = opinion_of(SimulatedUser(), distances)
    expected = [0.0] * len(distances)
    if verdict.liked is not None and verdict.disliked is not None:
        expected[verdict.liked], expected[verdict.disliked] = 1.0, -1.0
    assert list(opinion.strengths) == expected


@given(PEOPLE, DISTANCES, st.integers(0, 99))
def test_ranks_never_contradict_votes(
    person: SimulatedUser, distances: list[float], seed: int
) -> None:
    opinion = opinion_of(person, distances, seed)
    pairs = list(zip(opinion.strengths, opinion.ranks, strict=True))
    assert all(a[1] < b[1] for a in pairs for b in pairs if a[0] > b[0])
    assert sorted(set(opinion.ranks)) == list(range(len(set(opinion.ranks))))


@given(PEOPLE, DISTANCES, st.integers(0, 99))
def test_nobody_says_what_they_never_say(
    person: SimulatedUser, distances: list[float], seed: int
) -> None:
    strengths = opinion_of(person, distances, seed).strengths
    assert person.likes or max(strengths) <= 0
    assert person.dislikes or min(strengths) >= 0
    if not person.graded:
        assert sum(s > 0 for s in strengths) <= 1
        assert sum(s < 0 for s in strengths) <= 1


@given(DISTANCES, st.integers(0, 99))
def test_somebody_who_always_errs_never_votes_as_meant(distances: list[float], seed: int) -> None:
    verdict = judge(distances)
    strengths = opinion_of(SimulatedUser(wrong=1), distances, seed).strengths
    if verdict.liked is not None and verdict.disliked is not None:
        assert strengths[verdict.liked] <= 0
        assert strengths[verdict.disliked] >= 0


def test_so_many_votes_are_wrong() -> None:
    distances = [0.1, 0.4, 0.6, 0.9]
    likes = [
        opinion_of(SimulatedUser(wrong=0.3), distances, seed).strengths[0] for seed in range(2000)
    ]
    assert sum(like <= 0 for like in likes) / len(likes) == pytest.approx(0.3, abs=0.04)


def test_the_whole_order_is_told_if_both_ends_are() -> None:
    distances = [0.5, 0.1, 0.9, 0.505]
    assert opinion_of(SimulatedUser(), distances).ranks == (1, 0, 2, 1)
    assert opinion_of(SimulatedUser(dislikes=False), distances).ranks == (1, 0, 1, 1)
    assert opinion_of(SimulatedUser(likes=False), distances).ranks == (0, 0, 1, 0)


def test_grades_follow_the_distance() -> None:
    opinion = opinion_of(SimulatedUser(graded=True), [0.0, 0.24, 0.5, 0.76, 1.0])
    assert opinion.strengths == (1.0, 0.5, 0.0, -0.5, -1.0)
    assert opinion.ranks == (0, 1, 2, 3, 4)
    assert opinion_of(SimulatedUser(graded=True, dislikes=False), [0.0, 1.0]).strengths == (
        1.0,
        0.0,
    )
    assert opinion_of(SimulatedUser(graded=True), [0.5, 0.5]).strengths == (0.0, 0.0)


@pytest.mark.parametrize(
    ("text", "person"),
    [
        ("", SimulatedUser()),
        ("noisy", SimulatedUser(wrong=0.2)),
        ("noisy=0.4, likes-only", SimulatedUser(wrong=0.4, dislikes=False)),
        ("graded,dislikes-only", SimulatedUser(graded=True, likes=False)),
        ("fickle", SimulatedUser(fickle=True)),
    ],
)
def test_habits_are_read_from_words(text: str, person: SimulatedUser) -> None:
    assert SimulatedUser.parse(text) == person


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("moody", "no habit 'moody': choose from noisy, likes-only"),
        ("graded=3", "no habit 'graded=3'"),
        ("noisy=2", "wrong is 2.0: give a probability"),
        ("noisy=much", "noisy=much has no number that counts"),
        ("likes-only,dislikes-only", "neither likes nor dislikes"),
    ],
)
def test_habits_that_nobody_has_are_refused(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        SimulatedUser.parse(text)
