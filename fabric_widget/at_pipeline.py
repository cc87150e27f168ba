"""Functions of a fabric that run where its pipeline is: here, or in a worker elsewhere."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Result = TypeVar("Result")


def fact_of_pipeline(function: Callable[[Any], Result]) -> Callable[[Any], Result]:
    """Let a function of a fabric be called where the pipeline is, and only once if that is afar.

    It may not run the pipeline: a round may be under way.
    """

    @functools.wraps(function)
    def asked(fabric: Any) -> Result:  # noqa: ANN401  (whatever makes pictures)
        there: Callable[..., Result] | None = getattr(fabric, "fact", None)
        return function(fabric) if there is None else there(asked)

    return asked


def asked_at_pipeline(function: Callable[..., Result]) -> Callable[..., Result]:
    """Let a function of a fabric, and of what else it is given, be called where the pipeline is.

    It may run the pipeline, which has to be free.
    """

    @functools.wraps(function)
    def asked(fabric: Any, *arguments: Any) -> Result:  # noqa: ANN401  (whatever makes pictures)
        there: Callable[..., Result] | None = getattr(fabric, "ask", None)
        return function(fabric, *arguments) if there is None else there(asked, *arguments)

    return asked
