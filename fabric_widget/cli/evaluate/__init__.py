"""The command evaluate: many prompts, several methods, results that survive an interrupt.

command  runs what is missing, from the options to the exit code
plan     what the options ask for, checked
results  the files that are written
tables   the tables that are printed
"""

from __future__ import annotations

from fabric_widget.cli.evaluate.command import run

__all__ = ["run"]
