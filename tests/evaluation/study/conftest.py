"""A studio in which a painter paints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from fabric_widget.evaluation.scorers import load_scorer
from fabric_widget.evaluation.study.cases import Case
from fabric_widget.evaluation.study.resources import Resources
from fabric_widget.evaluation.study.settings import TASTE, Settings
from fabric_widget.evaluation.study.trial import run_trial
from tests.evaluation.painting import Painter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fabric_widget import Fabric

WISHES = ("green monster", "blue or red fish", "not sad flower", "striped monster")
PREFERENCE = Settings(
    scorers=(TASTE, "luminance"), features="reader", rounds=3, images=3, threads=1
)
TARGET = Settings(
    protocol="target",
    voter="reader",
    scorers=("colour",),
    features="reader",
    rounds=2,
    images=3,
    threads=1,
)


class PaintedResources(Resources):
    """Paints instead of running a pipeline; scorers and reader are the real ones."""

    def __init__(self, settings: Settings) -> None:
        names = {settings.voter, *settings.scorers, settings.features, settings.frechet}
        super().__init__(settings, None, {n: load_scorer(n) for n in names - {TASTE, ""}})
        self.painters: list[Painter] = []

    def fabric(self) -> Fabric:
        self.painters.append(Painter())
        return cast("Fabric", self.painters[-1])


def cases(count: int = 4) -> list[Case]:
    """Return cases with wishes that the painter knows the words of."""
    return [
        Case(i, f"a {wish.split()[-1]}", wish=wish, target_prompt=f"a {wish.split()[-1]}")
        for i, wish in enumerate(WISHES[:count])
    ]


def records(
    settings: Settings = PREFERENCE, methods: Sequence[str] = ("none", "ours"), count: int = 4
) -> list[dict[str, Any]]:
    """Return the records of some trials."""
    resources = PaintedResources(settings)
    return [run_trial(resources, case, method) for case in cases(count) for method in methods]
