"""Messages of the front end: read, checked, routed, answered. Jobs are left to the worker.

schema            what a message must look like
router            each message to its handler, and its answer back
handlers          what each message does
actions           what a person does to the session: votes, uploads, undo
settings_updates  what a page may set
"""
