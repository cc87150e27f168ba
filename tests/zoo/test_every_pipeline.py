"""Every pipeline of diffusers that takes a prompt is tried, or the docs say why not."""

from __future__ import annotations

import inspect
import re

import diffusers
import pytest

from fabric_widget.engine.compatibility import check_compatibility
from fabric_widget.zoo import ZOO
from fabric_widget.zoo.further import FURTHER
from tests.zoo.document import section

pytestmark = [
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),  # of diffusers about its own models
]

# The command's own tables, which the tests of the command compare with what it prints.
COMMAND = section("python -m fabric_widget pipelines --markdown")
IN_ZOO = set(re.findall(r"^\| .+? \| `(\w+)` \|", COMMAND, re.MULTILINE))
_UNABLE = COMMAND.partition("family that cannot")[2]
UNABLE = re.findall(r"^\| (.+?) \| .+? \|$", _UNABLE, re.MULTILINE)
FURTHER_ROWS = dict(re.findall(r"^\| (.+?) \| `(\w+)` \|$", section("further"), re.MULTILINE))
REASONS = dict(re.findall(r"^\| (.+?) \| (`.+`) \|$", section("classes"), re.MULTILINE))
ELSEWHERE = [name for names in REASONS.values() for name in re.findall(r"`(\w+)`", names)]


def from_a_prompt() -> set[str]:
    """Return the pipelines that diffusers exports, can import, and calls with a prompt."""
    kinds = {name: getattr(diffusers, name) for name in dir(diffusers) if "Pipeline" in name}
    return {
        name
        for name, kind in kinds.items()
        if inspect.isclass(kind)
        and issubclass(kind, diffusers.DiffusionPipeline)
        and "prompt" in inspect.signature(kind.__call__).parameters
    }


def tried() -> set[str]:
    unable = {type(ZOO[name].build()).__name__ for name in UNABLE if name in ZOO}
    return {*IN_ZOO, *unable, *FURTHER_ROWS.values()}


def test_each_pipeline_is_tried_or_stands_there_with_its_reason() -> None:
    found = tried()
    assert from_a_prompt() - found - set(ELSEWHERE) == set()
    assert found & set(ELSEWHERE) == set()
    assert len(ELSEWHERE) == len(set(ELSEWHERE))
    assert set(ELSEWHERE) <= set(dir(diffusers))


@pytest.mark.parametrize("name", FURTHER)
def test_feedback_works_with_each_further_pipeline(name: str) -> None:
    family = FURTHER[name]
    with family.quiet():
        pipe = family.build()
        found = check_compatibility(
            pipe, num_images=family.pictures, **family.arguments, **family.needs
        )
    assert not found.reason
    assert found.works
    assert any("unconditional" in re.split(", ", role) for role in found.roles) == family.guided
    assert FURTHER_ROWS[name] == type(pipe).__name__


def test_the_document_has_every_further_pipeline_in_order() -> None:
    assert list(FURTHER_ROWS) == list(FURTHER)
