"""The command bench: what feedback costs, as a table, one JSON document, a chart for each target.

command  from the options to the exit code
plan     what the options ask for, checked
tables   what is printed
"""

from __future__ import annotations

from fabric_widget.cli.bench.command import run

__all__ = ["run"]
