"""Any diffusers pipeline, seen from its denoiser. Knows nothing of feedback.

protocol           the part of a diffusers pipeline that is used, for type checkers
denoiser           the calls that a pipeline makes to its denoiser, and noise for a reference
call               one such call: its rows, the form of its latents, where its picture stands
guidance_branches  which rows and which calls are conditional
latents            pictures into latents
packing            latents as a picture and as packed tokens
restore            everything borrowed is given back
"""
