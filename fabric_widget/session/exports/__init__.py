"""A session for people who have no kernel: as a page, as pictures, as code.

kinds     which of them a name asks for
page      an HTML page that needs nothing else
pictures  a folder of PNGs with a line of JSON about each
code      Python code that makes the session again
words     votes in words
"""

from fabric_widget.session.exports.kinds import KINDS, export

__all__ = ["KINDS", "export"]
