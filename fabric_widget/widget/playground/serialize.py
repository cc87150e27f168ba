"""Serialize the playground's pictures and maps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fabric_widget.engine.schedule import coarseness
from fabric_widget.widget.images.contact_sheet import side_by_side
from fabric_widget.widget.images.encoding import pixels
from fabric_widget.widget.playground.borrowed import layer_weights
from fabric_widget.widget.playground.settings import ALL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from PIL import Image

    from fabric_widget.engine import Influence
    from fabric_widget.session.votes import Picture
    from fabric_widget.widget.images.encoding import Album
    from fabric_widget.widget.playground.comparison import Comparison
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


def lens_of(
    influence: Influence, setting: PlaygroundSettings, tokens: Sequence[int] = ()
) -> dict[str, Any]:
    """Return the reference's share at every place, for each level, each part and their means.

    Each map has the weight w that the reference's keys had there; float32, row by row.
    """
    weights = weights_of(influence, setting, tokens)
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


def weights_of(
    influence: Influence, setting: PlaygroundSettings, tokens: Sequence[int] = ()
) -> list[float]:
    """Return the weight of the reference's keys: the mean over all layers, then level by level.

    Where only some layers lend, `tokens` says how many tokens each of all layers has.
    """
    schedule, levels = setting.schedule(), influence.levels
    depths = coarseness([level.tokens for level in levels])
    lending = {level.tokens: 1.0 for level in levels}
    if setting.layers != ALL:
        chosen = list(zip(tokens, layer_weights(setting.layers, tokens), strict=True))
        for count in lending:
            own = [weight for other, weight in chosen if other == count]
            lending[count] = sum(own) / len(own)
    weights = [
        setting.weight * schedule.level_scale(depth) * lending[level.tokens]
        for depth, level in zip(depths, levels, strict=True)
    ]
    layers = [level.sites for level in levels]
    mean = sum(w * n for w, n in zip(weights, layers, strict=True)) / sum(layers)
    return [mean, *weights]


def sheet_of(
    result: Comparison, setting: PlaygroundSettings, carried: Mapping[str, Any]
) -> tuple[Image.Image, str]:
    """Return the three pictures side by side, and what they are in words."""
    verb = "disliked" if setting.dislike else "liked"
    lent = [f"weight {setting.weight:g}"]
    lent += [] if setting.layers == ALL else [f"{setting.layers} layers"]
    lent += [] if setting.part == ALL else [f"{setting.part} of the reference"]
    nearer = [
        f"{name} {share:.0%}" for name in ("color", "form") if (share := carried[name]) is not None
    ]
    labels = (
        f"plain, seed {setting.seed}",
        f"with the reference {verb}: {', '.join(lent)}",
        f"reference; nearer in {', '.join(nearer)}" if nearer else "reference",
    )
    pictures = (result.plain, result.steered, result.reference)
    shown = [(pixels(one), label) for one, label in zip(pictures, labels, strict=True)]
    told = f"Three pictures of “{setting.prompt}”: {'; '.join(labels)}"
    return side_by_side(setting.prompt or "(no prompt)", shown), told
