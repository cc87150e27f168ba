"""What a person says about pictures: votes, aspects and parts. Knows pipelines by name at most.

votes     likes and dislikes, each with a strength, an aspect and a part
images    any picture a person may give, as an RGB image
arrays    numpy arrays and torch tensors as pictures
aspects   what of a picture counts: everything, its colors, its form
measured  what the aspects of a pipeline were measured to be
parts     which part of a picture counts: a box, a mask, its subject, its background
"""
