"""Provides the training loop of the course: it repeats the student's own step at a rate that rises and then falls."""

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

STEPS_UNDER_GRADING = 3  # how well a model has learned is not graded
FIRST = 3  # a saved training is recognised by this many losses at its beginning


@dataclass
class History:
    """Records the losses and scores of one training."""

    name: str
    planned: int  # the number of steps that were planned
    losses: list[float] = field(default_factory=list)  # one for each step
    scores: list[tuple[int, float]] = field(default_factory=list)  # (number of steps, score), if train had a score

    @property
    def steps(self) -> int:
        """Return the number of training steps that were taken. After an interruption there are fewer than planned."""
        return len(self.losses)

    def last(self, count: int = 20) -> float:
        """Return the mean of the last ``count`` losses, or NaN if training was stopped before the first step."""
        return sum(self.losses[-count:]) / len(self.losses[-count:]) if self.losses else math.nan


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
    """Train a model in place with AdamW, and return what happened. The same seed gives the same training.

    loss_function  loss_function(model, batch) -> the loss, a tensor of one number
    draw           draw(generator) -> a batch; all its randomness comes from the generator
    train_step     train_step(model, loss_function, optimizer, batch) -> the loss, as in notebook 2
    name           the name of the training in the progress bar, the messages and the history
    steps          the number of training steps; under grading it is 3
    learning_rate  the highest rate: it is reached linearly over the fraction `warmup` of the steps, and then falls to 0
                   along a cosine
    score          score(model) -> a number to watch, computed every `score_every` steps and after the last; not under
                   grading
    save_as        a file for the trained model. If it exists, and this training begins with the same losses as the
                   saved one, the model is loaded from it instead. If you change the model's code, its data or its
                   seed, it is trained anew. Under grading nothing is loaded or saved.

    Interrupt the kernel to stop early: the model then keeps what it has learned so far, and nothing is saved.
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
        torch.manual_seed(seed)  # for dropout
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
    """Return whether nbgrader runs this notebook to grade it. (If it only validates it, training runs in full.)"""
    return os.environ.get("NBGRADER_EXECUTION") == "autograde"


@contextmanager
def one_thread():
    """Let torch use only one thread inside.

    For models as small as these a second thread waits more than it helps, and on a busy machine nearly always.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _warmup_and_cosine(steps: int, warmup: int) -> Callable[[int], float]:
    """Return a function for LambdaLR: its value rises linearly to 1 in ``warmup`` steps, and then falls to 0."""

    def factor(step: int) -> float:
        """Return the factor of the highest learning rate for the step that follows this number of training steps."""
        if step < warmup:
            return (step + 1) / warmup
        return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))

    return factor


def _bar(name: str, steps: int) -> tqdm:
    """Return a progress bar on stdout, since nbgrader takes anything on stderr for a failure."""
    return tqdm(total=steps, desc=name, unit="step", file=sys.stdout, mininterval=1.0)


def _show(bar: tqdm, history: History) -> None:
    bar.set_postfix_str(f"loss {history.losses[-1]:.3f}", refresh=False)
    bar.update()


def _saved(path: str | Path | None) -> dict | None:
    """Return an earlier training from its file, or None if there is no such file or it cannot be read."""
    if path is None or not Path(path).exists():
        return None
    try:
        saved = torch.load(path, weights_only=True)
        return saved if {"model", "history"} <= set(saved) else None
    except Exception as error:  # anything may be wrong with the file: it is made anew
        print(f"{path} cannot be read ({type(error).__name__}): training again.")
        return None


def _begins_alike(history: History, saved: dict) -> bool:
    same = history.planned == saved["planned"] and history.steps <= len(saved["losses"])
    return same and all(
        math.isclose(now, then, rel_tol=1e-4) for now, then in zip(history.losses, saved["losses"], strict=False)
    )
