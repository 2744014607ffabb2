"""The experiment with few examples: its models are what they are called, and a sweep that was stopped goes on."""

import runpy
import sys

import pytest
import torch
from coursekit.results import compared, few_examples

from this_course import ROOT


@pytest.fixture(scope="module")
def sweep():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "experiments"))
        for name in ("few_examples", "sweep", "translators"):
            patch.delitem(sys.modules, name, raising=False)
        import few_examples

        yield few_examples


@pytest.fixture(scope="module")
def translators(sweep):
    return sys.modules["translators"]


def test_models_have_equal_size_but_for_those_that_say_so(translators):
    def matrices(model):
        return sum(p.numel() for name, p in model.named_parameters() if p.dim() == 2 and "embedding" not in name)

    sizes = {name: matrices(make()) / translators.D_MODEL**2 for name, make in translators.MODELS.items()}
    assert sizes == dict.fromkeys(sizes, 56) | {"tied, same shape": 32, "no encoder layers": 32}


def test_models_compute_what_the_notebook_says(translators):
    """Multiplications with the weights of the layers, in units of d², for a word of the source and one of the target."""

    def each(model, sources, targets):
        count, handles = [0], []
        for module in model.modules():
            if isinstance(module, torch.nn.Linear):
                handles.append(
                    module.register_forward_hook(
                        lambda m, given, _: count.__setitem__(0, count[0] + given[0].shape[1] * m.weight.numel())
                    )
                )
        source, target = torch.full((1, sources), 5), torch.full((1, targets), 5)
        model.answers(translators.Sentences(source, target))
        for handle in handles:
            handle.remove()
        return count[0] / translators.D_MODEL**2

    found = {}
    for name, make in translators.MODELS.items():
        model = make()
        few, more, both = each(model, 3, 4), each(model, 4, 4), each(model, 3, 5)
        found[name] = (more - few, both - few)
    assert found == {
        "encoder-decoder": (28, 28),
        "tied, same shape": (28, 28),
        "tied, widened": (52, 52),
        "one stack": (56, 56),
        "positions begin anew": (56, 56),
        "prefix-LM": (56, 56),
        "no encoder layers": (4, 28),
    }


def test_only_sizes_at_which_no_draw_is_missing_are_compared():
    def rows(numbers, model, draws):
        return [{"numbers": numbers, "model": model, "draw": draw} for draw in draws]

    whole = [*rows(30, "b", range(12)), *rows(30, "a", reversed(range(10)))]
    lacking = [*rows(100, "a", range(10)), *rows(100, "b", range(9)), *rows(300, "a", range(10))]
    expected = [*rows(30, "b", range(10)), *rows(30, "a", range(10))]
    assert compared([*lacking, *whole]) == sorted(expected, key=lambda row: row["model"])  # as they first occur
    assert compared(lacking[:19]) == [] and compared([]) == []


def test_tied_stacks_share_what_both_have(translators):
    model = translators.MODELS["tied, widened"]()
    names = {"self_attention": "self_attention", "feed_forward": "feed_forward", "norm1": "norm1", "norm2": "norm3"}
    for reads, writes in zip(model.encoder.layers, model.decoder_layers, strict=True):
        assert all(getattr(reads, here) is getattr(writes, there) for here, there in names.items())
        assert writes.norm2 is not reads.norm2


def test_one_text_is_source_bos_and_target(translators):
    german = translators.german
    texts, lengths = translators.one_text(german.batch([7, 21]))
    first = len(german.source)
    read = [
        [(german.source if token < first else german.target).tokens[token % first] for token in row if token]
        for row in texts.tolist()
    ]
    assert read == [
        ["seven", "[BOS]", "sieben", "[EOS]"],
        ["twenty", "one", "[BOS]", "ein", "und", "zwanzig", "[EOS]"],
    ]
    assert lengths.tolist() == [1, 2]


@pytest.mark.parametrize("name", ["one stack", "positions begin anew", "prefix-LM", "encoder-decoder"])
def test_what_a_model_says_of_a_number_depends_on_that_number_alone(translators, name):
    """Padding changes nothing, and every model is asked for the words of the target, and for no others."""
    torch.manual_seed(0)
    model, german = translators.MODELS[name]().double(), translators.german
    numbers = [7, 77_777, 21]
    logits, labels = model.answers(german.batch(numbers))
    for row, number in enumerate(numbers):
        alone, asked = model.answers(german.batch([number]))
        assert torch.allclose(logits[row][labels[row] >= 0], alone[0][asked[0] >= 0], atol=1e-5)
        target = german.batch([number]).target[0]
        first = 0 if name == "encoder-decoder" else len(german.source)
        assert torch.equal(asked[0][asked[0] >= 0] - first, target)


