"""Studies: the paper's two protocols, many prompts, several methods, on one machine or many.

settings  what all trials have in common
cases     the prompts, and what is wanted and not said
studio    pipeline, scorers, person: loaded once
judges    what gives values to pictures
trial     one prompt, one method, all rounds
cost      seconds and memory of a round
folder    finished trials on the disk
local     trials one after the other
cluster   trials on a Ray cluster
run       what a folder lacks, wherever it is run
summary   means, intervals, effects
export    results as JSON lines or Parquet
report    results as one self-contained page
"""
