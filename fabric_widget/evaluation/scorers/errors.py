"""What can go wrong before a scorer judges anything."""

from __future__ import annotations


class UnknownScorer(ValueError):  # noqa: N818 - says what is wrong; every one here is an error
    """There is no scorer of that name; the message lists those that there are."""


class MissingWeights(FileNotFoundError):  # noqa: N818
    """A scorer's weights are not here; the message says which, and how to get them."""


class WrongWeights(ValueError):  # noqa: N818
    """These weights are no such model's, or cannot be read."""


class MissingPackage(ImportError):  # noqa: N818
    """A scorer's own package is missing, or does not work beside what is installed."""
