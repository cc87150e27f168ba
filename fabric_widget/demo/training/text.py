"""Train the text encoder: a small CLIP text model, on captions alone.

It learns to predict, from the end-of-text token, every attribute that a caption names and which
ones it leaves open. Its embeddings then already separate "a red monster on blue" from "a blue
monster on red", which joint training learns last.
"""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from torch import nn
from torch.nn import functional
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from fabric_widget.demo.scenes import ATTRIBUTES, MENTIONED, Scene, choose, describe

from .loop import step_seed, train

if TYPE_CHECKING:
    from pathlib import Path

    from .recipe import Recipe

_PREFIX = "text_model."  # of the names that every checkpoint of CLIP on the hub has
_SPECIAL = ("<|startoftext|>", "<|endoftext|>")


def tokenizer(recipe: Recipe, folder: Path) -> CLIPTokenizer:
    """Build a byte-pair tokenizer in which every word of a caption is one token."""
    rng = random.Random(recipe.seed)
    corpus = [describe(Scene.sample(rng), set(MENTIONED)) for _ in range(4000)]
    bpe = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    bpe.pre_tokenizer = pre_tokenizers.Whitespace()
    letters = [chr(code) for code in range(33, 127)]
    bpe.train_from_iterator(
        corpus,
        trainers.BpeTrainer(
            vocab_size=800,
            end_of_word_suffix="</w>",
            initial_alphabet=letters,
            show_progress=False,
        ),
    )
    model = json.loads(bpe.to_str())["model"]
    vocabulary = model["vocab"]
    for token in (*letters, *(letter + "</w>" for letter in letters), *_SPECIAL):
        vocabulary.setdefault(token, len(vocabulary))
    target = folder / "tokenizer"
    target.mkdir(exist_ok=True)
    (target / "vocab.json").write_text(json.dumps(vocabulary))
    merges = [" ".join(merge) for merge in model["merges"]]
    (target / "merges.txt").write_text("\n".join(["#version: 0.2", *merges]))
    return CLIPTokenizer(
        str(target / "vocab.json"), str(target / "merges.txt"), model_max_length=recipe.max_words
    )


def token_ids(words: CLIPTokenizer, captions: list[str]) -> torch.Tensor:
    """Return token ids (n, max_words), padded as the pipeline pads."""
    batch = words(captions, padding="max_length", truncation=True, return_tensors="pt")
    ids: torch.Tensor = batch.input_ids
    return ids


def fit(recipe: Recipe, words: CLIPTokenizer, folder: Path, device: torch.device) -> CLIPTextModel:
    """Train the text encoder on captions alone; it stays frozen afterwards."""
    torch.manual_seed(recipe.seed)
    encoder = CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(words),
            hidden_size=recipe.text_width,
            intermediate_size=2 * recipe.text_width,
            num_hidden_layers=recipe.text_layers,
            num_attention_heads=4,
            max_position_embeddings=recipe.max_words,
            projection_dim=recipe.text_width,
            bos_token_id=words.bos_token_id,
            eos_token_id=words.eos_token_id,
            pad_token_id=words.pad_token_id,
        )
    )
    names = list(ATTRIBUTES)
    sizes = [len(ATTRIBUTES[name]) + 1 for name in names]
    network = nn.ModuleDict(
        {"encoder": encoder, "heads": nn.Linear(recipe.text_width, sum(sizes))}
    ).to(device)

    def loss(step: int, _generator: torch.Generator) -> tuple[torch.Tensor, dict[str, float]]:
        rng = random.Random(step_seed(recipe.seed, step))
        captions, targets = [], []
        for _ in range(recipe.text.batch):
            scene = Scene.sample(rng)
            named = choose(scene, rng)
            captions.append(describe(scene, named))
            targets.append(
                [
                    1 + ATTRIBUTES[n].index(getattr(scene, n)) if n in named or n == "kind" else 0
                    for n in names
                ]
            )
        pooled = encoder(token_ids(words, captions).to(device)).pooler_output
        logits = network["heads"](pooled).split(sizes, dim=-1)
        wanted = torch.tensor(targets, device=device).T
        right = torch.stack([a.argmax(-1) == w for a, w in zip(logits, wanted, strict=True)])
        total = torch.stack(
            [functional.cross_entropy(a, w) for a, w in zip(logits, wanted, strict=True)]
        )
        return total.mean(), {"right": right.float().mean().item()}

    train("text", recipe.text, network, loss, folder, seed=recipe.seed)
    return encoder.requires_grad_(requires_grad=False)


def give_common_names(path: Path) -> None:
    """Name saved weights as all checkpoints of CLIP do: releases of transformers save other names.

    Those before 5.6 would not find their own in a file of a later one, and draw random weights.
    """
    weights = {
        f"{_PREFIX}{name.removeprefix(_PREFIX)}": weight for name, weight in load_file(path).items()
    }
    save_file(weights, path, metadata={"format": "pt"})
