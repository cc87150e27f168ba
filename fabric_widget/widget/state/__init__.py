"""Contents of the traits: settings, status, the session as JSON.

settings       what a person can set, and in which ranges
presets        sets of feedback settings, under a name
status         the status, and how often it is published
pipeline_info  what the widget needs to know of a pipeline
masks          parts of pictures as the lengths of runs
serialize      rounds, history and votes as JSON
"""
