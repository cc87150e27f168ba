"""Whether all of it holds on a GPU, in one run of a few minutes; and the same in small on a CPU.

check    what a check is, and what it found
place    where checks run: the device, its precisions, real or tiny shapes
bare     a machine that lacks packages
run      one check after the other, within a limit of time; what is found is kept at once
results  what was found, as JSON and as a page
page     the page
checks/  the checks themselves
"""
