"""Sessions whose process is killed while they act and write; one process start serves them all.

``python -m tests.session.journal.killed COUNT SEED`` forks a child for each of them. Half kill
themselves in the middle of a write, half are killed by their parent at any moment. What is read
back must be the session as it was before or after the act that was under way. Prints how far each
of them came.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

from fabric_widget.session import Session
from fabric_widget.session.history import History
from fabric_widget.session.journal import Autosave, Journal, Store, disk
from fabric_widget.session.state import State
from tests.session.conftest import RecordingFabric
from tests.session.journal.told import read, states

ACTS = 12
NOTHING: Any = states(History(State(next_seed=0)))
_NOW: Any = RecordingFabric


def act(session: Session, chance: random.Random) -> None:
    """Do something; it may change nothing."""
    made = [image for images in session.rounds for image in images]
    if not made or chance.random() < 0.3:
        session.generate("a monster", num_images=chance.randint(1, 3))
        return
    picture = chance.choice(made)
    ways = [
        lambda: session.like(picture, chance.choice([-1.0, 0.5, 1.0])),
        lambda: session.like(picture, part=(0, 0, 1, 2)),
        lambda: session.star(picture),
        lambda: session.branch(0),
        session.undo,
        session.redo,
    ]
    chance.choice(ways)()


def child(root: Path, seed: int, pipe: int, bomb: int | None) -> None:
    """Act, and report each act: when it begins, and when it is on disk."""
    if bomb is not None:
        calls = iter(range(bomb, -1, -1))
        write = disk.write

        def torn(file: int, content: bytes) -> None:
            if next(calls) == 0:
                os.write(file, content[: len(content) // 2])
                os.kill(os.getpid(), signal.SIGKILL)
            write(file, content)

        disk.write = torn
    chance = random.Random(seed)
    session, journal = Session(_NOW()), Journal(Store(Autosave(root)))
    journal.attach(session)
    for _ in range(ACTS):
        os.write(pipe, b"b")
        act(session, chance)
        journal.flush()
        os.write(pipe, b"d")
    os.kill(os.getpid(), signal.SIGKILL)


def expected(seed: int, acts: int) -> Any:
    """Return what a session holds after so many acts."""
    chance, session = random.Random(seed), Session(_NOW())
    for _ in range(acts):
        act(session, chance)
    return states(session._history)


def kill(root: Path, seed: int, chance: random.Random, *, inside: bool) -> str:
    """Kill one; return how far it came."""
    reading, writing = os.pipe()
    bomb = chance.randrange(60) if inside else None
    pid = os.fork()
    if pid == 0:
        try:
            child(root, seed, writing, bomb)
        finally:
            os._exit(1)
    os.close(writing)
    told, enough = b"", 2 * ACTS if inside else chance.randint(1, 2 * ACTS)
    while len(told) < enough and (more := os.read(reading, 1)):
        told += more
    if not inside:
        os.kill(pid, signal.SIGKILL)
    while more := os.read(reading, 1):
        told += more
    os.close(reading)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
    begun, done = told.count(b"b"), told.count(b"d")
    folders = [folder for folder in root.iterdir() if (folder / "journal.jsonl").exists()]
    kept = [f for f in folders if (f / "journal.jsonl").read_bytes().count(b"\n")]
    could = [expected(seed, acts) for acts in range(done, begun + 1)]
    if not kept:  # its first line was not whole: the first round was under way
        assert done == 0, told
        return "nothing"
    assert states(read(kept[0])) in (could if done else [*could, NOTHING]), (seed, told)
    again, journal = Session(_NOW()), Journal(Store(Autosave(root)), threads=False)
    assert journal.resume(again, kept[0])  # the lock of a dead process holds nobody up
    again.generate("it goes on")
    assert states(read(kept[0])) == states(again._history)
    return "torn" if inside else "killed"


def main() -> None:
    """Kill as many as the command line says."""
    count, seed = (int(word) for word in sys.argv[1:])
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        ends = []
        for number in range(count):
            root = Path(folder) / str(number)
            root.mkdir()
            ends.append(kill(root, seed + number, chance, inside=number % 2 == 0))
    print(json.dumps(ends))  # noqa: T201  (the test reads it)


if __name__ == "__main__":
    main()
