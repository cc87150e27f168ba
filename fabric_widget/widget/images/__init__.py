"""Pictures in the formats that the front end shows.

encoding       pictures as bytes
contact_sheet  a round as one picture
static_output  what a notebook shows without a kernel
"""
