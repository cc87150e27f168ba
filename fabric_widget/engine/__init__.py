"""The engine: a diffusers pipeline, a prompt and feedback in; pictures out.

fabric        Fabric: one run of a pipeline with feedback
hires         HiRes: the same in two passes, the second at a larger size
request       what a call asked for, checked
templates     references, and the calls that they are computed with, at any size
lending       who borrows from whom at one denoiser call
recording     keys and values of references at one step: remembered, or computed
moments       the noise levels they are computed at, now and at steps to come
early         what was computed for steps to come
lens          Lens: what of a run's attention is recorded
observing     when, at which calls and for which rows
maps          attention probabilities, pooled into maps
influence     Influence: what was recorded, to be read
tokens        what a reference lends to one layer: whole, or thinned
economy       what is spared: tokens, steps
denoiser      any pipeline: the calls it makes to its denoiser, noising a reference
calls         one such call: its rows, the form of its latents, where its picture stands
roles         which rows and which calls are conditional
sites         self-attention layers that record or borrow, found by measuring
attention     attention to own and borrowed keys: tensor algebra
bank          keys and values of references, kept within a number of bytes
host          what of it waits in the host's memory
schedule      how strongly references count
references    from likes and dislikes to latents
pictures      from anything a person may call a picture to an RGB image
latent_space  pictures into latents
packing       latents as a picture and as packed tokens
preview       cheap pictures of unfinished latents
forecast      the latents that a run is heading for
pipeline      the part of a diffusers pipeline that is used, for type checkers
results       what comes back: pictures, rounds, progress
restore       everything borrowed is given back
digest        names for contents
survey        whether feedback works with a pipeline, by trying
errors        what can go wrong
"""

from fabric_widget.engine.economy import Economy
from fabric_widget.engine.errors import (
    BadReference,
    FabricError,
    FabricWarning,
    GenerationCancelled,
    NoAttentionSites,
    PipelineBusy,
)
from fabric_widget.engine.fabric import Fabric
from fabric_widget.engine.hires import HiRes
from fabric_widget.engine.influence import Influence, Level, Seen
from fabric_widget.engine.lens import Lens
from fabric_widget.engine.results import GeneratedImage, Progress, Round
from fabric_widget.engine.schedule import Schedule

__all__ = [
    "BadReference",
    "Economy",
    "Fabric",
    "FabricError",
    "FabricWarning",
    "GeneratedImage",
    "GenerationCancelled",
    "HiRes",
    "Influence",
    "Lens",
    "Level",
    "NoAttentionSites",
    "PipelineBusy",
    "Progress",
    "Round",
    "Schedule",
    "Seen",
]
