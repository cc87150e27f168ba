"""Wishes: tastes with "or" and "not", as predicates over what the reader sees.

A `Taste` names values that are all wanted; a `Wish` is any sentence of the same words, such as
"green or striped", "not sad", "a fish on a (red or pink) background".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from fabric_widget.demo.scenes import ATTRIBUTES, parse
from fabric_widget.evaluation.people.tastes import mismatch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fabric_widget.demo.reader import Reading

_TOKEN = re.compile(r"[()]|[\w-]+|\S")
_CONNECTIVES = {"or", "and", ",", ")"}


@dataclass(frozen=True)
class Is:
    """One attribute has this value, or `wanted` is False and it has any other."""

    name: str
    value: str
    wanted: bool = True

    def distance(self, reading: Reading) -> float:
        """Return the expected distance, 0 … 1.

        From a wanted colour, others have the distance of how they look. The distance of an unwanted
        value is its probability: "not red" has nothing against orange.
        """
        if self.wanted:
            return mismatch(reading, self.name, self.value)
        return reading.probabilities[self.name][self.value]

    def negated(self) -> Is:
        """Return the opposite."""
        return Is(self.name, self.value, not self.wanted)


@dataclass(frozen=True)
class Join:
    """Several wishes, all or any of which are wanted."""

    kind: Literal["all", "any"]
    parts: tuple[Node, ...]

    def distance(self, reading: Reading) -> float:
        """Return the mean distance where all are wanted, the least where any will do."""
        distances = [part.distance(reading) for part in self.parts]
        return float(np.mean(distances)) if self.kind == "all" else min(distances)

    def negated(self) -> Node:
        """Return the opposite, by De Morgan's laws."""
        return _joined("any" if self.kind == "all" else "all", [p.negated() for p in self.parts])


Node = Is | Join


@dataclass(frozen=True)
class Wish:
    """What a simulated user wants to see.

    Parameters
    ----------
    root
        The predicate.
    text
        The same in words.
    """

    root: Node
    text: str

    @classmethod
    def parse(cls, text: str) -> Wish:
        """Read a wish.

        Words side by side or joined by "and" are all wanted. "or" binds less, "not" more: it
        negates the next word, group in parentheses, or "on a … background". A colour after "on"
        is the background's.

        Raises
        ------
        ValueError
            Nothing is wanted, a word says nothing about a picture, or parentheses do not match.
        """
        tokens = _Tokens(text)
        if not tokens.remaining:
            values = sorted({value for values in ATTRIBUTES.values() for value in values})
            message = f"{text!r} wants nothing; name some of: {', '.join(values)}"
            raise ValueError(message)
        root = _any(tokens, ground=False)
        if tokens.remaining:
            raise ValueError(tokens.error_message())
        return cls(root, " ".join(text.split()))

    @property
    def prompt(self) -> str:
        """A prompt that names the kind of subject, if there is one, and nothing else."""
        kinds = [leaf.value for leaf in _leaves(self.root) if leaf.name == "kind" and leaf.wanted]
        return f"a {kinds[0] if kinds else ATTRIBUTES['kind'][0]}"

    def distance(self, reading: Reading) -> float:
        """Return how far a picture is from this wish, 0 (all there) … 1."""
        return self.root.distance(reading)

    def distances(self, reading: Reading) -> dict[str, float]:
        """Return how far each attribute is from a wanted value: the nearest, if any of several."""
        found: dict[str, float] = {}
        for leaf in _leaves(self.root):
            if leaf.wanted:
                found[leaf.name] = min(leaf.distance(reading), found.get(leaf.name, 1.0))
        return found


def parse_wishes(text: str) -> tuple[Wish, ...]:
    """Read wishes that follow each other, with "then" between them.

    Raises
    ------
    ValueError
        As `Wish.parse`.
    """
    return tuple(Wish.parse(part) for part in re.split(r"\bthen\b", text.lower()))


class _Tokens:
    """Words, parentheses and commas of a text, taken from the left."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.remaining: list[str] = _TOKEN.findall(text.lower())

    @property
    def next(self) -> str:
        return self.remaining[0] if self.remaining else ""

    def take(self) -> str:
        return self.remaining.pop(0)

    def error_message(self) -> str:
        found = repr(self.next) if self.remaining else "the end"
        return (
            f"{self.text!r} is no wish: {found} was not expected there; join words by and, or, "
            "not, and match parentheses"
        )


def _any(tokens: _Tokens, *, ground: bool) -> Node:
    parts = [_all(tokens, ground=ground)]
    while tokens.next == "or":
        tokens.take()
        parts.append(_all(tokens, ground=ground))
    return _joined("any", parts)


def _all(tokens: _Tokens, *, ground: bool) -> Node:
    """Read wishes side by side; after "on" they are about the background."""
    parts: list[Node] = []
    while tokens.remaining and tokens.next not in {"or", ")"}:
        if tokens.next in {"and", ","}:
            tokens.take()
            continue
        if tokens.next == "on":
            tokens.take()
            ground = True
            continue
        part = _one(tokens, ground=ground)
        parts += [] if part is None else [part]
    if not parts:
        raise ValueError(tokens.error_message())
    _check_once(parts)
    return _joined("all", parts)


def _one(tokens: _Tokens, *, ground: bool) -> Node | None:
    """Read a group, a word, or either of them negated; None for a word such as "the"."""
    if tokens.next == "not":
        tokens.take()
        return _negated(tokens, ground=ground)
    if tokens.next == "(":
        tokens.take()
        group = _any(tokens, ground=ground)
        if tokens.next != ")":
            raise ValueError(tokens.error_message())
        tokens.take()
        return group
    return _word(tokens.take(), ground=ground)


def _negated(tokens: _Tokens, *, ground: bool) -> Node:
    if tokens.next == "on":  # everything about the background
        tokens.take()
        parts = []
        while tokens.remaining and tokens.next not in _CONNECTIVES:
            part = _one(tokens, ground=True)
            parts += [] if part is None else [part]
        if not parts:
            raise ValueError(tokens.error_message())
        return _joined("all", parts).negated()
    while tokens.remaining and tokens.next not in _CONNECTIVES:
        part = _one(tokens, ground=ground)
        if part is not None:
            return part.negated()
    raise ValueError(tokens.error_message())


def _word(word: str, *, ground: bool) -> Is | None:
    """Return the attribute that one word names; patterns need no "on"."""
    ground = ground or word in ATTRIBUTES["pattern"]
    named = parse(f" on {word}" if ground else word)
    return next((Is(name, value) for name, value in named.items()), None)


def _check_once(parts: list[Node]) -> None:
    wanted = [part for part in parts if isinstance(part, Is) and part.wanted]
    for i, part in enumerate(wanted):
        for other in wanted[:i]:
            if other.name == part.name and other.value != part.value:
                message = (
                    f"{part.name} cannot be {other.value!r} and {part.value!r} at once: put "
                    '"or" between them'
                )
                raise ValueError(message)


def _joined(kind: Literal["all", "any"], parts: list[Node]) -> Node:
    """Join parts; those joined in the same way already are flattened."""
    flat: list[Node] = []
    for part in parts:
        flat += part.parts if isinstance(part, Join) and part.kind == kind else (part,)
    return flat[0] if len(flat) == 1 else Join(kind, tuple(flat))


def _leaves(node: Node) -> Iterator[Is]:
    if isinstance(node, Is):
        yield node
    else:
        for part in node.parts:
            yield from _leaves(part)
