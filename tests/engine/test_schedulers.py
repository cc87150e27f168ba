"""Every scheduler that diffusers exports takes feedback, or the docs say why not."""

from __future__ import annotations

import inspect
import re
from typing import Any

import diffusers
import pytest
import torch

from fabric_widget.engine import FabricError, Schedule
from fabric_widget.engine.pipeline.noise import mixture, noised
from fabric_widget.engine.trajectory import Trajectory
from fabric_widget.zoo import ZOO, tiny
from tests.engine.rounds import EVERY_STEP, latents_of, picture, published
from tests.zoo.document import section

pytestmark = [
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    # Some hand tensors to numpy.
    pytest.mark.filterwarnings("ignore:__array_:DeprecationWarning"),
]

ROWS = {
    name: (family.strip(), reason.strip())
    for name, family, reason in re.findall(
        r"^\| `(\w+)` \| (.*?)\| (.*?)\|$", section("schedulers"), re.MULTILINE
    )
}
TRIED = {name: family for name, (family, _) in ROWS.items() if family}
NOT_ALWAYS_INSTALLED = {
    "CosineDPMSolverMultistepScheduler",
    "DPMSolverSDEScheduler",
    "LMSDiscreteScheduler",
}
# Others have a default that fits no pipeline of few steps.
SETTINGS: dict[str, dict[str, Any]] = {"PNDMScheduler": {"skip_prk_steps": True}}
BETAS = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
NEVER = Schedule(start=1, end=1)


def exported() -> set[str]:
    kinds = {name: getattr(diffusers, name) for name in dir(diffusers) if "Scheduler" in name}
    return {
        name
        for name, kind in kinds.items()
        if inspect.isclass(kind)
        and issubclass(kind, diffusers.SchedulerMixin)
        and kind is not diffusers.SchedulerMixin
    }


def test_no_scheduler_is_unknown() -> None:
    assert exported() - ROWS.keys() == set()
    assert ROWS.keys() - exported() <= NOT_ALWAYS_INSTALLED
    assert all(bool(family) != bool(reason) for family, reason in ROWS.values())


def scheduler(name: str) -> Any:
    kind = getattr(diffusers, name)
    taken = inspect.signature(kind.__init__).parameters
    common = {setting: value for setting, value in BETAS.items() if setting in taken}
    return kind(**common | SETTINGS.get(name, {}))


@pytest.mark.parametrize("name", TRIED)
def test_feedback_with_each_scheduler(name: str) -> None:
    family = ZOO[TRIED[name]]
    pipe = family.build()
    pipe.scheduler = scheduler(name)
    fabric = published(pipe)
    arguments: dict[str, Any] = family.arguments | {"num_images": 1, "num_inference_steps": 3}

    def made(**more: Any) -> torch.Tensor:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)  # some draw noise from the global random state at every step
            return latents_of(fabric("a cat", **{"seed": 5, **arguments, **more}))

    liked = [fabric("a cat", seed=1, **arguments)[0]]
    plain = made()
    assert torch.equal(made(liked=liked, schedule=NEVER), plain)
    for votes in (liked, [picture(1, 16, 16)]):
        fed = made(liked=votes, schedule=EVERY_STEP)
        assert fed.isfinite().all()
        assert (fed - plain).abs().max() > 1e-3 * plain.std()


def test_a_perfect_step_leads_from_one_mixture_to_the_next() -> None:
    """Of the scheduler that mixes by alphas and betas of its own steps, in v-prediction."""
    steps = diffusers.IPNDMScheduler()
    steps.set_timesteps(4)
    clean, noise = torch.randn(2, 1, 4, 2, 2, generator=torch.Generator().manual_seed(0))
    steps._step_index = 1
    now = mixture(steps, clean, noise, steps.timesteps[1])
    velocity = (noise - steps.betas[1] * now) / steps.alphas[1]
    after = steps.step(velocity, steps.timesteps[1], now, return_dict=False)[0]
    assert torch.allclose(after, mixture(steps, clean, noise, steps.timesteps[2]), atol=1e-6)


def test_sigmas_up_to_one_are_those_of_a_flow() -> None:
    told = scheduler("FlowMatchEulerDiscreteScheduler")
    told_by_sigmas = scheduler("LTXEulerAncestralRFScheduler")
    clean, noise = torch.randn(2, 1, 4, 2, 2, generator=torch.Generator().manual_seed(0))
    for steps in (told, told_by_sigmas):
        steps.set_timesteps(4)
        steps.set_begin_index(2)
    t = told.timesteps[2]
    assert torch.allclose(
        noised(told_by_sigmas, clean, noise, t), noised(told, clean, noise, t), atol=1e-6
    )


class Secretive(diffusers.DDIMScheduler):  # type: ignore[misc]  # untyped
    """Steps like DDIM, and does not tell how noisy anything is."""

    add_noise = property()

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.alphas_cumprod: Any = _Hidden(self.alphas_cumprod)


class _Hidden:
    """A table that is looked up, and cannot be listed."""

    def __init__(self, table: Any) -> None:
        self._table = table

    def __getitem__(self, index: Any) -> Any:
        return self._table[index]


def test_where_nothing_tells_the_making_of_a_picture_does() -> None:
    pipe = tiny.pipeline()
    kind, settings = tiny.SCHEDULERS["DDIM"]
    pipe.scheduler = Secretive(**BETAS, **settings)
    assert isinstance(pipe.scheduler, kind)
    fabric = published(pipe)
    arguments: dict[str, Any] = {"num_inference_steps": 3, "num_images": 1}
    liked = fabric("a cat", seed=1, **arguments)[0]
    plain = latents_of(fabric("a cat", seed=5, **arguments))
    fed = latents_of(fabric("a cat", seed=5, liked=[liked], **arguments))
    assert (fed - plain).abs().max() > 1e-3 * plain.std()
    telling = published(tiny.pipeline())
    same = telling("a cat", seed=1, **arguments)[0]
    assert torch.equal(fed, latents_of(telling("a cat", seed=5, liked=[same], **arguments)))
    with pytest.raises(FabricError, match=r"Secretive does not tell how noisy .* vote on pictures"):
        fabric("a cat", seed=5, liked=[picture(1, 16, 16)], **arguments)


def test_the_nearest_timestep_counts_where_no_level_is_known() -> None:
    nothing = torch.full((2,), float("nan"))
    latents = torch.stack([torch.zeros(1, 2, 2), torch.ones(1, 2, 2)])
    trajectory = Trajectory(latents, torch.tensor([900.0, 100.0]), nothing, nothing)
    for told, expected in ((700.0, 0), (300.0, 1)):
        found = trajectory.at(latents[0], float("nan"), float("nan"), told)
        assert found is not None
        assert torch.equal(found[0], latents[expected])
    assert trajectory.at(latents[0], 0.5, 0.5, 900.0) is None
