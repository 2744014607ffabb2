"""The training loop of the course: the student's own step, again and again, at a rate that rises and falls."""

import math
import os
import sys
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor, nn
from tqdm import tqdm

Batch = TypeVar("Batch")
LossFunction = Callable[[nn.Module, Batch], Tensor]
TrainStep = Callable[[nn.Module, LossFunction, torch.optim.Optimizer, Batch], float]

STEPS_UNDER_GRADING = 3  # nobody grades how well a model has learned
FIRST = 3  # losses by which a saved training is recognised


@dataclass
class History:
    """What happened while a model was trained."""

    name: str
    planned: int  # steps
    losses: list[float] = field(default_factory=list)  # one a step
    scores: list[tuple[int, float]] = field(default_factory=list)  # (steps so far, score), where scores were asked for

    @property
    def steps(self) -> int:
        """Those that were taken: fewer than planned under grading, and after an interruption."""
        return len(self.losses)

    def last(self, count: int = 20) -> float:
        """The mean of the last losses."""
        return sum(self.losses[-count:]) / len(self.losses[-count:])


def train(
    model: nn.Module,
    loss_function: LossFunction,
    draw: Callable[[torch.Generator], Batch],
    train_step: TrainStep,
    *,
    name: str,
    steps: int,
    learning_rate: float,
    warmup: float = 0.1,
    weight_decay: float = 0.01,
    seed: int = 0,
    score: Callable[[nn.Module], float] | None = None,
    score_every: int = 100,
    save_as: str | Path | None = None,
) -> History:
    """Train a model in place with AdamW. The same seed gives the same training.

    loss_function  loss_function(model, batch) -> a tensor of one number
    draw           draw(generator) -> a batch; all its randomness comes from the generator
    train_step     train_step(model, loss_function, optimizer, batch) -> the loss, as in notebook 2
    name           what the progress bar and the curves call it
    steps          how many; under grading there are 3
    learning_rate  the highest: it rises in a line over the first `warmup` of the steps, and falls along a cosine to 0
    score          score(model) -> a number to watch, asked every `score_every` steps and after the last
    save_as        a file for the trained model. If it is there already, and this training begins as that one did, the
                   model is loaded from it instead. Change the model's code, its data or its seed, and it is trained
                   anew.

    Interrupt the kernel to stop early: the model is then as far as it came, and nothing is saved.
    """
    if under_grading():
        print(f"{name}: {STEPS_UNDER_GRADING} steps of {steps}, since this is being graded.")
        steps, score, save_as = STEPS_UNDER_GRADING, None, None
    history = History(name, steps)
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate, weight_decay=weight_decay)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, _warmup_and_cosine(steps, max(1, round(warmup * steps))))
    generator = torch.Generator().manual_seed(seed)
    saved = _saved(save_as)
    with torch.random.fork_rng(devices=[]), one_thread(), _bar(name, steps) as bar:
        torch.manual_seed(seed)  # of dropout
        try:
            for step in range(1, steps + 1):
                history.losses.append(train_step(model, loss_function, optimizer, draw(generator)))
                schedule.step()
                _show(bar, history)
                if step == FIRST and saved and _begins_alike(history, saved["history"]):
                    model.load_state_dict(saved["model"])
                    bar.leave = False
                    print(f"{name}: loaded from {save_as}; delete the file to train again.")
                    return History(**saved["history"])
                if score and (step % score_every == 0 or step == steps):
                    history.scores.append((step, score(model)))
        except KeyboardInterrupt:
            print(
                f"{name}: stopped after {history.steps} of {steps} steps. Run the cell again to train from the start."
            )
            return history
    if save_as:
        torch.save({"model": model.state_dict(), "history": asdict(history)}, save_as)
    return history


def under_grading() -> bool:
    """Is nbgrader running this notebook to grade it? (When it only validates, training runs in full.)"""
    return os.environ.get("NBGRADER_EXECUTION") == "autograde"


@contextmanager
def one_thread():
    """For models so small that a second thread waits more than it helps, and on a busy machine nearly always."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _warmup_and_cosine(steps: int, warmup: int) -> Callable[[int], float]:
    def factor(step: int) -> float:
        """Of the highest rate, for the step after so many."""
        if step < warmup:
            return (step + 1) / warmup
        return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))

    return factor


def _bar(name: str, steps: int) -> tqdm:
    """On stdout: nbgrader takes whatever is on stderr for a failure."""
    return tqdm(total=steps, desc=name, unit="step", file=sys.stdout, mininterval=1.0)


def _show(bar: tqdm, history: History) -> None:
    bar.set_postfix_str(f"loss {history.losses[-1]:.3f}", refresh=False)
    bar.update()


def _saved(path: str | Path | None) -> dict | None:
    """An earlier training, if its file is there and whole."""
    if path is None or not Path(path).exists():
        return None
    try:
        saved = torch.load(path, weights_only=True)
        return saved if {"model", "history"} <= set(saved) else None
    except Exception as error:  # whatever is wrong with the file: it is made anew
        print(f"{path} cannot be read ({type(error).__name__}): training again.")
        return None


def _begins_alike(history: History, saved: dict) -> bool:
    same = history.planned == saved["planned"] and history.steps <= len(saved["losses"])
    return same and all(
        math.isclose(now, then, rel_tol=1e-4) for now, then in zip(history.losses, saved["losses"], strict=False)
    )
