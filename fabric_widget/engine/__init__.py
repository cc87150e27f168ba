"""The engine: a diffusers pipeline, a prompt and feedback in; pictures out.

fabric           Fabric: one run of a pipeline with feedback
hires            HiRes: the same in two passes, the second at a larger size
prepare          before a run: calls measured, references made, lender returned
run              one run under way: steps, latents, cancelling
output           from the pipeline's output to a round
request          the arguments of a call, checked
results          what comes back: rounds of pictures, progress
generated_image  a generated picture, with all that it was made from
schedule         how strongly references count, step by step
errors           what can go wrong
fingerprint      names for contents
compatibility    whether feedback works with a pipeline, by trying
trajectory       the latents that a picture passed through while it was made
attention/       the method as tensor algebra; layers, tokens
pipeline/        any diffusers pipeline: its denoiser calls, guidance branches, latents
votes/           what was said of pictures: likes and dislikes, aspects, parts
plans/           how a round spends its pictures: what each of them follows
references/      liked and disliked pictures as keys and values
lens/            which reference influenced which place
preview/         pictures of unfinished latents
"""

import warnings

from fabric_widget.engine.attention.token_budget import TokenBudget
from fabric_widget.engine.errors import (
    BadReference,
    FabricError,
    FabricWarning,
    GenerationCancelled,
    NoAttentionSites,
    PipelineBusy,
)
from fabric_widget.engine.fabric import Fabric
from fabric_widget.engine.generated_image import GeneratedImage
from fabric_widget.engine.hires import HiRes
from fabric_widget.engine.lens.influence import Influence, Level, Seen
from fabric_widget.engine.lens.lens import Lens
from fabric_widget.engine.pipeline.lock import waiting_for_pipeline
from fabric_widget.engine.plans import Everything, Explore, MoreLike, Plan, Recipe, Start
from fabric_widget.engine.results import Progress, Round
from fabric_widget.engine.schedule import Schedule
from fabric_widget.engine.trajectory import Trajectory
from fabric_widget.engine.votes.aspects import AspectTable, AspectWeights
from fabric_widget.engine.votes.parts import Part
from fabric_widget.engine.votes.votes import Vote

__all__ = [
    "AspectTable",
    "AspectWeights",
    "BadReference",
    "Everything",
    "Explore",
    "Fabric",
    "FabricError",
    "FabricWarning",
    "GeneratedImage",
    "GenerationCancelled",
    "HiRes",
    "Influence",
    "Lens",
    "Level",
    "MoreLike",
    "NoAttentionSites",
    "Part",
    "PipelineBusy",
    "Plan",
    "Progress",
    "Recipe",
    "Round",
    "Schedule",
    "Seen",
    "Start",
    "TokenBudget",
    "Trajectory",
    "Vote",
    "waiting_for_pipeline",
]


def __getattr__(name: str) -> object:
    """Return a name that was changed, with a warning."""
    if name == "Economy":
        message = "Economy is called TokenBudget now: import that"
        warnings.warn(message, DeprecationWarning, stacklevel=2)
        return TokenBudget
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
