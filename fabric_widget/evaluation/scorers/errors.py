"""Errors of loading a scorer."""

from __future__ import annotations


class UnknownScorer(ValueError):  # noqa: N818 - says what is wrong; every one here is an error
    """There is no scorer of that name; the message lists the known ones."""


class MissingWeights(FileNotFoundError):  # noqa: N818
    """A scorer's weights are missing; the message says which, and how to get them."""


class WrongWeights(ValueError):  # noqa: N818
    """The weights are another model's, or cannot be read."""


class MissingPackage(ImportError):  # noqa: N818
    """A scorer's own package is missing, or does not work with the installed versions."""
