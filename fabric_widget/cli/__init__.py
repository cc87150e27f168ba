"""The command line. Only `arguments` is imported before a command is known: help is instant.

arguments/  the parser
demo        one story: contact sheet, page, table
tastes      many tastes: a table, a mean, an interval
evaluate/   the paper's protocols: several methods, results that are kept
pipelines   every family of pipelines: does feedback work?
aspects     what colors and form mean on a pipeline: a table, JSON, a chart
replay      a saved session made once more: which pictures are the same
export      a saved session as a page, as pictures, as code
gpu         whether all of it holds on a GPU: lines, JSON, a page
bench/      what feedback costs: a table, JSON, charts
model       the demo model, and the pipeline's arguments
progress    a progress bar, and Ctrl-C
table       aligned columns
exit_codes  exit codes and errors
"""
