"""Identity, effect and restoration: of one pipeline, and over the zoo in half precision."""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from fabric_widget.engine.compatibility import check_compatibility
from fabric_widget.gpu.check import Check, Found, Skipped
from fabric_widget.gpu.place import name_of
from fabric_widget.zoo import ZOO

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fabric_widget.gpu.place import Place
    from fabric_widget.zoo import Family

_USUAL = ("SD 1", "SDXL", "SD 3", "Flux", "Flux true CFG", "Qwen-Image", "Sana", "Z-Image")
_FEW = _USUAL[:4]
_SEED = 5
ASKED = "weight 0 changes no bit, feedback changes the picture, nothing is left behind"


def usual(place: Place) -> Iterator[Check]:
    """Yield the checks of the families that most people use."""
    names = _FEW if place.dry or place.smoke else _USUAL
    yield from _checks(names, place.dtypes[-1:] if place.dry else place.dtypes)


def further(place: Place) -> Iterator[Check]:
    """Yield those of all other families, in one precision after the other."""
    if not (place.dry or place.smoke):
        for dtype in place.dtypes:
            yield from _checks([name for name in ZOO if name not in _USUAL], (dtype,))


def _checks(names: Sequence[str], dtypes: Sequence[torch.dtype]) -> Iterator[Check]:
    for name in names:
        for dtype in dtypes:
            ask = functools.partial(_of_family, family=ZOO[name], dtype=dtype)
            yield Check("laws", f"{name}, {name_of(dtype)}", ASKED, ask, seconds=3)


def _of_family(place: Place, *, family: Family, dtype: torch.dtype) -> Found:
    pipe = family.build()
    pipe.to(place.device, dtype)
    return obeyed(pipe, family)


def obeyed(pipe: Any, family: Family, note: str = "") -> Found:
    """Return whether a pipeline of a family obeys the laws.

    Raises
    ------
    Skipped
        The plain pipeline does not run either.
    """
    arguments = {**family.arguments, **family.needs}
    try:
        found = check_compatibility(pipe, num_images=family.pictures, **arguments)
    except torch.OutOfMemoryError:
        raise
    except Exception:
        refuse_if_plain_fails(pipe, family)
        raise
    figure = f"moved {found.moved:.3g} standard deviations, {found.sites} layers"
    remarks = [note, found.reason]
    if found.works != family.able:
        remarks.append(_of_plain(pipe, family))
    if not family.able:
        figure = "refused"
    return Found(
        figure,
        passed=found.works == family.able,
        numbers={"moved": found.moved, "sites": found.sites},
        note="; ".join(text for text in remarks if text),
    )


def refuse_if_plain_fails(pipe: Any, family: Family) -> None:
    """Raise `Skipped` if the plain pipeline fails by itself."""
    try:
        picture(pipe, family)
    except torch.OutOfMemoryError:
        raise
    except Exception as error:
        reason = f"the plain pipeline fails too: {type(error).__name__}: {error}"
        raise Skipped(reason) from error


def _of_plain(pipe: Any, family: Family) -> str:
    """Return what is wrong with the plain pipeline by itself."""
    one, other = (picture(pipe, family) for _ in range(2))
    if not np.isfinite(one).all():
        return "the plain pipeline's picture is not finite"
    return "" if np.array_equal(one, other) else "the plain pipeline does not repeat itself"


def picture(pipe: Any, family: Family) -> np.ndarray[Any, Any]:
    """Return what the plain pipeline makes."""
    count = family.pictures
    taken = inspect.signature(pipe.__call__).parameters
    own: dict[str, Any] = (
        {"num_images_per_prompt": count} if "num_images_per_prompt" in taken else {}
    )
    generators = [torch.Generator().manual_seed(_SEED + i) for i in range(count)]
    torch.manual_seed(_SEED)
    output = pipe(
        prompt="a cat",
        generator=generators,
        output_type="np",
        **own,
        **family.arguments,
    )
    return np.asarray(output[0])
