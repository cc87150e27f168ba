"""Wishes: how they are read, and that they mean what logic says."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabric_widget.demo.scenes import ATTRIBUTES, Scene
from fabric_widget.evaluation.people.tastes import Taste, sample_tastes
from fabric_widget.evaluation.people.wishes import Is, Join, Wish, parse_wishes
from tests.evaluation.painting import seen

if TYPE_CHECKING:
    from fabric_widget.evaluation.people.wishes import Node

SCENES = st.integers(0, 10_000).map(lambda seed: Scene.sample(random.Random(seed)))
LEAVES = st.sampled_from([(n, v) for n, values in ATTRIBUTES.items() for v in values]).flatmap(
    lambda pair: st.booleans().map(lambda wanted: Is(*pair, wanted))
)
NODES: st.SearchStrategy[Node] = st.recursive(
    LEAVES,
    lambda nodes: st.builds(
        Join, st.sampled_from(["all", "any"]), st.lists(nodes, min_size=2, max_size=3).map(tuple)
    ),
    max_leaves=6,
)


def true_of(node: Node, scene: Scene) -> bool:
    """Say whether a scene is as wished, by plain logic."""
    if isinstance(node, Is):
        return bool(getattr(scene, node.name) == node.value) == node.wanted
    return (all if node.kind == "all" else any)(true_of(part, scene) for part in node.parts)


@given(NODES, SCENES)
def test_a_picture_is_at_no_distance_if_and_only_if_it_is_as_wished(
    node: Node, scene: Scene
) -> None:
    assert (node.distance(seen(scene, 1.0)) == 0) == true_of(node, scene)


@given(NODES, SCENES, st.floats(0.2, 1))
def test_distances_are_from_zero_to_one(node: Node, scene: Scene, sure: float) -> None:
    assert 0 <= node.distance(seen(scene, sure)) <= 1 + 1e-9


@given(NODES, SCENES)
def test_the_opposite_is_the_opposite(node: Node, scene: Scene) -> None:
    assert true_of(node.negated(), scene) != true_of(node, scene)
    assert true_of(node.negated().negated(), scene) == true_of(node, scene)


@given(st.integers(0, 200).map(lambda seed: sample_tastes(1, seed)[0]), SCENES)
def test_a_taste_is_a_wish(taste: Taste, scene: Scene) -> None:
    wish = Wish.parse(taste.text)
    assert wish.distance(seen(scene)) == pytest.approx(taste.distance(seen(scene)))
    assert wish.prompt == taste.prompt


GREEN, BLUE, STRIPED = Is("color", "green"), Is("color", "blue"), Is("pattern", "striped")
RED_GROUND, FISH, SAD = Is("background", "red"), Is("kind", "fish"), Is("mood", "sad")


@pytest.mark.parametrize(
    ("text", "root"),
    [
        ("green", GREEN),
        ("green or striped", Join("any", (GREEN, STRIPED))),
        ("not sad", SAD.negated()),
        ("not not sad", SAD),
        ("striped green fish", Join("all", (STRIPED, GREEN, FISH))),
        ("green and striped", Join("all", (GREEN, STRIPED))),
        ("green fish or blue", Join("any", (Join("all", (GREEN, FISH)), BLUE))),
        ("not sad fish", Join("all", (SAD.negated(), FISH))),
        ("not (sad or green)", Join("all", (SAD.negated(), GREEN.negated()))),
        ("a fish on a red background", Join("all", (FISH, RED_GROUND))),
        ("fish, not on a red background", Join("all", (FISH, RED_GROUND.negated()))),
        (
            "not on a red striped background",
            Join("any", (RED_GROUND.negated(), STRIPED.negated())),
        ),
        (
            "(green or blue) fish",
            Join("all", (Join("any", (GREEN, BLUE)), FISH)),
        ),
        (
            "fish on a (red or pink) background",
            Join("all", (FISH, Join("any", (RED_GROUND, Is("background", "pink"))))),
        ),
        ("Green  OR  Blue", Join("any", (GREEN, BLUE))),
    ],
)
def test_wishes_are_read_from_words(text: str, root: Node) -> None:
    assert Wish.parse(text).root == root


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "wants nothing; name some of"),
        ("furry", "'furry' says nothing about the subject; choose from"),
        ("on a sad background", "'sad' says nothing about the background"),
        ("green or", "the end was not expected"),
        ("not", "the end was not expected"),
        ("(green", "the end was not expected"),
        ("green)", r"'\)' was not expected"),
        ("green red", "color cannot be 'green' and 'red' at once: put \"or\""),
        ("the", "the end was not expected"),
    ],
)
def test_what_is_no_wish_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Wish.parse(text)


def test_wishes_one_after_the_other() -> None:
    assert [wish.text for wish in parse_wishes("red fish then not red")] == ["red fish", "not red"]
    with pytest.raises(ValueError, match="wants nothing"):
        parse_wishes("red then")
