"""Charts as SVG text. Know no other room: they take numbers and words.

svg          elements, and the picture around them with its title and description
scales       numbers to pixels, round numbers for the ticks of an axis
line_chart   values round by round, with intervals
forest_plot  differences with their intervals, on both sides of zero
heat_map     a value for each row and column, by how dark its cell is

Colours are those of CSS classes, so a chart follows the reader's colour scheme.
"""

from __future__ import annotations

from fabric_widget.charts.forest_plot import forest_plot
from fabric_widget.charts.line_chart import Line, line_chart
from fabric_widget.charts.scales import Scale, ticks

__all__ = ["Line", "Scale", "forest_plot", "line_chart", "ticks"]
