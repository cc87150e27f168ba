"""AttentionPlayground: one reference, its weight and the numbers of its gate.

widget      AttentionPlayground: traits and public methods
borrowed    which layers and which part of the reference count
comparison  what is made
carried     what came over, and what was measured before
settings    what can be set there
runs        how its pictures are made
publish     its status and pictures, published
messages    what its messages do
serialize   its pictures and maps as JSON and bytes
"""
