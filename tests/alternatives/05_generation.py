"""Ways."""

ALTERNATIVES = {}
