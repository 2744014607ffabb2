"""Text to continue, as tokens: a stream to learn from, and one to be tested on."""

import math
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from coursekit.documentation import is_held_out


class Corpus:
    """Texts one after the other, with the tokenizer's end of text in front of each.

    train, held_out  (length,) int64, one row of tokens each
    """

    def __init__(self, texts: Sequence[str], tokenizer: PreTrainedTokenizerBase, window: int):
        """
        window  how many tokens a model reads at once
        """
        self.window = window
        unseen = [text for text in texts if is_held_out(text)]
        self.train = _stream([text for text in texts if not is_held_out(text)], tokenizer)
        self.held_out = _stream(unseen, tokenizer)
        self.characters = sum(map(len, unseen))  # held out

    def draw(self, generator: torch.Generator, count: int = 16) -> Tensor:
        """Windows to learn from, (count, window), each from anywhere."""
        starts = torch.randint(len(self.train) - self.window, (count,), generator=generator)
        return torch.stack([self.train[start : start + self.window] for start in starts])

    @torch.no_grad()
    def bits_per_character(self, model: Callable[[Tensor], Tensor], at_once: int = 16) -> float:
        """What a character of the held-out text costs on average: -log2 of its tokens' probabilities, by its length.

        Each token is counted once, and but for the first ones at least half a window stands before it. Tokenizers
        differ in how long their tokens are; a character is the same for all.

        model  tokens (batch, window) -> logits (batch, window, vocab_size), in evaluation mode
        """
        half = self.window // 2
        padded = F.pad(self.held_out, (0, -len(self.held_out) % half + half), value=-100)
        nats, first = 0.0, True
        for windows in padded.unfold(0, self.window, half).split(at_once):  # (at_once, window)
            logits, targets = model(windows.clamp(min=0))[:, :-1], windows[:, 1:].clone()
            targets[int(first) :, : half - 1] = -100  # counted in the window before
            first = False
            nats += F.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="sum").item()
        return nats / math.log(2) / self.characters


def _stream(texts: Sequence[str], tokenizer: PreTrainedTokenizerBase) -> Tensor:
    each = tokenizer([tokenizer.eos_token + text for text in texts], verbose=False)["input_ids"]
    return torch.tensor([token for tokens in each for token in tokens])
