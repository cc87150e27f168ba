"""Runs of Fabric: cancelling, two at once, progress and previews."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from diffusers import AutoencoderTiny

from fabric_widget.engine import (
    Fabric,
    GenerationCancelled,
    PipelineBusy,
    Progress,
    waiting_for_pipeline,
)
from tests.engine.rounds import make, published, same, untouched

# Cancelling, and two at once


def test_cancel_from_the_callback(pipe: Any) -> None:
    fabric = published(pipe)
    first = make(fabric)
    steps: list[int] = []

    def stop_at_two(progress: Progress) -> None:
        steps.append(progress.step)
        if progress.step == 2:
            fabric.cancel()

    with untouched(pipe), pytest.raises(GenerationCancelled, match="after 2 steps"):
        make(fabric, liked=[first[0]], on_step=stop_at_two)
    assert steps == [1, 2]
    assert len(fabric._cache) > 0  # a change of mind costs no memory of references
    assert same(make(fabric), first)


def test_cancel_from_another_thread(fabric: Fabric) -> None:
    def from_elsewhere(progress: Progress) -> None:
        del progress
        thread = threading.Thread(target=fabric.cancel)
        thread.start()
        thread.join()

    with pytest.raises(GenerationCancelled, match="after 1 steps"):
        make(fabric, on_step=from_elsewhere)


def test_cancel_while_decoding(pipe: Any) -> None:
    fabric = published(pipe)
    plain = pipe.vae.decode

    def cancelled(*args: Any, **kwargs: Any) -> Any:
        fabric.cancel()
        return plain(*args, **kwargs)

    pipe.vae.decode = cancelled
    with pytest.raises(GenerationCancelled):
        make(fabric)
    del pipe.vae.decode


def test_cancel_without_a_run_does_nothing(fabric: Fabric) -> None:
    fabric.cancel()
    assert len(make(fabric)) == 2


@pytest.mark.parametrize("other", ["same object", "same pipeline", "same denoiser"])
def test_a_second_thread_is_told_at_once(pipe: Any, other: str) -> None:
    fabric = published(pipe)
    sharing = type(pipe)(**pipe.components, requires_safety_checker=False)
    sharing.set_progress_bar_config(disable=True)
    second = {
        "same object": fabric,
        "same pipeline": published(pipe),
        "same denoiser": published(sharing),
    }[other]
    raised: list[BaseException] = []

    def try_it() -> None:
        try:
            make(second)
        except PipelineBusy as error:
            raised.append(error)

    def meanwhile(progress: Progress) -> None:
        if progress.step == 1:
            thread = threading.Thread(target=try_it)
            thread.start()
            thread.join()

    made = make(fabric, on_step=meanwhile)
    assert [str(error) for error in raised] == [
        "another run is using this StableDiffusionPipeline: wait until it has ended or cancel it"
    ]
    assert same(made, make(second))


def test_a_run_inside_a_run_is_busy(fabric: Fabric) -> None:
    with pytest.raises(PipelineBusy):
        make(fabric, on_step=lambda _: make(fabric))
    assert len(make(fabric)) == 2


def test_a_run_that_may_wait_begins_when_the_other_has_ended(pipe: Any) -> None:
    first, second = Fabric(pipe), Fabric(pipe)
    log: list[str] = []
    inside = threading.Event()

    def wait_and_make() -> None:
        def keep_waiting() -> bool:
            inside.set()
            log.append("waits")
            return True

        with waiting_for_pipeline(keep_waiting, lambda: log.append("admitted")):
            made.append(make(second))

    made: list[Any] = []
    thread = threading.Thread(target=wait_and_make)

    def meanwhile(progress: Progress) -> None:
        if progress.step == 1:
            thread.start()
            assert inside.wait(60)
        if progress.step == progress.steps:
            log.append("ended")

    alone = make(first, on_step=meanwhile)
    thread.join(60)
    assert same(made[0], alone)
    assert list(dict.fromkeys(log)) == ["waits", "ended", "admitted"]


def test_a_run_that_waits_can_be_cancelled_and_the_other_goes_on(pipe: Any) -> None:
    first, second = Fabric(pipe), Fabric(pipe)
    raised: list[BaseException] = []

    def give_up() -> None:
        try:
            with waiting_for_pipeline(lambda: False, pytest.fail):
                make(second)
        except GenerationCancelled as error:
            raised.append(error)

    def meanwhile(progress: Progress) -> None:
        if progress.step == 1:
            thread = threading.Thread(target=give_up)
            thread.start()
            thread.join(60)

    assert same(make(first, on_step=meanwhile), make(second))
    assert "while another run was using" in str(raised[0])


def test_nobody_waits_for_a_run_of_the_same_thread(fabric: Fabric) -> None:
    with waiting_for_pipeline(lambda: True, pytest.fail), pytest.raises(PipelineBusy):
        make(fabric, on_step=lambda _: make(fabric))
    with waiting_for_pipeline(pytest.fail, pytest.fail):
        assert len(make(fabric)) == 2  # a free pipeline is not waited for


# Progress


def test_progress_and_previews(fabric: Fabric) -> None:
    seen: list[tuple[int, int, list[tuple[int, int]]]] = []

    def note(progress: Progress) -> None:
        sizes = [preview.size for preview in progress.previews()]
        seen.append((progress.step, progress.steps, sizes))

    make(fabric, on_step=note)
    assert seen == [(i, 3, [(8, 8)] * 2) for i in (1, 2, 3)]


def test_previews_are_made_only_when_asked_for(pipe: Any) -> None:
    decoder = AutoencoderTiny(
        encoder_block_out_channels=(4, 4),
        decoder_block_out_channels=(4, 4),
        num_encoder_blocks=(1, 1),
        num_decoder_blocks=(1, 1),
    )
    decoded: list[int] = []
    decoder.decoder.register_forward_hook(lambda *_: decoded.append(1))
    fabric = published(pipe, preview=decoder)
    kept: list[Progress] = []
    make(fabric, on_step=kept.append)
    assert not decoded
    assert [preview.size for preview in kept[-1].previews()] == [(16, 16)] * 2
    assert decoded


def test_previews_can_be_made_after_the_run(fabric: Fabric) -> None:
    kept: list[Progress] = []
    make(fabric, on_step=kept.append)
    prefetched, late = kept[0].previews()[0], kept[-1].previews()[0]
    assert prefetched.tobytes() != late.tobytes()


def test_without_an_autoencoder_there_are_no_previews() -> None:
    assert Progress(1, 2).previews() == []
