"""The experiments of notebook 07: what is committed is whole and of one piece, and a run that was stopped goes on."""

import json
import runpy
import sys

import pytest
from coursekit.results import COMPARISON, comparison_runs, triangle_cells

from this_course import ROOT, load


@pytest.fixture
def compare(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "experiments"))  # its workers import it by name
    monkeypatch.delitem(sys.modules, "compare", raising=False)
    import compare

    return compare


def test_the_committed_results_are_whole(compare):
    found, wanted = comparison_runs(), {"translation": [], "text": []}
    for experiment, arguments in (*compare.settings(), *compare.more_seeds(found["text"])):
        wanted[experiment].append(arguments)
    for experiment, settings in wanted.items():
        keys = settings[0]
        rows = [json.dumps({key: row[key] for key in keys}) for row in found[experiment]]
        assert list(dict.fromkeys(rows)) == [json.dumps(arguments) for arguments in settings]
        tested = [(row, each.get("tested at")) for row, each in zip(rows, found[experiment], strict=True)]
        assert len(tested) == len(set(tested))  # nothing stands there twice
    assert COMPARISON.stat().st_size < 250_000
    assert {"text", "machine", "versions", "hours of one core"} == set(found["record"])


@pytest.fixture(scope="module")
def means():
    """Of the committed runs of each model, at its best rate: a function from a model to the mean of a column."""
    best = load("07_comparison").reference().best_by_validation
    runs = comparison_runs()

    def mean(experiment, column="test", **model):
        chosen = best([run for run in runs[experiment] if all(run[name] == value for name, value in model.items())])
        return sum(column(run) if callable(column) else run[column] for run in chosen) / len(chosen)

    return mean


def test_translation_is_as_the_notebook_tells_it(means):
    best = load("07_comparison").reference().best_by_validation

    def runs_of(way, numbers):
        return [
            r for r in comparison_runs()["translation"] if (r["way"], r["layers"], r["numbers"]) == (way, 4, numbers)
        ]

    def right(way, layers, numbers):
        return means("translation", way=way, layers=layers, numbers=numbers)

    one_text = ("loss on the target", "prefix-LM", "loss on everything")
    models = [("encoder-decoder", 4), ("no encoder layers", 2), *((way, 4) for way in one_text)]
    for numbers in (90_000, 1_000):
        assert min(right(*model, numbers) for model in models) > 0.985
    assert right("encoder-decoder", 4, 300) - right("loss on the target", 4, 300) == pytest.approx(0.0178, abs=1e-4)
    first, second = (
        [run["test"] for run in best(runs_of(way, 300))] for way in ("encoder-decoder", "loss on the target")
    )
    assert load("07_comparison").reference().permutation_test(first, second, paired=True) == 0.0625


def test_text_is_as_the_notebook_tells_it(means):
    def bits(way, layers, cut, at, steps=600):
        return means("text", way=way, layers=layers, cut=cut, steps=steps, **{"tested at": at})

    whole, half = (bits("one stack", layers, None, None) for layers in (4, 2))
    at_own = {cut: bits("encoder-decoder", 4, cut, cut) for cut in (32, 64, 96)}
    assert abs(whole - half) < 0.02 and max(whole, half) < at_own[32] - 0.03
    assert at_own[32] < at_own[64] < at_own[96]
    for cut in (64, 96):
        control = bits("asked behind the cut", 2, cut, cut)
        assert half < control < at_own[cut] and control - half > at_own[cut] - control
    for cut in (32, 64, 96):
        for at in (32, 64, 96):
            assert abs(bits("encoder-decoder", 4, cut, at) - at_own[cut]) < 0.05
            assert abs(bits("encoder-decoder", 4, "random", at) - at_own[64]) < 0.03
    gap, later = (
        bits("encoder-decoder", 4, 64, 64, steps) - bits("one stack", 2, None, None, steps) for steps in (600, 1800)
    )
    assert 0.03 < later < gap
    assert bits("positions begin anew", 4, 96, 32) - bits("positions begin anew", 4, 96, 96) > 0.04


def test_every_model_has_three_rates_and_three_seeds(compare):
    seen = {}
    for experiment, arguments in compare.settings():
        model = tuple(value for name, value in arguments.items() if name not in ("rate", "seed"))
        seen.setdefault((experiment, *model), set()).add((arguments["rate"], arguments["seed"]))
    for model, runs in seen.items():
        rates, seeds = ({run[i] for run in runs} for i in (0, 1))
        assert len(rates) == 3 and len(seeds) >= 3 and len(runs) == len(rates) * len(seeds), model


