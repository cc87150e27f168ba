"""Which reference influenced which place of a picture: attention maps, recorded during a run.

lens            Lens: what is recorded
recorder        at which steps, calls and rows
attention_maps  attention probabilities, pooled into maps
influence       Influence: what was recorded, to be read
"""
