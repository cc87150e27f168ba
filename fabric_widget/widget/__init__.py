"""The widgets: the notebook interface of a session. No other folder imports them.

widget            FabricWidget: traits and public methods
traits            its traits: settings and the session
saving_methods    its methods that save and open the session
round_methods     its methods that ask for pictures
voting_methods    its methods that change votes, history and presets
arguments         what it may be made with
lazy_session      the session behind it: what was given, or the demo model
view_protocol     the widget as its rooms see it, and the lock between threads
thread_safe       what both widgets share
error_report      errors, for people
status_publisher  the status trait, published
publish           the traits, kept up to date: status, notices, session
worker            the queue of jobs and its thread; inline where threads do not exist
state/            settings, presets, status; rounds as JSON
messages/         messages of the front end and what they do
jobs/             what the worker does: rounds, previews, the lens
saving/           sessions save themselves, are continued, opened, sent by a page
images/           pictures as the front end gets them
playground/       AttentionPlayground: one reference, its weight, the numbers of its gate
"""

from fabric_widget.widget.playground.widget import AttentionPlayground
from fabric_widget.widget.widget import FabricWidget

__all__ = ["AttentionPlayground", "FabricWidget"]
