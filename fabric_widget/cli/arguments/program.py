"""The name of the command line."""

PROGRAM = "python -m fabric_widget"
