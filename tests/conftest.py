"""What every test runs under."""

from __future__ import annotations

import gc
import os
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.ray_cluster import ray_cluster, shared_fabric  # noqa: F401  (fixtures)

if TYPE_CHECKING:
    from collections.abc import Generator

    from xdist.remote import Producer
    from xdist.scheduler import LoadScopeScheduling

# Nothing is to be fetched, whatever a library would like to look up.
os.environ["HF_HUB_OFFLINE"] = "1"
# Sessions save themselves where a test says so, and never into the folder of whoever runs it.
os.environ["FABRIC_WIDGET_AUTOSAVE"] = "off"

# A million objects are made while the tests are imported, and stay: nothing there is garbage.
gc.disable()

# No deadlines: how long a test takes says more about the machine than about the code.
settings.register_profile("house", deadline=None)
settings.load_profile("house")

# Tests that share what is dear to make: a notebook server and its kernel, by their parameters;
# pictures, measurements or a site, by their file; a cluster; a family of pipelines, by its name.
_SHARING = re.compile(
    r"(?:lab|notebook)-ipykernel-\d"
    r"|hosts/test_(?:marimo|nbconvert|papermill|subshells|voila)\.py|front_end/test_playground\.py"
    r"|/test_cluster\.py"
    r"|test_(?:token_budget|docs_site|package)\.py|aspects/test_measurement\.py|tests/bench/"
    r"|(?:engine/test_(?:pipelines|recipes|sizes)|zoo/test_zoo|cli/test_pipelines)"
    r"\.py::\w+(?P<family>\[.+\])"
)
# One test, or tests in one process, that take longest: they come first.
_LONGEST = re.compile(
    r"evaluation/test_feedback|hosts/test_(?:jupyter|subshells)|test_docs_site|tests/bench/"
)

# What is left to the long run, `make soak`, because a test that stays says the same of one case.
_SOAK = re.compile(
    # notebooks that take a minute each: the first stays, and all are read as they are saved
    r"test_notebooks\.py::test_(?:it_runs_and_shows_what_is_saved\[0[2-57]|the_marimo_app_exports)"
    # pictures to look at: what they show is clicked, measured and read by axe in other tests
    r"|front_end/test_screenshots\.py|hosts/test_screenshots\.py"
    r"|test_(?:axe_finds_nothing_and_)?a?_?picture_is_taken\[\S*dark"
    # hosts besides JupyterLab and Colab, each with a server of its own: a vote in marimo stays
    r"|hosts/test_\w+\.py::\w+\[\S*notebook-ipykernel-6"
    r"|hosts/test_(?:papermill|nbconvert|subshells|voila)"
    r"|hosts/test_marimo\.py::test_(?!a_vote_counts)"
    # in JupyterLab what a page of our own shows as well: votes, stop, keys, reload, errors stay
    r"|hosts/test_(?:finishing|opening)|hosts/test_jupyter_whys\.py::test_a_marked_part"
    r"|hosts/test_jupyter\.py::test_(?:the_playground|shift_enter|control_enter|the_theme)"
    # pipelines and schedulers beyond those that people use most
    r"|test_feedback_works_with_each_further_pipeline\[(?!(?:SDXL ControlNet|SD 3|Flux) image"
    r"|(?:SD 3|Flux) ControlNet\]|Qwen-Image inpainting|SDXL PAG inpainting|Z-Image image)"
    r"|test_feedback_with_each_scheduler\[(?!DDIMS|EulerD|DPMSolverM|UniPC|IPNDM|FlowMatchE|LCM|DEIS)"
    r"|test_the_null_prompt_is_the_same_without_encoders\[(?!SD|Flux|Qwen|Z-Image|HiDream|Chroma|Sana)"
    # real runs of a command from end to end: its parts are run in this process
    r"|test_evaluate\.py::test_(?:a_killed_run_goes_on|people_of_all_kinds)"
    r"|test_replay\.py::test_twelve_rounds_come_out_to_the_bit"
    r"|test_bench\.py::test_(?:json_is_one_line|an_interrupt_keeps_what_was_measured\[20)"
    # counts, sizes and memory of one more setting
    r"|test_ways\.py::test_a_compiled_unet|test_sizes\.py::test_sizes_that_people_use"
    r"|test_six_references_of_mixed_sizes\[(?:SDXL-96|SD 1-64)"
    r"|test_memory_grows_with_rounds_by_the_cache_alone\[0"
    r"|test_flops\.py::test_(?:self_attention|without_ref|a_later|a_first|the_published)"
)

# What the inner loop, `make check`, leaves to `make test`: pages, documents, commands, tables.
_LONG = re.compile(
    r"tests/(?:browser|notebooks|zoo|bench|cli)/|test_(?:cli|docs|documents|package)"
    r"|engine/test_(?:pipelines|sizes|ways|hires|recipes|fabric_dependence|fabric_arguments)"
    r"|engine/(?:test_compatibility|lens/test_lens|preview/test_predicted)|/test_cluster\.py"
    r"|demo/test_(?:model|quiet_loading|training)|scorers/test_laws|report/test_study"
    r"|aspects/test_measurement|session/(?:replay|exports)/|playground/test_borrowed"
    r"|test_(?:damage|killed|marked_parts|more_like|mutations)\.py"
)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> Generator[None, None, None]:
    """Mark tests of the long run and of the inner loop; begin with slow ones, or one ends alone."""
    for item in items:
        if _SOAK.search(item.nodeid):
            item.add_marker("soak")
        marked = any(item.get_closest_marker(name) for name in ("slow", "soak"))
        if not marked and not _LONG.search(item.nodeid):
            item.add_marker("fast")
    yield  # what -m leaves out is left out, and what shares a browser comes together
    if hasattr(config, "workerinput"):  # one process alone would make what modules share twice
        items.sort(key=_patience)


def _patience(item: pytest.Item) -> int:
    """Return what may wait: first what takes longest, then what is slow, then all else."""
    longest = _LONGEST.search(item.nodeid) is not None
    return 0 if longest else 1 if item.get_closest_marker("slow") else 2


def pytest_collection_finish() -> None:
    """Collect garbage from here on, without looking at what was imported again and again."""
    gc.freeze()
    gc.enable()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """Give each process one test after the other, but all tests that share to the same one."""
    from xdist.scheduler import LoadScopeScheduling

    class SharedInOneProcess(LoadScopeScheduling):  # type: ignore[misc]  # untyped
        def _split_scope(self, nodeid: str) -> str:
            shared = _SHARING.search(nodeid)
            return (shared["family"] or shared[0]) if shared else nodeid

    config.option.loadscopereorder = False  # as they were sorted: the most are not the longest
    return SharedInOneProcess(config, log)
