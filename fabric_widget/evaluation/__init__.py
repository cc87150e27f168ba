"""Does feedback work? Simulated people, measures and reports. Uses engine, session and demo.

people/   simulated users and what they want
methods/  ways to come from votes to the next round
scorers/  what gives values to pictures
study/    the paper's protocols: many prompts, several methods, on one machine or many
report/   stories, comparisons, pages, pictures, JSON
"""
