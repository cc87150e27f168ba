"""Does feedback work? Simulated people, measures and reports. Uses engine, session and demo.

people/   simulated users and what they want
aspects/  what "colors" and "form" mean on a pipeline
methods/  feedback methods: from votes to the next round
scorers/  models that score pictures or compare them
study/    the paper's protocols: many prompts, several methods, on one machine or many
report/   stories, comparisons, pages, pictures, JSON
"""
