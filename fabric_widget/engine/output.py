"""Turn the output of the pipeline into a round of generated images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from diffusers.image_processor import VaeImageProcessor

from fabric_widget.engine.errors import FabricError
from fabric_widget.engine.generated_image import GeneratedImage
from fabric_widget.engine.preview.previewer import preview_images
from fabric_widget.engine.results import Round

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PIL import Image

    from fabric_widget.engine.preview.previewer import Previews
    from fabric_widget.engine.request import Request
    from fabric_widget.engine.run import Run


def round_of(request: Request, run: Run, output: Any) -> Round:  # noqa: ANN401  (the pipeline's own)
    """Return the pictures of a finished run."""
    if run.latents is None:
        message = "the pipeline ended without a step: give num_inference_steps of at least 1"
        raise FabricError(message)
    pictures = _images(output[0], run.latents, run.previews, request.arguments)
    latents = run.latents.detach().float().cpu()
    settings = {k: v for k, v in request.arguments.items() if not k.startswith("callback")}
    images = tuple(
        GeneratedImage(
            picture,
            latents[i].clone(),
            request.seed + i,
            request.prompt,
            settings,
            trajectory=run.trajectory(i),
        )
        for i, picture in enumerate(pictures)
    )
    return Round(
        images,
        request.prompt,
        request.seed,
        settings,
        output,
        recipes=tuple(request.recipes),
    )


def _images(
    made: Any,  # noqa: ANN401  (images in whatever type was asked for)
    latents: torch.Tensor,
    previews: Previews | None,
    arguments: Mapping[str, Any],
) -> list[Image.Image]:
    """Return PIL images of the pipeline's output, whatever its type."""
    if isinstance(made, list):
        return made
    if arguments.get("output_type") == "latent":
        return preview_images(previews, latents)
    if isinstance(made, torch.Tensor):
        made = VaeImageProcessor.pt_to_numpy(made)
    pictures: list[Image.Image] = VaeImageProcessor.numpy_to_pil(made)
    return pictures
