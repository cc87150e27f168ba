"""Weights and packages of the scorers: found, loaded, or an error that says how to get them.

loading    weights from a folder or a hub
packages   packages that only one scorer needs
open_clip  weights in the layout of open_clip, for transformers
"""