def test_only_a_prefix_lm_looks_ahead_in_the_source(translators):
    german = translators.german
    batch, other = german.batch([21_000]), german.batch([21_000])
    other.source[0, -1] += 1  # the last word of the source
    for name, looks in (("one stack", False), ("positions begin anew", False), ("prefix-LM", True)):
        torch.manual_seed(0)
        model = translators.MODELS[name]()
        first = (model.answers(batch)[0] - model.answers(other)[0])[0, 0].abs().max()
        assert (first > 1e-6) == looks


def test_the_grid_grows_until_the_best_rate_is_inside(sweep):
    def row(rate, draw, validation):
        return {"numbers": 300, "model": "one stack", "rate": rate, "draw": draw, "validation": validation}

    def grid(rows, best=max):
        return sweep.grid(rows, {"numbers": 300, "model": "one stack"}, sweep.RATE_DRAWS, sweep.FIRST_RATES, best)

    rows = [row(rate, draw, rate) for rate in sweep.FIRST_RATES for draw in sweep.RATE_DRAWS]
    low, middle, high = sweep.FIRST_RATES
    assert grid(rows[:-1]) == ([low, middle, high], None)  # a run is missing
    assert grid(rows) == ([low, middle, high, 2 * high], None)
    assert grid(rows, min) == ([low / 2, low, middle, high], None)
    rows.append(row(2 * high, sweep.RATE_DRAWS[0], 0.0))
    assert grid(rows) == ([low, middle, high, 2 * high], None)
    rows.append(row(2 * high, sweep.RATE_DRAWS[1], 0.0))
    assert grid(rows) == ([low, middle, high, 2 * high], high)
    wanted = [each for each in sweep.wanted(rows, (300,)) if each["model"] == "one stack"]
    compared = [each for each in wanted if each["draw"] in sweep.DRAWS]
    assert compared == [{"numbers": 300, "model": "one stack", "rate": high, "draw": draw} for draw in sweep.DRAWS]
    assert len(list(sweep.wanted([], (300,)))) == 7 * (2 * 3 + 10)


def test_what_was_run_is_not_run_again(sweep, monkeypatch, tmp_path, capsys):
    into, called = tmp_path / "rows.jsonl", []
    monkeypatch.setattr(sweep, "DRAWS", range(1))
    monkeypatch.setattr(sweep, "MODELS", {"one stack": None})

    def run(numbers, model, rate, draw):
        if len(called) == 3:
            raise KeyboardInterrupt
        called.append((rate, draw))
        return {"validation": 1 / 3 - abs(rate - 0.004), "test": 2 / 3, "best step": 50}

    monkeypatch.setattr(sweep, "run", run)
    with pytest.raises(SystemExit):
        sweep.measure(into, (30,))
    into.write_text(into.read_text() + '\n{"numbers": 30, "mod')  # stopped while it wrote
    first, called[:] = list(called), []
    with pytest.raises(SystemExit):
        sweep.measure(into, (30,))
    second, called[:] = list(called), []
    sweep.measure(into, (30,))
    assert first + second + called == [(rate, draw) for draw in sweep.RATE_DRAWS for rate in sweep.FIRST_RATES] + [
        (sweep.FIRST_RATES[1], 0)
    ]
    rows = few_examples(into)
    assert len(rows) == 7 and rows[-1]["test"] == 0.66667 and rows[-1]["torch"] == torch.__version__
    assert "7 runs are done, some 0 to go" in capsys.readouterr().out


def test_a_run_keeps_its_best_moment(sweep, monkeypatch):
    monkeypatch.setattr(sweep, "MOST_STEPS", 4)
    monkeypatch.setattr(sweep, "SCORE_EVERY", 1)
    given = iter([(0.1, 2.0), (0.3, 1.0), (0.3, 1.5), (0.2, 0.5), (0.25, 1.0)])
    monkeypatch.setattr(sweep, "scores", lambda model, batch: next(given))
    row = sweep.run(30, "encoder-decoder", 1e-3, 0)
    assert (row["validation"], row["validation loss"], row["best step"], row["steps"]) == (0.3, 1.0, 2, 4)
    assert (row["test"], row["test loss"]) == (0.25, 1.0)


def test_the_committed_rows_are_of_one_piece(sweep):
    rows = few_examples()
    wanted = list(sweep.wanted(rows))
    runs = [{name: row[name] for name in wanted[0]} for row in rows]
    assert all(runs.count(run) == 1 and run in wanted for run in runs)
    assert all(0 <= row["test"] <= 1 and row["best step"] <= row["steps"] for row in rows)


def test_the_commands_help_themselves(capsys):
    for name in ("few_examples", "needs_source", "serving"):
        with pytest.raises(SystemExit) as end, pytest.MonkeyPatch.context() as patch:
            patch.syspath_prepend(str(ROOT / "experiments"))
            patch.setattr(sys, "argv", [name, "--help"])
            runpy.run_path(str(ROOT / "experiments" / f"{name}.py"), run_name="__main__")
        assert end.value.code == 0 and f"python experiments/{name}.py" in capsys.readouterr().out
