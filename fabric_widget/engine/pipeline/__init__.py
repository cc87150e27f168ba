"""Any diffusers pipeline, seen from its denoiser. Knows nothing about feedback.

protocol           the part of a diffusers pipeline that is used, for type checkers
denoiser           which component it is, its calls with named arguments
lock               one run at a time, and runs that wait for their turn
identity           a name for it, by its architecture and weights
call               one denoiser call: its rows, the form of its latents, where its picture stands
record_calls       the calls that a pipeline would make, recorded before a run
noise              noise for reference latents, as the scheduler adds it
start_noise        the start noise of each picture, seen and mixed where it is drawn
guidance_branches  which rows and which calls are conditional
latents            pictures into latents
packing            latents as a picture and as packed tokens
arguments/         the pipeline's own: prompts for recorded calls, what has a batch
restore            everything borrowed is given back
"""
