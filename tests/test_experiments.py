"""The experiments of notebook 06: what is committed is whole and of one piece, and a run that was stopped goes on."""

import json
import runpy
import sys

import pytest
from coursekit.results import COMPARISON, comparison_runs

from autograder.assignment import ROOT


@pytest.fixture
def compare(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "experiments"))  # its workers import it by name
    monkeypatch.delitem(sys.modules, "compare", raising=False)
    import compare

    return compare


def test_the_committed_results_are_whole(compare):
    found, wanted = comparison_runs(), {"translation": [], "text": []}
    for experiment, arguments in compare.settings():
        wanted[experiment].append(arguments)
    for experiment, settings in wanted.items():
        keys = settings[0]
        rows = [json.dumps({key: row[key] for key in keys}) for row in found[experiment]]
        assert list(dict.fromkeys(rows)) == [json.dumps(arguments) for arguments in settings]
    assert COMPARISON.stat().st_size < 250_000
    assert {"text", "machine", "versions", "hours of one core"} == set(found["record"])


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
    first, second = map(compare._key, two)
    known = {"rows": [{"way": "as it was", "test": 1 / 3}], "seconds": 36.0}
    into.with_suffix(".unfinished").write_text(
        "\n".join([json.dumps([first, known]), json.dumps([second, known])[:-20]])  # stopped while it wrote
    )
    compare.compare(into, jobs=1)
    assert "2 runs, 1 of them done already" in capsys.readouterr().out
    assert not into.with_suffix(".unfinished").exists()
    written = json.loads(into.read_text())
    before, new = written["translation"]
    assert before == {"way": "as it was", "test": 0.33333}
    assert new["way"] == "prefix-LM" and new["steps"] == 2 and len(new["curve"]) == 1
    assert written["record"]["hours of one core"] >= 0.01


def test_the_commands_help_themselves(capsys):
    for name in ("compare", "pretrain"):
        with pytest.raises(SystemExit) as end, pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "argv", [name, "--help"])
            runpy.run_path(str(ROOT / "experiments" / f"{name}.py"), run_name="__main__")
        assert end.value.code == 0 and f"python experiments/{name}.py" in capsys.readouterr().out
