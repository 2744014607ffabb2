"""Draws boxes, arrows and words as vector graphics (SVG)."""

from dataclasses import dataclass, field
from html import escape

FONT = "font-family=\"'Helvetica Neue', Arial, 'Liberation Sans', sans-serif\""
INK, LINE, PAPER = "#1a1a1a", "#555555", "#ffffff"
# Tints of the palette of Okabe and Ito: (fill, edge).
KINDS = {
    "self": ("#d4e8f6", "#0072b2"),  # attention of a sequence to itself
    "cross": ("#fbe0cd", "#d55e00"),  # attention to another sequence
    "feed": ("#d0efe4", "#009e73"),
    "embed": ("#f6e3ee", "#b5578d"),
    "kept": ("#fdf0c4", "#b58900"),  # what is computed once, and read again
    "plain": ("#eeeeee", "#777777"),
    "absent": (PAPER, "#999999"),
}
HEIGHT = 34  # of a box


@dataclass(frozen=True)
class Diagram:
    """Holds a picture as SVG, and what it shows in words, for those who cannot see it."""

    svg: str
    alt: str

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, str]:
        """Tell Jupyter what to show."""
        return {"image/svg+xml": self.svg, "text/plain": self.alt}


@dataclass
class Paper:
    """Collects the parts of a picture. Its y grows upwards."""

    width: float
    height: float
    parts: list[str] = field(default_factory=list)

    def box(self, x, low, words: str | tuple[str, ...], kind: str, width: float, height: float = HEIGHT) -> None:
        """Draw a box around words, with its middle at x and its lower edge at `low`."""
        fill, edge = KINDS[kind]
        dashes = ' stroke-dasharray="5 4"' if kind == "absent" else ""
        self.parts.append(
            f'<rect x="{x - width / 2:g}" y="{self.height - low - height:g}" width="{width:g}" height="{height:g}" '
            f'rx="6" fill="{fill}" stroke="{edge}" stroke-width="1.5"{dashes}/>'
        )
        lines = (words,) if isinstance(words, str) else words
        for number, line in enumerate(lines):
            self.text(x, low + height / 2 - 5 + 20 * ((len(lines) - 1) / 2 - number), line, small=len(lines) > 1)

    def frame(self, left, low, width, height, title: str) -> None:
        """Draw a frame behind what belongs together, with its title in the upper left corner."""
        self.parts.append(
            f'<rect x="{left:g}" y="{self.height - low - height:g}" width="{width:g}" height="{height:g}" rx="10" '
            'fill="#f7f7f7" stroke="#bbbbbb"/>'
        )
        self.text(left + 10, low + height - 18, title, small=True, anchor="start")

    def text(self, x, y, words: str, bold=False, small=False, anchor="middle") -> None:
        """Write words on the line y."""
        font = f'font-size="{13.5 if small else 15.5}"' + (' font-weight="bold"' if bold else "")
        self.parts.append(
            f'<text x="{x:g}" y="{self.height - y:g}" text-anchor="{anchor}" {font} fill="{INK}">{escape(words)}</text>'
        )

    def plus(self, x, y) -> None:
        self.parts.append(
            f'<circle cx="{x:g}" cy="{self.height - y:g}" r="12" fill="{PAPER}" stroke="{LINE}" stroke-width="1.5"/>'
        )
        self.line((x - 6, y), (x + 6, y))
        self.line((x, y - 6), (x, y + 6))

    def arrow(self, *points, kind="", dashed=False, label="") -> None:
        """Draw an arrow through these points, with a label beside its beginning."""
        self.line(*points, kind=kind, dashed=dashed, head=True)
        if label:
            self.text(points[0][0] + 8, points[0][1] + 12, label, anchor="start")

    def line(self, *points, kind="", dashed=False, head=False) -> None:
        path = " ".join(f"{'L' if number else 'M'}{x:g} {self.height - y:g}" for number, (x, y) in enumerate(points))
        colour = KINDS[kind][1] if kind else LINE
        marks = (' stroke-dasharray="5 4"' if dashed else "") + (f' marker-end="url(#to-{kind})"' if head else "")
        self.parts.append(f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="1.8"{marks}/>')

    def diagram(self, alt: str) -> Diagram:
        heads = "".join(
            f'<marker id="to-{kind}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" '
            f'orient="auto"><path d="M0 0L10 5L0 10z" fill="{KINDS[kind][1] if kind else LINE}"/></marker>'
            for kind in ("", "kept")
        )
        svg = (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width:g}" height="{self.height:g}" '
            f'viewBox="0 0 {self.width:g} {self.height:g}" style="max-width:100%;height:auto" role="img" '
            f'aria-label="{escape(alt)}" {FONT}><defs>{heads}</defs>'
            f'<rect width="100%" height="100%" rx="8" fill="{PAPER}"/>{"".join(self.parts)}</svg>'
        )
        return Diagram(svg, alt)
