"""Measure all targets one after the other, and return what is measured so far at any time."""

from __future__ import annotations

import gc
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import torch

from fabric_widget.bench.loading import measure_loading
from fabric_widget.bench.machine import describe
from fabric_widget.bench.measure import measure
from fabric_widget.bench.report import loading_figures, target_figures
from fabric_widget.bench.targets import build

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fabric_widget.bench.loading import Loaded
    from fabric_widget.bench.plan import Plan
    from fabric_widget.bench.report import Finding


class Bench:
    """Measures, and keeps the findings also when it is interrupted.

    Parameters
    ----------
    plans
        Targets and how they are measured, in this order.
    device
        Where they are measured.
    loading_repeats
        How often imports are timed afterwards; 0 leaves them out.
    """

    def __init__(self, plans: Sequence[Plan], device: str, loading_repeats: int = 0) -> None:
        self._plans = plans
        self._device = device
        self._loading_repeats = loading_repeats
        self._started = datetime.now(UTC)
        self._found: list[tuple[Plan, int, list[Finding]]] = []
        self._loaded: list[Loaded] = []
        self.complete = False

    def run(self, show: Callable[[str, float, float], object]) -> None:
        """Measure everything.

        Parameters
        ----------
        show
            Progress callback: a description, how much is done, and the total; of each target anew.
        """
        for plan in self._plans:
            show(f"making {plan.target.name}", 0, 1)
            target = build(plan)
            found: list[Finding] = []
            parameters = sum(x.numel() for x in target.denoiser.parameters())
            self._found.append((plan, parameters, found))
            for finding in measure(plan, target, show):
                found.append(finding)  # noqa: PERF402  (what is found outlives an interrupt)
            del target
            gc.collect()  # the next target may need the memory
        if self._loading_repeats:
            for loaded in measure_loading(self._loading_repeats, show):
                self._loaded.append(loaded)
        self.complete = True

    def figures(self) -> dict[str, Any]:
        """Return all findings so far, for JSON."""
        return {
            "started": self._started.isoformat(timespec="seconds"),
            "complete": self.complete,
            "machine": describe(torch.device(self._device)),
            "targets": [target_figures(*found) for found in self._found],
            "loading": loading_figures(self._loaded) if self._loaded else [],
        }
