"""Sessions on a disk: as one .fabric file, or as a folder of the same files.

saved         what is saved of a session: its states, also those taken back, and what made it
writing       a session into a file or a folder
reading       a session from either, lazily; and a check of all that it holds
index         session.json: states, rounds and what is known of each picture
turns         rounds as JSON
pictures      pictures as PNG and safetensors, checked when they are read
stored        pictures that are read from a session when somebody looks at them
document      the text of session.json as JSON, within limits
png_text      prompt, seed, settings and votes inside a PNG
source        where the files of a session are: a folder
archive       where the files of a session are: a zip
errors        what is wrong with a session, and what to do
"""

from fabric_widget.session.files.errors import SessionFileError, SessionNotFoundError
from fabric_widget.session.files.png_text import PictureSettings, read_settings
from fabric_widget.session.files.reading import check, open_saved, read
from fabric_widget.session.files.saved import Saved
from fabric_widget.session.files.writing import SUFFIX, save, save_file, write

__all__ = [
    "SUFFIX",
    "PictureSettings",
    "Saved",
    "SessionFileError",
    "SessionNotFoundError",
    "check",
    "open_saved",
    "read",
    "read_settings",
    "save",
    "save_file",
    "write",
]
