"""Resources: everything that is loaded once and used by all trials of a study."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import torch

from fabric_widget.demo import load_demo
from fabric_widget.demo.reader import load_reader
from fabric_widget.engine import Fabric
from fabric_widget.evaluation.people.simulated_user import SimulatedUser
from fabric_widget.evaluation.people.wishes import parse_wishes
from fabric_widget.evaluation.scorers import Features, Preference, load_scorer
from fabric_widget.evaluation.study.preferences import ImageSimilarity, PromptPreference, WishMatch
from fabric_widget.evaluation.study.settings import DEMO, TASTE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PIL import Image

    from fabric_widget.evaluation.scorers import Scorer
    from fabric_widget.evaluation.study.cases import Case
    from fabric_widget.evaluation.study.preferences import PictureValue
    from fabric_widget.evaluation.study.settings import Settings


class Resources:
    """A pipeline, scorers and a simulated user.

    Parameters
    ----------
    settings
        What the trials have in common.
    pipe
        The pipeline.
    scorers
        All scorers of the settings, by name.

    Raises
    ------
    ValueError
        A scorer lacks the ability that its role needs.
    """

    def __init__(self, settings: Settings, pipe: Any, scorers: Mapping[str, Scorer]) -> None:  # noqa: ANN401
        self.settings = settings
        self.person = SimulatedUser.parse(settings.person)
        self._pipe = pipe
        self._scorers = scorers
        self._hidden: tuple[int, Image.Image] | None = None
        self.features = self._features_of(settings.features)
        self.frechet = self._features_of(settings.frechet) if settings.frechet else None
        if settings.protocol == "target":
            self._features_of(settings.voter)
            return
        for name in (settings.voter, *settings.scorers):
            if name != TASTE and not isinstance(scorers[name], Preference):
                message = (
                    f"{name} prefers no picture to another: let it measure similarity or Fréchet "
                    "distances, or look for a target"
                )
                raise ValueError(message)

    @classmethod
    def load(cls, settings: Settings) -> Resources:
        """Load the pipeline and the scorers of the settings.

        Raises
        ------
        OSError
            The pipeline is not there.
        UnknownScorer, MissingWeights
            There is no such scorer, or its weights are missing.
        """
        wanted = (settings.voter, *settings.scorers, settings.features, settings.frechet)
        names = [name for name in dict.fromkeys(wanted) if name not in {"", TASTE}]
        scorers = {name: load_scorer(name, device=settings.device) for name in names}
        return cls(settings, load_pipeline(settings.pipeline, settings.device), scorers)

    @property
    def device(self) -> torch.device:
        """Where the pipeline runs."""
        return torch.device(self.settings.device)

    def fabric(self) -> Fabric:
        """Return a fabric with an empty cache."""
        return Fabric(self._pipe)

    def voter(self, case: Case) -> PictureValue:
        """Return the values that decide the votes."""
        return self._picture_value(self.settings.voter, case)

    def reporters(self, case: Case) -> dict[str, PictureValue]:
        """Return the values that are reported, by scorer."""
        return {name: self._picture_value(name, case) for name in self.settings.scorers}

    def hidden(self, case: Case) -> Image.Image:
        """Return the hidden picture of a case, from its file or made by the plain pipeline."""
        if case.target is not None:
            return case.target
        if self._hidden is None or self._hidden[0] != case.index:
            made = self.fabric()(
                case.target_prompt or case.prompt,
                num_images=1,
                seed=case.hidden_seed(self.settings),
                **self.settings.arguments,
            )
            self._hidden = (case.index, made[0].image)
        return self._hidden[1]

    def _picture_value(self, name: str, case: Case) -> PictureValue:
        if name == TASTE:
            if not case.wish:
                message = f"nothing is known of what is wanted in {case.prompt!r}: give a wish"
                raise ValueError(message)
            return WishMatch(load_reader(), parse_wishes(case.wish), self.settings.rounds)
        scorer = self._scorers[name]
        if self.settings.protocol == "target" and isinstance(scorer, Features):
            return ImageSimilarity(scorer, scorer.features([self.hidden(case)])[0])
        return PromptPreference(cast("Preference", scorer), case.prompt)

    def _features_of(self, name: str) -> Features:
        """Return a scorer that has features."""
        scorer = self._scorers[name]
        if not isinstance(scorer, Features):
            message = f"{name} tells nothing of how similar pictures are: name another scorer"
            raise ValueError(message)  # noqa: TRY004  (the name is what is wrong)
        return scorer


def load_pipeline(place: str, device: str) -> Any:  # noqa: ANN401  (any diffusers pipeline)
    """Load the demo model, or a pipeline from a folder or the Hugging Face Hub.

    Raises
    ------
    OSError
        It is not there.
    """
    if place == DEMO:
        return load_demo(device=device)
    import diffusers

    dtype = torch.bfloat16 if torch.device(device).type == "cuda" else torch.float32
    pipe = diffusers.DiffusionPipeline.from_pretrained(place, dtype=dtype).to(device)
    pipe.set_progress_bar_config(disable=True)
    return pipe
