"""Import packages that only one scorer needs, or raise an error that says how to get them."""

from __future__ import annotations

import importlib
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from fabric_widget.evaluation.scorers.errors import MissingPackage


def import_package(scorer: str, module: str, package: str, *, cure: str = "") -> Any:  # noqa: ANN401
    """Import a scorer's own package.

    Parameters
    ----------
    scorer
        Name of the scorer.
    module
        Name of the module.
    package
        Name of the package to install.
    cure
        What to do, if installing the package is not enough.

    Raises
    ------
    MissingPackage
        It is not installed, or fails when it is imported; the message names the versions.
    """
    try:
        return importlib.import_module(module)
    except Exception as error:
        # Importing runs other code with versions that it may not support: any error is possible.
        installed = _version(package)
        if installed is None:
            message = f"{scorer} needs the package {package}: {cure or f'pip install {package}'}"
        else:
            around = ", ".join(f"{name} {_version(name)}" for name in _AROUND)
            message = (
                f"{scorer}: {package} {installed} does not work with {around}: "
                f"{type(error).__name__}: {error}. {cure or _REINSTALL}"
            )
        raise MissingPackage(message, name=module) from error


_AROUND = ("torch", "torchvision", "transformers")
_REINSTALL = "Install versions of them that belong together"


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
