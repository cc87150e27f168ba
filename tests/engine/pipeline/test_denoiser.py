"""The pipeline's call, who is who in it, and noising by the scheduler's own rule."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from fabric_widget.engine.errors import FabricError
from fabric_widget.engine.pipeline.denoiser import Denoiser
from fabric_widget.engine.pipeline.noise import noised, scheduler_timestep
from fabric_widget.engine.pipeline.record_calls import null_call, record_call
from fabric_widget.zoo import tiny

SETTINGS: dict[str, Any] = {"num_inference_steps": 4, "guidance_scale": 3.0}


@pytest.mark.parametrize("family", tiny.FAMILIES)
@pytest.mark.parametrize(("guidance", "roles"), [(3.0, [False, True]), (1.0, [True])])
def test_roles_are_measured(family: str, guidance: float, roles: list[bool]) -> None:
    denoiser = Denoiser(tiny.pipeline(family))
    settings = {**SETTINGS, "guidance_scale": guidance, "negative_prompt": "b"}
    for prompt in ("a cat", ""):
        recorded_call = record_call(denoiser, settings, prompt)
        assert recorded_call.null.rows == len(roles)
        assert list(recorded_call.guidance_branches.rows) == roles


def test_the_other_order_is_found_too(pipe: Any) -> None:
    """A pipeline that puts the conditional half first."""
    encode = pipe.encode_prompt
    pipe.encode_prompt = lambda *args, **kwargs: encode(*args, **kwargs)[::-1]
    denoiser = Denoiser(pipe)
    assert record_call(denoiser, SETTINGS, "a cat").guidance_branches.rows == (True, False)


def test_the_device_is_looked_up_once_a_run(pipe: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipeline looks through all of its modules for it; between two runs it may have moved."""
    places = iter(["cpu", "meta", "cpu"])
    monkeypatch.setattr(type(pipe), "_execution_device", property(lambda _: next(places)))
    denoiser = Denoiser(pipe)
    for place in ("cpu", "meta"):
        with denoiser.occupied():
            assert [denoiser.device.type for _ in range(3)] == [place] * 3
    assert denoiser.device.type == "cpu"


def test_null_call_does_not_know_prompts(pipe: Any) -> None:
    denoiser = Denoiser(pipe)
    plain = null_call(denoiser, SETTINGS).arguments["encoder_hidden_states"]
    words = torch.randn(1, tiny.TOKENS, tiny.WIDTH)
    wordy = null_call(
        denoiser,
        {
            **SETTINGS,
            "negative_prompt": "b",
            "prompt_embeds": words,
            "negative_prompt_embeds": words,
        },
    )
    assert torch.equal(wordy.arguments["encoder_hidden_states"], plain)


def test_null_call_leaves_the_pipeline_as_it_was(pipe: Any) -> None:
    pipe("a", num_inference_steps=2, generator=torch.Generator().manual_seed(0))
    scheduler, own = dict(vars(pipe.scheduler)), dict(vars(pipe))
    state = torch.get_rng_state()
    null_call(Denoiser(pipe), SETTINGS)
    assert all(vars(pipe.scheduler)[name] is value for name, value in scheduler.items())
    assert vars(pipe.scheduler).keys() == scheduler.keys()
    assert all(vars(pipe)[name] is value for name, value in own.items())
    assert "forward" not in vars(pipe.unet)
    assert torch.equal(torch.get_rng_state(), state)


def test_chosen_rows_keep_their_conditioning() -> None:
    denoiser = Denoiser(tiny.pipeline("SDXL"))
    null = null_call(denoiser, {**SETTINGS, "height": 16, "width": 32})
    latents = torch.ones(2, 4, 8, 16)
    chosen = null.with_rows([1, 1], latents, torch.tensor([500, 400, 300]))
    assert torch.equal(chosen["sample"], latents)
    assert chosen["timestep"].tolist() == [500, 500]
    several = null.with_rows([1, 1], latents, torch.tensor([500, 400]))
    assert several["timestep"].tolist() == [500, 400]
    words = null.arguments["encoder_hidden_states"]
    assert torch.equal(chosen["encoder_hidden_states"], words[[1, 1]])
    more = chosen["added_cond_kwargs"]
    assert more["time_ids"].tolist() == [[16, 32, 0, 0, 16, 32]] * 2
    assert more["text_embeds"].shape == (2, tiny.WIDTH)


