"""Cases: what a study is about, one prompt each, with whatever is wanted and not said."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from fabric_widget.engine.references.images import read_picture
from fabric_widget.evaluation.people.options import AT_A_GLANCE
from fabric_widget.evaluation.people.tastes import sample_tastes
from fabric_widget.evaluation.people.wishes import parse_wishes
from fabric_widget.evaluation.study.settings import digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from PIL import Image

    from fabric_widget.evaluation.study.settings import Settings

_FIELDS = ("prompt", "wish", "target", "target_prompt")
_HIDDEN = 2**40
"""From a case's number to the seed of its hidden picture: beyond every seed that is shown."""
_SAMPLED = 1000


@dataclass(frozen=True)
class Case:
    """One prompt and what is wanted and not said.

    Parameters
    ----------
    index
        Its place among all cases, from 0; the seeds follow from it.
    prompt
        What the person says.
    wish
        What they want, in the words of `evaluation.people.wishes`; "" if a scorer decides.
    target
        The hidden picture; None if it is made by the pipeline.
    target_prompt
        What that is made from, unless from the prompt.
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
        """Return the seed of the hidden picture, which no round has."""
        return _HIDDEN + settings.seed + self.index


@dataclass(frozen=True)
class Source:
    """All the cases that there are, in their order, and a digest of where they come from."""

    cases: tuple[Case, ...]
    digest: str


def sampled_cases(seed: int, about: Sequence[str] = AT_A_GLANCE) -> Source:
    """Return cases for the demo model: the kind of subject is said, two or three more are wanted.

    In the target protocol the hidden picture is one of all that is wanted.

    Parameters
    ----------
    seed
        The same seed gives the same cases.
    about
        What may be wanted beside the kind.
    """
    cases = tuple(
        Case(index, taste.prompt, wish=taste.text, target_prompt=taste.text)
        for index, taste in enumerate(sample_tastes(_SAMPLED, seed, about))
    )
    return Source(cases, digest(["sampled", seed, list(about)]))


def read_cases(path: Path) -> Source:
    """Read a file with one prompt a line, or JSON lines.

    A line of JSON has ``prompt`` and may have ``wish`` (what is wanted, in the demo's words),
    ``target`` (the path of the hidden picture, from the file's folder) and ``target_prompt`` (what
    it is made from by the pipeline itself). Empty lines are passed over.

    Raises
    ------
    OSError
        The file or a picture cannot be read.
    ValueError
        There is no prompt in it, or a line is not as described.
    """
    cases: list[Case] = []
    said: list[Any] = []
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
        said.append([fields, pixels])
    if not cases:
        message = f"{path} has no prompts: give one a line"
        raise ValueError(message)
    return Source(tuple(cases), digest(said))


def with_wish(source: Source, text: str, prompt: str = "") -> Source:
    """Return the cases with everybody wanting the same.

    Parameters
    ----------
    source
        The cases.
    text
        What they want.
    prompt
        What they say; by default what they said before.

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


def fickle(source: Source) -> Source:
    """Return the cases with everybody changing their mind to the wish of the next of their prompt.

    Who has several wishes one after the other ("red then blue") keeps to these.

    Raises
    ------
    ValueError
        Somebody has no wish to change, or nobody else has the same prompt.
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
