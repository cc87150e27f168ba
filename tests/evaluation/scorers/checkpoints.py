"""Tiny random checkpoints of the scorers' architectures, laid out as the published ones are."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image
from torch import nn
from transformers import CLIPConfig, CLIPModel, Dinov2Config, Dinov2Model
from transformers.models.bit.image_processing_pil_bit import BitImageProcessorPil
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

from fabric_widget.demo.scenes import Scene, render
from fabric_widget.zoo import tiny

if TYPE_CHECKING:
    from pathlib import Path

SIDE = 32  # pixels of what the models see
PATCH = 8
WIDTH = 32
HEADS = 2
LAYERS = 2
EMBEDDING = 24
VOCABULARY = len(tiny.tokenizer())


def pictures(count: int = 5) -> list[Image.Image]:
    """Return pictures of all sizes and modes: scenes, noise, and one that is transparent."""
    rng = random.Random(1)
    noise = np.random.default_rng(1).integers(0, 256, (45, 70, 3), dtype=np.uint8)
    some = [
        render(Scene.sample(rng), rng, size=64),
        Image.fromarray(noise),
        render(Scene.sample(rng), rng, size=32).resize((30, 50)),
        render(Scene.sample(rng), rng, size=64).convert("L"),
        Image.new("RGBA", (40, 40), (200, 30, 90, 120)),
    ]
    more = [render(Scene.sample(rng), rng, size=48) for _ in range(count - len(some))]
    return [*some, *more][:count]


def processor(side: int = SIDE) -> Any:
    """Return CLIP's image processor for small pictures."""
    return CLIPImageProcessorPil(
        size={"shortest_edge": side}, crop_size={"height": side, "width": side}
    )


def clip_config() -> CLIPConfig:
    """Return the configuration of a tiny CLIP model whose text is letters."""
    common = {
        "hidden_size": WIDTH,
        "intermediate_size": 4 * WIDTH,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "hidden_act": "gelu",
    }
    words = {
        "vocab_size": VOCABULARY,
        "max_position_embeddings": tiny.TOKENS,
        "bos_token_id": 0,
        "eos_token_id": 1,
        "pad_token_id": 1,
    }
    return CLIPConfig(
        text_config=common | words,
        vision_config=common | {"image_size": SIDE, "patch_size": PATCH},
        projection_dim=EMBEDDING,
    )


def lively(model: Any, seed: int = 0) -> Any:
    """Return the model with weights large enough that pictures and prompts do not look alike."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.ndim > 1 or "class_embedding" in name:
                parameter.normal_(std=parameter.shape[-1] ** -0.5, generator=generator)
    return model.eval()


def write_clip(folder: Path, *, seed: int = 0, processed: bool = True) -> CLIPModel:
    """Write a CLIP model, with tokenizer and image processor or without, and return it."""
    model = lively(CLIPModel(clip_config()), seed)
    model.save_pretrained(folder)
    if processed:
        processor().save_pretrained(folder)
        tiny.tokenizer().save_pretrained(folder)
    return model


def write_dinov2(folder: Path) -> Dinov2Model:
    """Write a DINOv2 model with its image processor, and return it."""
    config = Dinov2Config(
        hidden_size=WIDTH,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        image_size=SIDE,
        patch_size=PATCH,
    )
    model = lively(Dinov2Model(config))
    model.save_pretrained(folder)
    size = {"height": SIDE, "width": SIDE}
    BitImageProcessorPil(size={"shortest_edge": 40}, crop_size=size).save_pretrained(folder)
    return model


class Block(nn.Module):
    """A block of a transformer, its parts named as open_clip names them."""

    def __init__(self) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(WIDTH)
        self.attn = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)
        self.ln_2 = nn.LayerNorm(WIDTH)
        self.mlp = nn.Sequential()
        self.mlp.add_module("c_fc", nn.Linear(WIDTH, 4 * WIDTH))
        self.mlp.add_module("gelu", nn.GELU())
        self.mlp.add_module("c_proj", nn.Linear(4 * WIDTH, WIDTH))

    def forward(self, x: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        y = self.ln_1(x)
        x = x + self.attn(y, y, y, need_weights=False, attn_mask=mask)[0]
        seen: torch.Tensor = x + self.mlp(self.ln_2(x))
        return seen


class Tower(nn.Module):
    """A stack of blocks."""

    def __init__(self) -> None:
        super().__init__()
        self.resblocks = nn.ModuleList(Block() for _ in range(LAYERS))

    def forward(self, x: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        for block in self.resblocks:
            x = block(x, mask)
        return x


class Sight(nn.Module):
    """The image tower of a CLIP model."""

    def __init__(self) -> None:
        super().__init__()
        self.class_embedding = nn.Parameter(torch.empty(WIDTH))
        self.positional_embedding = nn.Parameter(torch.empty((SIDE // PATCH) ** 2 + 1, WIDTH))
        self.conv1 = nn.Conv2d(3, WIDTH, PATCH, PATCH, bias=False)
        self.ln_pre = nn.LayerNorm(WIDTH)
        self.transformer = Tower()
        self.ln_post = nn.LayerNorm(WIDTH)
        self.proj = nn.Parameter(torch.empty(WIDTH, EMBEDDING))

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        patches = self.conv1(pixels).flatten(2).transpose(1, 2)
        cls = self.class_embedding.expand(len(patches), 1, -1)
        x = torch.cat([cls, patches], dim=1) + self.positional_embedding
        x = self.transformer(self.ln_pre(x))
        seen: torch.Tensor = self.ln_post(x[:, 0]) @ self.proj
        return seen


class OpenClip(nn.Module):
    """A CLIP model as Radford et al. describe it, its weights named as open_clip names them."""

    def __init__(self) -> None:
        super().__init__()
        self.visual = Sight()
        self.token_embedding = nn.Embedding(VOCABULARY, WIDTH)
        self.positional_embedding = nn.Parameter(torch.empty(tiny.TOKENS, WIDTH))
        self.transformer = Tower()
        self.ln_final = nn.LayerNorm(WIDTH)
        self.text_projection = nn.Parameter(torch.empty(WIDTH, EMBEDDING))
        self.logit_scale = nn.Parameter(torch.tensor(3.0))

    def text(self, tokens: torch.Tensor) -> torch.Tensor:
        """Return the embeddings of texts that end with their last token."""
        length = tokens.shape[1]
        x = self.token_embedding(tokens) + self.positional_embedding[:length]
        causal = torch.full((length, length), -torch.inf).triu(1)
        embeddings: torch.Tensor = (
            self.ln_final(self.transformer(x, causal)[:, -1]) @ self.text_projection
        )
        return embeddings


def write_hpsv2(folder: Path) -> OpenClip:
    """Write a checkpoint as that of HPS v2.1 is, with its configuration and tokenizer."""
    folder.mkdir(parents=True, exist_ok=True)
    model: OpenClip = lively(OpenClip())
    torch.save({"state_dict": model.state_dict()}, folder / "HPS_v2.1_compressed.pt")
    clip_config().save_pretrained(folder)
    tiny.tokenizer().save_pretrained(folder)
    return model
