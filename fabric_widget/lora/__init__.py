"""A taste to keep: what a session's votes say, learnt by a LoRA.

A pipeline that borrows from liked pictures predicts something else than it does alone. The LoRA
learns to predict the same without them: from then on, no picture has to be borrowed from.

settings       LoRASettings: how much is learnt, from what
lessons        what the denoiser predicts while pictures are lent to it
layers         which layers of any denoiser learn: its attention projections
adapter        low-rank weights beside these layers, and their way in and out
train          the loop: steps, early stop, progress
baking         from votes to a LoRA
taste_lora     TasteLoRA: the result
samples        the same pictures with and without it, and the sheet that shows them
files          as a file that diffusers, kohya's scripts and ComfyUI read
errors         what can be wrong
shelf          those that sessions use, by their digests
"""

from fabric_widget.lora.baking import bake
from fabric_widget.lora.errors import NotEnoughVotes
from fabric_widget.lora.lessons import Teacher
from fabric_widget.lora.settings import LoRASettings
from fabric_widget.lora.taste_lora import TasteLoRA
from fabric_widget.lora.train import BakingProgress

__all__ = ["BakingProgress", "LoRASettings", "NotEnoughVotes", "TasteLoRA", "Teacher", "bake"]
