"""Cases: where they come from, their seeds, and files that are refused."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from fabric_widget.evaluation.study.cases import (
    Case,
    read_cases,
    sampled_cases,
    with_changing_wishes,
    with_wish,
)
from fabric_widget.evaluation.study.settings import SEEDS, Settings

if TYPE_CHECKING:
    from pathlib import Path


@given(st.integers(1, 5), st.integers(2, 5), st.integers(SEEDS[0], SEEDS[-1]))
def test_no_seed_is_shared_and_hidden_pictures_have_their_own(
    rounds: int, images: int, seed: int
) -> None:
    settings = Settings(rounds=rounds, images=images, seed=seed)
    cases = [Case(i, "a monster") for i in range(6)]
    shown = [s for c in cases for number in range(rounds) for s in c.seeds(settings, number)]
    hidden = [case.hidden_seed(settings) for case in cases]
    assert shown == list(range(seed, seed + 6 * rounds * images))
    assert len(set(hidden)) == 6
    last = Case(999, "a monster").seeds(replace(settings, rounds=20, images=16), 19)[-1]
    for every in hidden:
        assert not seed <= every <= last
        assert every < 2**32  # all that a generator on the CPU counts
    assert last < 2**32


def test_sampled_cases_say_little_and_want_more() -> None:
    source = sampled_cases(3)
    assert source == sampled_cases(3)
    assert source.digest != sampled_cases(4).digest
    for case in source.cases[:20]:
        assert case.prompt in {"a monster", "a flower", "a fish"}
        assert case.wish == case.target_prompt != case.prompt


def test_prompts_are_read_from_lines(tmp_path: Path) -> None:
    path = tmp_path / "prompts.txt"
    path.write_text("\ufeffa cat\n\n  a dog  \n", encoding="utf-8")
    assert [(c.index, c.prompt, c.wish) for c in read_cases(path).cases] == [
        (0, "a cat", ""),
        (1, "a dog", ""),
    ]


def test_wishes_and_targets_are_read_from_json_lines(tmp_path: Path) -> None:
    Image.new("RGB", (4, 4), "red").save(tmp_path / "red.png")
    path = tmp_path / "prompts.jsonl"
    lines = '{"prompt": "a fish", "wish": "red or blue", "target": "red.png"}\n'
    path.write_text(lines + '{"prompt": "a fish", "target_prompt": "a red fish"}', encoding="utf-8")
    first, second = read_cases(path).cases
    assert first.wish == "red or blue"
    assert first.target is not None
    assert first.target.getpixel((0, 0)) == (255, 0, 0)
    assert second.target_prompt == "a red fish"
    before = read_cases(path).digest
    Image.new("RGB", (4, 4), "blue").save(tmp_path / "red.png")
    assert read_cases(path).digest != before


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("", "has no prompts: give one a line"),
        ("\n  \n", "has no prompts"),
        ("a cat\n{", "line 2: Expecting property name"),
        ('{"text": "a cat"}', "line 1: a line has a prompt and may have wish, target"),
        ('{"prompt": 3}', "line 1: prompt is 3: give a text"),
        ('{"prompt": "a fish", "wish": "furry"}', "line 1: 'furry' says nothing"),
        ('{"prompt": "a fish", "target": "gone.png"}', "line 1: there is no file .*gone.png"),
    ],
)
def test_files_that_say_nothing_are_refused(tmp_path: Path, content: str, complaint: str) -> None:
    path = tmp_path / "prompts.txt"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=complaint):
        read_cases(path)


def test_everybody_may_want_the_same() -> None:
    source = with_wish(sampled_cases(0), "green fish or striped", "a fish")
    assert {(c.prompt, c.wish) for c in source.cases} == {("a fish", "green fish or striped")}
    kept = with_wish(sampled_cases(0), "green")
    assert [c.prompt for c in kept.cases] == [c.prompt for c in sampled_cases(0).cases]
    with pytest.raises(ValueError, match="'furry' says nothing"):
        with_wish(source, "furry")
    assert source.digest != with_wish(sampled_cases(0), "green").digest


def test_fickle_people_change_to_another_wish_for_the_same_prompt() -> None:
    source = sampled_cases(0)
    changed = with_changing_wishes(source)
    for before, after in zip(source.cases, changed.cases, strict=True):
        first, second = after.wish.split(" then ")
        assert first == before.wish != second
        assert before.prompt.split()[-1] in second
    assert changed.digest != source.digest
    kept = with_changing_wishes(with_wish(source, "red then blue"))
    assert {case.wish for case in kept.cases} == {"red then blue"}
    with pytest.raises(ValueError, match='a wish with "then" in it'):
        with_changing_wishes(with_wish(source, "red"))
