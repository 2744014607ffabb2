"""What notebook 07 compares: the models weigh the same, are asked the same, and are scored as one would by hand."""

import sys

import pytest
import torch
import torch.nn.functional as F
from coursekit.checkpoints import PYTHON_DOCS
from coursekit.corpus import Corpus
from coursekit.documentation import documents
from transformers import AutoTokenizer

from this_course import ROOT, load


@pytest.fixture(scope="module")
def comparison():
    return load("07_comparison").reference()


@pytest.fixture(scope="module")
def translation():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "experiments"))
        patch.delitem(sys.modules, "translation", raising=False)
        import translation

        yield translation


def test_the_parts_of_a_claim_give_its_verdict(comparison):
    verdicts = {
        ("holds",): "confirmed",
        ("holds", "holds"): "confirmed",
        ("holds", "open"): "qualified",
        ("holds", "fails", "open"): "qualified",
        ("fails", "fails"): "refuted",
        ("fails", "open"): "open",
        ("open", "open"): "open",
    }
    assert {parts: comparison.verdict(*parts) for parts in verdicts} == verdicts
    for nonsense in ((), ("holds", True)):
        with pytest.raises(ValueError):
            comparison.verdict(*nonsense)


def test_holm_corrects_step_by_step(comparison):
    corrected = comparison.holm({"a": 0.04, "b": 0.01, "c": 0.03, "d": 0.5})
    assert corrected == pytest.approx({"b": 0.04, "c": 0.09, "a": 0.09, "d": 0.5})  # none below the one before it
    assert comparison.holm({"a": 0.6, "b": 0.7}) == {"a": 1.0, "b": 1.0}


def test_a_part_holds_by_p_and_margin_and_fails_by_its_interval(comparison):
    differences = [0.01, 0.02, 0.03]  # the interval of the mean ends at 0.045
    found = [
        comparison.part(differences, p, margin) for p, margin in ((0.05, 0.02), (0.06, 0.02), (0.0, 0.03), (0.0, 0.05))
    ]
    assert found == ["holds", "open", "open", "fails"]


def matrices(*modules):
    return sum(p.numel() for module in modules for p in module.parameters() if p.dim() == 2)


@pytest.mark.parametrize(
    "d_model, d_ff, encoder_layers, decoder_layers, num_layers", [(8, 32, 2, 2, 4), (8, 16, 1, 3, 2), (12, 24, 3, 0, 3)]
)
def test_matched_stacks_weigh_the_same(comparison, d_model, d_ff, encoder_layers, decoder_layers, num_layers):
    width = comparison.match_parameters(d_model, d_ff, encoder_layers, decoder_layers, num_layers)
    decoder = (load("03_decoder").reference().DecoderLayer(d_model, 2, d_ff) for _ in range(decoder_layers))
    two = matrices(comparison.Encoder(encoder_layers, d_model, 2, d_ff), *decoder)
    assert two == matrices(comparison.Encoder(num_layers, d_model, 2, width))


def test_models_of_four_layers_have_as_many_weights(comparison, translation):
    def of_layers(model):
        return sum(p.numel() for name, p in model.named_parameters() if p.dim() == 2 and "embedding" not in name)

    ways = ["encoder-decoder", *translation.ONE_TEXT]
    assert {of_layers(translation.new_translator(way, 4, seed=0)) for way in ways} == {56 * 64**2}
    assert {
        of_layers(comparison.new_text_model(way, 4, 50, seed=0))
        for way in ("encoder-decoder", "positions begin anew", "one stack")
    } == {56 * 96**2}


