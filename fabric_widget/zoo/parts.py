"""Components shared by the families: text encoders, autoencoders, schedulers."""

from __future__ import annotations

from typing import Any

from diffusers import AutoencoderKL, DDPMScheduler, FlowMatchEulerDiscreteScheduler
from transformers import (
    BertConfig,
    BertModel,
    CLIPImageProcessor,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
    Gemma2Config,
    Gemma2Model,
    GlmConfig,
    GlmModel,
    LlamaConfig,
    LlamaForCausalLM,
    Mistral3Config,
    Mistral3ForConditionalGeneration,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen3Config,
    Qwen3ForCausalLM,
    Qwen3VLConfig,
    Qwen3VLForConditionalGeneration,
    SmolLM3Config,
    SmolLM3ForCausalLM,
    T5Config,
    T5EncoderModel,
    T5GemmaConfig,
    UMT5Config,
    UMT5EncoderModel,
)
from transformers.models.t5gemma.modeling_t5gemma import T5GemmaEncoder

from fabric_widget.zoo.tokenizers import BEGIN, END, PAD, VOCABULARY

WIDTH = 16  # of every text encoder
CLIP_TOKENS = 8

_MARKS = {"bos_token_id": BEGIN, "eos_token_id": END, "pad_token_id": PAD}
DECODER: dict[str, Any] = {  # a language model
    "vocab_size": VOCABULARY,
    "hidden_size": WIDTH,
    "intermediate_size": WIDTH,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 512,
    **_MARKS,
}


def _clip(tokens: int = CLIP_TOKENS) -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=74,
        hidden_size=WIDTH,
        intermediate_size=WIDTH,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=tokens,
        projection_dim=WIDTH,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=1,
    )


def clip(tokens: int = CLIP_TOKENS) -> Any:
    """Return the text model of CLIP."""
    return CLIPTextModel(_clip(tokens))


def clip_projected() -> Any:
    """Return the text model of CLIP with the projection of its pooled output."""
    return CLIPTextModelWithProjection(_clip())


def clip_vision() -> Any:
    """Return the vision model of CLIP."""
    return CLIPVisionModelWithProjection(
        CLIPVisionConfig(
            hidden_size=WIDTH,
            intermediate_size=WIDTH,
            num_hidden_layers=1,
            num_attention_heads=2,
            projection_dim=WIDTH,
            image_size=16,
            patch_size=8,
        )
    )


def clip_image_processor() -> Any:
    """Return the image processor of the vision model of CLIP."""
    return CLIPImageProcessor(size={"shortest_edge": 16}, crop_size={"height": 16, "width": 16})


def _t5(width: int = WIDTH) -> dict[str, Any]:
    return {
        "vocab_size": VOCABULARY,
        "d_model": width,
        "d_kv": 8,
        "d_ff": WIDTH,
        "num_layers": 1,
        "num_heads": 2,
        "pad_token_id": PAD,
        "eos_token_id": END,
    }


def t5(width: int = WIDTH) -> Any:
    """Return the encoder of T5."""
    return T5EncoderModel(T5Config(**_t5(width)))


def umt5() -> Any:
    """Return the encoder of UMT5."""
    return UMT5EncoderModel(UMT5Config(**_t5()))


def t5_gemma() -> Any:
    """Return the encoder of T5Gemma."""
    return T5GemmaEncoder(T5GemmaConfig(encoder=DECODER, decoder=DECODER).encoder)


def bert() -> Any:
    """Return BERT."""
    return BertModel(
        BertConfig(
            vocab_size=VOCABULARY,
            hidden_size=WIDTH,
            intermediate_size=WIDTH,
            num_hidden_layers=1,
            num_attention_heads=2,
            pad_token_id=PAD,
        )
    )


def gemma2() -> Any:
    """Return Gemma 2 without a head."""
    return Gemma2Model(Gemma2Config(**DECODER))


def glm() -> Any:
    """Return GLM without a head."""
    return GlmModel(GlmConfig(**DECODER))


def qwen3() -> Any:
    """Return Qwen 3."""
    return Qwen3ForCausalLM(Qwen3Config(**DECODER))


def smollm3() -> Any:
    """Return SmolLM 3 with the vocabulary size that the start token of Bria FIBO needs."""
    return SmolLM3ForCausalLM(SmolLM3Config(**DECODER | {"vocab_size": 128_001}))


def llama() -> Any:
    """Return Llama."""
    return LlamaForCausalLM(LlamaConfig(**DECODER))


def mistral3() -> Any:
    """Return Mistral 3, a vision-language model."""
    vision = {
        "model_type": "pixtral",
        "hidden_size": WIDTH,
        "intermediate_size": WIDTH,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
    }
    return Mistral3ForConditionalGeneration(
        Mistral3Config(text_config=DECODER | {"model_type": "mistral"}, vision_config=vision)
    )


def qwen2_5_vl() -> Any:
    """Return Qwen 2.5 VL."""
    text = {name: value for name, value in DECODER.items() if name != "head_dim"}
    return Qwen2_5_VLForConditionalGeneration(
        Qwen2_5_VLConfig(
            text_config={
                **text,
                "rope_parameters": {
                    "rope_type": "default",
                    "rope_theta": 10000.0,
                    "mrope_section": [1, 1, 2],
                },
            },
            vision_config={
                "depth": 1,
                "hidden_size": WIDTH,
                "intermediate_size": WIDTH,
                "num_heads": 2,
                "out_hidden_size": WIDTH,
            },
        )
    )


def qwen3_vl() -> Any:
    """Return Qwen 3 VL."""
    rope = {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [1, 1, 2]}
    vision = {
        "depth": 1,
        "hidden_size": WIDTH,
        "intermediate_size": WIDTH,
        "num_heads": 2,
        "out_hidden_size": WIDTH,
        "deepstack_visual_indexes": [0],
        "num_position_embeddings": 16,
    }
    return Qwen3VLForConditionalGeneration(
        Qwen3VLConfig(text_config=DECODER | {"rope_parameters": rope}, vision_config=vision)
    )


def vae(channels: int = 4, halvings: int = 1, **settings: Any) -> Any:
    """Return an autoencoder that halves the sides of a picture `halvings` times."""
    blocks = halvings + 1
    return AutoencoderKL(
        block_out_channels=(8,) * blocks,
        down_block_types=("DownEncoderBlock2D",) * blocks,
        up_block_types=("UpDecoderBlock2D",) * blocks,
        latent_channels=channels,
        norm_num_groups=4,
        sample_size=16,
        **settings,
    )


def frame_vae(kind: Any, halvings: int = 1, **settings: Any) -> Any:
    """Return a video autoencoder of a `kind`, for pictures as videos of one frame."""
    return kind(
        base_dim=8,
        z_dim=4,
        dim_mult=[1] * (halvings + 1),
        num_res_blocks=1,
        temperal_downsample=[False] * halvings,
        latents_mean=[0.0] * 4,
        latents_std=[1.0] * 4,
        **settings,
    )


def flow_vae(channels: int = 4, halvings: int = 1) -> Any:
    """Return an autoencoder for flow models: with a shift factor."""
    return vae(channels, halvings, scaling_factor=0.4, shift_factor=0.1)


def flow(**settings: Any) -> Any:
    """Return a flow-matching scheduler."""
    return FlowMatchEulerDiscreteScheduler(**{"shift": 3.0} | settings)


def ddpm(**settings: Any) -> Any:
    """Return a DDPM scheduler."""
    return DDPMScheduler(**settings)
