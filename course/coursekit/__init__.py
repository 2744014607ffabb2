"""Offers the helpers that the notebooks import and that no exercise asks for."""

import warnings

from coursekit.checking import CheckFailed, visible_check
from coursekit.go_on import go_on
from coursekit.padding import pad
from coursekit.plots import (
    attention_maps,
    loss_curves,
    mask_maps,
    position_maps,
    reach_maps,
    run_dots,
)
from coursekit.reach import reach, reached
from coursekit.stacks import stack_pictures
from coursekit.table import comparison_table, ledger
from coursekit.training import History, train, under_grading
from coursekit.vocabulary import Vocabulary

__all__ = [
    "CheckFailed",
    "History",
    "Vocabulary",
    "attention_maps",
    "comparison_table",
    "go_on",
    "ledger",
    "loss_curves",
    "mask_maps",
    "pad",
    "position_maps",
    "reach",
    "reach_maps",
    "reached",
    "run_dots",
    "stack_pictures",
    "train",
    "under_grading",
    "visible_check",
]

# tqdm warns in every notebook if ipywidgets is not installed. Its bars are text then, and that is all.
warnings.filterwarnings("ignore", message="IProgress not found")
