"""Pictures as the front end gets them.

encoding       pictures as bytes
contact_sheet  a round as one picture
static_output  what a notebook shows without a kernel
"""
