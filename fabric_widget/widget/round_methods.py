"""Methods of FabricWidget that ask for pictures: rounds, drafts, a picture once more, the lens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fabric_widget.lora import LoRASettings
    from fabric_widget.widget.jobs.baking import Baking
    from fabric_widget.widget.jobs.lens_jobs import LensJobs
    from fabric_widget.widget.jobs.round_request import Task
    from fabric_widget.widget.jobs.rounds import Rounds
    from fabric_widget.widget.jobs.run import Runs
    from fabric_widget.widget.messages.actions import Actions
    from fabric_widget.widget.worker import Job, Outcome, Worker


class RoundMethods:
    """Methods that enqueue jobs; each is a button of the front end too."""

    _actions: Actions
    _baking: Baking
    _lens_jobs: LensJobs
    _rounds: Rounds
    _runs: Runs
    _worker: Worker

    def generate(self) -> Outcome:
        """Request the next round.

        Returns
        -------
        Outcome
            A future that gives the `Round`; it can be awaited too. If the run is stopped it raises
            `GenerationCancelled`, and `CancelledError` if it was dropped before it began. While a
            round is being made, one more waits: asking again gives the future of that one.

        Raises
        ------
        RuntimeError
            The widget is closed.
        """
        return self._asked(self._rounds.ask())

    def draft(self) -> Outcome:
        """Request a round of drafts: three times as many pictures in a third of the steps.

        There are 16 at most. `finish` makes one of them in full. Result and errors are those of
        `generate`.
        """
        return self._asked(self._rounds.ask("drafts"))

    def more_like(self, picture: Any) -> Outcome:  # noqa: ANN401  (an index or a picture)
        """Request a round about one picture: each of its pictures follows that alone.

        Votes do not count for it, and stay as they are. Prompt and settings are the controls', also
        `variety`: how far the pictures go from it.

        Parameters
        ----------
        picture
            Its index in the current round, its name in `votes`, or a generated image. Result and
            errors are those of `generate` besides.

        Raises
        ------
        ValueError
            It was not generated in this session.
        """
        return self._asked(self._rounds.ask_more_like(self._actions.picture(picture)))

    def again(self, picture: Any) -> Outcome:  # noqa: ANN401  (an index or a picture)
        """Request one picture again: its prompt, settings and seed, with the current votes.

        Parameters
        ----------
        picture
            Its index in the current round, its name in `votes`, or a generated image.

        Raises
        ------
        ValueError
            It was not generated in this session.
        """
        return self._once_more("again", picture)

    def finish(self, picture: Any) -> Outcome:  # noqa: ANN401  (an index or a picture)
        """Request a draft in full; what was said of it is then said of the finished picture.

        Parameters and result are those of `again`.

        Raises
        ------
        ValueError
            It is no draft of this session.
        """
        return self._once_more("finish", picture)

    def enlarge(self, picture: Any) -> Outcome:  # noqa: ANN401  (an index or a picture)
        """Request a picture twice as wide and high, by a second pass that follows the same votes.

        Parameters and result are those of `again`. The future raises a `FabricError` where
        diffusers has no image-to-image pipeline for this one; `Session.enlarge` takes other sizes.

        Raises
        ------
        ValueError
            It was not generated in this session, or is enlarged already.
        """
        return self._once_more("enlarge", picture)

    def look(self, picture: Any) -> Outcome:  # noqa: ANN401  (an index or a picture)
        """Request the influence of the references on a picture, which is generated once more.

        Parameters
        ----------
        picture
            Its index in the current round, its name in `votes`, or a generated image.

        Returns
        -------
        Outcome
            A future that gives the `Influence`, or None if no feedback shaped the picture.

        Raises
        ------
        ValueError
            No round of the session made it.
        """
        outcome = self._lens_jobs.ask(getattr(self._actions.picture(picture), "id", ""))
        self._worker.pump()
        return outcome

    def bake(
        self,
        name: str,
        *,
        steps: int | None = None,
        rank: int | None = None,
        settings: LoRASettings | None = None,
        prompts: Sequence[str] = (),
    ) -> Outcome:
        """Request that a LoRA learns the taste of the votes that stand, and is used from then on.

        Rounds wait until it is done. `undo` takes it off, `use_taste` changes its strength.

        Parameters
        ----------
        name
            Of the taste, and of its file.
        steps, rank
            Instead of those of the settings.
        settings
            How it learns; `LoRASettings()` by default.
        prompts
            Of the previews; by default the present prompt and two others.

        Returns
        -------
        Outcome
            A future that gives the `TasteLoRA`; errors are those of `generate`.

        Raises
        ------
        NotEnoughVotes
            Fewer than two pictures are liked.
        ValueError
            The name cannot be that of a file, or a number is out of range.
        """
        job = self._baking.ask(name, steps=steps, rank=rank, settings=settings, prompts=prompts)
        return self._asked(job)

    def retry(self) -> Outcome:
        """Request once more what failed or was stopped last, with the same seeds.

        Result and errors are those of `generate`.

        Raises
        ------
        ValueError
            Nothing failed since the last round.
        """
        return self._asked(self._rounds.retry())

    def cancel(self) -> None:
        """Cancel at the next step, and drop pending jobs."""
        self._runs.cancel()

    def _once_more(self, task: Task, picture: object) -> Outcome:
        return self._asked(self._rounds.ask_once_more(task, self._actions.picture(picture)))

    def _asked(self, job: Job) -> Outcome:
        self._worker.pump()
        return job.outcome
