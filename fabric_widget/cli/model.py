"""The demo model, and the pipeline's arguments that a command was given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse

    from fabric_widget.demo.reader import Reader
    from fabric_widget.engine import Fabric


def load_model() -> tuple[Fabric, Reader]:
    """Load the demo model and its reader."""
    from fabric_widget.demo import load_demo
    from fabric_widget.demo.reader import load_reader
    from fabric_widget.engine import Fabric

    return Fabric(load_demo()), load_reader()


def pipeline_arguments(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the pipeline's arguments that were given."""
    given = {"num_inference_steps": arguments.steps, "guidance_scale": arguments.guidance}
    return {name: value for name, value in given.items() if value is not None}
