"""Sessions of the widget save themselves, and are offered again in the notebook they are of.

places     where sessions are kept, by what FabricWidget and the environment say
notebook   which notebook this is
autosaver  Autosaver: the journal of the widget's session; the offer to continue an earlier one
methods    methods of FabricWidget: unfinished, resume, start_anew
"""
