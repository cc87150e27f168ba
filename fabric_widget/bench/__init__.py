"""How long a step takes with feedback: measured beside the plain pipeline and the published way.

plan       what is measured, with which settings: light to import
targets    the pipelines that it is measured on
methods    plain, first, later, published: how each makes a round, and in which order
published  FABRIC as it was published, for UNets: what the engine is compared with
bench      the whole of it, target after target
measure    one target: FLOPs, times, memory, one sample after the other
flops      arithmetic counted, not estimated
memory     the most memory that a run took
machine    what it was measured on and with
loading    how long imports take, in fresh processes
report     from samples to medians, quartiles and ratios, plain enough for JSON
chart      one target's report as a chart
"""
