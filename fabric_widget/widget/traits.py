"""The traits of FabricWidget: what the front end sets, and what the kernel publishes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import traitlets as t

from fabric_widget.widget.state import serialize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fabric_widget.engine import Round
    from fabric_widget.session.state import Turn
    from fabric_widget.widget.images.encoding import Album


def _round_to_json(value: Round | None, widget: SessionTraits) -> dict[str, Any] | None:
    for index, turn in enumerate(widget.history):
        if turn.round is value:
            return serialize.round_of(turn, index, widget.album)
    return None


def _history_to_json(value: Sequence[Turn], widget: SessionTraits) -> list[dict[str, Any]]:
    return serialize.history_of(value, widget.album)


class SessionTraits(t.HasTraits):
    """Settings and session as traits, synchronised with the front end.

    Attributes
    ----------
    album
        Pictures as bytes.
    """

    album: Album

    # What the person sets; the front end writes these, Python may.
    prompt = t.Unicode("").tag(sync=True)
    negative_prompt = t.Unicode("").tag(sync=True)
    num_images = t.Int(4).tag(sync=True)
    seed = t.Int(0).tag(sync=True)
    lock_seed = t.Bool(default_value=False).tag(sync=True)
    steps = t.Int(None, allow_none=True).tag(sync=True)
    guidance = t.Float(None, allow_none=True).tag(sync=True)
    width = t.Int(None, allow_none=True).tag(sync=True)
    height = t.Int(None, allow_none=True).tag(sync=True)
    strength = t.Float(0.8).tag(sync=True)
    start = t.Float(0.0).tag(sync=True)
    end = t.Float(0.8).tag(sync=True)
    dislike_scale = t.Float(0.5).tag(sync=True)
    normalize = t.Bool(default_value=True).tag(sync=True)
    variety = t.Float(None, allow_none=True).tag(sync=True)
    auto = t.Bool(default_value=True).tag(sync=True)
    votes = t.Dict().tag(sync=True)
    seen_round = t.Int(-1).tag(sync=True)

    # What the kernel tells; only the kernel writes these.
    status = t.Dict(read_only=True).tag(sync=True)
    round = t.Any(None, allow_none=True, read_only=True).tag(sync=True, to_json=_round_to_json)
    history = t.Any((), read_only=True).tag(sync=True, to_json=_history_to_json)
    uploads: t.List[dict[str, Any]] = t.List(read_only=True).tag(sync=True)
    starred: t.List[str] = t.List(read_only=True).tag(sync=True)
    parts = t.Dict(read_only=True).tag(sync=True)
    tastes: t.List[dict[str, Any]] = t.List(read_only=True).tag(sync=True)
    presets: t.List[dict[str, Any]] = t.List(read_only=True).tag(sync=True)
    info = t.Dict(read_only=True).tag(sync=True)
    saving = t.Dict(read_only=True).tag(sync=True)
