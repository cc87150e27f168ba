"""All hyperparameters of the demo model."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Training schedule of one network.

    The learning rate rises over `warmup` steps, holds, and from `decay_from` (a fraction of the
    steps) falls along a half cosine to a hundredth.
    """

    steps: int
    batch: int
    learning_rate: float
    warmup: int = 100
    decay_from: float = 0.4
    weight_decay: float = 1e-2
    average: float = 0.0
    """Decay of the running average of the weights; 0 for none."""

    def __post_init__(self) -> None:
        """Check the numbers."""
        if self.steps < 1 or self.batch < 1:
            msg = f"a stage needs steps >= 1 and batch >= 1, got {self.steps} and {self.batch}"
            raise ValueError(msg)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Sizes and schedules of the demo model. The defaults made the weights that ship."""

    seed: int = 0
    resolution: int = 64
    pictures: int = 40_000
    held_out: int = 4000
    """Pictures that are not trained on, to measure the reader."""
    max_words: int = 24

    latent_channels: int = 4
    vae_channels: tuple[int, ...] = (16, 32, 64)
    vae_edges: float = 1.0
    """Weight of the L1 distance between edges, against 1 for that between pixels."""
    vae_kl: float = 1e-3
    vae: Stage = field(
        default_factory=lambda: Stage(
            steps=2600, batch=12, learning_rate=4e-3, decay_from=0.33, average=0.995
        )
    )

    text_width: int = 128
    text_layers: int = 3
    text: Stage = field(default_factory=lambda: Stage(steps=1200, batch=128, learning_rate=1e-3))

    unet_channels: tuple[int, ...] = (64, 128)
    unet: Stage = field(
        default_factory=lambda: Stage(
            steps=3400, batch=32, learning_rate=2e-3, decay_from=0.45, average=0.998
        )
    )
    prompt_dropout: float = 0.1

    judged_prompts: int = 200
    judged_pictures: int = 120
    """How many pictures of "a monster" etc. are measured."""

    reader: Stage = field(default_factory=lambda: Stage(steps=2000, batch=64, learning_rate=2e-3))
