"""Liked and disliked pictures as keys and values for self-attention.

images           any picture a person may give, as an RGB image
votes            likes and dislikes, each picture once
references       from votes to latents, noise and a strength
feedback         the references of a run, and the calls that compute them
reference_calls  the denoiser calls that references are computed with, at any size
noise_levels     the noise levels they are computed at, now and at coming steps
recorder         keys and values of references at one step: cached, or computed
prefetch         keys and values computed ahead, for coming steps
cache            a least-recently-used cache of keys and values
host_cache       its overflow in the host's memory
lender           which rows borrow from which references in one denoiser call
"""
