"""Load weights from a folder or the Hub, or raise an error that says how to get them."""

from __future__ import annotations

import os
import pickle
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError

from fabric_widget.evaluation.scorers.errors import MissingWeights, WrongWeights

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_UNREADABLE = (
    SafetensorError,
    pickle.UnpicklingError,
    AttributeError,
    EOFError,
    KeyError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""Errors that libraries raise for a file of another format."""
PROCESSOR_FILES = ("preprocessor_config.json", "processor_config.json")
TOKENIZER_FILES = ("tokenizer.json", "vocab.json")


def usable_device(device: str) -> torch.device:
    """Return the device, or say why it cannot be used.

    Raises
    ------
    ValueError
        There is no such device here.
    """
    try:
        return torch.empty(0, device=device).device
    except (RuntimeError, AssertionError) as error:
        message = (
            f"device {device!r} cannot be used here ({error}): give cpu, or one that torch has"
        )
        raise ValueError(message) from error


def place_of(scorer: str, weights: str | Path | None, standard: str) -> str:
    """Return the folder, file or hub id that weights come from.

    Raises
    ------
    MissingWeights
        The folder or the file does not exist.
    """
    if weights is None:
        return standard
    path = Path(weights).expanduser()
    if path.exists():
        return str(path)
    text = str(weights)
    if isinstance(weights, Path) or text.startswith((".", "~", os.sep)) or text.count("/") != 1:
        message = (
            f"{scorer}: there is nothing at {path.absolute()}. Give a folder with the weights, or "
            f"the id of a model on the hub, such as {standard}"
        )
        raise MissingWeights(message)
    return text


@contextmanager
def fetching(scorer: str, place: str, what: str = "weights", file: str = "") -> Iterator[None]:
    """Say what to do where a library does not find what it is to load, or cannot read it.

    Parameters
    ----------
    scorer
        Whose weights these are.
    place
        The folder, file or hub id.
    what
        What is loaded from there.
    file
        Its name, if one file of the place is all that is needed.

    Raises
    ------
    MissingWeights
        The library found nothing; its own error is the cause.
    WrongWeights
        It found something that it cannot load; its own error is the cause.
    """
    try:
        yield
    except OSError as error:
        raise MissingWeights(how_to_get(scorer, place, what, file)) from error
    except _UNREADABLE as error:
        message = f"{scorer}: the {what} at {place} cannot be loaded: {error}"
        raise WrongWeights(message) from error


def how_to_get(scorer: str, place: str, what: str, file: str = "") -> str:
    """Say where something was looked for, and how to get it with and without a connection."""
    from huggingface_hub import constants

    if Path(place).exists():
        lacking = f"{what} {file}".rstrip()
        return (
            f"{scorer}: {place} lacks the {lacking}. It must hold what the model's repository on "
            "the hub does, as save_pretrained writes it or as its whole download has it"
        )
    offline = " HF_HUB_OFFLINE is set: nothing was downloaded." if constants.HF_HUB_OFFLINE else ""
    download = f"hf download {place} {file}".rstrip()
    return (
        f"{scorer}: no {what} of {place}: looked in {constants.HF_HUB_CACHE} and on the hub."
        f"{offline} To get them: with a connection and without HF_HUB_OFFLINE, run again, or run "
        f"{download}. Without a connection: download on another machine, then either copy its "
        "cache and set HF_HUB_CACHE to it, or copy the folder and name it with --weights (weights= "
        "in Python)"
    )


def load_model(scorer: str, kind: Any, place: str, device: torch.device) -> Any:  # noqa: ANN401
    """Load a model of transformers in float32 and evaluation mode.

    Parameters
    ----------
    scorer
        Name of the scorer.
    kind
        Its class.
    place
        A folder or hub id.
    device
        Where it runs.

    Raises
    ------
    MissingWeights
        The weights are missing.
    WrongWeights
        They are another model's, or incomplete.
    """
    from transformers import AutoConfig

    with fetching(scorer, place):
        config = AutoConfig.from_pretrained(place)
    wanted = kind.config_class.model_type
    if config.model_type != wanted:
        message = f"{scorer}: {place} holds a model of type {config.model_type!r}, not {wanted!r}"
        raise WrongWeights(message)
    with fetching(scorer, place):
        model, report = kind.from_pretrained(
            place, config=config, dtype=torch.float32, output_loading_info=True
        )
    complete(scorer, place, report)
    return model.to(device).eval()


def complete(scorer: str, place: str, report: Mapping[str, Any]) -> None:
    """Raise if weights are missing: transformers would initialize them at random.

    Raises
    ------
    WrongWeights
        Some are missing, or have another shape.
    """
    absent = sorted({*report["missing_keys"], *(key for key, *_ in report["mismatched_keys"])})
    if absent:
        message = (
            f"{scorer}: the weights at {place} are not such a model's: {len(absent)} tensors are "
            f"missing or have another shape, such as {absent[0]}"
        )
        raise WrongWeights(message)


def place_with(files: tuple[str, ...], place: str, standard: str) -> str:
    """Return `place` if it is a hub id or a folder with one of the files, or else `standard`.

    Fine-tuned models are often published without a processor and a tokenizer.
    """
    folder = Path(place)
    if folder.is_dir() and not any((folder / name).is_file() for name in files):
        return standard
    return place


def load_image_processor(scorer: str, place: str) -> Any:  # noqa: ANN401
    """Load the image processor of a model.

    Pillow resizes, also where torchvision is installed: results must not depend on that.

    Raises
    ------
    MissingWeights
        The image processor is missing.
    """
    from transformers import AutoImageProcessor

    with fetching(scorer, place, "image processor"):
        return AutoImageProcessor.from_pretrained(place, backend="pil")
