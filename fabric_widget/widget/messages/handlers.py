"""Handlers of the front end's messages."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from fabric_widget.widget.images import encoding
from fabric_widget.widget.jobs import influence_maps
from fabric_widget.widget.messages import schema
from fabric_widget.widget.messages.router import Router
from fabric_widget.widget.messages.schema import Answer, BadMessage
from fabric_widget.widget.messages.settings_updates import read_value
from fabric_widget.widget.saving.incoming import PIECE
from fabric_widget.widget.state import serialize
from fabric_widget.widget.state.masks import read_mask
from fabric_widget.widget.state.settings import NAMES
from fabric_widget.widget.thread_safe import static

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fabric_widget.session.votes import Picture
    from fabric_widget.widget.images.encoding import Album
    from fabric_widget.widget.jobs.baking import Baking
    from fabric_widget.widget.jobs.context import WidgetContext
    from fabric_widget.widget.jobs.lens_jobs import LensJobs
    from fabric_widget.widget.jobs.round_request import Task
    from fabric_widget.widget.jobs.rounds import Rounds
    from fabric_widget.widget.jobs.run import Runs
    from fabric_widget.widget.jobs.subject_jobs import SubjectJobs
    from fabric_widget.widget.messages.actions import Actions
    from fabric_widget.widget.saving.offers import Offers
    from fabric_widget.widget.saving.opening import Opening
    from fabric_widget.widget.saving.styles import Styles
    from fabric_widget.widget.saving.tastes import Tastes


_PROMPT = 60  # characters of a prompt or a name in a notice


class MessageHandlers:
    """Handles messages: one method `_on_…` for each type in `schema`.

    Parameters
    ----------
    context
        What the widget's parts share.
    runs, rounds, lens_jobs, subject_jobs, actions, offers, opening, styles, baking, tastes
        What a message may ask for.
    album
        Has pictures as bytes.
    """

    def __init__(  # noqa: PLR0913  (whatever a message may ask for)
        self,
        context: WidgetContext,
        *,
        runs: Runs,
        rounds: Rounds,
        lens_jobs: LensJobs,
        subject_jobs: SubjectJobs,
        actions: Actions,
        offers: Offers,
        opening: Opening,
        styles: Styles,
        baking: Baking,
        tastes: Tastes,
        album: Album,
    ) -> None:
        self._view, self._lazy_session = context.view, context.lazy_session
        self._publisher, self._worker = context.publisher, context.worker
        self._dispatch = Router(self._view, self._lazy_session, self._worker, schema.KNOWN, self)
        self._runs = runs
        self._rounds = rounds
        self._lens_jobs = lens_jobs
        self._subject_jobs = subject_jobs
        self._actions = actions
        self._offers = offers
        self._opening = opening
        self._styles = styles
        self._baking = baking
        self._tastes = tastes
        self._album = album

    def receive(self, _widget: object, content: object, buffers: Sequence[object]) -> None:
        """Check, handle and answer a message. Never raises."""
        self._dispatch.receive(content, buffers)

    # ---- one for each type of message ----------------------------------------------------------

    def _on_hello(self) -> None:
        self._rounds.previews.look()
        if self._lazy_session.session is None:
            if self._worker.current is None:
                self._publisher.publish_status(
                    phase="loading", message="Loading the model.", error=None
                )
            self._worker.call(self._rounds.warm_up)
        else:
            self._worker.call(self._subject_jobs.survey)

    def _on_generate(self, controls: dict[str, Any], votes: object) -> None:
        self._ask("round", controls, votes)

    def _on_draft(self, controls: dict[str, Any], votes: object) -> None:
        self._ask("drafts", controls, votes)

    def _on_more_like(self, id: str, controls: dict[str, Any], votes: object) -> None:  # noqa: A002  (the field's name)
        self._take(controls, votes)
        self._rounds.ask_more_like(self._named(id)[1])

    def _ask(self, task: Task, controls: dict[str, Any], votes: object) -> None:
        self._take(controls, votes)
        self._rounds.ask(task)

    def _take(self, controls: dict[str, Any], votes: object) -> None:
        """Adopt what the page shows, so that the round is the one that was asked for."""
        shown = {name: controls[name] for name in NAMES if name in controls} | {"votes": votes}
        try:
            self._adopt(shown)
        except ValueError as error:
            self._publisher.notice(f"No round was made: {error}.")
            raise

    def _adopt(self, shown: Mapping[str, Any]) -> None:
        """Set controls from a message without sending them back to its sender."""
        with self._view.lock:
            read, notices = {}, []
            for name, value in shown.items():
                read[name], told = read_value(name, value, self._lazy_session)
                notices.append(told)
            self._view.adopt(read, shown)
            for told in notices:
                self._publisher.notice(told)

    def _on_again(self, id: str) -> None:  # noqa: A002  (the field's name)
        self._rounds.ask_once_more("again", self._named(id)[1])

    def _on_finish(self, id: str) -> None:  # noqa: A002  (the field's name)
        self._rounds.ask_once_more("finish", self._named(id)[1])

    def _on_enlarge(self, id: str) -> None:  # noqa: A002  (the field's name)
        self._rounds.ask_once_more("enlarge", self._named(id)[1])

    def _named(self, name: str) -> tuple[str, Picture]:
        """Return a picture and its id, by its name in messages."""
        session = self._lazy_session.load()
        names = serialize.named(session)
        if name not in names:
            message = f"no picture here is called {name[:20]!r}"
            raise BadMessage(message)
        return names[name], session.pictures[names[name]]

    def _on_look(self, id: str) -> Answer:  # noqa: A002  (the field's name)
        """Answer with the maps if they are cached; otherwise send `looked` when they are."""
        identity, _ = self._named(id)
        outcome = self._lens_jobs.ask(identity)
        seen = self._lens_jobs.kept(identity)
        if seen is None:
            return Answer({"id": id, "lens": None, "making": not outcome.done()})
        fields, buffers = influence_maps.told(seen)
        return Answer({"id": id, "lens": fields, "making": False}, buffers)

    def _on_look_at(
        self,
        id: str,  # noqa: A002  (the field's name)
        reference: int,
        level: int | None,
        part: int | None,
    ) -> Answer:
        seen = self._lens_jobs.kept(self._named(id)[0])
        if seen is None:
            message = "what was seen of this picture is not kept any more: open its lens again"
            raise BadMessage(message)
        fields, data = influence_maps.looks(seen.influence, reference, level, part)
        return Answer(fields, [data])

    def _on_subject(self, id: str) -> Answer:  # noqa: A002  (the field's name)
        """Answer with the mask if it is known; otherwise send `subject` when it is found."""
        return Answer({"id": id, "mask": self._subject_jobs.ask(self._named(id)[0])})

    def _on_part(
        self,
        id: str,  # noqa: A002  (the field's name)
        rows: int,
        columns: int,
        runs: list[int],
        strength: float,
    ) -> None:
        self._actions.vote_part(self._named(id)[1], read_mask(rows, columns, runs), strength)

    def _on_cancel(self) -> None:
        self._runs.cancel()

    def _on_undo(self) -> None:
        self._actions.travel(lambda session: session.undo())

    def _on_redo(self) -> None:
        self._actions.travel(lambda session: session.redo())

    def _on_branch(self, round: int) -> None:  # noqa: A002  (the field's name)
        self._actions.travel(lambda session: session.branch(round))

    def _on_tools(self) -> Answer:
        """Answer with the script and the style sheet of what is opened now and then."""
        return Answer(buffers=[static(f"widget-tools.{kind}").encode() for kind in ("js", "css")])

    def _on_fetch(self, id: str, kind: str) -> Answer:  # noqa: A002  (the field's name)
        identity, picture = self._named(id)
        if kind == "full":
            encoded = encoding.full(picture, self._lazy_session.load().maker_of(picture))
        else:
            make = self._album.thumb if kind == "thumb" else self._album.screen
            encoded = make(identity, picture)
        name = encoding.file_name(picture, self._publisher.names.get(identity, ""))
        told = {"id": id, "kind": kind, "mime": encoded.mime, "name": name}
        return Answer(told, [encoded.data])

    def _on_upload(self, names: list[str], files: list[bytes]) -> Answer:
        if len(names) != len(files):
            message = f"there are {len(names)} names for {len(files)} files"
            raise BadMessage(message)
        added, problems, made = [], [], []
        for name, data in zip(names, files, strict=True):
            try:
                added.append(self._actions.add(encoding.read_upload(data), name))
                made += self._making(name, data)
            except (ValueError, OSError) as error:
                problems.append({"name": name, "message": str(error)})
        for problem in problems:
            self._publisher.notice(
                f"{problem['name'] or 'A picture'} was not added: {problem['message']}."
            )
        return Answer({"added": added, "problems": problems, "made": made})

    def _making(self, name: str, data: bytes) -> list[dict[str, Any]]:
        """Return what an upload was made from, if it tells: a PNG that this package has written."""
        from fabric_widget.session import read_settings

        try:
            told = read_settings(data)
        except (ValueError, OSError):  # a picture all the same
            return []
        if told is None:
            return []
        self._publisher.made[name] = told
        prompt = textwrap.shorten(told.prompt, _PROMPT, placeholder="…")
        return [{"name": name, "prompt": prompt, "seed": told.seed}]

    def _on_use_settings(self, name: str) -> None:
        made = self._publisher.made.get(name)
        if made is None:
            message = f"no picture that was added is called {name[:_PROMPT]!r} and says more"
            raise BadMessage(message)
        self._actions.use_settings(made)

    def _on_star(self, id: str, starred: bool) -> None:  # noqa: A002, FBT001  (the fields)
        self._actions.star(self._named(id)[1], starred=starred)

    def _on_poll(self, seen: int, round: int) -> None:  # noqa: A002  (the field's name)
        """Send state again from inside a handler: some hosts show nothing else during a job."""
        self._publisher.repeat(seen, round)

    def _on_seen(self, job: int, step: int) -> None:
        self._rounds.previews.seen(job, step)

    def _on_save_preset(self, name: str, values: dict[str, Any]) -> None:
        self._actions.save_preset(name, values)

    def _on_delete_preset(self, name: str) -> None:
        self._actions.delete_preset(name)

    def _on_retry(self) -> None:
        self._rounds.retry()

    def _on_resume(self, name: str) -> None:
        self._offers.resume(name)

    def _on_anew(self) -> None:
        self._offers.start_anew()

    def _on_open_file(self, name: str, size: int) -> Answer:
        """Answer with a number for the file, and with how many bytes a piece of it has."""
        return Answer({"file": self._opening.incoming.begin(name, size), "piece": PIECE})

    def _on_open_piece(self, file: int, index: int, files: list[bytes]) -> Answer:
        return Answer({"received": self._opening.incoming.take(file, index, b"".join(files))})

    def _on_open_whole(self, file: int) -> None:
        self._opening.open_sent(file)

    def _on_open_cancel(self, file: int) -> None:
        self._opening.incoming.cancel(file)

    def _on_styles(self) -> Answer:
        """Answer with the styles, and with their small pictures in that order."""
        rows, thumbs = self._styles.told()
        return Answer({"styles": rows}, thumbs)

    def _on_save_style(self, name: str) -> Answer:
        self._styles.keep(name)
        return self._on_styles()

    def _on_use_style(self, name: str) -> None:
        self._styles.use(name)

    def _on_delete_style(self, name: str) -> Answer:
        self._styles.delete(name)
        return self._on_styles()

    def _on_bake(self, name: str, controls: dict[str, Any], votes: object) -> None:
        self._take(controls, votes)
        from fabric_widget.engine import FabricError  # after the model, it imports torch

        try:
            self._baking.ask(name)
        except FabricError as error:
            raise BadMessage(str(error)) from error

    def _on_enough(self) -> None:
        self._baking.enough()

    def _on_tastes(self) -> Answer:
        """Answer with the tastes, and with their small pictures in that order."""
        rows, thumbs = self._tastes.told()
        return Answer({"tastes": rows}, thumbs)

    def _on_use_taste(self, id: str, strength: float) -> None:  # noqa: A002  (the field's name)
        self._tastes.use(id, strength)

    def _on_delete_taste(self, id: str) -> Answer:  # noqa: A002  (the field's name)
        self._tastes.delete(id)
        return self._on_tastes()

    def _on_taste_file(self, id: str) -> Answer:  # noqa: A002  (the field's name)
        name, data = self._tastes.file(id)
        return Answer({"name": name, "mime": "application/octet-stream"}, [data])

    def _on_wait(self) -> None:
        self._actions.wait()

    def _on_dismiss(self) -> None:
        self._publisher.dismiss()
