"""A session as Python code that makes it again with the public names of the package."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import torch
from PIL import Image

from fabric_widget.engine import BadReference, Everything, Explore, Schedule, TokenBudget
from fabric_widget.engine.votes.parts import PARTS, Part, read_part
from fabric_widget.session.as_json.records import LORAS, recipes_as_json
from fabric_widget.session.files.pictures import encode
from fabric_widget.session.files.turns import plain
from fabric_widget.session.loras import ARGUMENTS
from fabric_widget.session.remaking import STEPS, TWO_PASSES, recipe_of
from fabric_widget.session.replay.environment import BITS, settings_noted
from fabric_widget.session.votes import checked_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from fabric_widget.engine import GeneratedImage, Plan
    from fabric_widget.session.files import Saved
    from fabric_widget.session.state import Turn
    from fabric_widget.session.votes import Vote

_BYTE = 255
_ENLARGED = ("scale", "strength")
_VARIETIES = [round(0.05 * i, 2) for i in range(21)]
_HEAD = '''"""Makes a session of fabric_widget again: {rounds} rounds, {pictures} pictures.

With the pipeline of then{pipeline}, on the same device and libraries, every picture is the same.
"""

from pathlib import Path

import numpy as np
import torch
from diffusers import DiffusionPipeline
from PIL import Image

from fabric_widget import {names}
from fabric_widget.engine import AspectTable, AspectWeights, Part, TokenBudget

FILES = Path(__file__).with_name({folder!r})  # pictures from elsewhere, and masks


def drawn(name):
    """Return the part that a mask was drawn for."""
    levels = np.asarray(Image.open(FILES / f"{{name}}.png"), np.float32)
    return Part(name, torch.from_numpy(levels.copy()) / 255)


def repeat(pipe):
    """Return the session, made again with a pipeline."""
'''
_NAMES = "Everything, Explore, Fabric, HiRes, Schedule, Session, load_demo"


def write_code(saved: Saved, folder: str) -> tuple[str, dict[str, bytes]]:
    """Return a session as code, and the files that it reads from a folder beside it, by name.

    Raises
    ------
    ValueError
        The session has what code cannot say: a plan of one's own, arguments that are neither text
        nor numbers, a vote on a picture of a round that was taken back.
    """
    return _Code(saved, folder).text()


class _Code:
    """The lines so far, and what has been set by them."""

    def __init__(self, saved: Saved, folder: str) -> None:
        self._turns = saved.present.turns
        self._votes = saved.present.votes
        self._environment = saved.environments[-1] if saved.environments else {}
        self._folder = folder
        self._lines: list[str] = []
        self._files: dict[str, bytes] = {}
        self._places = {
            image.id: f"session.rounds[{index}][{at}]"
            for index, turn in reversed(list(enumerate(self._turns)))
            for at, image in enumerate(turn.round)
        }
        self._pictures: Mapping[str, Any] = saved.pictures
        self._standing: list[tuple[Any, float]] = []
        self._current: int | None = None
        self._set = {"schedule": "None", "plan": "Explore(variety=0.5)", "aspects": "AspectTable()"}
        self._starred = saved.present.starred

    def text(self) -> tuple[str, dict[str, bytes]]:
        """Return the code and the files."""
        self._open()
        for index, turn in enumerate(self._turns):
            self._say("", f"# Round {index + 1}")
            self._go_to(turn.parent)
            self._vote(turn.votes)
            self._generate(index, turn)
        self._say("", "# As it stands")
        self._vote(self._votes)
        for name in self._starred:
            self._say(f"session.star({self._places[name]})")
        self._say("return session")
        kind = self._environment.get("pipeline")
        head = _HEAD.format(
            rounds=len(self._turns),
            pictures=sum(len(turn.round) for turn in self._turns),
            pipeline=f" ({kind})" if kind else "",
            names=_NAMES,
            folder=self._folder,
        )
        body = "".join(f"    {line}\n" if line else "\n" for line in self._lines)
        end = f'\n\nif __name__ == "__main__":\n    {self._call()}\n'
        return head + body + end, self._files

    def _say(self, *lines: str) -> None:
        self._lines += lines

    def _call(self) -> str:
        name = str(self._environment.get("name", ""))
        if name == "demo":
            return "repeat(load_demo())"
        if name:
            return f"repeat(DiffusionPipeline.from_pretrained({name!r}))"
        return 'raise SystemExit("call repeat(pipe) with the pipeline of then")'

    def _open(self) -> None:
        """Make the fabric and the session."""
        said = ["pipe"]
        settings = settings_noted(self._environment)
        schedule, budget = settings["schedule"], settings["token_budget"]
        if schedule != Schedule():
            said.append(f"schedule={schedule!r}")
        if budget != TokenBudget():
            share = repr(budget).replace("share=inf", "share=float('inf')")
            exact = budget == TokenBudget.exact()
            said.append(f"token_budget={'TokenBudget.exact()' if exact else share}")
        if (bits := settings["cache_bits"]) != BITS:
            said.append(f"cache_bits={bits!r}")
        fabric = f"Fabric({', '.join(said)})"
        passes = [turn.options.get(TWO_PASSES) for turn in self._turns if turn.kind != "enlarged"]
        if any(one != passes[0] for one in passes):
            message = "some rounds were made in two passes and some in one: code cannot say that"
            raise ValueError(message)
        if passes and passes[0]:
            fabric = f"HiRes({fabric}, {_keywords(passes[0])})"
        self._say(f"session = Session({fabric})")

    def _go_to(self, parent: int | None) -> None:
        if parent is not None and parent != self._current:
            self._say(f"session.branch({parent})")
            self._standing = _keys(self._turns[parent].votes)

    def _vote(self, votes: Sequence[Vote]) -> None:
        """Bring the votes that stand to these."""
        wanted = _keys(votes)
        kept = len(self._standing)
        if self._standing != wanted[:kept]:
            self._say("session.clear()")
            kept = 0
        for vote in votes[kept:]:
            verb = "like" if vote.strength > 0 else "dislike"
            said = [self._picture(vote.id)]
            said += [] if abs(vote.strength) == 1 else [f"{abs(vote.strength)!r}"]
            said += [] if vote.aspect == "all" else [f"aspect={vote.aspect!r}"]
            said += [] if vote.part is None else [f"part={self._part(vote)}"]
            said += [] if vote.in_place else ["in_place=False"]
            self._say(f"session.{verb}({', '.join(said)})")
        self._standing = wanted

    def _picture(self, name: str) -> str:
        if name in self._places:
            return self._places[name]
        picture = self._pictures[name]
        if not isinstance(picture, Image.Image):
            message = (
                "a vote is about a picture of a round that was taken back, which code cannot "
                "make: take the vote back, or save the session instead"
            )
            raise ValueError(message)  # noqa: TRY004  (what is wrong is the session)
        self._files[f"{name}.png"] = encode(picture)
        return f'FILES / "{name}.png"'

    def _part(self, vote: Vote) -> str:
        part = vote.part
        if part is None or part.name in PARTS or part.mask is None:
            return repr(part and part.name)
        shown: Any = getattr(vote.image, "image", vote.image)
        size = shown.size
        for box in _boxes(part.mask, size):
            if _is_part(box, size, part):
                return repr(box)
        levels = (part.mask * _BYTE).round().to(torch.uint8).numpy()
        buffer = io.BytesIO()
        Image.fromarray(levels).save(buffer, "PNG")
        self._files[f"{part.name}.png"] = buffer.getvalue()
        return f'drawn("{part.name}")'

    def _generate(self, index: int, turn: Turn) -> None:
        made, settings = turn.round, dict(turn.options.get(ARGUMENTS, turn.round.settings))
        lost = sorted({*settings} - {*plain(settings)} | {*turn.options.get("left_out", [])})
        if lost:
            message = f"round {index + 1} was made with {', '.join(lost)}, which code cannot say"
            raise ValueError(message)
        if turn.options.get(LORAS):
            message = (
                f"round {index + 1} was made with a LoRA, whose weights code cannot say: save the "
                "session instead"
            )
            raise ValueError(message)
        if turn.kind in {"finished", "enlarged"}:
            self._remake(turn)
            self._standing = [(None, 0.0)]  # what was said of the picture is said of the new one
            self._current = index
            return
        schedule = "None" if turn.schedule is None else repr(turn.schedule)
        self._change("session", "schedule", schedule)
        self._change("session", "plan", self._plan(index, turn))
        tables = {repr(recipe.aspects) for recipe in made.recipes if recipe.aspects is not None}
        for table in tables:
            first = "session.fabric.fabric" if turn.options.get(TWO_PASSES) else "session.fabric"
            self._change(first, "aspects", table)
        call, given = "generate", {"num_images": len(made), "seed": made.seed}
        if "batch_size" in turn.options:
            given["batch_size"] = turn.options["batch_size"]
        if turn.kind == "drafts":
            call, settings[STEPS] = "draft", turn.full_steps
        self._say(f"session.{call}({made.prompt!r}, {_keywords(given | settings)})")
        self._current = index

    def _change(self, owner: str, name: str, value: str) -> None:
        if self._set[name] != value:
            self._say(f"{owner}.{name} = {value}")
            self._set[name] = value

    def _remake(self, turn: Turn) -> None:
        """Say how a picture of an earlier round was made again."""
        (image,) = turn.round
        original, place = self._original(turn, image)
        if turn.kind == "enlarged":
            scale, strength = (
                turn.options.get(x, d) for x, d in (("scale", 2.0), ("strength", 0.5))
            )
            self._say(f"session.enlarge({place}, scale={scale!r}, strength={strength!r})")
            return
        now = turn.options.get(ARGUMENTS, image.settings)
        changed = {name: x for name, x in now.items() if original.settings.get(name) != x}
        said = ", ".join(filter(None, [place, _keywords(changed)]))
        self._say(f"session.finish({said})")

    def _original(self, turn: Turn, image: GeneratedImage) -> tuple[GeneratedImage, str]:
        parent = turn.parent or 0
        for at, each in enumerate(self._turns[parent].round):
            if each.seed == image.seed:
                return each, f"session.rounds[{parent}][{at}]"
        message = "a picture was made from one that is not in the session"
        raise ValueError(message)

    def _plan(self, index: int, turn: Turn) -> str:
        """Return the plan that gives the recipes of a round."""
        votes = checked_of(turn.votes)
        wanted = _compared([recipe_of(turn, image) for image in turn.round])
        plans: Iterator[Plan] = iter([Explore(), Everything(), *map(Explore, _VARIETIES)])
        known = {repr(plan): plan for plan in plans}
        standing = self._set["plan"]
        for name in [standing, *(name for name in known if name != standing)]:
            recipes = known[name].recipes(votes, len(turn.round), turn.round.seed)
            if _compared(recipes) == wanted:
                return name
        message = f"round {index + 1} follows a plan of its own, which code cannot say"
        raise ValueError(message)


def _compared(recipes: Sequence[Any]) -> list[dict[str, Any]]:
    return [recipe | {"aspects": None} for recipe in recipes_as_json(recipes)]


def _keywords(given: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in given.items())


def _keys(votes: Sequence[Vote]) -> list[tuple[Any, float]]:
    return [(vote.key, vote.strength) for vote in votes]


def _boxes(mask: torch.Tensor, size: tuple[int, int]) -> Iterator[tuple[int, int, int, int]]:
    """Yield the box in pixels that a mask may have come from."""
    rows, columns = (mask > 0).any(dim=1).nonzero()[:, 0], (mask > 0).any(dim=0).nonzero()[:, 0]
    (height, width), across = mask.shape, mask.amax(dim=0)
    down = mask.amax(dim=1)
    left = (int(columns[0]) + 1 - float(across[columns[0]])) * size[0] / width
    right = (int(columns[-1]) + float(across[columns[-1]])) * size[0] / width
    top = (int(rows[0]) + 1 - float(down[rows[0]])) * size[1] / height
    bottom = (int(rows[-1]) + float(down[rows[-1]])) * size[1] / height
    yield round(left), round(top), round(right), round(bottom)


def _is_part(box: tuple[int, int, int, int], size: tuple[int, int], part: Part) -> bool:
    try:
        read = read_part(box, size)
    except BadReference:
        return False
    return read is not None and read.name == part.name
