"""Small sessions to bake, and what is to be the same of a pipeline afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from fabric_widget import Fabric, LoRASettings, Session

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

FEW = LoRASettings(steps=3, rank=2, pictures=2, batch_size=2)
QUICK: dict[str, Any] = {"num_inference_steps": 2, "guidance_scale": 4.0}


def session_of(
    pipe: Any, arguments: Mapping[str, Any] = QUICK, *, likes: int = 2, pictures: int = 2
) -> Session:
    """Return a session with pictures, of which the first are liked."""
    session = Session(Fabric(pipe), lens=None)
    while len(session.liked) < likes or not session.rounds:
        for picture in session.generate("abc", num_images=pictures, **arguments):
            if len(session.liked) < likes:
                session.like(picture)
    return session


def picture(pipe: Any, arguments: Mapping[str, Any] = QUICK) -> NDArray[np.uint8]:
    """Return a plain picture."""
    generator = torch.Generator().manual_seed(7)
    return np.asarray(pipe("xyz", generator=generator, **arguments).images[0])


def traces(model: torch.nn.Module) -> dict[str, Any]:
    """Return everything of a model that baking could leave something in."""
    return {
        "classes": [(name, type(module).__name__) for name, module in model.named_modules()],
        "hooks": sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules()),
        "own": sorted(vars(model)),
        "learning": [x.requires_grad for x in model.parameters()],
        "gradients": [x.grad is None for x in model.parameters()],
        "values": [float(x.detach().double().sum()) for x in model.parameters()],
        "training": model.training,
    }
