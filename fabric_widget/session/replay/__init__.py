"""A session made once more: does it come out the same, and if not, what was different.

environment  the pipeline, the device and the libraries that a session was made with
again        one round made once more, as it was made then
compare      all of them, each picture compared with the one that was kept
"""

from fabric_widget.session.replay.compare import Replay, Replayed, replay
from fabric_widget.session.replay.environment import environment_of, fabric_as_noted

__all__ = ["Replay", "Replayed", "environment_of", "fabric_as_noted", "replay"]
