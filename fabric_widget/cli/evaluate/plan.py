"""What the options of evaluate ask for, checked before anything heavy but torch is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fabric_widget.cli.model import pipeline_arguments
from fabric_widget.evaluation.study.settings import DEMO, DEMO_STEPS, TASTE, Settings, digest

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Mapping, Sequence

    from fabric_widget.evaluation.study.cases import Case, Source
    from fabric_widget.evaluation.study.result_store import Key

_ALL = "all"
_NAME_LENGTH = 8


@dataclass(frozen=True)
class Scorers:
    """Who votes, who reports, and whose features say how similar pictures are."""

    voter: str
    reporters: tuple[str, ...]
    features: str


_DEFAULTS = {
    ("demo", "preference"): Scorers(TASTE, (TASTE, "reader"), "reader"),
    ("demo", "target"): Scorers("colour", (TASTE, "reader", "luminance"), "reader"),
    ("other", "preference"): Scorers(
        "pickscore", ("hpsv2", "imagereward", "clip-score"), "clip-image"
    ),
    ("other", "target"): Scorers("clip-image", ("dinov2",), "clip-image"),
}
"""Scorers by default: with the demo model, and with any other pipeline."""


@dataclass(frozen=True)
class Plan:
    """The study to run.

    Parameters
    ----------
    settings
        What all trials have in common.
    cases
        The prompts, by their numbers.
    methods
        Names of the methods.
    folder
        Where the results are kept.
    """

    settings: Settings
    cases: Mapping[int, Case]
    methods: tuple[str, ...]
    folder: Path

    @property
    def keys(self) -> list[Key]:
        """All trials, prompt by prompt."""
        return [(index, method) for index in self.cases for method in self.methods]


def make_plan(arguments: argparse.Namespace) -> Plan:
    """Return what the options ask for.

    Raises
    ------
    ValueError
        Options contradict each other, or name something that does not exist.
    ModuleNotFoundError
        Ray is asked for and not installed.
    """
    import torch

    from fabric_widget.cluster import check_installed
    from fabric_widget.evaluation.people.simulated_user import SimulatedUser

    if arguments.ray is not None:
        check_installed()
    methods = _methods(arguments.methods)
    scorers = _scorers(arguments)
    fickle = SimulatedUser.parse(arguments.person).fickle
    source = _source(arguments, fickle=fickle)
    cases = {case.index: case for case in source.cases[: arguments.limit]}
    _check_wishes(cases.values(), scorers, fickle=fickle)
    steps = {"num_inference_steps": DEMO_STEPS} if arguments.pipeline == DEMO else {}
    settings = Settings(
        protocol=arguments.protocol,
        pipeline=arguments.pipeline,
        voter=scorers.voter,
        scorers=scorers.reporters,
        features=scorers.features,
        frechet=arguments.frechet or "",
        person=arguments.person,
        cases=source.digest,
        rounds=arguments.rounds,
        images=arguments.images,
        seed=arguments.seed,
        arguments=steps | pipeline_arguments(arguments),
        device=arguments.device or ("cuda" if torch.cuda.is_available() else "cpu"),
        threads=arguments.threads,
    )
    name = f"{settings.protocol}-{digest(settings.identity())[:_NAME_LENGTH]}"
    return Plan(settings, cases, methods, arguments.out or Path("out") / "evaluate" / name)


def _methods(names: tuple[str, ...]) -> tuple[str, ...]:
    from fabric_widget.evaluation.methods import METHODS, load_method

    methods = tuple(METHODS) if names == (_ALL,) else names
    for name in methods:
        load_method(name)  # an unknown name is an error that lists the known ones
    return methods


def _scorers(arguments: argparse.Namespace) -> Scorers:
    from fabric_widget.evaluation.scorers import known_scorers, load_scorer

    model = "demo" if arguments.pipeline == DEMO else "other"
    default = _DEFAULTS[model, arguments.protocol]
    voter = arguments.voter or default.voter
    reporters = arguments.scorers or tuple(
        name for name in default.reporters if name != voter or name == TASTE
    )
    scorers = Scorers(voter, reporters, arguments.features or default.features)
    frechet = [arguments.frechet] if arguments.frechet else []
    for name in (scorers.voter, scorers.features, *scorers.reporters, *frechet):
        if name not in {TASTE, *known_scorers()}:
            load_scorer(name)  # an unknown name is an error that lists the known ones
    return scorers


def _source(arguments: argparse.Namespace, *, fickle: bool) -> Source:
    """Return the prompts, and what is wanted with each."""
    from fabric_widget.evaluation.people.wishes import parse_wishes
    from fabric_widget.evaluation.study.cases import (
        read_cases,
        sampled_cases,
        with_changing_wishes,
        with_wish,
    )

    if arguments.prompts is not None:
        source = read_cases(arguments.prompts)
    elif arguments.pipeline == DEMO:
        source = sampled_cases(arguments.seed, _about(arguments.about))
    else:
        message = "a pipeline of your own needs a file of prompts: give --prompts FILE"
        raise ValueError(message)
    if arguments.wish:
        prompt = parse_wishes(arguments.wish)[0].prompt if arguments.prompts is None else ""
        source = with_wish(source, arguments.wish, prompt)
    return with_changing_wishes(source) if fickle else source


def _about(names: Sequence[str]) -> tuple[str, ...]:
    """Return the attributes that tastes are about; "all" stands for every one but the kind."""
    from fabric_widget.demo.scenes import ATTRIBUTES

    return tuple(n for n in ATTRIBUTES if n != "kind") if tuple(names) == ("all",) else tuple(names)


def _check_wishes(cases: Iterable[Case], scorers: Scorers, *, fickle: bool) -> None:
    """Refuse voters and prompts for which it is unknown what is wanted."""
    if fickle and scorers.voter != TASTE:
        message = (
            f"fickle people change their wish, and {scorers.voter} has none: "
            f"let the voter be {TASTE}"
        )
        raise ValueError(message)
    without = next((case.prompt for case in cases if not case.wish), None)
    if without is not None and TASTE in {scorers.voter, *scorers.reporters}:
        message = f"{TASTE} knows nothing of what is wanted in {without!r}: give --wish TEXT"
        raise ValueError(message)
