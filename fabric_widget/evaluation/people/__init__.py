"""Simulated people and what they want.

tastes          hidden tastes, and how far a picture is from one
wishes          tastes with "or" and "not"
simulated_user  likes the best pictures, dislikes the worst
options         defaults and limits of stories
"""
