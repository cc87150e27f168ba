"""The session of the widget: given, or created with the demo model on first use."""

from __future__ import annotations

import sys
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import fabric_widget
from fabric_widget.widget.state.pipeline_info import PipelineInfo
from fabric_widget.widget.state.settings import SEED_LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fabric_widget.session import Session
    from fabric_widget.widget.view_protocol import WidgetView


class LazySession:
    """A session that is created on first use, unless it was given.

    Parameters
    ----------
    view
        Shows what the pipeline is.
    pipe
        A diffusers pipeline, a `Fabric`, a `DistributedFabric`, a `Session`, or None for the demo
        model.
    **settings
        For making a `Fabric`; None where nothing was given.

    Attributes
    ----------
    session
        None until it is open.
    pipeline_info
        What the widget knows of the pipeline.
    opened
        Called with a session that was created.

    Raises
    ------
    TypeError
        `pipe` is none of these, or settings were given that it cannot take.
    """

    def __init__(self, view: WidgetView, pipe: object, **settings: Any) -> None:
        self._view = view
        self._settings = settings
        self._loading = threading.Lock()
        self.opened: Callable[[Session], object] = lambda _session: None
        self.session: Session | None = _session_of(pipe, settings)
        self.pipeline_info = (
            PipelineInfo()
            if self.session is None
            else PipelineInfo.of(self.session.fabric, self.session.plan)
        )

    def load(self) -> Session:
        """Return the session; create it on first use. Thread-safe."""
        if self.session is None:
            with self._loading:
                if self.session is None:
                    from fabric_widget.demo import load_demo

                    session = _new_session(load_demo(), self._settings)
                    pipeline_info = PipelineInfo.of(session.fabric)
                    with self._view.writing():
                        self.session, self.pipeline_info = session, pipeline_info
                        self.introduce()
                    self.opened(session)
        return self.session

    def introduce(self) -> None:
        """Publish the facts about the pipeline."""
        loaded = self.session is not None
        self._view.show(
            info=self.pipeline_info.info(loaded=loaded, version=fabric_widget.__version__)
        )

    def learn(self, *, subjects: bool) -> None:
        """Take note of whether votes on subjects work, and say so if that is news."""
        if subjects != self.pipeline_info.subjects:
            with self._view.writing():
                self.pipeline_info = replace(self.pipeline_info, subjects=subjects)
                self.introduce()

    def continued(self) -> dict[str, Any]:
        """Return the controls of the session's current round."""
        session = self.session
        if session is None:
            return {}
        found: dict[str, Any] = {"seed": session.next_seed % SEED_LIMIT}
        if session.current is not None:
            found |= self.pipeline_info.controls_of(session.turns[session.current])
        return found


def _session_of(pipe: Any, settings: Mapping[str, Any]) -> Session | None:  # noqa: ANN401  (whatever was given)
    """Return the session for what was given, or None for the demo model."""
    if pipe is None:
        return None
    # Whoever has one of these has imported diffusers: nothing heavy is imported for anything else.
    if "diffusers" in sys.modules:
        from fabric_widget.cluster import DistributedFabric
        from fabric_widget.engine import Fabric
        from fabric_widget.session import Session

        given = [name for name, value in settings.items() if value is not None]
        if isinstance(pipe, (Fabric, DistributedFabric, Session)):
            if given:
                message = f"{given[0]} is for making a Fabric, and one was given: leave it out"
                raise TypeError(message)
            return pipe if isinstance(pipe, Session) else Session(pipe)
        from diffusers import DiffusionPipeline

        if isinstance(pipe, DiffusionPipeline):
            return _new_session(pipe, settings)
    message = (
        f"cannot make pictures with a {type(pipe).__name__}: give a diffusers pipeline, a Fabric, "
        "a DistributedFabric, a Session, or nothing for the demo model"
    )
    raise TypeError(message)


def _new_session(pipe: Any, settings: Mapping[str, Any]) -> Session:  # noqa: ANN401  (a pipeline)
    from fabric_widget.engine import Fabric
    from fabric_widget.session import Session

    return Session(Fabric(pipe, **settings))
