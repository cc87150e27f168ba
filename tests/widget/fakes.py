"""What stands in for a front end, a pipeline and a clock in the tests of the widget."""

from __future__ import annotations

import io
import json
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from comm.base_comm import BaseComm
from ipywidgets.widgets.widget import _put_buffers
from PIL import Image

from fabric_widget.engine import Everything, GeneratedImage, GenerationCancelled, Progress, Round
from fabric_widget.engine.votes.votes import read_votes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fabric_widget.session import Session


PATIENCE = 60  # seconds: far more than anything takes, so that a test that hangs fails


class Front:
    """The other end of a comm: keeps the state that it was told, and everything that was said."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.comm: Any = None
        self.state: dict[str, Any] = {}
        self.said: list[tuple[str, dict[str, Any], list[Any]]] = []
        self.statuses: list[dict[str, Any]] = []
        self._requests = 0

    def receive(self, kind: str, data: Any, buffers: list[Any]) -> None:
        """Take what the widget says."""
        data = json.loads(json.dumps(data))  # as it travels
        with self.changed:
            self.said.append((kind, data, list(buffers)))
            state = json.loads(json.dumps(data.get("state") or {}))
            if data.get("method", "update") != "echo_update" and state:
                _put_buffers(state, data.get("buffer_paths", []), buffers)
                self.state.update(state)
                if "status" in state:
                    self.statuses.append(state["status"])
            self.changed.notify_all()

    def custom(self, kind: str) -> list[tuple[dict[str, Any], list[Any]]]:
        """Return the custom messages of a type, with their buffers."""
        return [
            (data["content"], buffers)
            for _, data, buffers in list(self.said)
            if data.get("method") == "custom" and data["content"]["type"] == kind
        ]

    def wait(self, predicate: Callable[[], object]) -> None:
        """Wait until something is so."""
        with self.changed:
            assert self.changed.wait_for(predicate, PATIENCE), self.state.get("status")

    def wait_phase(self, *phases: str) -> dict[str, Any]:
        """Wait until the widget is in a phase and nothing is pending; return the status."""
        self.wait(lambda: self.status["phase"] in phases and not self.status["pending"])
        return self.status

    @property
    def status(self) -> dict[str, Any]:
        """The status told last."""
        status: dict[str, Any] = self.state["status"]
        return status

    def set(self, **state: Any) -> None:
        """Set traits, as the front end does: shown at once, and told."""
        self.state.update(state)
        self.deliver({"method": "update", "state": state, "buffer_paths": []})

    def post(self, content: Any, buffers: Any = ()) -> None:
        """Send a custom message as it is."""
        self.deliver({"method": "custom", "content": content}, buffers)

    def deliver(self, data: Any, buffers: Any = ()) -> None:
        """Hand a message to the widget."""
        self.comm.handle_msg({"content": {"data": data}, "buffers": list(buffers)})

    def ask(self, kind: str, /, buffers: Any = (), **fields: Any) -> int:
        """Send a message of a type; return the number that its answer will have."""
        self._requests += 1
        self.post({"type": kind, "request": self._requests, **fields}, buffers)
        return self._requests

    def answer(self, request: int) -> tuple[dict[str, Any], list[Any]]:
        """Wait for the answer to a request; return it with its buffers."""

        def found() -> list[tuple[dict[str, Any], list[Any]]]:
            both = self.custom("answer") + self.custom("failed")
            return [(content, b) for content, b in both if content["request"] == request]

        self.wait(found)
        (only,) = found()
        return only

    def call(self, kind: str, /, buffers: Any = (), **fields: Any) -> dict[str, Any]:
        """Send a message and return its answer."""
        return self.answer(self.ask(kind, buffers, **fields))[0]

    def reload(self) -> dict[str, Any]:
        """Return what a front end is told that asks for everything."""
        before = len(self.said)
        self.deliver({"method": "request_state"})
        _, data, buffers = self.said[before]
        state: dict[str, Any] = data["state"]
        _put_buffers(state, data["buffer_paths"], buffers)
        return state

    def forget(self) -> None:
        """Start a new record of what is said."""
        with self.changed:
            self.said.clear()
            self.statuses.clear()

    def size(self) -> int:
        """Return how many bytes were said since the record began."""
        return sum(
            len(json.dumps(data)) + sum(memoryview(b).nbytes for b in buffers)
            for _, data, buffers in self.said
        )


class FrontComm(BaseComm):
    """A comm whose other end is a front end."""

    front: Front

    def publish_msg(
        self, msg_type: str, data: Any = None, metadata: Any = None, buffers: Any = None, **_: Any
    ) -> None:
        del metadata
        self.front.receive(msg_type, data or {}, buffers or [])


class Studio:
    """A fabric whose pictures depend on its arguments alone, and that can be held at a step."""

    plan = Everything()

    def __init__(self, *, steps: int = 4, side: int = 8) -> None:
        self.steps = steps
        self.requests: list[dict[str, Any]] = []
        self.taken = 0
        self.failure: BaseException | None = None
        self.contributions: list[float] = []  # of the references, liked ones first
        self.cancelled = threading.Event()
        self.paint: Callable[[int], Image.Image] = lambda seed: flat(seed, side)
        self._held: dict[int, tuple[threading.Event, threading.Event]] = {}

    def hold(self, step: int) -> Hold:
        """Stop before a step, once, until the hold is released."""
        reached, go = threading.Event(), threading.Event()
        self._held[step] = (reached, go)
        return Hold(reached, go)

    def cancel(self) -> None:
        self.cancelled.set()

    def __call__(self, prompt: str, *, num_images: int, seed: int, **others: Any) -> Round:
        self.cancelled.clear()
        on_step = others.pop("on_step") or (lambda _: None)
        given = read_votes(others.pop("liked", ()), others.pop("disliked", ()))
        plan = others.pop("plan", self.plan)
        recipes = plan.recipes(given, num_images, seed) if isinstance(plan, Everything) else plan
        for side in ("liked", "disliked"):
            votes = sorted(getattr(recipes[0], side), key=lambda vote: vote.place)
            others[side] = tuple((vote.content, vote.strength) for vote in votes)
        self.requests.append({"prompt": prompt, "num_images": num_images, "seed": seed, **others})
        for step in range(1, self.steps + 1):
            if step in self._held:
                reached, go = self._held.pop(step)
                reached.set()
                assert go.wait(PATIENCE)
            if self.failure is not None:
                failure, self.failure = self.failure, None
                raise failure
            self.taken += 1
            on_step(Progress(step, self.steps, lambda: [flat(seed, 4)] * num_images))
            if self.cancelled.is_set():
                message = f"cancelled after {step} steps"
                raise GenerationCancelled(message)
        ours = ("liked", "disliked", "schedule", "lens")
        settings = {name: value for name, value in others.items() if name not in ours}
        images = tuple(
            GeneratedImage(
                self.paint(seed + i),
                torch.full((1, 1, 1), float(seed + i)),
                seed + i,
                prompt,
                settings,
            )
            for i in range(num_images)
        )
        lent = [*others.get("liked", ()), *others.get("disliked", ())]
        shares = zip(lent, self.contributions, strict=False)
        contributions = {image.id: share for (image, _), share in shares}
        return Round(
            images,
            prompt,
            seed,
            settings,
            contributions=contributions,
            recipes=tuple(recipes),
        )


class Hold:
    """A studio that stands before a step."""

    def __init__(self, reached: threading.Event, go: threading.Event) -> None:
        self._reached = reached
        self._go = go

    def wait(self) -> None:
        """Wait until the studio stands there."""
        assert self._reached.wait(PATIENCE)

    def release(self) -> None:
        """Let it go on."""
        self._go.set()


class Clock:
    """Seconds that grow when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def flat(seed: int, side: int) -> Image.Image:
    """Return a picture of one colour."""
    return Image.new("RGB", (side, side), (seed * 37 % 256, seed * 91 % 256, 90))


