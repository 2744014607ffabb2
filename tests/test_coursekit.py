import math
from xml.etree import ElementTree

import matplotlib
import pytest
import torch
from coursekit import (
    History,
    Vocabulary,
    attention_maps,
    comparison_table,
    diagrams,
    go_on,
    ledger,
    loss_curves,
    mask_maps,
    position_maps,
    reach,
    reach_maps,
    reached,
    run_dots,
    stack_pictures,
)
from coursekit.corpus import Corpus
from coursekit.filling import cache_figure, cache_slider
from coursekit.oracle import torch_layer
from coursekit.student_t import t_quantile

matplotlib.use("Agg")


def test_reach_is_exact():
    mixing = torch.tensor([[1.0, 0.0, 0.0], [0.5, 2.0, 0.0]], dtype=torch.float64)  # (2 outputs, 3 inputs)
    measured = reach(lambda x: mixing @ x, torch.randn(3, 4))
    assert measured.shape == (2, 3) and measured.dtype == torch.float64
    assert torch.equal(measured > 0, mixing > 0)
    assert torch.allclose(measured[1] / measured[1, 0], mixing[1] / mixing[1, 0])


def test_reach_sees_through_a_layer_norm():
    """The plain sum of a LayerNorm's outputs is constant; a random projection is not."""
    norm = torch.nn.LayerNorm(8).double()
    measured = reach(norm, torch.randn(3, 8))
    assert torch.equal(measured > 1e-6, torch.eye(3).bool())


def test_reach_wants_float64():
    with pytest.raises(TypeError, match="call .double"):
        reach(lambda x: x.float(), torch.randn(3, 4))


def test_reach_is_the_same_each_time_and_changes_nothing():
    x = torch.randn(3, 4)
    before, state = x.clone(), torch.get_rng_state()
    assert torch.equal(reach(lambda x: 2 * x, x), reach(lambda x: 2 * x, x))
    assert torch.equal(x, before) and not x.requires_grad and torch.equal(torch.get_rng_state(), state)


def test_pictures_have_titles_labels_and_counts():
    figure = reach_maps({"one": torch.eye(3), "two": torch.ones(3, 3)}, ["a", "b", "c"])
    assert [axis.get_title() for axis in figure.axes] == ["one\n3 of 9 pairs", "two\n9 of 9 pairs"]
    assert {axis.get_xlabel() for axis in figure.axes} == {"input j"}
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["a", "b", "c"]
    figure = mask_maps({"mask": torch.ones(2, 3).bool()})
    assert figure.axes[0].get_ylabel() == "query i"
    figure = attention_maps({"map": torch.full((2, 2), 0.5)}, ["x", "y"])
    assert [text.get_text() for text in figure.axes[0].texts] == ["0.50"] * 4


def test_rounding_noise_is_no_reach():
    noisy = torch.tensor([[1.0, 1e-17], [1.0, 1.0]])
    assert reached(noisy).tolist() == [[True, False], [True, True]]
    assert "3 of 4" in reach_maps({"x": noisy}).axes[0].get_title()


def test_the_table_has_a_column_an_architecture():
    shown = comparison_table({"encoder": {"sees": 6}, "decoder": {"sees": "1 to 6", "speed": 3}}).data
    assert shown.split("\n") == [
        "|  | encoder | decoder |",
        "| --- | --- | --- |",
        "| sees | 6 | 1 to 6 |",
        "| speed |  | 3 |",
    ]


def test_the_ledger_numbers_its_claims():
    shown = ledger([("It flies.", "seconds in the air: 3", "qualified"), ("It swims.", "nothing", "refuted")]).data
    assert shown.split("\n")[2:] == [
        "| 1 | It flies. | seconds in the air: 3 | **qualified** |",
        "| 2 | It swims. | nothing | **refuted** |",
    ]


def test_a_dot_a_run_with_their_mean_and_what_is_live():
    panels = {"many": {"a": [1.0, 2.0], "b": [4.0]}, "few": {"b": [3.0, 5.0]}}
    many, few = run_dots(panels, "points", live={"b": 4.5}).axes
    drawn = [(list(line.get_xdata()), list(line.get_ydata()), line.get_marker()) for line in many.lines]
    assert drawn == [
        ([1.0, 2.0], [0, 0], "o"),
        ([1.5], [0], "|"),
        ([4.0], [1], "o"),
        ([4.0], [1], "|"),
        ([4.5], [1], "D"),
    ]
    assert [list(line.get_xdata()) for line in few.lines] == [[3.0, 5.0], [4.0]]
    assert [label.get_text() for label in many.get_yticklabels()] == ["a", "b"] and few.get_title() == "few"


