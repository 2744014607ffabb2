"""What the notebooks import and no exercise asks for."""

from coursekit.plots import attention_maps, mask_maps, reach_maps
from coursekit.reach import reach, reached
from coursekit.table import comparison_table

__all__ = ["attention_maps", "comparison_table", "mask_maps", "reach", "reach_maps", "reached"]
