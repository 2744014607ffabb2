"""Turns texts into two streams of tokens: one to train language models on, and one to test them on."""

import math
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from coursekit.documentation import is_held_out


class Corpus:
    """Holds the tokens of many texts one after the other, with the tokenizer's end-of-text token in front of each.

    train, held_out  (length,) int64, the tokens to train on and those to test on
    """

    def __init__(self, texts: Sequence[str], tokenizer: PreTrainedTokenizerBase, window: int):
        """Split the texts, one in twenty being held out, and turn both parts into tokens.

        window  the number of tokens that a model reads at once
        """
        self.window = window
        unseen = [text for text in texts if is_held_out(text)]
        self.train = _stream([text for text in texts if not is_held_out(text)], tokenizer)
        self.held_out = _stream(unseen, tokenizer)
        self.characters = sum(map(len, unseen))  # in the texts that are held out

    def draw(self, generator: torch.Generator, count: int = 16) -> Tensor:
        """Draw windows to train on, (count, window) int64, each from a random place of the training stream."""
        starts = torch.randint(len(self.train) - self.window, (count,), generator=generator)
        return torch.stack([self.train[start : start + self.window] for start in starts])

    @torch.no_grad()
    def bits_per_character(self, model: Callable[[Tensor], Tensor], at_once: int = 16) -> float:
        """Return what a character of the held-out text costs on average: the sum of -log2 of all tokens' probabilities,
        divided by the number of characters.

        Each token but the very first is counted once. At least half a window of tokens precedes it, except in the
        first window. Tokenizers differ in how long their tokens are; a character is the same for all.

        model  tokens (batch, window) -> logits (batch, window, vocab_size), in evaluation mode
        """
        half = self.window // 2
        padded = F.pad(self.held_out, (0, -len(self.held_out) % half + half), value=-100)
        nats, first = 0.0, True
        for windows in padded.unfold(0, self.window, half).split(at_once):  # (at_once, window)
            logits, targets = model(windows.clamp(min=0))[:, :-1], windows[:, 1:].clone()
            targets[int(first) :, : self.window - half - 1] = -100  # these are counted in the window before
            first = False
            nats += F.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="sum").item()
        return nats / math.log(2) / self.characters


def _stream(texts: Sequence[str], tokenizer: PreTrainedTokenizerBase) -> Tensor:
    each = tokenizer([tokenizer.eos_token + text for text in texts], verbose=False)["input_ids"]
    return torch.tensor([token for tokens in each for token in tokens])
