"""How a round spends its pictures: from votes to what each picture follows. Knows no pipeline.

recipe      what one picture follows: votes, start noise, and a line of words
everything  FABRIC as published: every picture follows all votes
explore     every picture tries something else
more_like   every picture follows one picture, each in another way
"""

from fabric_widget.engine.plans.everything import Everything
from fabric_widget.engine.plans.explore import Explore
from fabric_widget.engine.plans.more_like import MoreLike
from fabric_widget.engine.plans.recipe import Plan, Recipe, Start

__all__ = ["Everything", "Explore", "MoreLike", "Plan", "Recipe", "Start"]
