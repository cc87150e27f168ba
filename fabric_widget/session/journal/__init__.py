"""Sessions that save themselves: every act is on disk a moment after it happened.

store     a folder of sessions: listed, opened, deleted, the oldest dropped
saved     SavedSession: one of them
journal   Journal: writes down the acts of a session
acts      what it is told, until it is written down
replay    a journal read back into the history of a session
entries   lines of a journal, each with a checksum that runs on from line to line
deltas    what an act changed in a state, as JSON
pictures  pictures and latents as files, each written once
shelf     which of them are in memory, and which are read again when somebody looks
writer    a queue that is written in the background
disk      bytes that are on the disk when a function returns
lock      who has a session in use
"""

from fabric_widget.autosave import Autosave
from fabric_widget.session.journal.journal import Journal, session_at
from fabric_widget.session.journal.saved import SavedSession
from fabric_widget.session.journal.store import Store, sessions

__all__ = [
    "Autosave",
    "Journal",
    "SavedSession",
    "Store",
    "session_at",
    "sessions",
]
