"""Liked and disliked pictures as keys and values for self-attention.

references       from votes to latents and noise
feedback         which pictures of a run borrow what, and the calls that compute references
offers           what references lend to one layer, and how strongly: aspects, parts and shares
reference_calls  the denoiser calls that references are computed with, at any size
noise_levels     the noise levels they are computed at, now and at coming steps
subject          where the subject of a picture is, by the model's own self-attention
recorder         keys and values of references at one step: cached, or computed
prefetch         keys and values computed ahead, for coming steps
cache_size       how much memory they take, by arithmetic
cache            a least-recently-used cache of keys and values
host_cache       its overflow in the host's memory
lender           which rows borrow from which references in one denoiser call
"""
