"""Studies: the paper's two protocols, many prompts, several methods, on one machine or many.

settings      what all trials have in common
cases         the prompts, and what is wanted and not said
resources     pipeline, scorers, simulated user: loaded once
preferences   what gives values to pictures
trial         one prompt, one method, all rounds
cost          seconds and memory of a round
result_store  finished trials on the disk
in_process    trials one after the other
cluster       trials on a Ray cluster
run           what a folder lacks, wherever it is run
"""
