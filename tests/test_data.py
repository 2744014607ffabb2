"""The texts that the notebooks learn from."""

import json

import pytest
import torch
from coursekit import Vocabulary, pad
from coursekit.bert import encoder_weights, find_checkpoint
from coursekit.checkpoints import PYTHON_DOCS
from coursekit.corpus import Corpus
from coursekit.documentation import documents, is_held_out, sentences
from coursekit.number_words import NumberWords, pieces
from num2words import num2words
from transformers import AutoTokenizer, GPT2LMHeadModel

from this_course import load


def test_a_vocabulary_numbers_special_tokens_first():
    vocabulary = Vocabulary(["[PAD]", "[UNK]"], ["b", "a", "b"], unknown="[UNK]")
    assert vocabulary.tokens == ("[PAD]", "[UNK]", "a", "b") and len(vocabulary) == 4
    assert vocabulary.encode(["b", "c", "[PAD]"]) == [3, 1, 0]
    assert vocabulary.decode(torch.tensor([2, 3])) == ["a", "b"]
    assert vocabulary.special_ids == [0, 1]
    with pytest.raises(KeyError):
        Vocabulary(["[PAD]"], ["a"])["c"]


def test_a_vocabulary_of_the_most_frequent():
    found = Vocabulary.of_most_frequent(["[UNK]"], [["a", "b", "b"], ["c", "b", "c"]], size=3, unknown="[UNK]")
    assert found.tokens == ("[UNK]", "b", "c")


def test_padding_stands_at_the_end():
    assert pad([[1, 2, 3], [4]], 9).tolist() == [[1, 2, 3], [4, 9, 9]]
    assert pad([[1]], 0).dtype == torch.int64


@pytest.mark.parametrize("language", ["de", "fr"])
def test_every_number_can_be_translated(language):
    data = NumberWords(language)
    parts = [data.train, data.validation, data.test]
    assert sorted(number for part in parts for number in part) == list(range(100_000))
    assert len(data.validation) == len(data.test) == 5_000
    for number in [*range(0, 100_000, 97), 99_999]:
        batch = data.batch([number])
        assert data.read(batch.target[0]) == " ".join(pieces(number, language))
        assert batch.target[0, -1] == data.eos_id
    assert NumberWords(language, seed=1).test != data.test
    assert data.target.encode(["[PAD]", "[BOS]", "[EOS]"]) == [data.pad_id, data.bos_id, data.eos_id]


def test_german_is_cut_at_its_morphemes():
    assert pieces(54_321, "de") == tuple("vier und fünfzig tausend drei hundert ein und zwanzig".split())
    assert pieces(17, "de") == ("siebzehn",) and pieces(101, "de") == ("ein", "hundert", "eins")
    for number in range(0, 100_000, 89):
        assert "".join(pieces(number, "de")) == num2words(number, lang="de")


def test_a_batch_is_padded_on_both_sides():
    data = NumberWords("de", limit=1000)
    batch = data.batch([7, 999])
    assert batch.source.shape == (2, 5) and batch.target.shape == (2, 6)
    assert (batch.source[0] == data.pad_id).sum() == 4 and (batch.target[0] == data.pad_id).sum() == 4
    assert len(data.test) == 100


def test_an_unknown_language_is_an_error():
    with pytest.raises(ValueError, match="choose 'de' or 'fr'"):
        NumberWords("en")


def test_the_documentation_is_english():
    found = sentences()
    words = [word for sentence in found for word in sentence]
    assert len(found) > 1_000 and len(set(found)) == len(found)
    assert all(word.isalpha() and word == word.lower() or word in ".,;:?!()" for word in words)
    assert max(set(words), key=words.count) == "the"


def test_no_checkpoint_is_no_error():
    assert find_checkpoint("nobody/has-trained-this") is None


def test_a_foreign_weight_is_an_error():
    with pytest.raises(KeyError, match="pooler.dense.weight"):
        encoder_weights({"pooler.dense.weight": torch.zeros(1)})


def test_documents_are_prose():
    texts = documents()
    assert len(texts) == len(set(texts)) > 3000 and sum(map(len, texts)) > 800_000
    assert set(documents(library=False)) <= set(texts)
    assert not any(mark in text for text in texts for mark in ("|", "=", ">>>"))
    share = sum(map(is_held_out, texts)) / len(texts)
    assert 0.03 < share < 0.07


@pytest.fixture(scope="module")
def tokenizer():
    return AutoTokenizer.from_pretrained(PYTHON_DOCS)


@pytest.fixture(scope="module")
def corpus(tokenizer):
    return Corpus(documents(library=False), tokenizer, window=256)


def test_a_corpus_holds_texts_apart(corpus, tokenizer):
    learned = tokenizer.decode(corpus.train)
    for text in documents(library=False):
        assert is_held_out(text) or text in learned
    unseen = [text for text in documents(library=False) if is_held_out(text)]
    assert tokenizer.decode(corpus.held_out, skip_special_tokens=True) == "".join(unseen)
    assert corpus.characters == sum(map(len, unseen))
    windows = corpus.draw(torch.Generator().manual_seed(0), count=5)
    assert windows.shape == (5, 256) and windows.dtype == torch.int64
    assert torch.equal(windows, corpus.draw(torch.Generator().manual_seed(0), count=5))


def test_bits_per_character_count_every_token_once(corpus):
    uniform = corpus.bits_per_character(lambda tokens: torch.zeros(*tokens.shape, 2048), at_once=3)
    assert uniform == pytest.approx(11 * (len(corpus.held_out) - 1) / corpus.characters)
    seen = set()

    def recall(tokens):  # knows each next token, but for the first of the text
        seen.update(tokens.flatten().tolist())
        return 100.0 * torch.nn.functional.one_hot(tokens.roll(-1, dims=1), 2048)

    assert corpus.bits_per_character(recall) < 1e-6 and seen >= set(corpus.held_out.tolist())


@pytest.mark.parametrize("dtype, tolerance", [(torch.float32, 1e-4), (torch.float64, 1e-10)])
def test_the_checkpoint_says_the_same_in_both_implementations(dtype, tolerance, tokenizer):
    theirs = GPT2LMHeadModel.from_pretrained(PYTHON_DOCS, dtype=dtype).eval()
    course = load("05_generation").reference()
    ours = course.load_gpt2_weights(course.GPT2(theirs.config).to(dtype), theirs.state_dict()).eval()
    tokens = tokenizer("If the file does not exist, the function returns", return_tensors="pt")["input_ids"]
    with torch.no_grad():
        assert (ours(tokens) - theirs(tokens).logits).abs().max() < tolerance


def test_the_checkpoint_is_small_and_its_record_is_true(tokenizer):
    files = list(PYTHON_DOCS.iterdir())
    assert sum(path.stat().st_size for path in files) <= 4_000_000
    record = json.loads((PYTHON_DOCS / "pretraining.json").read_text())
    model = GPT2LMHeadModel.from_pretrained(PYTHON_DOCS).eval()
    assert len(record["losses"]) == record["steps"] and len(tokenizer) == model.config.vocab_size
    learned = Corpus(documents(), tokenizer, window=256)  # differs a little between versions of Python
    with torch.no_grad():
        bits = learned.bits_per_character(lambda tokens: model(tokens).logits)
    _, last = record["bits per character, held out"][-1]
    assert bits == pytest.approx(last, abs=0.1)
    for text in ("Any text: 你好, naïve 🙂\n\tdone", ""):
        assert tokenizer.decode(tokenizer(text)["input_ids"]) == text
