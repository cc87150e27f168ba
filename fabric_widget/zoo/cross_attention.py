"""Transformers with self-attention over the image and cross-attention to the text."""

from __future__ import annotations

from typing import Any

import torch
from diffusers import (
    AutoencoderDC,
    HunyuanDiT2DModel,
    HunyuanDiTPipeline,
    LuminaNextDiT2DModel,
    LuminaPipeline,
    PixArtAlphaPipeline,
    PixArtSigmaPipeline,
    PixArtTransformer2DModel,
    SanaPAGPipeline,
    SanaPipeline,
    SanaTransformer2DModel,
)

from fabric_widget.zoo import parts, tiny
from fabric_widget.zoo.family import Family, Parts, builder
from fabric_widget.zoo.tokenizers import letters

_QUICK: dict[str, Any] = {"num_inference_steps": 2, "guidance_scale": 3.0}
_AS_GIVEN: dict[str, Any] = {
    "max_sequence_length": 16,
    "use_resolution_binning": False,
    "clean_caption": False,
}


def _small(side: int) -> dict[str, Any]:
    return _QUICK | {"height": side, "width": side}


def _pixart() -> dict[str, Any]:
    return {
        "transformer": PixArtTransformer2DModel(
            sample_size=8,
            in_channels=4,
            out_channels=8,
            num_layers=2,
            num_attention_heads=2,
            attention_head_dim=8,
            cross_attention_dim=16,
            caption_channels=parts.WIDTH,
        ),
        "scheduler": tiny.scheduler("DPM++ 2M"),
        "vae": parts.vae(),
        "text_encoder": parts.t5(),
        "tokenizer": letters(),
    }


@builder
def pixart_alpha() -> Parts:
    return PixArtAlphaPipeline, _pixart()


@builder
def pixart_sigma() -> Parts:
    return PixArtSigmaPipeline, _pixart()


@builder
def hunyuan_dit() -> Parts:
    return HunyuanDiTPipeline, {
        "transformer": HunyuanDiT2DModel(
            sample_size=8,
            patch_size=2,
            in_channels=4,
            num_layers=4,
            num_attention_heads=2,
            attention_head_dim=8,
            hidden_size=16,
            cross_attention_dim=parts.WIDTH,
            cross_attention_dim_t5=parts.WIDTH,
            pooled_projection_dim=16,
        ),
        "scheduler": tiny.scheduler("DDPM", "v_prediction"),
        "vae": parts.vae(halvings=3),
        "text_encoder": parts.bert(),
        "tokenizer": letters(),
        "text_encoder_2": parts.t5(),
        "tokenizer_2": letters(),
        "safety_checker": None,
        "feature_extractor": None,
        "requires_safety_checker": False,
    }


@builder
def lumina_next() -> Parts:
    transformer = LuminaNextDiT2DModel(
        sample_size=8,
        hidden_size=16,
        num_layers=2,
        num_attention_heads=2,
        num_kv_heads=1,
        multiple_of=16,
        cross_attention_dim=parts.WIDTH,
    )
    torch.nn.init.zeros_(transformer.pad_token)  # the model leaves it uninitialized
    return LuminaPipeline, {
        "transformer": transformer,
        "scheduler": parts.flow(),
        "vae": parts.vae(halvings=3),
        "text_encoder": parts.gemma2(),
        "tokenizer": letters(begin=True, end=False),
    }


def _sana() -> dict[str, Any]:
    return {
        "transformer": SanaTransformer2DModel(
            sample_size=16,
            in_channels=4,
            out_channels=4,
            num_layers=2,
            num_attention_heads=2,
            attention_head_dim=8,
            num_cross_attention_heads=2,
            cross_attention_head_dim=8,
            cross_attention_dim=16,
            caption_channels=parts.WIDTH,
        ),
        "scheduler": parts.flow(),
        "vae": AutoencoderDC(
            latent_channels=4,
            attention_head_dim=4,
            encoder_block_out_channels=(8, 8),
            decoder_block_out_channels=(8, 8),
            encoder_layers_per_block=(1, 1),
            decoder_layers_per_block=(1, 1),
            encoder_qkv_multiscales=((), ()),
            decoder_qkv_multiscales=((), ()),
        ),
        "text_encoder": parts.gemma2(),
        "tokenizer": letters(begin=True, end=False),
    }


@builder
def sana() -> Parts:
    return SanaPipeline, _sana()


@builder
def sana_pag() -> Parts:
    return SanaPAGPipeline, _sana()


FAMILIES = (
    Family("PixArt-α", pixart_alpha, _small(16) | _AS_GIVEN, note="also predicts a variance"),
    Family("PixArt-Σ", pixart_sigma, _small(16) | _AS_GIVEN, note="also predicts a variance"),
    Family(
        "HunyuanDiT",
        hunyuan_dit,
        _small(64) | {"use_resolution_binning": False},
        note="conditioned on the picture's size; positions are an argument",
    ),
    Family(
        "Lumina-Next",
        lumina_next,
        _small(64) | {"clean_caption": False},
        note="the conditional half first; fewer heads of keys than of queries",
    ),
    Family(
        "Sana",
        sana,
        _small(32) | _AS_GIVEN | {"complex_human_instruction": None},
        note="linear attention",
    ),
    Family(
        "Sana PAG",
        sana_pag,
        _small(32) | _AS_GIVEN | {"complex_human_instruction": None, "pag_scale": 2.0},
        note="linear attention; a third part of the batch, perturbed",
    ),
)
