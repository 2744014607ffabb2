"""Submissions that cheat, break or flood: what nobody should hand in, and what grading must survive.

Each is harmless wherever it runs: at most 100 processes, 3 GB of memory, 200 MB on disk and 60 seconds; it connects to
nothing but a listener of the tests, and outside its working folder it writes nothing but the tests' canary. What no
limit stops stops by itself.

Whether an attack has worked shows in the points: who finds what should be out of reach is rewarded with right
solutions, and who breaks a limit takes right solutions back.
"""

from .damaged import DAMAGED
from .exhausting import EXHAUSTING
from .forging import FORGING
from .kind import Kind, Surroundings
from .naming import NAMING
from .noisy import NOISY
from .reaching import REACHING
from .reading import READING
from .tampering import TAMPERING

__all__ = ["KINDS", "Kind", "Surroundings"]

KINDS: list[Kind] = [*FORGING, *READING, *REACHING, *EXHAUSTING, *DAMAGED, *TAMPERING, *NAMING, *NOISY]
