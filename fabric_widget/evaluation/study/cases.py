"""Cases of a study: one prompt each, with a wish or a hidden picture."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from fabric_widget.engine.fingerprint import derived_seed
from fabric_widget.engine.votes.images import read_picture
from fabric_widget.evaluation.people.options import AT_A_GLANCE
from fabric_widget.evaluation.people.tastes import sample_tastes
from fabric_widget.evaluation.people.wishes import parse_wishes
from fabric_widget.evaluation.study.settings import SEED_SPAN, digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from PIL import Image

    from fabric_widget.evaluation.study.settings import Settings

_FIELDS = ("prompt", "wish", "target", "target_prompt")
_HIDDEN = 1  # part of the seeds of hidden pictures, beside the study's seed and the case
_SAMPLED = 1000


@dataclass(frozen=True)
class Case:
    """One prompt, with what is wanted but not in the prompt.

    Parameters
    ----------
    index
        Its number among all cases, from 0; it determines the seeds.
    prompt
        The prompt.
    wish
        What is wanted, as `evaluation.people.wishes` reads it; "" if a scorer votes.
    target
        The hidden picture; None if the pipeline makes it.
    target_prompt
        Prompt of the hidden picture, if it is not `prompt`.
    """

    index: int
    prompt: str
    wish: str = ""
    target: Image.Image | None = None
    target_prompt: str = ""

    def seeds(self, settings: Settings, number: int) -> tuple[int, ...]:
        """Return the seeds of round `number`, from 0. No two rounds of a study share one."""
        first = settings.seed + (self.index * settings.rounds + number) * settings.images
        return tuple(range(first, first + settings.images))

    def hidden_seed(self, settings: Settings) -> int:
        """Return the seed of the hidden picture, which no round of the study uses."""
        drawn = derived_seed(settings.seed, self.index, _HIDDEN) % (2**32 - 2 * SEED_SPAN)
        return (settings.seed + SEED_SPAN + drawn) % 2**32


@dataclass(frozen=True)
class Source:
    """All cases in order, and a digest of what they were made from."""

    cases: tuple[Case, ...]
    digest: str


def sampled_cases(seed: int, about: Sequence[str] = AT_A_GLANCE) -> Source:
    """Return cases for the demo model: prompts name the subject, wishes also attributes.

    In the target protocol the wish is the prompt of the hidden picture.

    Parameters
    ----------
    seed
        The same seed gives the same cases.
    about
        Attributes that a wish may name beside the kind.
    """
    cases = tuple(
        Case(index, taste.prompt, wish=taste.text, target_prompt=taste.text)
        for index, taste in enumerate(sample_tastes(_SAMPLED, seed, about))
    )
    return Source(cases, digest(["sampled", seed, list(about)]))


def read_cases(path: Path) -> Source:
    """Read a file with one prompt a line, or JSON lines.

    A line of JSON has ``prompt`` and may have ``wish`` (in the demo's words), ``target`` (path of
    the hidden picture, relative to the file's folder) and ``target_prompt`` (prompt from which the
    pipeline makes the hidden picture). Empty lines are ignored.

    Raises
    ------
    OSError
        The file or a picture cannot be read.
    ValueError
        There is no prompt in it, or a line is not as described.
    """
    cases: list[Case] = []
    contents: list[Any] = []
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            fields = _fields(line)
            case = _case(len(cases), fields, path.parent)
        except (ValueError, TypeError) as error:
            message = f"{path}, line {number}: {error}"
            raise ValueError(message) from error
        cases.append(case)
        pixels = None if case.target is None else digest(case.target.tobytes().hex())
        contents.append([fields, pixels])
    if not cases:
        message = f"{path} has no prompts: give one a line"
        raise ValueError(message)
    return Source(tuple(cases), digest(contents))


def with_wish(source: Source, text: str, prompt: str = "") -> Source:
    """Return the cases with the same wish for all.

    Parameters
    ----------
    source
        The cases.
    text
        The wish.
    prompt
        The prompt of all cases; by default each keeps its own.

    Raises
    ------
    ValueError
        The text is no wish.
    """
    parse_wishes(text)
    cases = (
        replace(case, wish=text, target_prompt=text, prompt=prompt or case.prompt)
        for case in source.cases
    )
    return Source(tuple(cases), digest([source.digest, text, prompt]))


def with_changing_wishes(source: Source) -> Source:
    """Return the cases with wishes that change to that of the next case with the same prompt.

    A case that already has several wishes ("red then blue") keeps them.

    Raises
    ------
    ValueError
        A case has no wish, or no other case has the same prompt and another wish.
    """
    cases = []
    for case in source.cases:
        if len(parse_wishes(case.wish)) > 1:
            cases.append(case)
            continue
        following = [*source.cases[case.index + 1 :], *source.cases[: case.index]]
        other = next((c.wish for c in following if c.prompt == case.prompt and c.wish), "")
        if not other or other == case.wish:
            message = f'give {case.prompt!r} a wish with "then" in it for people to change to'
            raise ValueError(message)
        cases.append(replace(case, wish=f"{case.wish} then {other}"))
    return Source(tuple(cases), digest([source.digest, "fickle"]))


def _fields(line: str) -> dict[str, str]:
    if not line.lstrip().startswith("{"):
        return {"prompt": line.strip()}
    fields = json.loads(line)
    unknown = [name for name in fields if name not in _FIELDS]
    if unknown or "prompt" not in fields:
        message = f"a line has a prompt and may have {_listed(_FIELDS[1:])}, not {_listed(fields)}"
        raise ValueError(message)
    for name, value in fields.items():
        if not isinstance(value, str):
            message = f"{name} is {value!r}: give a text"
            raise TypeError(message)
    return dict(fields)


def _case(index: int, fields: dict[str, str], folder: Path) -> Case:
    if "wish" in fields:
        parse_wishes(fields["wish"])
    target = read_picture(folder / fields["target"]) if "target" in fields else None
    return Case(
        index, fields["prompt"], fields.get("wish", ""), target, fields.get("target_prompt", "")
    )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
