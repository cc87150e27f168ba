"""What feedback costs: time, arithmetic and memory, beside the plain and the published pipeline.

plan       what is measured, with which settings: imports no torch
targets    the pipelines that it is measured on
parts      what the targets share
transformer_targets  those of Stable Diffusion 3.5 and Flux
methods    plain, first, later, published: how each makes a round, and in which order
published  FABRIC as it was published, for UNets
bench      all targets, one after the other
measure    one target: FLOPs, times, memory
flops      counts floating-point operations
machine    processor, threads and versions
loading    how long imports take, in fresh processes
report     medians, quartiles and ratios, for JSON
chart      one target's report as a chart
"""
