"""Measure what it costs that sessions save themselves: time of a vote, memory, time to open.

``python docs/saving.py --rounds 500 --references 200`` makes a session of pictures that cost
nothing, in a temporary folder, and prints what was measured. ``--page`` also loads a page with all
of it in a browser.
"""

from __future__ import annotations

import argparse
import functools
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image
from reload import reload_seconds

from fabric_widget import Autosave, Everything, FabricWidget, Session
from fabric_widget.engine import GeneratedImage, Round, Trajectory
from fabric_widget.session.journal import Journal, SavedSession, Store

if TYPE_CHECKING:
    from collections.abc import Callable

MEBIBYTE = 2**20


class Painter:
    """A fabric whose pictures are noise, smooth enough to be compressed like photographs."""

    plan = Everything()

    def __init__(self, side: int, steps: int) -> None:
        self.side, self.steps = side, steps

    def __call__(self, prompt: str, *, num_images: int, seed: int, **_: Any) -> Round:
        """Make a round."""
        return Round(
            tuple(self._picture(prompt, seed + i) for i in range(num_images)), prompt, seed
        )

    def _picture(self, prompt: str, seed: int) -> GeneratedImage:
        chance = np.random.default_rng(seed)
        small = chance.integers(0, 256, (self.side // 4, self.side // 4, 3), dtype=np.uint8)
        shown = Image.fromarray(small).resize((self.side, self.side), Image.Resampling.BICUBIC)
        latents = torch.from_numpy(chance.normal(size=(4, self.side // 8, self.side // 8))).float()
        levels = torch.ones(self.steps, dtype=torch.float64)
        passed = latents.half().expand(self.steps, *latents.shape).contiguous()
        trajectory = Trajectory(passed, levels, levels, levels)
        return GeneratedImage(shown, latents, seed, prompt, trajectory=trajectory)


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=500)
    options.add_argument("--pictures", type=int, default=4, help="in a round")
    options.add_argument("--references", type=int, default=200)
    options.add_argument("--side", type=int, default=512, help="pixels")
    options.add_argument("--steps", type=int, default=20, help="in a trajectory")
    options.add_argument("--memory", type=float, default=Autosave.memory, help="gigabytes")
    options.add_argument("--page", action="store_true", help="load a page with it in a browser")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), given)


def measure(root: Path, given: argparse.Namespace) -> None:
    """Make a session, vote, open it again."""
    store = Store(Autosave(root, memory=given.memory))
    fabric: Any = Painter(given.side, given.steps)
    session, journal = Session(fabric, lens=None), Journal(store)
    journal.attach(session)
    before = memory()
    began = time.perf_counter()
    for number in range(given.rounds):
        made = session.generate("a fox", num_images=given.pictures)
        if len(session.votes) < given.references:
            for picture in made:
                session.like(picture, 1.0 - number / given.rounds / 2)
        journal.flush()
    told("a round, made and on disk", (time.perf_counter() - began) / given.rounds, "ms")
    told("memory of the session in the kernel", memory() - before, "MiB")
    pictures = [image for made in session.rounds for image in made]
    acts, waits = [], []
    for at in range(100):
        picture, strength = pictures[at % len(pictures)], 0.3 + at / 1000
        acts.append(timed(functools.partial(session.like, picture, strength)))
        waits.append(timed(journal.flush))
    told("a vote, for whoever votes (median)", float(np.median(acts)), "ms")
    told("a vote, until it is on disk (median)", float(np.median(waits)), "ms")
    told("a vote, until it is on disk (most)", max(waits), "ms")
    assert journal.folder is not None  # noqa: S101
    saved = SavedSession.read(journal.folder)
    told("on disk", saved.bytes, "MiB")
    told("of that the journal", (journal.folder / "journal.jsonl").stat().st_size, "MiB")
    told("to list it", timed(lambda: SavedSession.read(saved.folder)), "ms")
    before = memory()
    opened: list[Session] = []
    told("to open it", timed(lambda: opened.append(saved.open(fabric))), "ms")
    told("memory of it when it is opened", memory() - before, "MiB")
    widget = FabricWidget(opened[0], autosave=False)
    told("to tell a page all of it, the first time", timed(widget.get_state), "ms")
    told("to tell a page all of it, when it is loaded again", timed(widget.get_state), "ms")
    if given.page:
        state = widget.get_state()
        waited, worked = reload_seconds(state, root)
        told("to load the page again, in a browser", waited, "ms")
        told("of that, work of the page's thread", worked, "ms")
    widget.close()


def timed(act: Callable[[], object]) -> float:
    """Return the seconds that something takes."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def memory() -> int:
    """Return the bytes that the process has in memory, now or at most."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return pages * resource.getpagesize()
    except OSError:
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024


def told(what: str, value: float, unit: str) -> None:
    """Print a figure."""
    factor = {"ms": 1000, "MiB": 1 / MEBIBYTE}[unit]
    print(f"{what:52} {value * factor:10.2f} {unit}", flush=True)  # noqa: T201  (it is what it does)


if __name__ == "__main__":
    main()