def photo(seed: int, side: int = 512) -> Image.Image:
    """Return a picture with the statistics of a photograph: detail falls off with its scale."""
    random = np.random.default_rng(seed)
    total = np.zeros((side, side, 3))
    cells = 4
    while cells <= side:
        noise = random.normal(size=(cells, cells, 3)).astype(np.float32)
        layers = [
            Image.fromarray(noise[..., i]).resize((side, side), Image.Resampling.BICUBIC)
            for i in range(3)
        ]
        total += np.stack([np.asarray(layer) for layer in layers], axis=-1) * (4 / cells)
        cells *= 2
    scaled = 128 + 60 * (total - total.mean()) / total.std()
    return Image.fromarray(scaled.clip(0, 255).astype(np.uint8))


def noise(seed: int, side: int = 512) -> Image.Image:
    """Return a picture that nothing can compress."""
    random = np.random.default_rng(seed)
    return Image.fromarray(random.integers(0, 256, (side, side, 3), dtype=np.uint8))


def png(image: Image.Image) -> bytes:
    """Return a picture as a file."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def controls(**others: Any) -> dict[str, Any]:
    """Return what a click carries."""
    standing = {
        "prompt": "a fox",
        "negative_prompt": "",
        "num_images": 2,
        "seed": 0,
        "lock_seed": False,
        "steps": None,
        "guidance": None,
        "width": None,
        "height": None,
        "strength": 0.8,
        "start": 0,
        "end": 0.8,
        "dislike_scale": 0.5,
        "normalize": True,
        "auto": True,
    }
    return standing | others


def votes_of(session: Session) -> Mapping[str, float]:
    """Return the session's votes by their names on the wire."""
    return {identity[:12]: strength for identity, strength in session.strengths.items()}
