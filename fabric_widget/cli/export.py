"""The command export: a saved session for people who have no kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fabric_widget.cli.exit_codes import refuse

if TYPE_CHECKING:
    import argparse


def run(arguments: argparse.Namespace) -> int:
    """Write the export, print what was written, and return the exit code."""
    from fabric_widget.session.exports import export
    from fabric_widget.session.files import open_saved

    try:
        written = export(open_saved(arguments.session), arguments.place, arguments.kind)
    except (FileExistsError, ValueError) as error:  # no session, or nothing that can be written
        return refuse("export", error)
    print("\n".join(map(str, written)))
    return 0
