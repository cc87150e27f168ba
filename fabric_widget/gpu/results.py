"""What was found, as JSON and as a page; both are written anew after each check."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import torch

from fabric_widget.bench.machine import describe
from fabric_widget.gpu.check import BAD
from fabric_widget.gpu.page import write_page
from fabric_widget.whole_files import written_whole

if TYPE_CHECKING:
    from pathlib import Path

    from fabric_widget.gpu.check import Answer
    from fabric_widget.gpu.place import Place

NAME = "gpu"


class Results:
    """Keeps answers in a folder.

    Parameters
    ----------
    folder
        Where ``gpu.json`` and ``gpu.html`` go; made if it is not there.
    place
        Where checks run.
    resumed
        Whether to go on after what the folder holds.
    """

    def __init__(self, folder: Path, place: Place, *, resumed: bool = False) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.paths = [folder / f"{NAME}.{kind}" for kind in ("json", "html")]
        self.figures: dict[str, Any] = {
            "started": datetime.now(UTC).isoformat(timespec="seconds"),
            "complete": False,
            "dry": place.dry,
            "smoke": place.smoke,
            "machine": _described(place),
            "checks": [],
        }
        if resumed and self.paths[0].is_file():
            self.figures = json.loads(self.paths[0].read_text(encoding="utf-8"))
            self.figures["complete"] = False

    @property
    def known(self) -> set[tuple[str, str]]:
        """Groups and names of the checks that were asked already."""
        return {(row["group"], row["name"]) for row in self.figures["checks"]}

    @property
    def counts(self) -> Counter[str]:
        """How many checks have which status."""
        return Counter(row["status"] for row in self.figures["checks"])

    @property
    def passed(self) -> bool:
        """Whether nothing failed."""
        return not any(self.counts[status] for status in BAD)

    def keep(self, answer: Answer) -> None:
        """Add an answer, and write all of them."""
        self.figures["checks"].append(answer.figures())
        self.write()

    def finish(self) -> None:
        """Say that no check is left."""
        self.figures["complete"] = True
        self.write()

    def write(self) -> None:
        """Write the document and the page; each is there whole at any time."""
        texts = (json.dumps(self.figures, indent=1) + "\n", write_page(self.figures))
        for path, text in zip(self.paths, texts, strict=True):
            with written_whole(path) as beside:
                beside.write_text(text, encoding="utf-8")


def _described(place: Place) -> dict[str, Any]:
    described = describe(place.device)
    if not place.dry:
        properties = torch.cuda.get_device_properties(place.device)
        described |= {
            "memory_bytes": properties.total_memory,
            "capability": f"{properties.major}.{properties.minor}",
            "cuda": torch.version.cuda,
            "cudnn": torch.backends.cudnn.version(),  # type: ignore[no-untyped-call]
        }
    return described
