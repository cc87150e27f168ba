"""Scorers of pictures, each loaded on request.

protocol      what a scorer offers: scores for a prompt, features, activations
catalogue     the scorers by name: what each measures, with which weights
errors        errors of loading
frechet       the distance between two sets of pictures
weights/      weights and packages: found, loaded, or an error that says how to get them
batching      many pictures in batches
clip          PickScore, CLIP score and CLIP image similarity
hpsv2         Human Preference Score 2.1
dinov2        DINOv2 image similarity
inception     Inception v3, for FID
imagereward   ImageReward, through its own package
color_stats   colour and luminance; no weights
reader        the demo model's reader
round_statistics  diversity, saturation, contrast of a round
"""

from fabric_widget.evaluation.scorers.catalogue import (
    SCORERS,
    Listing,
    known_scorers,
    load_scorer,
)
from fabric_widget.evaluation.scorers.errors import (
    MissingPackage,
    MissingWeights,
    UnknownScorer,
    WrongWeights,
)
from fabric_widget.evaluation.scorers.frechet import frechet, frechet_features
from fabric_widget.evaluation.scorers.protocol import Activations, Features, Preference, Scorer

__all__ = [
    "SCORERS",
    "Activations",
    "Features",
    "Listing",
    "MissingPackage",
    "MissingWeights",
    "Preference",
    "Scorer",
    "UnknownScorer",
    "WrongWeights",
    "frechet",
    "frechet_features",
    "known_scorers",
    "load_scorer",
]
