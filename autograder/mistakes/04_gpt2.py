"""Mistakes."""

MISTAKES = []
