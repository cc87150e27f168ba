"""What "colors" and "form" mean on a pipeline, measured on it.

Pictures are drawn with one reference liked that lends in one cell only: a group of attention sites,
at a third of the steps. How far they come to its colors, and how far to its form, tells what the
cell is for.

cells        groups of sites, parts of the steps
settings     what is measured, with how many references
measurement  draws the pictures, and measures their distances
shares       from distances to shares of the way, with intervals
rule         from shares to weights
figures      all of it for JSON
chart        the shares as a picture
"""
