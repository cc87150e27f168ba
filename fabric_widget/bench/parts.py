"""What the targets share: tiny autoencoders, text encoders as wide as real ones, tokenizers."""

from __future__ import annotations

from typing import Any

from diffusers import AutoencoderKL
from transformers import CLIPTextConfig, CLIPTokenizer

TOKENS = 77
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def autoencoder(channels: int = 4, **settings: Any) -> AutoencoderKL:
    """Return a tiny autoencoder that halves the sides of a picture."""
    model: AutoencoderKL = AutoencoderKL(
        block_out_channels=(8, 8),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        latent_channels=channels,
        norm_num_groups=4,
        **settings,
    )
    return model


def text(width: int) -> CLIPTextConfig:
    """Return a text encoder as wide as the real one and two layers deep."""
    return CLIPTextConfig(
        vocab_size=2 + 2 * len(_LETTERS),
        hidden_size=width,
        intermediate_size=width,
        num_hidden_layers=2,
        num_attention_heads=width // 64,
        max_position_embeddings=TOKENS,
        projection_dim=width,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=1,
    )


def tokenizer() -> CLIPTokenizer:
    """Return a CLIP tokenizer of letters."""
    words = ["<|startoftext|>", "<|endoftext|>", *_LETTERS, *(f"{x}</w>" for x in _LETTERS)]
    return CLIPTokenizer(
        vocab={word: i for i, word in enumerate(words)}, merges=[], model_max_length=TOKENS
    )
