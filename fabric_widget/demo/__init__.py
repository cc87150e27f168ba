"""The small text-to-image model that ships in the package, its training data and its training.

scenes/        draw pictures and caption them: the training data
reader         a classifier of what a picture shows
quiet_loading  load a model without the notices of the libraries beneath it
training/      train the model from scratch
model/         the weights, a folder that diffusers loads
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fabric_widget.demo.quiet_loading import quiet_loading

if TYPE_CHECKING:
    import torch
    from diffusers import StableDiffusionPipeline
    from transformers import CLIPTextModel

__all__ = ["MODEL", "load_demo"]

MODEL = Path(__file__).parent / "model"
"""The folder of the pipeline's weights."""


def load_demo(
    model: str | Path = MODEL,
    *,
    device: str | torch.device = "cpu",
    dtype: torch.dtype | None = None,
) -> StableDiffusionPipeline:
    """Load the demo model, an ordinary Stable Diffusion pipeline that draws small creatures.

    Parameters
    ----------
    model
        A folder made by ``python -m fabric_widget train-demo``; by default the one that ships.
    device
        Where it runs. A CPU makes four pictures in a second or two.
    dtype
        Precision; float32 by default. The weights are stored in float16.

    Returns
    -------
    StableDiffusionPipeline
        Without a progress bar of its own; it carries its recommended steps and guidance.

    Raises
    ------
    FileNotFoundError
        There is no model in that folder.
    ValueError
        The model in that folder was not made by ``train-demo``.
    RuntimeError
        The installed transformers does not find its weights in it.
    """
    import torch

    folder = Path(model)
    index = folder / "model_index.json"
    if not index.is_file():
        msg = (
            f"no model in {folder}: make one with python -m fabric_widget train-demo --out {folder}"
        )
        raise FileNotFoundError(msg)
    recommended = json.loads(index.read_text(encoding="utf-8")).get("_fabric_defaults")
    if recommended is None:
        msg = (
            f"the model in {folder} was not made by python -m fabric_widget train-demo: load it "
            "with diffusers' DiffusionPipeline.from_pretrained and give the pipeline to Fabric"
        )
        raise ValueError(msg)
    with quiet_loading():
        from diffusers import StableDiffusionPipeline

        settings: Any = {"dtype": dtype or torch.float32, "local_files_only": True}
        pipe = StableDiffusionPipeline.from_pretrained(
            folder, text_encoder=_text_encoder(folder, settings), **settings
        ).to(device)
    pipe.set_progress_bar_config(disable=True)
    # diffusers saves entries of a pipeline's configuration that it does not know, but drops them
    # when it loads.
    pipe.register_to_config(_fabric_defaults=recommended)
    return pipe


def _text_encoder(folder: Path, settings: dict[str, Any]) -> CLIPTextModel:
    """Load the text encoder, whose weights transformers would draw at random if it missed them."""
    import transformers

    encoder, found = transformers.CLIPTextModel.from_pretrained(
        folder / "text_encoder", output_loading_info=True, **settings
    )
    if found["missing_keys"]:
        msg = (
            f"transformers {transformers.__version__} does not find the weights of the text "
            f"encoder in {folder}: pip install --upgrade transformers"
        )
        raise RuntimeError(msg)
    return encoder