def test_maps_may_have_other_labels_for_what_is_looked_at():
    figure = attention_maps({"map": torch.full((2, 3), 1 / 3)}, ["a", "b"], ["x", "y", "z"])
    axis = figure.axes[0]
    assert [label.get_text() for label in axis.get_yticklabels()] == ["a", "b"]
    assert [label.get_text() for label in axis.get_xticklabels()] == ["x", "y", "z"]
    axis = reach_maps({"map": torch.ones(2, 3)}, ["a", "b"], ["x", "y", "z"]).axes[0]
    assert [label.get_text() for label in axis.get_yticklabels()] == ["a", "b"]
    assert [label.get_text() for label in axis.get_xticklabels()] == ["x", "y", "z"]


def test_every_run_is_drawn_and_the_steps_are_told():
    runs = [History("a", 9, [4.0, 2.0, 3.0]), History("b", 9, [1.0, 1.0])]
    axis = loss_curves({"first": runs, "second": runs[:1]}, smooth=2).axes[0]
    assert [line.get_ydata().tolist() for line in axis.lines] == [[4.0, 3.0, 2.5], [1.0, 1.0], [4.0, 3.0, 2.5]]
    labels = [text.get_text() for text in axis.get_legend().get_texts()]
    assert labels == ["first (2 runs, 2 to 3 steps)", "second (3 steps)"]
    assert axis.get_yscale() == "log" and axis.get_ylabel() == "loss in nats, mean of 2 steps"


def test_positions_are_drawn_with_their_products():
    figure = position_maps(torch.eye(3), position=1)
    assert figure.axes[1].lines[0].get_ydata().tolist() == [0.0, 1.0, 0.0]


def test_the_last_losses_have_a_mean():
    assert History("a", 9, [4.0, 2.0, 3.0]).last(2) == 2.5
    assert History("a", 9, [4.0]).last() == 4.0
    assert math.isnan(History("stopped at once", 9).last())


def test_more_groups_than_colours_are_refused():
    with pytest.raises(ValueError, match="5 colours, and 6 groups"):
        loss_curves({name: [History(name, 1, [1.0])] for name in "abcdef"})


def test_wide_maps_go_below_each_other():
    maps = {str(head): torch.full((9, 10), 0.1) for head in range(3)}
    figure = attention_maps(maps, [*"abcdefghi"], [*"abcdefghij"])
    width, height = figure.get_size_inches()
    assert width <= 11 and height > width / 2
    assert [len(axis.texts) for axis in figure.axes] == [90, 90, 90, 0, 0]  # an empty place, and the bar of colours
    assert len(attention_maps(maps | {"3": torch.eye(3)}, [*"abc"]).axes) == 5


def test_a_vocabulary_has_the_size_that_was_asked_for():
    """Also where special tokens occur in the text."""
    sentences = [["[PAD]", "[PAD]", "the", "the", "cat"], ["a", "cat", "the"]]
    found = Vocabulary.of_most_frequent(["[PAD]", "[UNK]"], sentences, size=5, unknown="[UNK]")
    assert found.tokens == ("[PAD]", "[UNK]", "a", "cat", "the")


@pytest.mark.parametrize("window", [2, 3, 8, 9])
@pytest.mark.parametrize("length", [5, 16, 17, 24])
def test_every_token_counts_once(window, length):
    """A model that knows nothing needs the same for each of them, and the first is not predicted."""
    corpus = Corpus.__new__(Corpus)
    corpus.window, corpus.held_out, corpus.characters = window, torch.zeros(length, dtype=torch.int64), 1
    bits = corpus.bits_per_character(lambda tokens: torch.zeros(*tokens.shape, 4), at_once=2)
    assert bits == pytest.approx(2 * (length - 1))


def test_stacks_show_what_goes_and_what_is_new():
    figure = stack_pictures(
        {"before": ["a", "b", "b", "c"], "after": ["a", "b", "d", "c"], "same": ["a", "b", "d", "c"]}
    )
    frames, fills = (
        [
            [(bar.get_linestyle() if kind == "frame" else bar.get_facecolor()[2]) for bar in axis.patches]
            for axis in figure.axes
        ]
        for kind in ("frame", "fill")
    )
    assert [lines.index("--") for lines in frames if "--" in lines] == [2] and frames[0].count("--") == 1
    blue = [[round(value, 2) != 0.93 for value in column] for column in fills]
    assert blue == [[False] * 4, [False, False, True, False], [False] * 4]
    assert [axis.get_title() for axis in figure.axes] == ["before", "after", "same"]
    assert [text.get_text() for text in figure.axes[1].texts] == ["a", "b", "d", "c"]
    assert len(stack_pictures({"alone": ["a", "b"]}).axes) == 1


@pytest.mark.parametrize(
    "draw", [diagrams.attention, diagrams.encoder_decoder, diagrams.gpt2, diagrams.cache_and_memory]
)
def test_a_diagram_is_a_picture_with_words(draw):
    """All of it lies inside, and the colours of its text and its boxes do not hang on the page's theme."""
    shown = draw()._repr_mimebundle_()
    picture = ElementTree.fromstring(shown["image/svg+xml"])
    assert picture.get("aria-label") == shown["text/plain"] == draw().alt and len(draw().alt) > 100
    _, _, width, height = map(float, picture.get("viewBox").split())
    for part in picture.iter("{http://www.w3.org/2000/svg}rect"):
        if part.get("x"):
            assert 0 <= float(part.get("x")) <= float(part.get("x")) + float(part.get("width")) <= width
            assert 0 <= float(part.get("y")) <= float(part.get("y")) + float(part.get("height")) <= height
    for part in picture.iter("{http://www.w3.org/2000/svg}text"):
        assert 0 < float(part.get("x")) < width and 0 < float(part.get("y")) < height and part.get("fill")


