"""What is lent in notebook 5 does what the exercises ask for, so that the rest of the notebook shows the same."""

import pytest
import torch
from coursekit import go_on
from coursekit.counting import Count
from transformers import GPT2Config

from this_course import load


@pytest.fixture(scope="module")
def reference():
    return load("05_generation").reference()


@pytest.fixture(scope="module")
def lent(reference):
    names = {}
    go_on(names, "KVCache", *reference_exercises())
    return names


def reference_exercises():
    return load("05_generation").source.exercises


@pytest.fixture(scope="module")
def model(reference):
    torch.manual_seed(0)
    sizes = {"vocab_size": 17, "n_positions": 20, "n_embd": 12, "n_layer": 2, "n_head": 3}
    made = reference.GPT2(GPT2Config(**sizes, bos_token_id=0, eos_token_id=0)).double().eval()
    for parameter in made.parameters():
        parameter.data.normal_(std=0.7)
    return made


def test_settings_and_padding(reference, lent):
    logits = torch.randn(3, 17, dtype=torch.float64)
    for name, value in (("apply_temperature", 2.0), ("keep_top_k", 4), ("keep_top_p", 0.6)):
        for shown in (logits, logits[0]):
            assert torch.allclose(lent[name](shown, value), getattr(reference, name)(shown, value)), name
    prompts = [torch.randint(17, (length,)) for length in (2, 5, 3)]
    for ours, theirs in zip(lent["pad_left"](prompts, 4), reference.pad_left(prompts, 4), strict=True):
        assert torch.equal(ours, theirs)


def test_generation(reference, lent, model):
    """Token for token, with as many positions computed; what is drawn hangs on the generator alone."""
    tokens, mask = reference.pad_left([torch.randint(17, (length,)) for length in (2, 5, 3)], 4)
    with Count(model) as count:
        written = lent["generate"](model, tokens, 6, attention_mask=mask, temperature=0)
    assert torch.equal(written, reference.generate(model, tokens, 6, attention_mask=mask, temperature=0))
    assert count.calls == [5, 6, 7, 8, 9, 10]
    with Count(model) as count:
        written = lent["generate_cached"](model, tokens, 6, temperature=0)
    assert torch.equal(written, reference.generate(model, tokens, 6, temperature=0))
    assert count.calls == [5, 1, 1, 1, 1, 1]
    first, second, other = (
        lent["generate"](model, tokens, 9, top_k=9, generator=torch.Generator().manual_seed(seed)) for seed in (3, 3, 4)
    )
    assert torch.equal(first, second) and not torch.equal(first, other)


@pytest.mark.parametrize("whose_cache, whose_forward", [("lent", "lent"), ("lent", "own"), ("own", "lent")])
def test_the_cache(reference, lent, model, whose_cache, whose_forward):
    """What is lent fits to what a student has written."""
    whose = {"lent": lent, "own": vars(reference)}
    cache = whose[whose_cache]["KVCache"](model.config)
    tokens = torch.randint(17, (2, 7))
    with Count(model) as count, torch.no_grad():
        found = [whose[whose_forward]["forward_with_cache"](model, new, cache) for new in tokens.split([3, 1, 2, 1], 1)]
        assert torch.allclose(torch.cat(found, dim=1), model(tokens))
    assert cache.length == 7 and count.calls == [3, 1, 2, 1, 7]
