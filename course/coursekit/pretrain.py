"""Trains the small GPT-2 that comes with the course, on Python's documentation, and saves it where notebooks find it.

    python -m coursekit.pretrain [--steps N] [--seed N] [--into FOLDER]

A byte-level BPE of 2,048 tokens, 2 layers of width 144, a window of 256 tokens: 833,472 parameters. It takes some
twenty minutes on one core. The folder is in transformers' format, and pretraining.json beside the weights holds
what was done: losses, bits per character, seed, versions, and the hash of the text.
"""

import argparse
import hashlib
import json
import math
import platform
from pathlib import Path

import tokenizers
import torch
import torch.nn.functional as F
import transformers
from tokenizers.decoders import ByteLevel as FromBytes
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel
from tokenizers.trainers import BpeTrainer
from torch import Tensor
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

from coursekit.checkpoints import PYTHON_DOCS
from coursekit.documentation import documents
from coursekit.training import train

END = "<|endoftext|>"  # between two texts, as in GPT-2
VOCAB_SIZE, WINDOW, BATCH = 2048, 256, 16
HELD_OUT = 20  # every twentieth text is not learned from


def pretrain(into: Path, steps: int = 2000, seed: int = 0) -> None:
    texts = documents()
    held_out, learned = texts[::HELD_OUT], [text for i, text in enumerate(texts) if i % HELD_OUT]
    tokenizer = learn_bpe(learned)
    stream, unseen = (encode(tokenizer, part) for part in (learned, held_out))
    torch.manual_seed(seed)
    model = GPT2LMHeadModel(
        GPT2Config(
            vocab_size=VOCAB_SIZE,
            n_positions=WINDOW,
            n_embd=144,
            n_layer=2,
            n_head=6,
            bos_token_id=tokenizer.eos_token_id,
            eos_token_id=tokenizer.eos_token_id,
        )
    )

    def draw(generator: torch.Generator) -> Tensor:
        starts = torch.randint(len(stream) - WINDOW, (BATCH,), generator=generator)
        return torch.stack([stream[start : start + WINDOW] for start in starts])  # (BATCH, WINDOW)

    characters = sum(len(text) for text in held_out)
    history = train(
        model,
        loss,
        draw,
        train_step,
        name="pretraining",
        steps=steps,
        learning_rate=2e-3,
        weight_decay=0.1,
        seed=seed,
        score=lambda model: bits_per_character(model, unseen, characters),
        score_every=steps // 20,
    )
    model.save_pretrained(into)
    tokenizer.save_pretrained(into)
    record = {
        "seed": seed,
        "steps": history.steps,
        "tokens a step": BATCH * WINDOW,
        "text": {
            "sha256": hashlib.sha256("\n\n".join(texts).encode()).hexdigest(),
            "characters learned from": sum(len(text) for text in learned),
            "characters held out": characters,
            "tokens learned from": len(stream),
        },
        "versions": {
            "python": platform.python_version(),
            **{module.__name__: module.__version__ for module in (torch, transformers, tokenizers)},
        },
        "losses": [round(value, 4) for value in history.losses],
        "bits per character, held out": [[step, round(score, 4)] for step, score in history.scores],
    }
    (into / "pretraining.json").write_text(json.dumps(record) + "\n", encoding="utf-8")


def learn_bpe(texts: list[str]) -> PreTrainedTokenizerFast:
    """A byte-level BPE, as GPT-2's: any text has tokens, and comes back as it was."""
    tokenizer = tokenizers.Tokenizer(BPE())
    tokenizer.pre_tokenizer, tokenizer.decoder = ByteLevel(add_prefix_space=False), FromBytes()
    alphabet = ByteLevel.alphabet()
    tokenizer.train_from_iterator(
        texts, BpeTrainer(vocab_size=VOCAB_SIZE, special_tokens=[END], initial_alphabet=alphabet, show_progress=False)
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token=END, eos_token=END, unk_token=END, model_max_length=WINDOW
    )


def encode(tokenizer: PreTrainedTokenizerFast, texts: list[str]) -> Tensor:
    """All texts in one row, (length,) int64, each with END in front."""
    each = tokenizer([END + text for text in texts])["input_ids"]
    return torch.tensor([token for tokens in each for token in tokens])


def loss(model: GPT2LMHeadModel, tokens: Tensor) -> Tensor:
    """The mean cross-entropy of the next token, in nats."""
    return F.cross_entropy(model(tokens).logits[:, :-1].flatten(0, 1), tokens[:, 1:].flatten())


def train_step(model, loss_function, optimizer, batch) -> float:
    """One step, as the student of notebook 2 writes it."""
    model.train()
    optimizer.zero_grad()
    value = loss_function(model, batch)
    value.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return value.item()


@torch.no_grad()
def bits_per_character(model: GPT2LMHeadModel, stream: Tensor, characters: int) -> float:
    """How many bits a character of the text costs on average: each token once, half a window or more before it."""
    model.eval()
    nats, half = 0.0, WINDOW // 2
    for start in range(0, len(stream) - 1, half):
        window = stream[start : start + WINDOW]  # (length,)
        logits = model(window[None]).logits[0, :-1]  # (length - 1, VOCAB_SIZE)
        new = slice(0 if start == 0 else half - 1, None)  # the others were counted in the window before
        nats += F.cross_entropy(logits[new], window[1:][new], reduction="sum").item()
        if start + WINDOW >= len(stream):
            break
    return nats / math.log(2) / characters


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m coursekit.pretrain", description=__doc__.split("\n")[0])
    parser.add_argument("--into", type=Path, default=PYTHON_DOCS, help="the folder to save it in (%(default)s)")
    parser.add_argument("--steps", type=int, default=2000, help="of training (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of weights and batches (%(default)s)")
    arguments = parser.parse_args()
    pretrain(arguments.into, arguments.steps, arguments.seed)