def test_what_a_control_model_adds_is_left_out(pipe: Any) -> None:
    denoiser = Denoiser(pipe)
    call = denoiser.bind(
        (torch.zeros(2, 4, 8, 8), torch.tensor(3), torch.zeros(2, 8, 16)),
        {"mid_block_additional_residual": torch.ones(2, 16, 4, 4), "return_dict": False},
    )
    assert (call.rows, int(call.timestep), call.latents_name) == (2, 3, "sample")
    chosen = call.with_rows([0], torch.zeros(1, 4, 8, 8), call.timestep)
    assert chosen["mid_block_additional_residual"] is None
    assert chosen["return_dict"] is False


def test_call_without_a_timestep(pipe: Any) -> None:
    denoiser = Denoiser(pipe)

    class Odd(torch.nn.Module):
        def forward(self, sample: torch.Tensor) -> torch.Tensor:
            return sample

    pipe.unet = Odd()
    with pytest.raises(FabricError, match="Odd was called without a timestep"):
        denoiser.bind((torch.zeros(1),), {})


def test_pipeline_that_never_denoises(pipe: Any) -> None:
    pipe.scheduler.set_timesteps = lambda *_, **__: setattr(pipe.scheduler, "timesteps", [])
    with pytest.raises(FabricError, match="ended without calling its unet"):
        null_call(Denoiser(pipe), SETTINGS)


@pytest.mark.parametrize("begin", [None, 0])
@pytest.mark.parametrize("sampler", tiny.SCHEDULERS)
def test_references_are_as_noisy_as_the_picture(sampler: str, begin: int | None) -> None:
    """Signal and noise, measured apart, against the solver's own level at every step."""
    scheduler = tiny.scheduler(sampler)
    scheduler.set_timesteps(6)
    if begin is not None and hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(begin)
    one, zero = torch.ones(1, 4, 2, 2), torch.zeros(1, 4, 2, 2)
    x = torch.randn(1, 4, 2, 2, generator=torch.Generator().manual_seed(0))
    alphas = scheduler.alphas_cumprod
    for i, t in enumerate(scheduler.timesteps):
        scheduler.scale_model_input(x, t)
        before = dict(vars(scheduler))
        own = scheduler_timestep(scheduler, t)
        signal, noise = (noised(scheduler, *parts, own) for parts in ((one, zero), (zero, one)))
        assert all(vars(scheduler)[name] is value for name, value in before.items())
        sigmas = getattr(scheduler, "sigmas", None)
        if sigmas is None:
            expected = alphas[t].sqrt(), (1 - alphas[t]).sqrt()
        else:
            expected = 1 / (sigmas[i] ** 2 + 1).sqrt(), sigmas[i] / (sigmas[i] ** 2 + 1).sqrt()
        assert math.isclose(signal.mean(), expected[0], abs_tol=1e-4)
        assert math.isclose(noise.mean(), expected[1], abs_tol=1e-4)
        x = scheduler.step(x * 0.1, t, x, return_dict=False)[0]


def test_rescaled_timesteps_are_told_by_the_schedulers_counter() -> None:
    scheduler = tiny.scheduler("DPM++ 2M")
    scheduler.set_timesteps(4)
    assert scheduler_timestep(scheduler, torch.tensor([0.5])) == scheduler.timesteps[0]
    scheduler.set_begin_index(1)
    assert scheduler_timestep(scheduler, torch.tensor([0.5])) == scheduler.timesteps[1]
    x = torch.zeros(1, 4, 2, 2)
    scheduler.step(x, scheduler.timesteps[1], x)
    assert scheduler_timestep(scheduler, torch.tensor([0.5])) == scheduler.timesteps[2]


def test_schedulers_without_add_noise() -> None:
    class Flow:
        def scale_noise(
            self, sample: torch.Tensor, timestep: torch.Tensor, noise: torch.Tensor
        ) -> torch.Tensor:
            sigma = timestep.view(-1, 1, 1, 1) / 1000
            return sigma * noise + (1 - sigma) * sample

    latents, noise = torch.ones(1, 4, 2, 2), torch.zeros(1, 4, 2, 2)
    assert noised(Flow(), latents, noise, torch.tensor(250.0)).mean() == 0.75
