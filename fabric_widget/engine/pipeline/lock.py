"""One run at a time on a denoiser: its lock, and runs that wait for it."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from fabric_widget.engine.errors import GenerationCancelled, PipelineBusy

if TYPE_CHECKING:
    from collections.abc import Iterator

_POLL = 0.1  # seconds between two questions whether to go on waiting


@dataclass
class _Lock:
    """A lock that knows the thread that holds it."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    owner: int | None = None


Meanwhile = Callable[[Any], AbstractContextManager[object]]  # the denoiser


class _Patience(NamedTuple):
    """What a waiting run calls."""

    keep_waiting: Callable[[], bool]
    admitted: Callable[[], object]


_locks: weakref.WeakKeyDictionary[object, _Lock] = weakref.WeakKeyDictionary()
_locks_guard = threading.Lock()
_patience: ContextVar[_Patience | None] = ContextVar("patience", default=None)
_meanwhile: ContextVar[Meanwhile | None] = ContextVar("meanwhile", default=None)


@contextmanager
def waiting_for_pipeline(
    keep_waiting: Callable[[], bool], admitted: Callable[[], object]
) -> Iterator[None]:
    """Let the runs of this thread wait for a busy pipeline, instead of failing.

    Parameters
    ----------
    keep_waiting
        Called about ten times a second while another run uses the pipeline; False ends the wait
        with `GenerationCancelled`.
    admitted
        Called when the wait is over and the pipeline is free for this run.
    """
    token = _patience.set(_Patience(keep_waiting, admitted))
    try:
        yield
    finally:
        _patience.reset(token)


@contextmanager
def while_locked(enter: Meanwhile) -> Iterator[None]:
    """Let each run of this thread be inside a context while it holds the denoiser.

    Parameters
    ----------
    enter
        Called with the denoiser, which nobody else uses meanwhile; what it changes there, its
        context has to put back.
    """
    token = _meanwhile.set(enter)
    try:
        yield
    finally:
        _meanwhile.reset(token)


@contextmanager
def locked(model: object, name: str) -> Iterator[None]:
    """Lock a denoiser for one run.

    Parameters
    ----------
    model
        The denoiser, or whatever stands for one elsewhere.
    name
        Of its pipeline, for the error.

    Raises
    ------
    PipelineBusy
        Another run holds it, and this one does not wait, or would wait for its own thread.
    GenerationCancelled
        The run was no longer wanted while it waited.
    """
    with _locks_guard:
        held = _locks.setdefault(model, _Lock())
    patience = _patience.get()
    at_once = held.lock.acquire(blocking=False)
    if not at_once:
        if patience is None or held.owner == threading.get_ident():
            message = f"another run is using this {name}: wait until it has ended or cancel it"
            raise PipelineBusy(message)
        while not held.lock.acquire(timeout=_POLL):
            if not patience.keep_waiting():
                message = f"cancelled while another run was using this {name}"
                raise GenerationCancelled(message)
    try:
        held.owner = threading.get_ident()
        if patience is not None and not at_once:
            patience.admitted()
        enter = _meanwhile.get()
        with nullcontext() if enter is None else enter(model):
            yield
    finally:
        held.owner = None
        held.lock.release()
