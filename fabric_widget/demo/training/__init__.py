"""Train the demo model from scratch: `python -m fabric_widget train-demo`.

The stages in order, each resumable; the rest serves them:

pictures  draw scenes: the training set
vae       train the autoencoder
text      train the text encoder
reader    train the classifier
unet      train the denoiser
judge     measure the finished model
card      write the model card
recipe    all hyperparameters
loop      the training loop
muon      its optimizer
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse

    import torch
    from diffusers import StableDiffusionPipeline

    from .recipe import Recipe

RECOMMENDED: dict[str, Any] = {"num_inference_steps": 20, "guidance_scale": 4.0}
"""Defaults of the engine and the widget for this model."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `train-demo`."""
    parser.add_argument(
        "--out", type=Path, default=Path("out/demo-model"), help="where the finished model goes"
    )
    parser.add_argument(
        "--work",
        type=Path,
        default=Path("out/train-demo"),
        help="checkpoints, logs and pictures; run again to resume",
    )
    parser.add_argument("--device", help="cuda, mps or cpu (default: the best one there is)")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="CPU threads")
    parser.add_argument(
        "--quick",
        action="store_true",
        help="a hundredth of every stage: tries the machinery, draws nothing worth seeing",
    )


def run(arguments: argparse.Namespace) -> int:
    """Train, save and measure; return the exit status."""
    import torch

    from .recipe import Recipe

    torch.set_num_threads(arguments.threads)
    recipe = _quick(Recipe()) if arguments.quick else Recipe()
    device = arguments.device or _best_device()
    train_demo(recipe, out=arguments.out, work=arguments.work, device=device)
    return 0


def train_demo(
    recipe: Recipe, *, out: Path, work: Path, device: str | torch.device
) -> StableDiffusionPipeline:
    """Train the demo model by `recipe` and save it in `out` as a diffusers folder.

    Parameters
    ----------
    recipe
        Sizes and schedules.
    out
        Gets the pipeline in float16, the reader, `figures.json` and `MODEL_CARD.md`.
    work
        Gets checkpoints and logs; a second call resumes from them.
    device
        A torch device.
    """
    import torch
    from diffusers import StableDiffusionPipeline
    from safetensors.torch import save_file

    from . import card, judge, reader, text, unet, vae
    from .pictures import draw

    device = torch.device(device)
    work.mkdir(parents=True, exist_ok=True)
    (work / "recipe.json").write_text(json.dumps(asdict(recipe), indent=1))
    pictures = draw(recipe.pictures, recipe.resolution, recipe.seed, work)
    autoencoder = vae.fit(recipe, pictures, work, device)
    words = text.tokenizer(recipe, work)
    encoder = text.fit(recipe, words, work, device)
    latents = vae.latents(autoencoder, pictures, work)
    judge_reader = reader.fit(recipe, pictures, work, device)
    denoiser = unet.fit(recipe, pictures, latents, words, encoder, work, device)

    pipe = StableDiffusionPipeline(
        vae=autoencoder,
        text_encoder=encoder,
        tokenizer=words,
        unet=denoiser,
        scheduler=unet.scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipe.register_to_config(_fabric_defaults=RECOMMENDED)
    for network in (autoencoder, encoder, denoiser):
        network.half()
    out.mkdir(parents=True, exist_ok=True)
    pipe.save_pretrained(out)
    text.give_common_names(out / "text_encoder" / "model.safetensors")
    halves = {k: v.half().contiguous().cpu() for k, v in judge_reader.state_dict().items()}
    save_file(halves, out / "reader.safetensors")

    # Measure the saved weights: rounded to float16, on the CPU, with the saved reader.
    for network in (autoencoder, encoder, denoiser):
        network.float().cpu()
    pipe.set_progress_bar_config(disable=True)
    judge_reader.load_state_dict({k: v.float() for k, v in halves.items()})
    judge_reader.to("cpu")
    figures = {
        "reader": reader.accuracy(judge_reader, recipe, work),
        "prompts": judge.prompts_followed(
            pipe, judge_reader, prompts=recipe.judged_prompts, **RECOMMENDED
        ),
        "silence": judge.entropy_of_open_attributes(
            pipe, judge_reader, images=recipe.judged_pictures, **RECOMMENDED
        ),
        "training": card.cost(work, device),
    }
    (out / "figures.json").write_text(json.dumps(figures, indent=1) + "\n")
    (out / "MODEL_CARD.md").write_text(card.write(recipe, figures, pipe, judge_reader))
    return pipe


def _best_device() -> str:
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _quick(recipe: Recipe) -> Recipe:
    short = {
        name: replace(stage, steps=max(2, stage.steps // 100))
        for name in ("vae", "text", "unet", "reader")
        for stage in [getattr(recipe, name)]
    }
    return replace(recipe, pictures=400, held_out=40, judged_prompts=2, judged_pictures=8, **short)
