"""The pipeline's own arguments: what stands in for a prompt in recorded calls, what has a batch.

prompts     the null prompt and others, as text or, where text encoders are gone, as embeddings
embeddings  which arguments are embeddings of a prompt, and their rows
batches     arguments with a batch of their own, beside one prompt: pictures, masks
"""
