"""The package as a whole: cheap to import, complete and small as a wheel."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import fabric_widget
from fabric_widget import engine
from fabric_widget.zoo import tiny

ROOT = Path(fabric_widget.__file__).parents[1]
MODEL = "fabric_widget/demo/model/"
_MEGABYTE = 1_000_000


def python(code: str) -> None:
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)  # noqa: S603  (our own)


def test_importing_the_package_loads_nothing_heavy() -> None:
    python(
        "import sys, fabric_widget\n"
        "dir(fabric_widget)\n"
        "heavy = {'torch', 'diffusers', 'transformers', 'numpy', 'PIL', 'anywidget'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )


def test_every_public_name_is_there_and_listed() -> None:
    for name in fabric_widget.__all__:
        assert getattr(fabric_widget, name).__name__ == name
        assert name in dir(fabric_widget)


def test_unknown_names_are_attribute_errors() -> None:
    with pytest.raises(AttributeError, match="'Fabrik'"):
        fabric_widget.Fabrik  # noqa: B018


def test_former_names_work_and_warn() -> None:
    for room in (fabric_widget, engine):
        with pytest.warns(DeprecationWarning, match="is called TokenBudget now"):
            former = room.Economy
        assert former is fabric_widget.TokenBudget
    budget = fabric_widget.TokenBudget.exact()
    with pytest.warns(DeprecationWarning, match="token_budget="):
        fabric = fabric_widget.Fabric(tiny.pipeline(), economy=budget)
    assert fabric.token_budget is budget


def test_the_library_says_nothing_unless_it_is_asked_to() -> None:
    python(
        "import contextlib, io, logging, fabric_widget\n"
        "heard = io.StringIO()\n"
        "with contextlib.redirect_stderr(heard):\n"
        "    logging.getLogger('fabric_widget.engine').warning('told')\n"
        "assert not heard.getvalue()\n"
    )


def build(target: str, folder: Path) -> Path:
    """Build the wheel or the source archive as an installer would."""
    subprocess.run(  # noqa: S603  (our own interpreter)
        [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(folder)],
        check=True,
        capture_output=True,
        cwd=ROOT,
    )
    (path,) = folder.iterdir()
    return path


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", tmp_path_factory.mktemp("dist"))


def test_the_wheel_has_all_that_the_package_needs(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert "fabric_widget/py.typed" in names
    assert "fabric_widget/evaluation/report/page.css" in names
    assert "fabric_widget/evaluation/report/study_report.css" in names
    assert {f"fabric_widget/static/widget.{kind}" for kind in ("js", "css")} <= names
    sources = {str(p.relative_to(ROOT)) for p in (ROOT / "fabric_widget").rglob("*.py")}
    assert sources <= names
    assert not {name for name in names if name.startswith("tests")}


def test_the_wheel_has_the_demo_model_and_is_small(wheel: Path) -> None:
    contents = {info.filename: info for info in zipfile.ZipFile(wheel).infolist()}
    assert f"{MODEL}model_index.json" in contents
    assert f"{MODEL}unet/diffusion_pytorch_model.safetensors" in contents
    assert f"{MODEL}reader.safetensors" in contents
    model = sum(info.file_size for name, info in contents.items() if name.startswith(MODEL))
    assert model < 24 * _MEGABYTE
    assert wheel.stat().st_size - model < _MEGABYTE


def test_the_source_archive_can_build_and_test_everything(tmp_path: Path) -> None:
    with tarfile.open(build("sdist", tmp_path)) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"Makefile", "constraints.txt", "fabric_widget/static/widget.js"} <= names
    assert {"package.json", "package-lock.json", "js/build.mjs"} <= names
    assert {name for name in names if name.startswith("js/src/")}
    assert not {name for name in names if "node_modules" in name}
