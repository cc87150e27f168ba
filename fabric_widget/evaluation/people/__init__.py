"""Simulated people and what they want.

tastes          hidden tastes, and the distance of a picture from one
wishes          tastes with "or" and "not"
simulated_user  likes the best pictures, dislikes the worst
statements      says what is liked about a picture
options         defaults and limits of stories; imports nothing heavy
"""
