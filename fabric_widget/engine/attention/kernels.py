"""Kernels of softmax attention that return its log-sum-exp, by the device and the type of a query.

Each takes queries (B, H, N, D) and keys and values (B, H, M, D) and returns (B, H, N, D) and
(B, H, N). No public function of torch's returns a log-sum-exp, so these are its operators. They
check neither batch sizes nor strides; what they want, `attend` of `core` gives them.

flash      half precision, up to 256 channels a head, on GPUs from the Ampere generation on
cudnn      the same on newer GPUs, up to 128 channels; never chosen by itself
efficient  any precision, any number of channels, any GPU
on_cpu     flash attention of the CPU
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

    OutAndLse = tuple[torch.Tensor, torch.Tensor]
    Kernel = Callable[[torch.Tensor, torch.Tensor, torch.Tensor, float], OutAndLse]

ALIGNMENT = 8  # CUDA kernels want channels in multiples of this; zeros change no score
FLASH_CHANNELS = 256
CUDNN_CHANNELS = 128
_FLASH_CAPABILITY = (8, 0)
_HALF = (torch.float16, torch.bfloat16)


def has_log_sum_exp(q: torch.Tensor) -> bool:
    """Return whether there is an attention kernel for `q` that returns its log-sum-exp."""
    return q.device.type == "cpu" or (q.device.type == "cuda" and q.dtype != torch.float64)


def kernel_for(q: torch.Tensor) -> Kernel:
    """Return the kernel for queries of this kind; `has_log_sum_exp` says whether there is one."""
    if q.device.type == "cpu":
        return on_cpu
    modern = torch.cuda.get_device_capability(q.device) >= _FLASH_CAPABILITY
    if modern and q.shape[-1] <= FLASH_CHANNELS and q.dtype in _HALF:
        return flash
    return efficient


def on_cpu(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, scale: float) -> OutAndLse:
    """Flash attention of the CPU, in any floating-point type."""
    out, lse = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(q, k, v, scale=scale)  # noqa: SLF001
    return out, lse


def flash(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, scale: float) -> OutAndLse:
    """Flash attention, in half precision."""
    out, lse, *_ = torch.ops.aten._scaled_dot_product_flash_attention(q, k, v, scale=scale)  # noqa: SLF001
    return out, lse[..., : q.shape[-2]]


def efficient(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, scale: float) -> OutAndLse:
    """Memory-efficient attention; its log-sum-exps are padded to a multiple of 32."""
    out, lse, *_ = torch.ops.aten._scaled_dot_product_efficient_attention(  # noqa: SLF001
        q, k, v, None, compute_log_sumexp=True, scale=scale
    )
    return out, lse[..., : q.shape[-2]]


def cudnn(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, scale: float) -> OutAndLse:
    """Attention of cuDNN, in half precision; its log-sum-exps have an axis more."""
    out, lse, *_ = torch.ops.aten._scaled_dot_product_cudnn_attention(  # noqa: SLF001
        q, k, v, None, compute_log_sumexp=True, scale=scale
    )
    return out, lse.reshape(*q.shape[:3])
