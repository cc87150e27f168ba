"""The command line. Only `arguments` is imported before a command is known: help is instant.

arguments  the parser
demo       one story: contact sheet, page, table
evaluate   the paper's protocols: several methods, results that are kept
tastes     many tastes: a table, a mean, an interval
pipelines  every family of pipelines: does feedback work?
bench      what feedback costs: a table, JSON, charts
stage      what they share: the demo model, a progress bar
table      aligned columns
"""

USAGE = 2
"""Exit code of a command whose options cannot be met, as argparse gives it."""
INTERRUPTED = 130
"""Exit code of a command that was ended by Ctrl-C, as shells report it."""
