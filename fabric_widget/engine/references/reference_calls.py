"""References, and the denoiser calls that compute them, at any size."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PIL import Image

from fabric_widget.engine.errors import BadReference
from fabric_widget.engine.generated_image import GeneratedImage
from fabric_widget.engine.pipeline.call import TOKENS, in_form
from fabric_widget.engine.pipeline.latents import pixels_per_latent
from fabric_widget.engine.pipeline.protocol import SIZE, parameters_of
from fabric_widget.engine.pipeline.record_calls import null_call
from fabric_widget.engine.references.feedback import Use

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fabric_widget.engine.pipeline.call import Call
    from fabric_widget.engine.pipeline.denoiser import Denoiser
    from fabric_widget.engine.pipeline.protocol import Pipeline
    from fabric_widget.engine.references.references import Reference, ReferenceMaker
    from fabric_widget.engine.votes.aspects import AspectTable
    from fabric_widget.engine.votes.votes import CheckedVote

_SIZE_UNIT = 8  # pixels
_COARSENESS = (1, 2, 4)  # some pipelines take fewer sizes than they tell
_PICTURES = ("image", "mask_image", "control_image")  # arguments as large as what is made


class ReferenceCalls:
    """The null prompt's call of one request, at the size of each reference.

    Parameters
    ----------
    pipe, denoiser
        The pipeline and its denoiser.
    maker
        Makes references.
    null
        The null call at the size that was asked for.
    arguments
        The pipeline's, as asked for.

    Attributes
    ----------
    templates
        The call of each reference that was made, by its id.
    """

    def __init__(
        self,
        pipe: Pipeline,
        denoiser: Denoiser,
        maker: ReferenceMaker,
        null: Call,
        arguments: Mapping[str, Any],
    ) -> None:
        self._pipe = pipe
        self._denoiser = denoiser
        self._maker = maker
        self._takes_size = set(SIZE) <= set(parameters_of(pipe))
        self._null = null
        self._own = null.beside(null)
        self._arguments = arguments
        asked = tuple((name, arguments[name]) for name in SIZE if arguments.get(name))
        self._references: dict[str, Reference] = {}
        self.templates: dict[str, Call] = {}
        self._recorded: dict[tuple[tuple[str, int], ...], Call] = {asked: self._own}

    def uses(self, votes: Sequence[CheckedVote], aspects: AspectTable) -> list[Use]:
        """Return uses of the references of votes, in an order that does not depend on theirs."""
        found = []
        for vote in sorted(votes, key=lambda vote: vote.key):
            if vote.id not in self._references:
                self._references[vote.id], self.templates[vote.id] = self.reference(vote)
            found.append(Use(self._references[vote.id], vote, aspects=aspects))
        return found

    def reference(self, vote: CheckedVote) -> tuple[Reference, Call]:
        """Return a vote's reference and the null prompt's call at its size.

        References of the same size have the very same call, which stands beside the picture's.

        Raises
        ------
        BadReference
            The pipeline does not make pictures of that size.
        """
        finer = () if isinstance(vote.content, GeneratedImage) else _COARSENESS[:-1]
        for coarseness in finer:
            with suppress(BadReference):
                return self._fitted(vote, coarseness)
        return self._fitted(vote, _COARSENESS[-1], last=True)

    def _fitted(
        self, vote: CheckedVote, coarseness: int, *, last: bool = False
    ) -> tuple[Reference, Call]:
        """Return a vote's reference at a coarseness of sizes, and the call that it fits into.

        The `last` one is cut to the call's size where the two differ, unless that is not possible.
        """
        latents = self._null.latents
        reference = self._maker.make(vote, latents, coarseness)
        template = self._template(reference)
        # Some make a few sizes only; of some no size is asked for, and any one is taken.
        if template.packed:
            cut = last
        else:
            another = self._takes_size and self._of_another_size(template, reference)
            cut = another or template.within is not None
        if self._fits(template, reference):
            return reference, template
        if cut and not isinstance(vote.content, GeneratedImage):
            reference = self._maker.make(vote, latents, exactly=template)
        self._check_fits(template, reference)
        return reference, template

    def _fits(self, template: Call, reference: Reference) -> bool:
        """Return whether a reference is as large as a call's latents."""
        size = reference.size
        grid = None if self._takes_size or not size else template.grid
        if grid is not None and grid[0] * size["width"] != grid[1] * size["height"]:
            return False  # as many tokens, in other rows
        form = in_form(reference.latents[0], template.latents[0])
        return bool(form.shape == template.latents[0].shape)

    def _check_fits(self, template: Call, reference: Reference) -> None:
        """Refuse a reference of another size than the call's, if that must have its own."""
        if self._fits(template, reference) or not (template.packed or template.within):
            return
        shape = tuple(reference.latents.shape[1:])
        size = dict(reference.size) if self._takes_size else {}
        of = f"{shape[0]} tokens" if template.packed else f"{shape[-1]} by {shape[-2]} latents"
        message = (
            f"a reference of {of} is not of the size that its settings "
            f"say, {size or 'the default one'}: give the picture itself"
        )
        raise BadReference(message)

    def _of_another_size(self, template: Call, reference: Reference) -> bool:
        """Return whether the pipeline chose another size than requested.

        A little more is none: sizes are asked for in whole units.
        """
        form = in_form(reference.latents[0], template.latents[0])
        latents = _SIZE_UNIT / pixels_per_latent(self._pipe)
        return any(
            abs(a - b) >= max(latents, 1)
            for a, b in zip(form.shape, template.latents[0].shape, strict=True)
        )

    def _template(self, reference: Reference) -> Call:
        """Return the null prompt's call at the size of a reference, beside the picture's own."""
        null = self._null
        form = in_form(reference.latents[0], null.latents[0])
        alike = form.shape == null.latents[0].shape and not null.packed
        if alike or not self._takes_size:
            return self._own
        size = tuple((name, reference.size[name]) for name in SIZE if name in reference.size)
        if size not in self._recorded:
            called = replace(self._called(reference), per_row=null.per_row)
            self._recorded[size] = called.beside(null)
        return self._recorded[size]

    def _called(self, reference: Reference) -> Call:
        # Source pictures that are tokens of their own keep their own size.
        beside = self._null.within
        resized = _PICTURES if beside is None or beside.axis != TOKENS else ()
        arguments = {
            name: _at_size(value, reference.size) if name in resized else value
            for name, value in self._arguments.items()
            if name not in SIZE
        }
        try:
            return null_call(self._denoiser, arguments | dict(reference.size))
        except ValueError as error:  # the pipeline's own checks
            message = (
                f"a reference is of a size, {dict(reference.size)}, that "
                f"{type(self._pipe).__name__} does not make: {error}"
            )
            raise BadReference(message) from error


def _at_size(picture: object, size: Mapping[str, int]) -> object:
    """Return a start image resized to the size that the pipeline is called with."""
    if isinstance(picture, Image.Image) and size:
        return picture.resize((size["width"], size["height"]))
    if isinstance(picture, list):
        return [_at_size(part, size) for part in picture]
    return picture
