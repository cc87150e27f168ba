"""Studies: the paper's two protocols, many prompts, several methods, on one machine or many.

settings      what all trials have in common
cases         the prompts, and the wish or the hidden picture of each
resources     pipeline, scorers, simulated user: loaded once
preferences   values of pictures, by a scorer, a target or a wish
trial         one prompt, one method, all rounds
cost          seconds and memory of a round
result_store  finished trials on disk
in_process    trials one after the other
cluster       trials on a Ray cluster
run           run the trials that a folder lacks
"""
