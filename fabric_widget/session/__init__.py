"""Sessions: rounds, votes, undo, files. Know the engine, and no notebook.

maker     what a session needs of whatever makes its pictures
session   Session: makes rounds that take the votes into account
batches   a round made in batches
voting    Voting: a timeline of likes and dislikes, and what they are about
loras     LoRAs: baked from the votes, used by rounds
remaking  pictures made once more: drafts in full, larger ones, under the lens
subject   where the subject of a picture is
votes     what was said of a picture, with a signed strength
styles/   votes under a name, to be used elsewhere; and a shelf of them
saving    a session on a disk: save, open
as_json/  votes, recipes and LoRAs as JSON, checked
replay/   a session made once more, picture by picture
exports/  a session as a page, as pictures, as code
files/    a session as one file, or as a folder
journal/  sessions that save themselves, act by act
state     State: everything a session holds at one moment, immutable
timeline  Timeline: rounds and votes with undo, redo and branches
history   History: states that were and states that were taken back
"""

from fabric_widget.session.files import PictureSettings, SessionFileError, read_settings
from fabric_widget.session.session import Session
from fabric_widget.session.styles import SavedStyle, Style, StyleShelf

__all__ = [
    "PictureSettings",
    "SavedStyle",
    "Session",
    "SessionFileError",
    "Style",
    "StyleShelf",
    "read_settings",
]
