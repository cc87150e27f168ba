"""Messages of the front end: checked, routed to handlers, answered.

schema            what a message must look like
router            each message to its handler, and its answer back
handlers          what each message does
actions           what a person does to the session: votes, uploads, undo
settings_updates  what a page may set
"""