def test_what_was_run_is_not_run_again(compare, monkeypatch, tmp_path, capsys):
    into = tmp_path / "results.json"
    two = [
        ("translation", {"way": way, "layers": 4, "numbers": 50, "rate": 1e-3, "seed": 0, "steps": 2})
        for way in ("encoder-decoder", "prefix-LM")
    ]
    monkeypatch.setattr(compare, "settings", lambda: two)
    monkeypatch.setattr(compare, "more_seeds", lambda rows: [])
    first, second = map(compare._key, two)
    known = {"rows": [two[0][1] | {"test": 1 / 3}], "seconds": 36.0}
    unfinished, finish = into.with_suffix(".unfinished"), compare._write
    lines = [json.dumps([first, known]), json.dumps([second, known]).split("}]")[0] + "}]"]  # stopped while it wrote
    unfinished.write_text("\n".join(lines))
    monkeypatch.setattr(compare, "_write", lambda *_: sys.exit("stopped again, before the end"))
    with pytest.raises(SystemExit):
        compare.compare(into, jobs=1)
    assert "2 runs, 1 of them done already" in capsys.readouterr().out
    monkeypatch.setattr(compare, "_write", finish)
    compare.compare(into, jobs=1)
    assert "2 runs, 2 of them done already" in capsys.readouterr().out
    assert not unfinished.exists()
    written = json.loads(into.read_text())
    before, new = written["translation"]
    assert before == two[0][1] | {"test": 0.33333}
    assert new["way"] == "prefix-LM" and new["steps"] == 2 and len(new["curve"]) == 1
    assert written["record"]["hours of one core"] >= 0.01
    three = (*two, ("translation", two[0][1] | {"seed": 1}))
    monkeypatch.setattr(compare, "settings", lambda: three)
    compare.compare(into, jobs=1)
    assert "3 runs, 2 of them done already" in capsys.readouterr().out
    assert json.loads(into.read_text())["translation"][:2] == [before, new]


def test_the_commands_help_themselves(capsys):
    for name in ("compare", "pretrain", "triangle"):
        with pytest.raises(SystemExit) as end, pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "argv", [name, "--help"])
            runpy.run_path(str(ROOT / "experiments" / f"{name}.py"), run_name="__main__")
        assert end.value.code == 0 and f"python experiments/{name}.py" in capsys.readouterr().out


@pytest.fixture
def triangle(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "experiments"))
    monkeypatch.delitem(sys.modules, "triangle", raising=False)
    import triangle

    return triangle


def test_the_triangle_is_as_notebook_06_tells_it(triangle):
    names = ("model", "question", "layers")
    cells = {tuple(cell[name] for name in names): cell["runs"] for cell in triangle_cells()}
    wanted = [tuple(setting.values()) for setting in triangle.settings()]
    assert list(cells) == wanted
    assert all(len(runs) == triangle.SEEDS for runs in cells.values())
    learned = {cell: sum(run["steps"] is not None for run in runs) for cell, runs in cells.items()}
    found = {("causal", "before", 2): 4, ("causal", "before", 4): 3, ("causal", "both", 2): 4, ("causal", "both", 4): 5}
    assert learned == dict.fromkeys(wanted, 0) | found
    assert all(run["right"][-1] < 0.5 for layers in (2, 4) for run in cells["causal", "behind", layers])


def test_a_cell_of_the_triangle_is_run_once(triangle, monkeypatch, tmp_path, capsys):
    into, ran = tmp_path / "cells.jsonl", []
    monkeypatch.setattr(triangle, "settings", lambda: [{"model": "causal", "question": "behind", "layers": 1}])
    monkeypatch.setattr(triangle, "run", lambda **setting: ran.append(setting) or [])
    for _ in range(2):
        triangle.main(into)
    assert len(ran) == 1 and "1 cells are done, 0 are missing" in capsys.readouterr().out


def test_models_of_the_triangle_with_as_many_layers_have_as_many_weights(triangle, monkeypatch):
    def of_layers(model, layers):
        parameters = triangle.new_model(model, layers).named_parameters()
        return sum(p.numel() for name, p in parameters if p.dim() == 2 and "embedding" not in name)

    for layers in (2, 4):
        assert of_layers("causal", layers) == of_layers("encoder-decoder", layers)
    monkeypatch.setattr(triangle, "LIMIT", triangle.EVERY)
    runs = triangle.run("encoder-decoder", "in the target", 2)
    assert len(runs) == triangle.SEEDS and all(len(run["right"]) == 1 for run in runs)