@pytest.mark.parametrize("way", ["encoder-decoder", "no encoder layers", "loss on the target", "prefix-LM"])
def test_one_pass_tells_which_translations_are_right(translation, way):
    """Against writing them word by word, for a model that is right now and then."""
    german = translation.german
    model = translation.new_translator(way, 4, seed=0)
    optimizer = torch.optim.AdamW(model.parameters(), 4e-3)
    generator = torch.Generator().manual_seed(0)
    batch = german.batch(list(range(20, 60)))
    found = 0.0
    while found < 0.2:
        some = german.batch([20 + i for i in torch.randint(40, (16,), generator=generator).tolist()])
        translation.second.train_step(
            model, lambda m, b: translation.mean_loss(*translation.asked(m, b, way)), optimizer, some
        )
        found = translation.share_right(model, way, range(20, 60))
    assert found < 1
    length = batch.target.shape[1]
    if way in translation.TWO_STACKS:
        written = translation.third.greedy_translate(model, batch.source, german.bos_id, german.eos_id, length)
        written = F.pad(written, (0, length - written.shape[1]), value=german.pad_id)
    else:
        written = torch.stack([write_on(translation, model, way, source, length) for source in batch.source])
    right = ((written == batch.target) | (batch.target == german.pad_id)).all(dim=1)
    assert right.double().mean().item() == pytest.approx(found)


@torch.no_grad()
def write_on(translation, model, way, source, length):
    """One text, continued word by word: (length,) German ids."""
    german, first = translation.german, len(translation.german.source)
    words = source[source != german.pad_id]
    tokens = torch.cat([words, torch.tensor([first + german.bos_id])])[None]
    for _ in range(length):
        mask = translation.sixth.prefix_mask(len(words), tokens.shape[1]) if way == "prefix-LM" else None
        tokens = torch.cat([tokens, model(tokens, mask)[:, -1].argmax(dim=-1)[:, None]], dim=1)
    return tokens[0, len(words) + 1 :] - first


def test_only_the_words_of_the_target_count(translation):
    german = translation.german
    batch = german.batch([21, 90_000, 7])
    words = int((batch.target != german.pad_id).sum())
    for way in (*translation.TWO_STACKS, *translation.ONE_TEXT):
        _, labels = translation.asked(translation.new_translator(way, 4, seed=0), batch, way)
        assert (labels != -100).sum() == words
    _, labels = translation.asked(translation.new_translator(way, 4, seed=0), batch, way, everything=True)
    assert (labels != -100).sum() == words + (batch.source != german.pad_id).sum()  # [BOS] for the first of the source


def test_every_model_of_text_is_compared_at_the_same_places(comparison):
    windows = torch.randint(50, (2, comparison.WINDOW + 1), generator=torch.Generator().manual_seed(0))
    compared = []
    for way, cut in [("one stack", None), *[("encoder-decoder", cut) for cut in comparison.CUTS]]:
        model = comparison.new_text_model(way, 4, 50, seed=0)
        logits, labels = comparison.next_tokens(model, windows, cut)
        assert logits.shape == (2, comparison.WINDOW - (cut or 0), 50)
        compared.append(labels[:, comparison.COMPARED])
        seen = reach_of_tokens(lambda w, m=model, c=cut: comparison.next_tokens(m, w, c)[0], windows)
        assert torch.equal(seen, torch.ones_like(seen).tril())
    assert all(torch.equal(labels, windows[:, 97:]) for labels in compared)


def reach_of_tokens(logits, windows):
    """Which of the last eight predictions change with which of the tokens that they read last? (8, 8)"""
    before, changed = logits(windows)[:, -8:], []
    for place in range(windows.shape[1] - 9, windows.shape[1] - 1):
        other = windows.clone()
        other[:, place] = (other[:, place] + 1) % 50
        changed.append((logits(other)[:, -8:] - before).abs().amax(dim=(0, 2)) > 1e-6)
    return torch.stack(changed, dim=1).int()


def test_a_uniform_model_needs_the_same_bits_at_every_cut(comparison):
    tokenizer = AutoTokenizer.from_pretrained(PYTHON_DOCS)
    corpus = Corpus(documents(library=False), tokenizer, comparison.WINDOW + 1)
    windows, others = comparison.held_out(corpus)
    compared = torch.cat([windows, others])[:, 97:].flatten()
    assert torch.equal(compared, corpus.held_out[97 : 97 + len(compared)])  # every token, and once
    characters = len(tokenizer.decode(windows[:, 97:].flatten()))

    class Uniform(torch.nn.Module):
        def forward(self, first, second=None):
            return torch.zeros(*(first if second is None else second).shape, 2048)

    for cut in (None, *comparison.CUTS):
        found = comparison.bits_per_character(Uniform(), windows, tokenizer, cut)
        assert found == pytest.approx(11 * 32 * len(windows) / characters)
