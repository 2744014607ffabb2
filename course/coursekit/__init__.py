"""What the notebooks import and no exercise asks for."""

from coursekit.plots import attention_maps, reach_maps
from coursekit.reach import reach
from coursekit.table import comparison_table

__all__ = ["attention_maps", "comparison_table", "reach", "reach_maps"]
