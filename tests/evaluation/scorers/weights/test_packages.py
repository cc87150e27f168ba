"""Scorers with packages of their own, where those are missing or broken."""

from __future__ import annotations

import importlib
import importlib.metadata
from typing import TYPE_CHECKING, Any

import pytest

from fabric_widget.evaluation.scorers import MissingPackage
from fabric_widget.evaluation.scorers.weights.packages import import_package

if TYPE_CHECKING:
    from pathlib import Path


def test_a_package_that_is_there_is_imported() -> None:
    assert import_package("some", "json", "json") is importlib.import_module("json")


def test_a_missing_package_is_named_with_how_to_install_it() -> None:
    with pytest.raises(MissingPackage, match="pip install no-such-thing") as e:
        import_package("some", "no_such_thing", "no-such-thing")
    assert isinstance(e.value.__cause__, ModuleNotFoundError)


@pytest.mark.parametrize("raised", ["ImportError", "RuntimeError", "AttributeError"])
def test_a_broken_package_is_named_with_all_versions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, raised: str
) -> None:
    write_package(tmp_path, monkeypatch, "broken_one", f"raise {raised}('cannot import name x')")
    with pytest.raises(MissingPackage, match="mend it so") as e:
        import_package("some", "broken_one", "broken-one", cure="mend it so")
    message = str(e.value)
    for name in ("torch", "transformers"):
        assert f"{name} {importlib.metadata.version(name)}" in message
    assert "broken-one 1.5" in message
    assert f"{raised}: cannot import name x" in message


def write_package(folder: Path, monkeypatch: pytest.MonkeyPatch, module: str, source: str) -> Any:
    """Install a package of one module, version 1.5, for the time of a test."""
    (folder / f"{module}.py").write_text(source)
    metadata = folder / f"{module}-1.5.dist-info"
    metadata.mkdir()
    name = module.replace("_", "-")
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.5\n")
    monkeypatch.syspath_prepend(folder)
    importlib.invalidate_caches()
