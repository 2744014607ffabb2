"""Counts what it takes to answer with a cache: GPT-2 of notebook 5, and the encoder-decoder of notebook 3.

    python experiments/serving.py [--layers 12] [--width 256]

It prints, for a long source with a short answer and for a chat of ten turns: positions times layers, numbers in the
cache, and seconds of one core. The models have random weights, since the words of an answer do not change its cost.
"""

import argparse
import math
import time
from pathlib import Path

import torch
from coursekit.training import one_thread
from torch import Tensor, nn
from transformers import GPT2Config

from autograder.authoring.course import Course

COURSE = Course.at(Path(__file__).resolve().parent.parent)
encoders, decoders, gpt2s, generation = (
    COURSE.assignment(name).reference() for name in ("02_encoder", "03_decoder", "04_gpt2", "05_generation")
)
VOCABULARY, HEADS, BOS = 1000, 4, 1


class PositionLayers:
    """Counts, inside ``with``, how many positions pass how many layers, by the feed-forward network of each."""

    def __init__(self, feed_forwards: list[nn.Module]):
        self.feed_forwards, self.count = feed_forwards, 0

    def __enter__(self) -> "PositionLayers":
        self._handles = [each.register_forward_hook(self._note) for each in self.feed_forwards]
        return self

    def _note(self, module: nn.Module, inputs: tuple[Tensor], output: Tensor) -> None:
        self.count += inputs[0].shape[0] * inputs[0].shape[1]

    def __exit__(self, *_) -> None:
        for handle in self._handles:
            handle.remove()


class CachedDecoder:
    """Runs a pre-norm decoder one token at a time. It keeps keys and values, and of the memory nothing else."""

    def __init__(self, model: nn.Module, source: Tensor):
        """Encode a source (1, length), and compute the keys and values of cross-attention once."""
        memory, _ = model.encode(source)
        self.model, self.length = model, 0
        self.cross = [_keys_and_values(layer.cross_attention, memory) for layer in model.decoder_layers]
        nothing = memory[:, :0]
        self.own = [_keys_and_values(layer.self_attention, nothing) for layer in model.decoder_layers]

    def read(self, token: Tensor) -> Tensor:
        """Return the logits (1, tokens) of what follows a token (1, 1)."""
        model = self.model
        position = encoders.sinusoidal_positions(self.length + 1, model.d_model)[-1:]
        x = model.target_embedding(token) * math.sqrt(model.d_model) + position  # (1, 1, d_model)
        for number, layer in enumerate(model.decoder_layers):
            new = _keys_and_values(layer.self_attention, layer.norm1(x))
            self.own[number] = tuple(torch.cat(pair, dim=2) for pair in zip(self.own[number], new, strict=True))
            x = x + _attend(layer.self_attention, layer.norm1(x), *self.own[number])
            x = x + _attend(layer.cross_attention, layer.norm2(x), *self.cross[number])
            x = x + layer.feed_forward(layer.norm3(x))
        self.length += 1
        return (model.decoder_norm(x) @ model.target_embedding.weight.T)[:, -1]

    @property
    def numbers(self) -> int:
        """Return how many numbers are kept."""
        return sum(part.numel() for pair in [*self.cross, *self.own] for part in pair)


def _keys_and_values(attention: nn.Module, x: Tensor) -> tuple[Tensor, Tensor]:
    return _heads(attention, attention.key_proj(x)), _heads(attention, attention.value_proj(x))


def _heads(attention: nn.Module, x: Tensor) -> Tensor:
    return x.unflatten(-1, (attention.num_heads, -1)).transpose(1, 2)  # (batch, num_heads, length, d_head)


def _attend(attention: nn.Module, x: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    query = _heads(attention, attention.query_proj(x))
    mixed = torch.nn.functional.scaled_dot_product_attention(query, keys, values)
    return attention.output_proj(mixed.transpose(1, 2).flatten(2))


@torch.no_grad()
def encoder_decoder(layers: int, d_model: int, source: int, answer: int, turns: int = 1) -> dict[str, float]:
    """Answer so many times, with layers / 2 layers in each stack: the chat so far is encoded anew in each turn."""
    torch.manual_seed(0)
    sizes = {"d_model": d_model, "num_heads": HEADS, "d_ff": 4 * d_model, "num_layers": layers // 2, "pad_id": -1}
    model = decoders.Transformer(VOCABULARY, VOCABULARY, **sizes, dropout=0.0, norm_first=True).eval()
    chat = torch.empty(1, 0, dtype=torch.int64)
    began = time.process_time()
    with PositionLayers([layer.feed_forward for layer in [*model.encoder.layers, *model.decoder_layers]]) as passed:
        for _ in range(turns):
            decoder = CachedDecoder(model, torch.cat([chat, _asked(source)], dim=1))
            written = [torch.tensor([[BOS]])]
            for _ in range(answer):
                written.append(decoder.read(written[-1]).argmax(dim=-1, keepdim=True))
            chat = torch.cat([chat, _asked(source), *written[1:]], dim=1)
    return {
        "position-layers": passed.count,
        "numbers cached": decoder.numbers,
        "seconds": time.process_time() - began,
    }


@torch.no_grad()
def gpt2(layers: int, d_model: int, source: int, answer: int, turns: int = 1) -> dict[str, float]:
    """Answer so many times with one cache, in which all turns are kept."""
    torch.manual_seed(0)
    config = GPT2Config(
        n_embd=d_model,
        n_head=HEADS,
        n_layer=layers,
        n_positions=turns * (source + answer),
        vocab_size=VOCABULARY,
    )
    model = gpt2s.GPT2(config).eval()
    cache = _Counted(generation.KVCache(config))
    unread = torch.empty(1, 0, dtype=torch.int64)
    began = time.process_time()
    with PositionLayers([block.mlp.c_fc for block in model.h]) as passed:
        for _ in range(turns):
            unread = torch.cat([unread, _asked(source)], dim=1)
            for _ in range(answer):
                logits = generation.forward_with_cache(model, unread, cache)[:, -1]
                unread = logits.argmax(dim=-1, keepdim=True)
    return {
        "position-layers": passed.count,
        "numbers cached": sum(cache.numbers.values()),
        "seconds": time.process_time() - began,
    }


class _Counted:
    """A cache of notebook 5 that notes how many numbers each layer holds."""

    def __init__(self, cache: object):
        self.cache, self.numbers = cache, {}

    @property
    def length(self) -> int:
        return self.cache.length

    def append(self, layer: int, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        keys, values = self.cache.append(layer, key, value)
        self.numbers[layer] = keys.numel() + values.numel()
        return keys, values


def _asked(length: int) -> Tensor:
    return torch.arange(length)[None] % VOCABULARY  # (1, length)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python experiments/serving.py", description=__doc__.split("\n")[0])
    parser.add_argument("--layers", type=int, default=12, help="of both stacks together (%(default)s)")
    parser.add_argument("--width", type=int, default=256, help="d_model (%(default)s)")
    arguments = parser.parse_args()
    with one_thread():
        for case, sizes in {
            "a source of 400, an answer of 20": (400, 20, 1),
            "a source of 20, an answer of 400": (20, 400, 1),
            "a chat of ten turns, 30 + 30": (30, 30, 10),
        }.items():
            print(case)
            for model in (encoder_decoder, gpt2):
                found = model(arguments.layers, arguments.width, *sizes)
                print(
                    f"  {model.__name__:16} {found['position-layers']:9,} position-layers"
                    f" {found['numbers cached']:12,} numbers cached {found['seconds']:7.2f} s"
                )
