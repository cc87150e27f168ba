"""What the messages of the front end do: each is checked, done and answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fabric_widget.widget.images import encoding
from fabric_widget.widget.jobs import influence_maps
from fabric_widget.widget.messages import schema
from fabric_widget.widget.messages.router import Dispatch
from fabric_widget.widget.messages.schema import Answer, BadMessage
from fabric_widget.widget.messages.settings_updates import read_value
from fabric_widget.widget.state import serialize
from fabric_widget.widget.state.settings import NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fabric_widget.session.state import Picture
    from fabric_widget.widget.images.encoding import Album
    from fabric_widget.widget.jobs.lens_jobs import Looking
    from fabric_widget.widget.jobs.rounds import Rounds
    from fabric_widget.widget.jobs.run import Runs
    from fabric_widget.widget.lazy_session import Opening
    from fabric_widget.widget.messages.actions import Acts
    from fabric_widget.widget.publish import Telling
    from fabric_widget.widget.view_protocol import Face
    from fabric_widget.widget.worker import Jobs


class Reception:
    """Takes messages in; `messages` says what they look like, `_on_…` what each does.

    Parameters
    ----------
    face
        Answers are sent through it.
    opening
        Has the session.
    telling
        Tells what a message has changed.
    jobs
        Where messages wait that need the model.
    runs, rounds, looking, acts
        What a message may ask for.
    album
        Has pictures as bytes.
    """

    def __init__(  # noqa: PLR0913  (all that a message may ask for)
        self,
        face: Face,
        opening: Opening,
        telling: Telling,
        jobs: Jobs,
        *,
        runs: Runs,
        rounds: Rounds,
        looking: Looking,
        acts: Acts,
        album: Album,
    ) -> None:
        self._dispatch = Dispatch(face, opening, jobs, schema.KNOWN, self)
        self._face = face
        self._opening = opening
        self._telling = telling
        self._jobs = jobs
        self._runs = runs
        self._rounds = rounds
        self._looking = looking
        self._acts = acts
        self._album = album

    def receive(self, _widget: object, content: object, buffers: Sequence[object]) -> None:
        """Check a message, do what it says and answer it. Never raises."""
        self._dispatch.receive(content, buffers)

    # ---- one for each type of message ----------------------------------------------------------

    def _on_hello(self) -> None:
        self._rounds.previews.look()
        if self._opening.session is None:
            if self._jobs.current is None:
                self._telling.tell(phase="loading", message="Loading the model.", error=None)
            self._jobs.call(self._rounds.warm_up)

    def _on_generate(self, controls: dict[str, Any], votes: object) -> None:
        shown = {name: controls[name] for name in NAMES if name in controls} | {"votes": votes}
        try:
            self._adopt(shown)
        except ValueError as error:
            self._telling.notice(f"No round was made: {error}.")
            raise
        self._rounds.ask()

    def _adopt(self, shown: Mapping[str, Any]) -> None:
        """Take over what a click carried, without telling it back to where it came from."""
        with self._face.lock:
            read, notices = {}, []
            for name, value in shown.items():
                read[name], told = read_value(name, value, self._opening)
                notices.append(told)
            self._face.adopt(read, shown)
            for told in notices:
                self._telling.notice(told)

    def _on_again(self, id: str) -> None:  # noqa: A002  (the field's name)
        self._rounds.ask_again(self._named(id)[1])

    def _named(self, name: str) -> tuple[str, Picture]:
        """Return a picture by its name on the wire, with its id."""
        session = self._opening.load()
        names = serialize.named(session)
        if name not in names:
            message = f"no picture here is called {name[:20]!r}"
            raise BadMessage(message)
        return names[name], session.pictures[names[name]]

    def _on_look(self, id: str) -> Answer:  # noqa: A002  (the field's name)
        """Answer with the maps if they are there; otherwise `looked` says when they are."""
        identity, _ = self._named(id)
        outcome = self._looking.ask(identity)
        seen = self._looking.kept(identity)
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
        seen = self._looking.kept(self._named(id)[0])
        if seen is None:
            message = "what was seen of this picture is not kept any more: open its lens again"
            raise BadMessage(message)
        fields, data = influence_maps.looks(seen.influence, reference, level, part)
        return Answer(fields, [data])

    def _on_cancel(self) -> None:
        self._runs.cancel()

    def _on_undo(self) -> None:
        self._acts.travel(lambda session: session.undo())

    def _on_redo(self) -> None:
        self._acts.travel(lambda session: session.redo())

    def _on_branch(self, round: int) -> None:  # noqa: A002  (the field's name)
        self._acts.travel(lambda session: session.branch(round))

    def _on_fetch(self, id: str, kind: str) -> Answer:  # noqa: A002  (the field's name)
        identity, picture = self._named(id)
        if kind == "full":
            encoded = encoding.full(picture)
        else:
            make = self._album.thumb if kind == "thumb" else self._album.screen
            encoded = make(identity, picture)
        name = encoding.file_name(picture, self._telling.names.get(identity, ""))
        told = {"id": id, "kind": kind, "mime": encoded.mime, "name": name}
        return Answer(told, [encoded.data])

    def _on_upload(self, names: list[str], files: list[bytes]) -> Answer:
        if len(names) != len(files):
            message = f"there are {len(names)} names for {len(files)} files"
            raise BadMessage(message)
        added, problems = [], []
        for name, data in zip(names, files, strict=True):
            try:
                added.append(self._acts.add(encoding.read_upload(data), name))
            except (ValueError, OSError) as error:
                problems.append({"name": name, "message": str(error)})
        for problem in problems:
            self._telling.notice(
                f"{problem['name'] or 'A picture'} was not added: {problem['message']}."
            )
        return Answer({"added": added, "problems": problems})

    def _on_poll(self, seen: int, round: int) -> None:  # noqa: A002  (the field's name)
        """Tell again from inside a handler: some hosts show nothing else while a job runs."""
        self._telling.repeat(seen, round)

    def _on_seen(self, job: int, step: int) -> None:
        self._rounds.previews.seen(job, step)

    def _on_save_preset(self, name: str, values: dict[str, Any]) -> None:
        self._acts.save_preset(name, values)

    def _on_delete_preset(self, name: str) -> None:
        self._acts.delete_preset(name)

    def _on_dismiss(self) -> None:
        self._telling.dismiss()
