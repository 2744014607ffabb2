"""Trained models that come with the course, in transformers' format."""

from pathlib import Path

PYTHON_DOCS = Path(__file__).parent / "python_docs"  # made by experiments/pretrain.py of the course's repository
