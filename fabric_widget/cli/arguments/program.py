"""What the command line is called."""

PROGRAM = "python -m fabric_widget"
