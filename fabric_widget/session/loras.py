"""LoRAs of a session: baked from its votes, used by its rounds, remembered by its files."""

from __future__ import annotations

import threading
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fabric_widget.cluster import DistributedFabric
from fabric_widget.engine import FabricError, HiRes
from fabric_widget.lora import LoRASettings, TasteLoRA, Teacher, bake, shelf
from fabric_widget.lora.baking import check_votes
from fabric_widget.lora.files import check_name
from fabric_widget.lora.taste_lora import checked_strength, used_in_runs
from fabric_widget.session.as_json.records import LORAS, loras_as_json, loras_from_json
from fabric_widget.session.state import LoRAUse
from fabric_widget.session.votes import checked_of
from fabric_widget.session.voting import Voting

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from fabric_widget.engine import Schedule
    from fabric_widget.lora import BakingProgress
    from fabric_widget.session.maker import PictureMaker
    from fabric_widget.session.state import Turn


ARGUMENTS = "arguments"
"""The option of a turn made in two passes that says what the first was asked for."""


class Adapting(Voting):
    """Baking LoRAs from a session's votes, and using them in its rounds."""

    fabric: PictureMaker
    schedule: Schedule | None
    _cancelled: threading.Event | None = None  # while it bakes, or is replayed

    @property
    def loras(self) -> dict[str, float]:
        """Strengths of the LoRAs in use, more than 0 and up to 2, by their names."""
        return {use.name: use.strength for use in self._history.present.loras}

    @property
    def lora_uses(self) -> tuple[LoRAUse, ...]:
        """The LoRAs in use with their digests, whether their weights are on this machine or not."""
        return self._history.present.loras

    def lora(self, name: str) -> TasteLoRA:
        """Return a LoRA that is in use.

        Raises
        ------
        FabricError
            Its weights are not on this machine.
        ValueError
            None in use is called so.
        """
        return _found(self._use_of(name))

    def use_lora(self, lora: TasteLoRA | str, strength: float | None = None) -> None:
        """Use a LoRA in the rounds to come, or another strength of one; an act like any other.

        It counts beside votes and other LoRAs. The pipeline has it during rounds only.

        Parameters
        ----------
        lora
            What `bake` or `TasteLoRA.load` returned, or the name of one that is in use. One of the
            same name takes the place of the other.
        strength
            0 … 2, by default the LoRA's own; 0 takes it off.

        Raises
        ------
        TypeError, ValueError
            It is something else, none in use is called so, or the strength is out of range.
        """
        if isinstance(lora, str):
            known = self._use_of(lora)
            name, digest, own = known.name, known.digest, known.strength
        elif isinstance(lora, TasteLoRA):
            name, digest, own = lora.name, lora.digest, lora.strength
            shelf.keep(lora)
        else:
            message = f"lora is a {type(lora).__name__}: give a TasteLoRA, or the name of one"
            raise TypeError(message)
        use = LoRAUse(name, digest, own if strength is None else checked_strength(strength))
        self._act(lambda state: state.with_lora(use))

    def check_bake(self, name: str) -> None:
        """Raise at once what `bake` would: the name cannot be taken, or too few pictures are liked.

        Raises
        ------
        NotEnoughVotes, ValueError
            As `bake`.
        """
        check_name(name)
        check_votes(checked_of(self._history.present.votes))

    def bake(  # noqa: PLR0913  (every choice, so that editors complete them)
        self,
        name: str,
        *,
        steps: int | None = None,
        rank: int | None = None,
        settings: LoRASettings | None = None,
        prompt: str | None = None,
        prompts: Sequence[str] = (),
        use: bool = True,
        on_step: Callable[[BakingProgress], object] | None = None,
        cancelled: Callable[[], bool] | None = None,
        enough: Callable[[], bool] | None = None,
        **pipeline_arguments: Any,
    ) -> TasteLoRA:
        """Learn from the votes that stand, and return a LoRA that has their taste.

        The pipeline is busy meanwhile, as by a round, and afterwards as it was before. If it fails
        or is cancelled, the session is as it was, too.

        Parameters
        ----------
        name
            Of the LoRA, and of the file that `TasteLoRA.save` writes.
        steps, rank
            Instead of those of the settings.
        settings
            How it learns; `LoRASettings()` by default.
        prompt
            Of the pictures that are learnt from; by default that of the current round.
        prompts
            Of previews and samples, such as three other subjects; by default `prompt`.
        use
            Whether the session uses it from now on, as an act that undo takes back.
        on_step
            Called after each step, in this thread. Its `previews` are pictures of `prompts`.
        cancelled
            Asked at each step whether nobody wants it any more; `cancel` ends it as well.
        enough
            Asked after each step of training whether what is learnt by then is all that is wanted:
            the result is that, as if the steps were over.
        **pipeline_arguments
            The pipeline's own; by default those of the current round.

        Raises
        ------
        NotEnoughVotes
            Fewer than two pictures are liked.
        GenerationCancelled
            It was cancelled.
        FabricError
            The engine's: a busy pipeline, or one that cannot learn.
        TypeError, ValueError
            An argument is of the wrong kind or out of range.
        """
        before = self._history.present
        chosen = _chosen(settings, steps=steps, rank=rank)
        turn = None if before.current is None else before.turns[before.current]
        arguments = {**({} if turn is None else _settings_of(turn)), **pipeline_arguments}
        _check_here(self.fabric)
        first: Any = self.fabric.fabric if isinstance(self.fabric, HiRes) else self.fabric
        votes = checked_of(before.votes)
        stop = self._cancelled = threading.Event()
        given: dict[str, Any] = {"on_step": on_step, "enough": enough}
        optional = {name: value for name, value in given.items() if value is not None}
        try:
            with in_runs(before.loras, self.fabric):
                made = bake(
                    Teacher(first, votes, self.schedule, arguments),
                    before.prompt if prompt is None else prompt,
                    name=name,
                    settings=chosen,
                    prompts=prompts,
                    cancelled=lambda: stop.is_set() or (cancelled is not None and cancelled()),
                    **optional,
                )
        finally:
            self._cancelled = None
        if use:
            self.use_lora(made)
        return made

    def _use_of(self, name: str) -> LoRAUse:
        found = next((use for use in self._history.present.loras if use.name == name), None)
        if found is None:
            names = ", ".join(map(repr, self.loras)) or "none"
            message = f"no LoRA in use is called {name!r}; in use: {names}"
            raise ValueError(message)
        return found


