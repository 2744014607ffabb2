"""What answering costs: counted on the course's own models, which answer with a cache as they do without one."""

import sys

import pytest
import torch

from this_course import ROOT, load


@pytest.fixture
def serving(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "experiments"))
    monkeypatch.delitem(sys.modules, "serving", raising=False)
    import serving

    return serving


@torch.no_grad()
def test_an_encoder_decoder_with_a_cache_says_what_it_says_without(serving):
    torch.manual_seed(0)
    model = serving.decoders.Transformer(30, 30, 12, 3, 20, 2, pad_id=-1, dropout=0.0, norm_first=True)
    model = model.double().eval()
    source, target = torch.randint(30, (1, 6)), torch.randint(30, (1, 5))
    decoder = serving.CachedDecoder(model, source)
    found = torch.stack([decoder.read(token[None]) for token in target.T], dim=1)
    assert torch.allclose(found, model(source, target), atol=1e-5)  # positions are in float32
    assert decoder.numbers == 2 * 12 * 2 * (6 + 5)


@pytest.mark.parametrize("source, answer, turns", [(7, 2, 1), (2, 6, 1), (3, 2, 4), (1, 1, 3)])
@pytest.mark.parametrize("layers, d_model", [(4, 8), (2, 12)])
def test_both_cost_what_the_notebook_says(serving, layers, d_model, source, answer, turns):
    cost = load("07_comparison").reference().serving_cost
    for name, answers in (("GPT-2", serving.gpt2), ("encoder-decoder", serving.encoder_decoder)):
        found = answers(layers, d_model, source, answer, turns)
        counted = found["position-layers"], found["numbers cached"]
        assert counted == cost(name, layers, d_model, source, answer, turns)
