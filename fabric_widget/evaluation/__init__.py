"""Does feedback work? Simulated people, measures and reports. Uses engine, session and demo.

tastes      hidden tastes, and how far a picture is from one
person      the simulated person: likes the best, dislikes the worst
statistics  diversity, saturation, contrast of a round
plan        what a story is to be about
story       rounds with feedback beside the same seeds without
comparison  the same over many tastes, with an interval
figures     a story's or a comparison's numbers, plain enough for JSON
sheet       a story as one picture
page        a story as one self-contained page
chart       curves and intervals as SVG
markup      what pages have in common
thumb       the shape of a vote
wishes      tastes with "or" and "not"
methods     ways to come from votes to the next round
scorers     what judges pictures
study       the paper's protocols: many prompts, several methods, on one machine or many
"""
