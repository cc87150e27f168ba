"""FID's network: torch-fidelity's own numbers, and only over its own weights."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from fabric_widget.evaluation.scorers import (
    Activations,
    Features,
    MissingPackage,
    MissingWeights,
    Preference,
    WrongWeights,
    frechet,
    frechet_features,
    load_scorer,
)
from fabric_widget.evaluation.scorers.inception import FILE, WIDTH
from tests.evaluation.scorers.checkpoints import pictures

if TYPE_CHECKING:
    from pathlib import Path

INSTALLED = importlib.util.find_spec("torch_fidelity") is not None
needs_package = pytest.mark.skipif(not INSTALLED, reason="torch-fidelity is not installed")


@pytest.fixture(scope="module")
def inception(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """A folder with random weights of the network, and the network."""
    import torch_fidelity

    folder = tmp_path_factory.mktemp("inception")

    class Blank(torch_fidelity.FeatureExtractorInceptionV3):  # type: ignore[misc]  # untyped
        def load_state_dict(self, state: Any, **_: Any) -> Any:
            return super().load_state_dict(state or self.state_dict())

    torch.save({}, folder / FILE)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = Blank("blank", [str(WIDTH)], feature_extractor_weights_path=str(folder / FILE))
    torch.save(model.state_dict(), folder / FILE)
    return folder, model


@needs_package
def test_activations_are_those_of_torch_fidelity(inception: tuple[Path, Any]) -> None:
    folder, model = inception
    scorer: Any = load_scorer("inception", weights=folder)
    assert isinstance(scorer, Features)
    assert isinstance(scorer, Activations)
    assert not isinstance(scorer, Preference)
    images = [image for image in pictures() if image.mode == "RGB"]
    expected = [
        model(torch.tensor(np.array(image)).permute(2, 0, 1)[None])[0][0].numpy()
        for image in images
    ]
    activations = scorer.activations(images)
    assert activations == pytest.approx(np.stack(expected), rel=1e-5, abs=1e-5)
    features = scorer.features(images)
    assert np.linalg.norm(features, axis=1) == pytest.approx(1)
    lengths = np.linalg.norm(activations, axis=1, keepdims=True)
    assert features * lengths == pytest.approx(activations)
    assert not np.allclose(activations[0], activations[1], rtol=1e-3)


@needs_package
def test_pictures_of_one_size_are_seen_as_by_themselves(inception: tuple[Path, Any]) -> None:
    scorer: Any = load_scorer("inception", weights=inception[0] / FILE)
    images = [image.convert("RGB").resize((40, 30)) for image in pictures(4)]
    together = scorer.activations(images)
    alone = np.concatenate([scorer.activations([image]) for image in images])
    assert together == pytest.approx(alone, abs=1e-5)
    assert scorer.activations([]).shape == (0, WIDTH)


@needs_package
def test_fid_is_measured_over_activations(inception: tuple[Path, Any]) -> None:
    scorer: Any = load_scorer("inception", weights=inception[0])
    rows = frechet_features(scorer, pictures())
    assert (rows == scorer.activations(pictures())).all()
    assert frechet(rows, rows[::-1]) == pytest.approx(0, abs=1e-6)


@needs_package
@pytest.mark.parametrize("stored", [{"a": torch.zeros(1)}, [1, 2], {"__main__": len}])
def test_other_weights_are_refused(tmp_path: Path, stored: Any) -> None:
    torch.save(stored, tmp_path / FILE)
    with pytest.raises(WrongWeights, match=FILE):
        load_scorer("inception", weights=tmp_path)


@needs_package
def test_a_page_in_the_weights_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("<html>not found</html>")
    with pytest.raises(WrongWeights, match=FILE):
        load_scorer("inception", weights=tmp_path)


@pytest.mark.parametrize("given", ["nothing", "folder", "file"])
def test_missing_weights_say_which_where_and_how(
    given: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    weights = {"nothing": None, "folder": tmp_path, "file": tmp_path / "mine.pth"}[given]
    with pytest.raises(MissingWeights, match=FILE) as e:
        load_scorer("inception", weights=weights)
    assert str(tmp_path) in str(e.value)
    assert "release 0.2.0 of torch-fidelity" in str(e.value)
    assert "--weights" in str(e.value)


@pytest.mark.skipif(INSTALLED, reason="torch-fidelity is installed")
def test_without_its_package_it_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / FILE).touch()
    with pytest.raises(MissingPackage, match="pip install torch-fidelity"):
        load_scorer("inception", weights=tmp_path)
