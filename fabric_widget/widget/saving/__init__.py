"""Sessions of the widget save themselves, are offered again, and come from files.

places     where sessions are kept, by what FabricWidget and the environment say
notebook   which notebook this is
autosaver  Autosaver: the journals of the widget's sessions
switch     Switch: another session comes into the widget, and the one before is kept
offers     Offers: an earlier session to continue, or the one that was left
opening    Opening: a session file comes into the widget
incoming   Incoming: a file that a page sends in pieces
styles     Styles: those that the person keeps
tastes     Tastes: those that were learnt from votes
methods    methods of FabricWidget: unfinished, resume, start_anew
"""
