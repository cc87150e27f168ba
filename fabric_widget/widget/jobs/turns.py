"""Take turns on one pipeline: a job waits while another widget or call uses it, and says so."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fabric_widget.widget.status_publisher import StatusPublisher
    from fabric_widget.widget.view_protocol import WidgetView
    from fabric_widget.widget.worker import Job

WAITING = "Waiting for the other run on this pipeline."


@dataclass
class Turn:
    """Whether a job waits for the pipeline now."""

    waiting: bool = False


@contextmanager
def taking_turns(job: Job, view: WidgetView, publisher: StatusPublisher) -> Iterator[Turn]:
    """Let the runs of a job wait for the pipeline until it is free or the job is stopped.

    Parameters
    ----------
    job
        The job.
    view
        Its widget: nobody waits for one that is gone.
    publisher
        Publishes that the job waits, and afterwards what it said before.
    """
    from fabric_widget.engine import waiting_for_pipeline

    turn, doing = Turn(), ""

    def keep_waiting() -> bool:
        nonlocal doing
        if view.gone:
            view.close()
        if job.stop.is_set():
            return False
        if not turn.waiting:
            turn.waiting, doing = True, publisher.now["message"]
            publisher.publish_status(message=WAITING)
        return True

    def admitted() -> None:
        if turn.waiting:
            turn.waiting = False
            publisher.publish_status(message=doing)

    with waiting_for_pipeline(keep_waiting, admitted):
        yield turn
