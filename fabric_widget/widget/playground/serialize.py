"""Serialize the playground's pictures and maps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fabric_widget.engine.schedule import coarseness
from fabric_widget.widget.images.encoding import pixels

if TYPE_CHECKING:
    from fabric_widget.engine import Influence
    from fabric_widget.session.votes import Picture
    from fabric_widget.widget.images.encoding import Album
    from fabric_widget.widget.playground.settings import PlaygroundSettings


def picture_of(identity: str, picture: Picture, album: Album) -> dict[str, Any]:
    """Return a picture for the screen."""
    encoded, shown = album.screen(identity, picture), pixels(picture)
    return {
        "id": identity,
        "mime": encoded.mime,
        "data": encoded.data,
        "width": shown.width,
        "height": shown.height,
    }


def lens_of(influence: Influence, setting: PlaygroundSettings) -> dict[str, Any]:
    """Return the reference's share at every place, for each level, each part and their means.

    Each map has the weight w that the reference's keys had there; float32, row by row.
    """
    weights = weights_of(influence, setting)
    levels, parts = range(len(influence.levels)), range(len(influence.parts))
    maps = []
    for level, weight in zip((None, *levels), weights, strict=True):
        for part in (None, *parts):
            (shares,) = influence.shares(level=level, part=part)
            rows, columns = shares.shape
            maps.append(
                {
                    "level": level,
                    "part": part,
                    "rows": rows,
                    "columns": columns,
                    "weight": weight,
                    "data": shares.contiguous().numpy().astype("<f4").tobytes(),
                }
            )
    return {
        "levels": [{"tokens": level.tokens, "layers": level.sites} for level in influence.levels],
        "parts": [[part.start + 1, part.stop] for part in influence.parts],
        "maps": maps,
    }


def weights_of(influence: Influence, setting: PlaygroundSettings) -> list[float]:
    """Return the weight of the reference's keys: the mean over all layers, then level by level."""
    schedule, levels = setting.schedule(), influence.levels
    depths = coarseness([level.tokens for level in levels])
    weights = [setting.weight * schedule.level_scale(depth) for depth in depths]
    layers = [level.sites for level in levels]
    mean = sum(w * n for w, n in zip(weights, layers, strict=True)) / sum(layers)
    return [mean, *weights]
