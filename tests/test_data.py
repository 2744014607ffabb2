"""The texts that the notebooks learn from."""

import pytest
import torch
from coursekit import Vocabulary, pad
from coursekit.bert import encoder_weights, find_checkpoint
from coursekit.documentation import sentences
from coursekit.number_words import NumberWords, pieces
from num2words import num2words


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
