"""A text that needs its source: its language is what it is called, and a hidden source is hidden."""

import sys

import pytest
import torch
from coursekit.results import needs_source

from this_course import ROOT


@pytest.fixture
def text(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "experiments"))
    for name in ("needs_source", "sweep"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    import needs_source

    return needs_source


def test_each_word_of_a_document_is_followed_by_one_of_two(text):
    texts = text.documents(20, torch.Generator().manual_seed(0))
    assert texts.shape == (20, text.LENGTH + 1) and texts.max() < text.WORDS
    for row in texts.tolist():
        pairs = set(zip(row, row[1:], strict=False))
        assert len(set(row)) <= text.OF_A_DOCUMENT
        assert max(sum(one == word for one, _ in pairs) for word in row) <= text.FOLLOWERS
    assert len({tuple(sorted(set(row))) for row in texts.tolist()}) > 15  # documents use different words


def test_a_hidden_source_is_not_seen(text, monkeypatch):
    """What a model with a hidden source learns from does not depend on what is before the cut."""

    def losses(change):
        drawn = text.documents
        with monkeypatch.context() as patch:
            patch.setattr(text, "documents", lambda *given: change(drawn(*given)))
            return {way: text.run(way, 96, 3e-3, 0, steps=1)["test"] for way in ("source hidden", "encoder-decoder")}

    def other_source(texts):
        return torch.cat([(texts[:, :96] + 1) % text.WORDS, texts[:, 96:]], dim=1)

    here, there = losses(lambda texts: texts), losses(other_source)
    assert here["source hidden"] == there["source hidden"] and here["encoder-decoder"] != there["encoder-decoder"]


def test_a_run_tells_of_every_cut(text):
    row = text.run("encoder-decoder", 64, 3e-3, 0, steps=1)
    assert row["test at 64"] == row["test"] != row["test at 96"]
    assert row["test with another source"] != row["test"]
    assert set(text.run("one stack", None, 3e-3, 0, steps=1)) == {"validation", "test"}


def test_the_committed_rows_are_all_that_are_wanted(text):
    rows, wanted = needs_source(), []
    for setting in text.wanted(rows):
        wanted.append(setting)
        (row,) = [row for row in rows if setting.items() <= row.items()]  # there is one
        assert 0 < row["test"] < 8
    assert len(rows) == len(wanted)
    for way, cut in text.MODELS:
        tried = {row["rate"] for row in rows if (row["way"], row["cut"]) == (way, cut)}
        best = text.grid(rows, {"way": way, "cut": cut, "steps": text.STEPS}, text.RATE_DRAWS, text.FIRST_RATES, min)[1]
        assert min(tried) < best < max(tried)
