"""The scorers by name: what each measures, with which weights, and how it is loaded."""

from __future__ import annotations

import difflib
import importlib
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

from fabric_widget.evaluation.scorers.errors import UnknownScorer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from fabric_widget.evaluation.scorers.protocol import Scorer


@dataclass(frozen=True, kw_only=True)
class Listing:
    """A scorer before it is loaded.

    Attributes
    ----------
    measures
        What it measures, in one line.
    weights
        Hub id or file of the standard weights; empty where it needs none.
    resolution
        How pictures are resized for it, in pixels.
    module
        The module beside this one that loads it.
    """

    measures: str
    weights: str
    resolution: str
    module: str


SCORERS: Mapping[str, Listing] = MappingProxyType(
    {
        "pickscore": Listing(
            measures="PickScore: which picture people picked for the prompt; CLIP features",
            weights="yuvalkirstain/PickScore_v1",
            resolution="shorter side to 224, centre 224 × 224",
            module="clip",
        ),
        "hpsv2": Listing(
            measures="HPS v2.1: which picture people preferred for the prompt; CLIP features",
            weights="xswu/HPSv2: HPS_v2.1_compressed.pt",
            resolution="longer side to 224, padded to 224 × 224",
            module="hpsv2",
        ),
        "imagereward": Listing(
            measures="ImageReward: which picture people ranked higher for the prompt",
            weights="THUDM/ImageReward: ImageReward.pt",
            resolution="shorter side to 224, centre 224 × 224",
            module="imagereward",
        ),
        "clip-score": Listing(
            measures="CLIP score: 100 × cosine of picture and prompt, ViT-B/32; CLIP features",
            weights="openai/clip-vit-base-patch32",
            resolution="shorter side to 224, centre 224 × 224",
            module="clip",
        ),
        "clip-image": Listing(
            measures="CLIP image similarity, ViT-L/14 at 336; CLIP score of the same model",
            weights="openai/clip-vit-large-patch14-336",
            resolution="shorter side to 336, centre 336 × 336",
            module="clip",
        ),
        "dinov2": Listing(
            measures="DINOv2 image similarity: the CLS token of ViT-B/14",
            weights="facebook/dinov2-base",
            resolution="shorter side to 256, centre 224 × 224",
            module="dinov2",
        ),
        "inception": Listing(
            measures="Inception v3 of 2015: the activations that FID is measured over",
            weights="weights-inception-2015-12-05-6726825d.pth of torch-fidelity",
            resolution="299 × 299, aspect ratio not kept",
            module="inception",
        ),
        "colour": Listing(
            measures="which colours a picture has, wherever they are",
            weights="",
            resolution="as it is",
            module="color_stats",
        ),
        "luminance": Listing(
            measures="which luminances a picture has; likes bright pictures, whatever the prompt",
            weights="",
            resolution="as it is",
            module="color_stats",
        ),
        "reader": Listing(
            measures="the demo model's reader: the probability of what the prompt names",
            weights="",
            resolution="64 × 64, aspect ratio not kept",
            module="reader",
        ),
    }
)
"""Every scorer by its name."""


def known_scorers() -> list[str]:
    """Return the names of all scorers."""
    return list(SCORERS)


def load_scorer(name: str, *, weights: str | Path | None = None, device: str = "cpu") -> Scorer:
    """Load a scorer.

    Parameters
    ----------
    name
        One of `known_scorers()`.
    weights
        A folder or a hub id instead of the standard weights; also a file for ``hpsv2``,
        ``imagereward`` and ``inception``.
    device
        Where the model runs, such as "cpu" or "cuda:0".

    Returns
    -------
    Scorer
        In evaluation mode and float32. The result for a picture does not depend on the batch.

    Raises
    ------
    UnknownScorer
        There is no scorer of that name.
    MissingWeights
        The weights are neither on disk nor on the Hub.
    WrongWeights
        The weights are another model's, or cannot be read.
    MissingPackage
        It needs a package that is not installed or cannot be imported.
    ValueError
        The device cannot be used, or weights are given to a scorer that has none.
    """
    if name not in SCORERS:
        near = difflib.get_close_matches(name.lower(), SCORERS, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        message = f"there is no scorer {name!r}.{hint} Known: {', '.join(SCORERS)}"
        raise UnknownScorer(message)
    module = importlib.import_module(f"{__package__}.{SCORERS[name].module}")
    return cast("Scorer", module.load(name, weights=weights, device=device))
