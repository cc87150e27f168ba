"""Settings of a study. Imports nothing heavy: the command line checks them at once."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from fabric_widget.evaluation.people.options import IMAGES, ROUNDS

if TYPE_CHECKING:
    from collections.abc import Mapping

Protocol = Literal["preference", "target"]
PROTOCOLS: tuple[Protocol, ...] = ("preference", "target")
DEMO = "demo"
"""Name of the pipeline that ships in the package."""
DEMO_STEPS = 10
"""Denoising steps on it by default: half of what it recommends."""
TASTE = "taste"
"""Name of the voter who has a wish, on the demo model's pictures."""
SEED_SPAN = 2**20  # more than a study has pictures: 1000 prompts, 20 rounds, 16 pictures
SEEDS = range(2**32 - SEED_SPAN)
THREADS = range(1, 1025)
_LIBRARIES = ("torch", "diffusers", "transformers")
_SOURCES = (
    "engine/**/*.py",
    "lora/*.py",
    "evaluation/methods/*.py",
    "evaluation/scorers/**/*.py",
    *(f"evaluation/people/{name}.py" for name in ("simulated_user", "tastes", "wishes")),
    *(f"evaluation/study/{name}.py" for name in ("cases", "preferences", "resources", "trial")),
)
_PACKAGE = Path(__file__).parents[2]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What every trial of a study has in common.

    A trial is one prompt with one method. Its results depend only on these settings, so results
    may be combined if, and only if, all settings are equal. Prompts and methods may be added later:
    their number is not a setting.

    Parameters
    ----------
    protocol
        "preference": the voter likes what it scores highest. "target": the voter likes what is
        similar to a hidden picture.
    pipeline
        "demo", a folder that diffusers saved, or a name on the Hugging Face Hub.
    voter
        The scorer that decides the votes; "taste" for a simulated user with a wish.
    scorers
        The scorers that are reported.
    features
        The scorer whose features measure similarity and diversity.
    frechet
        The scorer over whose vectors Fréchet distances are measured; "" for none.
    person
        Habits of the simulated user, as `SimulatedUser.parse` reads them.
    cases
        Digest of the source of all prompts.
    rounds, images
        How many rounds (1 … 20) of how many pictures (2 … 16).
    seed
        Seed of the first prompt's first picture.
    arguments
        The pipeline's own arguments under their own names.
    device
        Where the pipeline and the scorers run, such as "cpu" or "cuda".
    threads
        Threads of torch on the CPU: kernels round differently for each number.

    Raises
    ------
    ValueError
        A number is out of range, or a name is unknown.
    """

    protocol: Protocol = "preference"
    pipeline: str = DEMO
    voter: str = TASTE
    scorers: tuple[str, ...] = ()
    features: str = ""
    frechet: str = ""
    person: str = ""
    cases: str = ""
    rounds: int = 3
    images: int = 4
    seed: int = 0
    arguments: Mapping[str, Any] = field(default_factory=dict)
    device: str = "cpu"
    threads: int = 1

    def __post_init__(self) -> None:
        """Check what can be checked without loading anything."""
        for name, allowed in (
            ("rounds", ROUNDS),
            ("images", IMAGES),
            ("seed", SEEDS),
            ("threads", THREADS),
        ):
            if getattr(self, name) not in allowed:
                message = f"{name} is {getattr(self, name)!r}: give {allowed[0]} to {allowed[-1]}"
                raise ValueError(message)
        if self.protocol not in PROTOCOLS:
            message = f"there is no protocol {self.protocol!r}: choose from {', '.join(PROTOCOLS)}"
            raise ValueError(message)
        if self.protocol == "target" and self.voter == TASTE:
            message = "a target is looked for by a scorer: give a voter that has features"
            raise ValueError(message)

    def identity(self) -> dict[str, Any]:
        """Return everything that a trial's figures depend on, for JSON."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        versions = {name: metadata.version(name) for name in _LIBRARIES}
        found = {"versions": versions, "code": _code(), "weights": _weights(self.pipeline)}
        return plain | found


def digest(content: object) -> str:
    """Return a digest of a JSON value; the order of keys does not matter."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _code() -> str:
    """Return a digest of the code that makes and scores pictures."""
    files = sorted(path for pattern in _SOURCES for path in _PACKAGE.glob(pattern))
    return digest({p.relative_to(_PACKAGE).as_posix(): p.read_text("utf-8") for p in files})


def _weights(pipeline: str) -> str:
    """Return a digest of the names and sizes of the files in a pipeline's folder."""
    folder = _PACKAGE / "demo" / "model" if pipeline == DEMO else Path(pipeline)
    files = sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else []
    return digest({p.relative_to(folder).as_posix(): p.stat().st_size for p in files})
