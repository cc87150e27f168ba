"""What jobs share with each other, and with whatever asks for them or changes the session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fabric_widget.widget.lazy_session import LazySession
    from fabric_widget.widget.publish import Publisher
    from fabric_widget.widget.view_protocol import WidgetView
    from fabric_widget.widget.worker import Worker


@dataclass(frozen=True)
class WidgetContext:
    """What all parts of a widget share.

    Parameters
    ----------
    view
        Has the controls; messages are sent through it.
    lazy_session
        Has the session.
    publisher
        Repeats the session in the traits, and tells the status.
    worker
        The queue of jobs.
    """

    view: WidgetView
    lazy_session: LazySession
    publisher: Publisher
    worker: Worker
