"""Scorers: what judges pictures. Each is loaded when it is asked for, and nothing heavy before.

protocol      what a scorer can do: like pictures for a prompt, see them as vectors
catalogue     the scorers by name: what each measures, with which weights
errors        what can go wrong
frechet       the distance between two sets of pictures
loading       weights from a folder or a hub, or an error that says how to get them
packages      what only one scorer needs
batching      many pictures, a few at a time
clip          PickScore, CLIP score and CLIP image similarity
hpsv2         Human Preference Score 2.1
open_clip     its weights in the layout of transformers
dinov2        DINOv2 image similarity
inception     what FID is measured with
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
