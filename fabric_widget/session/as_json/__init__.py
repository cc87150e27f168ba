"""What a session holds, as JSON: knows no files, and no format of one.

records   votes, recipes and LoRAs as JSON, and back
typed     values of JSON, checked
"""
