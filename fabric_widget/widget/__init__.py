"""The widget: a session with a face, in every notebook. Knows the session; nobody knows it.

widget    FabricWidget: traits, messages, the Python side of every button
jobs      one round at a time, beside the kernel's own thread
messages  what a message from the front end must look like
controls  what a person can set, and in which ranges
presets   how feedback counts, under a name
about     what the widget needs to know of a pipeline
wire      rounds, history and votes as they travel
encoding  pictures as bytes
pace      time left and pictures per second
sheet     a round as one picture
still     what a notebook shows where no kernel is
problems  errors, for people
"""

from fabric_widget.widget.widget import FabricWidget

__all__ = ["FabricWidget"]
