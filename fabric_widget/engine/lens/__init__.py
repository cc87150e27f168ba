"""Which reference influenced which place of a picture: attention, recorded while it is made.

lens            Lens: what is recorded
recorder        at which steps, calls and rows
attention_maps  attention probabilities, pooled into maps
influence       Influence: what was recorded, to be read
"""
