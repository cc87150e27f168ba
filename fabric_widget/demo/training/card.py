"""Write the model card from `card.md` with measured figures."""

from __future__ import annotations

import json
import platform
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

import torch
from torch.utils.flop_counter import FlopCounterMode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from diffusers import StableDiffusionPipeline

    from fabric_widget.demo.reader import Reader

    from .recipe import Recipe

_STAGES = ("vae", "text", "unet", "reader")


def cost(work: Path, device: torch.device) -> dict[str, Any]:
    """Return minutes and last figures of each stage, from the logs."""
    figures: dict[str, Any] = {"torch": torch.__version__, "machine": platform.machine()}
    figures["device"] = (
        torch.cuda.get_device_name(device)
        if device.type == "cuda"
        else f"{device.type}, {torch.get_num_threads()} threads"
    )
    for stage in _STAGES:
        last = json.loads((work / f"{stage}.jsonl").read_text().splitlines()[-1])
        figures[stage] = {"minutes": round(last.pop("seconds") / 60, 1), **last}
    return figures


def flops(pipe: StableDiffusionPipeline) -> float:
    """Return the floating-point operations of one forward pass of the denoiser, for one image."""
    unet = pipe.unet
    side, width = unet.config.sample_size, unet.config.cross_attention_dim
    latents = torch.zeros(1, unet.config.in_channels, side, side)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        unet(latents, 1, torch.zeros(1, pipe.tokenizer.model_max_length, width))
    return float(counter.get_total_flops())


def write(
    recipe: Recipe, figures: Mapping[str, Any], pipe: StableDiffusionPipeline, reader: Reader
) -> str:
    """Return the model card as Markdown."""
    training, silence = figures["training"], figures["silence"]
    recommended = pipe.config["_fabric_defaults"]
    return Template(Path(__file__).with_suffix(".md").read_text()).substitute(
        side=recipe.resolution,
        latent=pipe.unet.config.sample_size,
        channels=recipe.latent_channels,
        words=recipe.max_words,
        width=recipe.text_width,
        layers=recipe.text_layers,
        pictures=f"{recipe.pictures:,}",
        seed=recipe.seed,
        prompts=recipe.judged_prompts,
        silences=recipe.judged_pictures,
        recommended=", ".join(f"{name}={value}" for name, value in recommended.items()),
        vae_size=_millions(pipe.vae),
        text_size=_millions(pipe.text_encoder),
        unet_size=_millions(pipe.unet),
        reader_size=_millions(reader),
        flops=f"{flops(pipe) / 1e9:.2f}",
        device=training["device"],
        machine=training["machine"],
        torch=training["torch"],
        stages="\n".join(_row(name, *_effort(recipe, training, name)) for name in _STAGES),
        kinds=" | ".join(f'"a {kind}"' for kind in silence),
        rule="---|" * len(silence),
        figures="\n".join(
            _row(
                name,
                f"{figures['reader'][name]:.1%}",
                f"{followed:.1%}",
                *(
                    f"{left_open[name]:.0%}" if name in left_open else ""
                    for left_open in silence.values()
                ),
            )
            for name, followed in figures["prompts"].items()
        ),
    )


def _effort(recipe: Recipe, training: Mapping[str, Any], stage: str) -> tuple[str, ...]:
    plan = getattr(recipe, stage)
    return str(plan.steps), str(plan.batch), str(training[stage]["minutes"])


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _millions(network: torch.nn.Module) -> str:
    return f"{sum(parameter.numel() for parameter in network.parameters()) / 1e6:.2f}"
