"""The process that holds a pipeline and runs what it is sent: rounds, or any function of a fabric.

It is made by Ray and called from another process; several of its methods run at once.
"""

from __future__ import annotations

import functools
import queue
import threading
import traceback
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from diffusers import DiffusionPipeline

from fabric_widget.cluster.wire import name_of, pack, unpack
from fabric_widget.engine import Fabric, GenerationCancelled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from PIL import Image

    from fabric_widget.engine import AspectTable, Plan, Progress, Round, Schedule, TokenBudget

    OnStep = Callable[[Progress], object]


class Call(NamedTuple):
    """What a worker runs: ``function(fabric, *arguments, **keywords)``.

    Parameters
    ----------
    function, arguments, keywords
        All of it.
    steps
        Whether the function takes `on_step`, and somebody wants to hear of its steps.
    """

    function: Callable[..., Any]
    arguments: tuple[Any, ...] = ()
    keywords: Mapping[str, Any] = {}
    steps: bool = False


class Step(NamedTuple):
    """A step of a run was finished."""

    step: int
    steps: int
    first: int


class Warned(NamedTuple):
    """Something warned."""

    message: str
    category: type[Warning]


class Made(NamedTuple):
    """The call has returned."""

    result: bytes


class Failed(NamedTuple):
    """The call has raised an error."""

    error: bytes
    told: str


@dataclass(frozen=True)
class Facts:
    """What is known of a worker's fabric without asking it again.

    Parameters
    ----------
    pipeline
        Name of the pipeline's class.
    plan, schedule, token_budget, aspects, defaults
        The fabric's.
    """

    pipeline: str
    plan: Plan
    schedule: Schedule
    token_budget: TokenBudget
    aspects: AspectTable
    defaults: Mapping[str, Any]


class PipelineWorker:
    """Holds a fabric, and the pictures that it was sent.

    Parameters
    ----------
    load
        Packed: returns a pipeline or a `Fabric`.
    device
        Where the pipeline is put; None leaves it where `load` put it.
    """

    def __init__(self, load: bytes, device: str | None) -> None:
        self._load = load
        self._device = device
        self._fabric: Fabric | None = None
        self._held: dict[str, Any] = {}
        self._run = 0  # number of the run under way
        self._cancelled: set[int] = set()
        self._progress: Progress | None = None

    def open(self) -> None:
        """Load the pipeline."""
        made = unpack(self._load)()
        pipe = made.pipe if isinstance(made, Fabric) else made
        if isinstance(pipe, DiffusionPipeline) and self._device and not _offloaded(pipe):
            pipe.to(self._device)
        self._fabric = made if isinstance(made, Fabric) else Fabric(made)

    def run(
        self, number: int, call: bytes, sent: Sequence[str], forgotten: Sequence[str], *data: bytes
    ) -> Iterator[tuple[Any, ...]]:
        """Yield what happens during a call, at last what it returned or raised.

        Parameters
        ----------
        number
            Of the run, for `cancel`.
        call
            Packed; its pictures by name.
        sent, data
            Names and bytes of pictures that it needs and that were not sent before.
        forgotten
            Names of pictures that are needed no more.
        """
        for name in forgotten:
            self._held.pop(name, None)
        self._held |= {name: unpack(one) for name, one in zip(sent, data, strict=True)}
        self._run, self._progress = number, None
        events: queue.SimpleQueue[tuple[Any, ...]] = queue.SimpleQueue()
        work = functools.partial(self._work, number, call, events.put)
        threading.Thread(target=work, name="fabric-worker", daemon=True).start()
        while not isinstance(event := events.get(), (Made, Failed)):
            yield event
        yield event

    def fact(self, call: bytes) -> bytes:
        """Return what a call gives that needs no run, also beside one; or how it failed."""
        wanted: Call = unpack(call)
        return pack(wanted.function(self._fabric, *wanted.arguments, **wanted.keywords))

    def previews(self) -> list[Image.Image]:
        """Return previews of the last step."""
        progress = self._progress
        return [] if progress is None else progress.previews()

    def cancel(self, number: int) -> None:
        """End a run at its next step, also if it has not begun."""
        self._cancelled.add(number)
        if self._run == number and self._fabric is not None:
            self._fabric.cancel()

    def _work(self, number: int, data: bytes, tell: Callable[[tuple[Any, ...]], None]) -> None:
        named: set[str] = set()  # what stands in the call: whoever made it has these pictures

        def held(name: str) -> Any:  # noqa: ANN401  (a picture)
            named.add(name)
            return self._held[name]

        def known(part: object) -> str | None:
            name = name_of(part)
            return name if name in named else None

        try:
            call: Call = unpack(data, held)
            on_step = functools.partial(self._on_step, number, tell if call.steps else None)
            watched = {"on_step": on_step} if call.steps else {}
            with warnings.catch_warnings(record=True) as warned:
                warnings.simplefilter("always")
                result = call.function(self._fabric, *call.arguments, **call.keywords, **watched)
            for one in {(str(one.message), one.category) for one in warned}:
                tell(Warned(*one))
            tell(Made(pack(result, known)))
        except BaseException as error:  # noqa: BLE001  (it is raised where the call came from)
            tell(_failure(error))
        finally:
            self._cancelled.discard(number)

    def _on_step(
        self, number: int, tell: Callable[[tuple[Any, ...]], None] | None, progress: Progress
    ) -> None:
        self._progress = progress
        if number in self._cancelled:
            message = f"cancelled after {progress.step} steps"
            raise GenerationCancelled(message)
        if tell is not None:
            tell(Step(progress.step, progress.steps, progress.first))


def facts_of(fabric: Fabric) -> Facts:
    """Return what is known of a fabric."""
    return Facts(
        type(fabric.pipe).__name__,
        fabric.plan,
        fabric.schedule,
        fabric.token_budget,
        fabric.aspects,
        fabric.defaults,
    )


def make(fabric: Fabric, prompt: str, **arguments: Any) -> Round:
    """Generate pictures; arguments as for `Fabric`."""
    return fabric(prompt, **arguments)


def _failure(error: BaseException) -> Failed:
    told = "".join(traceback.format_exception(error))
    try:
        data = pack(error)
        unpack(data)  # some that can be packed cannot be unpacked
    except Exception:  # noqa: BLE001  (whatever is wrong with it, its words are not)
        data = pack(RuntimeError(f"{type(error).__name__}: {error}"))
    return Failed(data, told)


def _offloaded(pipe: Any) -> bool:  # noqa: ANN401  (any diffusers pipeline)
    """Return whether the pipeline moves its models by itself, or has placed them."""
    placed = getattr(pipe, "hf_device_map", None) is not None
    return placed or any(hasattr(part, "_hf_hook") for part in pipe.components.values())
