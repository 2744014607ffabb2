"""Offers the helpers that the notebooks import and that no exercise asks for."""

from coursekit.padding import pad
from coursekit.plots import (
    attention_maps,
    loss_curves,
    mask_maps,
    position_maps,
    reach_maps,
    run_dots,
    score_curves,
    stack_pictures,
)
from coursekit.reach import reach, reached
from coursekit.table import comparison_table, ledger
from coursekit.training import History, train, under_grading
from coursekit.vocabulary import Vocabulary

__all__ = [
    "History",
    "Vocabulary",
    "attention_maps",
    "comparison_table",
    "ledger",
    "loss_curves",
    "mask_maps",
    "pad",
    "position_maps",
    "reach",
    "reach_maps",
    "reached",
    "run_dots",
    "score_curves",
    "stack_pictures",
    "train",
    "under_grading",
]
