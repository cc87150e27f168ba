"""Styles: votes under a name, to be used with other prompts, in other sessions, by others.

style  Style: the votes, and its file
shelf  StyleShelf: the styles that a person keeps
"""

from fabric_widget.session.styles.shelf import SavedStyle, StyleShelf
from fabric_widget.session.styles.style import Style

__all__ = ["SavedStyle", "Style", "StyleShelf"]
