"""Trains the small GPT-2 of the course on Python's documentation, and saves it where the notebooks find it.

    python experiments/pretrain.py [--steps N] [--seed N] [--into FOLDER]

The model has a byte-level BPE of 2,048 tokens, 2 layers of width 144, and a window of 256 tokens: 833,472 parameters.
Training takes some twenty minutes on one core. The folder is in transformers' format. The file pretraining.json beside
the weights records the losses, bits per character, seed, versions, and the hash of the text.
"""

import argparse
import json
import platform
import sys
from pathlib import Path

import tokenizers
import torch
import transformers
from coursekit.checkpoints import PYTHON_DOCS
from coursekit.corpus import Corpus
from coursekit.documentation import documents, fingerprint, is_held_out
from coursekit.training import train
from tokenizers.decoders import ByteLevel as FromBytes
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel
from tokenizers.trainers import BpeTrainer
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

from autograder.authoring.course import Course

COURSE = Course.at(Path(__file__).resolve().parent.parent)
END = "<|endoftext|>"  # between two texts, as in GPT-2
VOCAB_SIZE, WINDOW = 2048, 256


def pretrain(into: Path, steps: int = 2000, seed: int = 0) -> None:
    """Train the model and its tokenizer, and save both in a folder. If it is interrupted, nothing is saved."""
    texts = documents()
    tokenizer = learn_bpe([text for text in texts if not is_held_out(text)])
    corpus = Corpus(texts, tokenizer, WINDOW)
    encoder, gpt2 = COURSE.assignment("02_encoder").reference(), COURSE.assignment("04_gpt2").reference()
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

    def bits(model: GPT2LMHeadModel) -> float:
        model.eval()
        return corpus.bits_per_character(lambda tokens: model(tokens).logits)

    history = train(
        model,
        lambda model, tokens: gpt2.language_model_loss(model(tokens).logits, tokens),
        corpus.draw,
        encoder.train_step,
        name="pretraining",
        steps=steps,
        learning_rate=2e-3,
        weight_decay=0.1,
        seed=seed,
        score=bits,
        score_every=max(1, steps // 20),
    )
    if history.steps < steps:
        sys.exit(f"Nothing is saved: {into} is as it was.")
    model.save_pretrained(into)
    tokenizer.save_pretrained(into)
    record = {
        "seed": seed,
        "steps": history.steps,
        "tokens a step": corpus.draw(torch.Generator()).numel(),
        "text": {
            "sha256": fingerprint(texts),
            "tokens learned from": len(corpus.train),
            "tokens held out": len(corpus.held_out),
            "characters held out": corpus.characters,
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
    """Train a byte-level BPE like that of GPT-2: it can encode any text, and decodes it without loss."""
    tokenizer = tokenizers.Tokenizer(BPE())
    tokenizer.pre_tokenizer, tokenizer.decoder = ByteLevel(add_prefix_space=False), FromBytes()
    alphabet = ByteLevel.alphabet()
    tokenizer.train_from_iterator(
        texts, BpeTrainer(vocab_size=VOCAB_SIZE, special_tokens=[END], initial_alphabet=alphabet, show_progress=False)
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token=END, eos_token=END, unk_token=END, model_max_length=WINDOW
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python experiments/pretrain.py", description=__doc__.split("\n")[0])
    parser.add_argument("--into", type=Path, default=PYTHON_DOCS, help="the folder to save it in (%(default)s)")
    parser.add_argument("--steps", type=int, default=2000, help="of training (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of weights and batches (%(default)s)")
    arguments = parser.parse_args()
    pretrain(arguments.into, arguments.steps, arguments.seed)