@pytest.mark.parametrize("layers", [1, 2, 4])
def test_the_memory_feeds_every_decoder_layer(layers):
    svg = diagrams.encoder_decoder(layers).svg
    assert svg.count(">cross-attention<") == svg.count(">keys, values<") == layers
    assert svg.count('marker-end="url(#to-kept)"') == layers
    assert diagrams.cache_and_memory(layers).svg.count('marker-end="url(#to-kept)"') == 2 * layers


def test_what_is_lent_fits_together():
    """In notebook 3: shift, translate, loss, gradients, generation, and the weights that are drawn."""
    lent = {}
    go_on(lent, "shift_right", "DecoderLayer", "Transformer", "sequence_loss", "greedy_translate")
    model = lent["Transformer"](9, 11, d_model=8, num_heads=2, d_ff=12, num_layers=2, pad_id=0, norm_first=True)
    source, target = torch.tensor([[3, 4, 5], [6, 2, 0]]), torch.tensor([[5, 6, 7, 2], [8, 2, 0, 0]])
    loss = lent["sequence_loss"](model(source, lent["shift_right"](target, 1)), target, pad_id=0)
    loss.backward()
    assert loss.shape == () and all(parameter.grad is not None for parameter in model.parameters())
    written = lent["greedy_translate"](model, source, 1, 2, max_length=5)  # in evaluation mode
    for step in range(5):  # it is what it would be, one token at a time
        seen = torch.cat([torch.ones(2, 1, dtype=torch.int64), written[:, :step]], dim=1)
        assert torch.equal(written[:, step], model(source, seen)[:, -1].argmax(dim=-1))
    weights = model.decoder_layers[-1].cross_attention.weights
    assert weights.shape == (2, 2, 5, 3) and weights[1, ..., 2].eq(0).all()
    assert torch.allclose(weights.sum(dim=-1), torch.ones(2, 2, 5))


def test_what_is_lent_is_a_decoder_layer_of_pytorch():
    lent = {}
    go_on(lent, "DecoderLayer")
    layer = lent["DecoderLayer"](6, 2, 10, dropout=0.0, eps=0.1, norm_first=True)
    x, memory, causal = torch.randn(2, 4, 6), torch.randn(2, 5, 6), torch.ones(4, 4).bool().tril()
    theirs = torch_layer(layer, num_heads=2, eps=0.1, norm_first=True)
    assert torch.allclose(layer(x, memory, causal), theirs(x, memory, tgt_mask=~causal), atol=1e-5)
    nothing = torch.zeros(2, 1, 1, 5).bool()
    assert not layer.eval()(x, memory, causal, nothing).isnan().any()


def test_nothing_is_lent_while_a_notebook_is_graded(monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    mine = {"DecoderLayer": "my own"}
    go_on(mine, "DecoderLayer")
    assert mine == {"DecoderLayer": "my own"}


def test_a_cache_fills_call_by_call(monkeypatch):
    """Two blocks read a prompt of two tokens and then one more: what is held before is blue, what comes is orange."""
    appended = [(0, 2), (1, 2), (0, 3), (1, 3)]
    figure = cache_figure(appended, ["a", "b", "c"], [1, 3])
    grids = [axis.images[0].get_array().tolist() for axis in figure.axes]
    assert grids == [[[2, 2, 0], [0, 0, 0]], [[1, 1, 2], [1, 1, 0]]]
    assert [axis.get_title() for axis in figure.axes] == ["call 1: block 0", "call 3: block 0"]
    shown = []
    monkeypatch.setattr("ipywidgets.interact", lambda show, call: shown.append((show, call.min, call.max)))
    cache_slider(appended, ["a", "b", "c"])
    ((show, first, last),) = shown
    assert (first, last) == (1, 4)
    show(call=4)
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    cache_slider(appended, ["a", "b", "c"])
    assert len(shown) == 1


def test_quantiles_of_students_t_are_those_of_the_tables():
    table = {(0.975, 1): 12.706, (0.975, 2): 4.303, (0.95, 4): 2.132, (0.975, 9): 2.262, (0.995, 30): 2.750}
    assert {key: round(t_quantile(*key), 3) for key in table} == table
    assert t_quantile(0.025, 9) == -t_quantile(0.975, 9) and t_quantile(1, 3) == math.inf
    for wrong in ((1.2, 3), (0.5, 0)):
        with pytest.raises(ValueError):
            t_quantile(*wrong)
