"""Makes MathML of equations, which a browser shows without any script.

What an equation holds may be a student's: the result has no elements and attributes but those that are listed here.
"""

import re
from html import unescape
from xml.etree.ElementTree import tostring

from latex2mathml.converter import convert_to_element

MAX_CHARACTERS = 2_000  # of one equation: the converter's time grows faster than the length
ELEMENTS = frozenset(
    "math menclose mfrac mi mmultiscripts mn mo mover mpadded mphantom mprescripts mroot mrow ms mspace msqrt mstyle "
    "msub msubsup msup mtable mtd mtext mtr munder munderover none".split()
)
ATTRIBUTES = frozenset(
    "accent accentunder columnalign columnspacing depth display displaystyle fence form height linethickness lspace "
    "mathvariant maxsize minsize movablelimits rowspacing rspace scriptlevel separator stretchy symmetric width".split()
)
VALUE = re.compile(r"[a-z-]{1,24}|[+-]?\d{0,2}(\.\d{1,3})?(em|ex|pt|%)?")  # nothing that is larger than a page


def mathml(tex: str, display: str) -> str | None:
    """Return an equation in LaTeX as MathML, or None if the converter does not understand it.

    display  "block" for an equation in a line of its own, "inline" for one in the text
    """
    if len(tex) > MAX_CHARACTERS:
        return None
    try:
        math = convert_to_element(tex, display=display)
        for element in math.iter():
            if element.tag not in ELEMENTS:
                return None
            element.text = unescape(element.text or "")  # the converter writes a sign by its number
            for name, value in [*element.items()]:
                if name not in ATTRIBUTES or not VALUE.fullmatch(value):
                    del element.attrib[name]
        # The converter's own way to write this down would leave a tag alive that stands in \text{...}.
        return tostring(math, encoding="unicode")
    except Exception:  # of many kinds: for a bracket that is not closed, for two indices, for too many levels
        return None
