"""The widgets: a session with a face, and a playground. They know the session; nobody knows them.

widget     FabricWidget: traits, the Python side of every button
keywords   what it may be made with
face       the widget as its parts see it, and the lock between threads
locked     what both widgets have in common
opening    the session behind it: what was given, or the demo model
reception  what the messages of the front end do
messages   what such a message must look like
dispatch   messages read, handed on, answered
updates    what a page may set
acts       what a person does to the session: votes, pictures of their own, steps back
rounds     how a round comes about: asked for, made, shown, told
plan       what a round is made from
looking    the lens: a picture made once more to see what shaped it
maps       what was seen, as it travels
runs       what rounds and looks share: status, stopping, failures
jobs       one round at a time, beside the kernel's own thread
telling    what the kernel tells: status, notices, the session in the traits
status     the status, and how often it is told
previews   unfinished pictures, not faster than they are seen
controls   what a person can set, and in which ranges
presets    how feedback counts, under a name
about      what the widget needs to know of a pipeline
wire       rounds, history and votes as they travel
encoding   pictures as bytes
pace       time left and pictures per second
sheet      a round as one picture
still      what a notebook shows where no kernel is
problems   errors, for people

playground          AttentionPlayground: one reference, its weight, the numbers of its gate
playground_setting  what is set there
playground_runs     how its pictures come about
playground_desk     what its messages do
playground_wire     its pictures and maps as they travel
"""

from fabric_widget.widget.playground import AttentionPlayground
from fabric_widget.widget.widget import FabricWidget

__all__ = ["AttentionPlayground", "FabricWidget"]
