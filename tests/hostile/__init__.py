"""Collects submissions that cheat, break or flood, which grading must survive.

Each is harmless wherever it runs: it uses at most 100 processes, 3 GB of memory, 200 MB on disk and 60 seconds; it
connects to nothing but a listener of the tests, and outside its working folder it writes nothing but the tests' canary.
A submission that no limit stops ends by itself.

The points show whether an attack has worked: a submission that finds what should be out of reach is rewarded with right
solutions, and one that breaks a limit takes its right solutions back.
"""

from .damaged import DAMAGED
from .exhausting import EXHAUSTING
from .forging import FORGING
from .kind import Kind, Surroundings
from .naming import NAMING
from .noisy import NOISY
from .outliving import OUTLIVING
from .reaching import REACHING
from .reading import READING
from .readymade import READYMADE
from .stalling import STALLING
from .tampering import TAMPERING
from .telling import TELLING
from .unsolved import UNSOLVED

__all__ = ["KINDS", "Kind", "Surroundings"]

KINDS: list[Kind] = [
    *FORGING,
    *READING,
    *REACHING,
    *EXHAUSTING,
    *DAMAGED,
    *TAMPERING,
    *NAMING,
    *NOISY,
    *STALLING,
    *OUTLIVING,
    *READYMADE,
    *TELLING,
    *UNSOLVED,
]
