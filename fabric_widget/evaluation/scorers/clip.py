"""CLIP: the similarity of a picture and a prompt, and of two pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from fabric_widget.evaluation.scorers.batching import CHUNK, in_batches, unit
from fabric_widget.evaluation.scorers.catalogue import SCORERS
from fabric_widget.evaluation.scorers.errors import MissingWeights
from fabric_widget.evaluation.scorers.weights.loading import (
    PROCESSOR_FILES,
    TOKENIZER_FILES,
    fetching,
    how_to_get,
    load_image_processor,
    load_model,
    place_of,
    place_with,
    usable_device,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt
    from PIL import Image

BASE = "laion/CLIP-ViT-H-14-laion2B-s32B-b79K"
"""The model that PickScore and HPS v2 are fine-tuned from, with their tokenizer and processor."""
PERCENT = 100.0
"""Scale of the CLIP score; the logit scale at which OpenAI's models were clipped in training."""


@dataclass(frozen=True, kw_only=True)
class Clip:
    """A CLIP model that scores pictures for a prompt and embeds them.

    Attributes
    ----------
    name
        Its name among the scorers.
    model
        A ``CLIPModel`` of transformers.
    tokenizer
        The model's.
    prepare
        Turns n RGB pictures into pixel values (n, 3, height, width).
    scale
        Factor of the cosine in the score.
    chunk
        Batch size.
    """

    name: str
    model: Any
    tokenizer: Any
    prepare: Callable[[list[Image.Image]], torch.Tensor]
    scale: float
    chunk: int = CHUNK

    def score(self, prompt: str, pictures: Sequence[Image.Image]) -> npt.NDArray[np.float64]:
        """Return the scaled cosine of each picture and the prompt: (n,).

        The prompt is truncated to the model's context.
        """
        return self.scale * (self.features(pictures) @ self._text(prompt))

    def features(self, pictures: Sequence[Image.Image]) -> npt.NDArray[np.float64]:
        """Return the image embeddings at unit length: (n, d)."""
        width = self.model.config.projection_dim
        return unit(in_batches(self._look, pictures, width, self.chunk))

    def _look(self, pictures: list[Image.Image]) -> torch.Tensor:
        pixels = self.prepare(pictures).to(self.model.device, self.model.dtype)
        seen: torch.Tensor = self.model.get_image_features(pixel_values=pixels).pooler_output
        return seen

    @torch.inference_mode()
    def _text(self, prompt: str) -> npt.NDArray[np.float64]:
        length = self.model.config.text_config.max_position_embeddings
        words = self.tokenizer([prompt], truncation=True, max_length=length, return_tensors="pt")
        output = self.model.get_text_features(
            input_ids=words["input_ids"].to(self.model.device),
            attention_mask=words["attention_mask"].to(self.model.device),
        )
        return unit(output.pooler_output[0].double().cpu().numpy())


def load(name: str, *, weights: str | Path | None, device: str) -> Clip:
    """Load PickScore, CLIP score or CLIP image similarity; see `load_scorer`.

    PickScore's scale is the model's own logit scale, as its authors publish it (arXiv 2305.01569).
    CLIP score is 100 × the cosine, for the bare prompt and without cutting negative values off:
    Hessel et al. (arXiv 2104.08718) take 2.5 × the cosine of the same ViT-B/32 with "A photo
    depicts" before the text, which ranks pictures by the same quantity.
    """
    from transformers import CLIPModel

    there = usable_device(device)
    standard = SCORERS[name].weights
    place = place_of(name, weights, standard)
    published = BASE if name == "pickscore" else standard
    around = published if place == standard else place
    model = load_model(name, CLIPModel, place, there)
    return Clip(
        name=name,
        model=model,
        tokenizer=load_tokenizer(name, place_with(TOKENIZER_FILES, around, published)),
        prepare=prepared_by(
            load_image_processor(name, place_with(PROCESSOR_FILES, around, published))
        ),
        scale=model.logit_scale.exp().item() if name == "pickscore" else PERCENT,
    )


def load_tokenizer(scorer: str, place: str) -> Any:  # noqa: ANN401
    """Load a CLIP model's tokenizer.

    Raises
    ------
    MissingWeights
        The tokenizer is missing.
    """
    from transformers import AutoTokenizer

    with fetching(scorer, place, "tokenizer"):
        tokenizer = AutoTokenizer.from_pretrained(place)
    # Without a vocabulary file transformers returns a tokenizer without words.
    if len(tokenizer) <= len(tokenizer.all_special_ids):
        raise MissingWeights(how_to_get(scorer, place, "tokenizer"))
    return tokenizer


def prepared_by(processor: Any) -> Callable[[list[Image.Image]], torch.Tensor]:  # noqa: ANN401
    """Return a function from pictures to pixel values, with an image processor of transformers."""

    def prepare(pictures: list[Image.Image]) -> torch.Tensor:
        pixels: torch.Tensor = processor(images=pictures, return_tensors="pt")["pixel_values"]
        return pixels

    return prepare
