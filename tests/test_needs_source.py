"""A text that needs its source: its language is what it is called, and a hidden source is hidden."""

import runpy
import sys

import pytest
import torch

from this_course import ROOT


@pytest.fixture
def text(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "experiments"))
    monkeypatch.delitem(sys.modules, "needs_source", raising=False)
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


def test_a_hidden_source_is_not_seen(text):
    torch.manual_seed(0)
    model = text.OneStack()
    texts = text.documents(2, torch.Generator().manual_seed(0))[:, :-1]
    other = texts.clone()
    other[:, :96] = (other[:, :96] + 1) % text.WORDS
    assert torch.equal(model(texts, 96), model(other, 96)) and model(texts, 96).shape == (2, 32, text.WORDS)
    assert not torch.allclose(model(texts, 0)[:, 96:], model(other, 0)[:, 96:], atol=1e-3)


def test_the_command_helps_itself(text, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["needs_source", "--help"])
    with pytest.raises(SystemExit) as end:
        runpy.run_path(str(ROOT / "experiments" / "needs_source.py"), run_name="__main__")
    assert end.value.code == 0 and "python experiments/needs_source.py" in capsys.readouterr().out
