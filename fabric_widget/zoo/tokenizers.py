"""Tokenizers without files: every character is a token, and so is every special word."""

from __future__ import annotations

import string
from typing import Any

from tokenizers import Regex, Tokenizer, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

SPECIAL = ("<pad>", "<s>", "</s>", "<unk>")
PAD, BEGIN, END, _UNKNOWN = range(len(SPECIAL))
VOCABULARY = 128  # at least as many as there are tokens

# A chat template that joins the texts of the messages, given as strings or as parts.
_TEMPLATE = (
    "{% for message in messages %}"
    "{% if message.content is string %}{{ message.content }}{% else %}"
    "{% for part in message.content %}{{ part.text }}{% endfor %}{% endif %}\n"
    "{% endfor %}"
)


class WithPositions(PreTrainedTokenizerFast):  # type: ignore[misc]  # no types
    """Also returns position ids, as the tokenizer of ChatGLM does."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        encoded = super().__call__(*args, **kwargs)
        encoded["position_ids"] = (encoded["attention_mask"].cumsum(-1) - 1).clamp(min=0)
        return encoded


class AsProcessor(PreTrainedTokenizerFast):  # type: ignore[misc]  # no types
    """Has the interface of the processor of a vision-language model, for text only."""

    @property
    def tokenizer(self) -> Any:
        return self

    def apply_chat_template(self, *args: Any, **kwargs: Any) -> Any:
        made = super().apply_chat_template(*args, **kwargs)
        return [made] if kwargs.get("tokenize") else made


def letters(
    *special: str,
    begin: bool = False,
    end: bool = True,
    side: str = "right",
    length: int = 512,
    kind: Any = PreTrainedTokenizerFast,
) -> Any:
    """Return a tokenizer for a language model.

    Parameters
    ----------
    special
        Words that are one token each.
    begin, end
        Whether every text gets a start token, and an end token.
    side
        Padding side.
    length
        Maximal length of a text.
    kind
        Class of the tokenizer.
    """
    words = (*SPECIAL, *special, *string.printable)
    tokenizer = Tokenizer(
        models.WordLevel({word: i for i, word in enumerate(words)}, unk_token=SPECIAL[_UNKNOWN])
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated")
    marks = ["<s>"] * begin, ["</s>"] * end
    tokenizer.post_processor = processors.TemplateProcessing(
        single=[*marks[0], "$A", *marks[1]], special_tokens=[("<s>", BEGIN), ("</s>", END)]
    )
    return kind(
        tokenizer_object=tokenizer,
        pad_token=SPECIAL[PAD],
        bos_token=SPECIAL[BEGIN],
        eos_token=SPECIAL[END],
        unk_token=SPECIAL[_UNKNOWN],
        additional_special_tokens=list(special),
        chat_template=_TEMPLATE,
        padding_side=side,
        model_max_length=length,
    )
