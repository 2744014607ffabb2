"""The training loop: the same each time, nothing lost, and quick where nobody looks."""

import pytest
import torch
from coursekit import train
from torch import nn


def step(model, loss_function, optimizer, batch):
    optimizer.zero_grad()
    loss = loss_function(model, batch)
    loss.backward()
    optimizer.step()
    return loss.item()


def squares(model, batch):
    return (model(batch) - 1).square().mean()


def trained(tmp_path=None, *, draws=None, loss=squares, **options):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.5), nn.Linear(4, 1))

    def draw(generator):
        if draws is not None:
            draws.append(1)
        return torch.randn(8, 3, generator=generator)

    settings = {"name": "small", "steps": 20, "learning_rate": 1e-2} | options
    if tmp_path:
        settings["save_as"] = tmp_path / "small.pt"
    return model, train(model, loss, draw, step, **settings)


def weights(model):
    return torch.cat([parameter.flatten() for parameter in model.parameters()])


def test_the_same_seed_gives_the_same_training(monkeypatch):
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    one, history = trained()
    torch.randn(100)  # the global random state is another one
    two, again = trained()
    other, different = trained(seed=1)
    assert history.losses == again.losses and torch.equal(weights(one), weights(two))
    assert history.losses != different.losses
    assert history.steps == history.planned == 20


def test_nothing_of_the_callers_changes():
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    torch.manual_seed(5)
    before = torch.get_rng_state()
    train(
        nn.Linear(3, 1), squares, lambda g: torch.randn(8, 3, generator=g), step, name="x", steps=3, learning_rate=0.1
    )
    torch.manual_seed(5)
    assert torch.equal(before, torch.get_rng_state()) and torch.get_num_threads() == threads
    torch.set_rng_state(state)


def test_the_rate_rises_and_falls():
    rates = []

    def watching(model, loss_function, optimizer, batch):
        rates.append(optimizer.param_groups[0]["lr"])
        return step(model, loss_function, optimizer, batch)

    train(
        nn.Linear(3, 1),
        squares,
        lambda g: torch.randn(8, 3, generator=g),
        watching,
        name="x",
        steps=100,
        learning_rate=0.5,
        warmup=0.1,
    )
    assert rates[:10] == pytest.approx([0.05 * n for n in range(1, 11)])
    assert rates[10] == pytest.approx(0.5) and rates[55] == pytest.approx(0.25) and rates[-1] < 0.001
    assert all(a > b for a, b in zip(rates[10:], rates[11:], strict=False))


def test_scores_are_asked_for_now_and_then_and_at_the_end():
    _, history = trained(score=lambda model: 7.0, score_every=8)
    assert history.scores == [(8, 7.0), (16, 7.0), (20, 7.0)]


def test_a_trained_model_is_not_trained_again(tmp_path, capsys):
    model, history = trained(tmp_path)
    draws = []
    again, loaded = trained(tmp_path, draws=draws)
    assert len(draws) == 3 and torch.equal(weights(model), weights(again)) and loaded == history
    assert "loaded from" in capsys.readouterr().out


@pytest.mark.parametrize(
    "change",
    [{"loss": lambda model, batch: 2 * squares(model, batch)}, {"seed": 1}, {"steps": 21}, {"learning_rate": 0.5}],
)
def test_another_training_is_not_taken_for_it(tmp_path, change):
    trained(tmp_path)
    draws = []
    _, history = trained(tmp_path, draws=draws, **change)
    assert len(draws) == history.steps >= 20


@pytest.mark.parametrize("damage", [b"", b"not a model", b"PK\x03\x04"])
def test_a_damaged_file_is_made_anew(tmp_path, damage, capsys):
    (tmp_path / "small.pt").write_bytes(damage)
    _, history = trained(tmp_path)
    assert history.steps == 20 and "cannot be read" in capsys.readouterr().out
    draws = []
    trained(tmp_path, draws=draws)
    assert len(draws) == 3


def test_under_grading_a_few_steps_are_enough(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    _, history = trained(tmp_path, score=lambda model: 1 / 0)
    assert history.steps == 3 and not list(tmp_path.iterdir())
    assert "3 steps of 20" in capsys.readouterr().out
    monkeypatch.setenv("NBGRADER_EXECUTION", "validate")
    assert trained()[1].steps == 20


def test_the_bar_is_on_stdout(capsys):
    trained()
    captured = capsys.readouterr()
    assert "small" in captured.out and captured.err == ""


def test_an_interruption_keeps_what_was_learned(tmp_path, capsys):
    seen = []

    def interrupted(model, batch):
        seen.append(1)
        if len(seen) == 6:
            raise KeyboardInterrupt
        return squares(model, batch)

    model, history = trained(tmp_path, loss=interrupted)
    assert history.steps == 5 and not list(tmp_path.iterdir())
    assert "stopped after 5 of 20 steps" in capsys.readouterr().out