def in_runs(uses: Sequence[LoRAUse], fabric: PictureMaker) -> AbstractContextManager[None]:
    """Return a context in which the runs that a fabric makes in this thread use LoRAs.

    Raises
    ------
    FabricError
        The weights of one are not on this machine, or the fabric makes its pictures elsewhere.
    """
    if not uses:
        return nullcontext()
    _check_here(fabric)
    return used_in_runs([_found(use).at(use.strength) for use in uses])


def uses_of(turn: Turn) -> tuple[LoRAUse, ...]:
    """Return the LoRAs that a round was made with."""
    return loras_from_json(turn.options.get(LORAS, []))


def made_with(uses: Sequence[LoRAUse]) -> dict[str, Any]:
    """Return the options of a turn that say which LoRAs it was made with."""
    return {LORAS: loras_as_json(uses)} if uses else {}


def _check_here(fabric: PictureMaker) -> None:
    if isinstance(fabric, DistributedFabric):
        message = (
            "workers of a cluster neither bake LoRAs nor use them: give the session a Fabric "
            "instead of a DistributedFabric, or take the LoRA off, session.use_lora(name, 0)"
        )
        raise FabricError(message)


def _found(use: LoRAUse) -> TasteLoRA:
    lora = shelf.kept(use.digest)
    if lora is None:
        message = (
            f"the session uses a LoRA, {use.name!r}, whose weights are not on this machine: give "
            f"its file, session.use_lora(TasteLoRA.load('{use.name}.safetensors'), "
            f"{use.strength:g}), or take it off, session.use_lora({use.name!r}, 0)"
        )
        raise FabricError(message)
    return lora


def _chosen(settings: LoRASettings | None, **given: int | None) -> LoRASettings:
    wanted: Mapping[str, Any] = {name: value for name, value in given.items() if value is not None}
    return replace(settings or LoRASettings(), **wanted)


def _settings_of(turn: Turn) -> dict[str, Any]:
    settings = dict(turn.options.get(ARGUMENTS, turn.round.settings))  # of the first of two passes
    if turn.full_steps is not None:
        settings["num_inference_steps"] = turn.full_steps
    return settings
