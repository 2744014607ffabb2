"""The translator of notebook 3, trained as it is there: does it learn the language with another seed, too?"""

import pytest
import torch
from coursekit import train
from coursekit.number_words import NumberWords, pieces

from this_course import load

pytestmark = pytest.mark.slow


SEED = 1  # 0 is the notebook's own


def test_unseen_numbers_are_translated(monkeypatch):
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    lesson, data = load("03_decoder").reference(), NumberWords("de")
    torch.manual_seed(SEED)
    model = lesson.Transformer(
        len(data.source), len(data.target), 64, 4, 256, 2, data.pad_id, dropout=0.0, norm_first=True
    )

    def loss(model, batch):
        inputs = lesson.shift_right(batch.target, data.bos_id)
        return lesson.sequence_loss(model(batch.source, inputs), batch.target, data.pad_id)

    def draw(generator):
        return data.batch([data.train[i] for i in torch.randint(len(data.train), (64,), generator=generator)])

    train(model, loss, draw, lesson.train_step, name=f"seed {SEED}", steps=600, learning_rate=2e-3, seed=SEED)
    numbers = data.test[:500]
    written = lesson.greedy_translate(model, data.batch(numbers).source, data.bos_id, data.eos_id, 16)
    right = [data.read(row) == " ".join(pieces(number, "de")) for row, number in zip(written, numbers, strict=True)]
    assert sum(right) >= 0.97 * len(right)
