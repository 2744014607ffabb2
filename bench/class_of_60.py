"""Makes a class of 60 that hands in notebook 01, to try `report`, `learn`, `regrade` and `similar` on.

    python bench/class_of_60.py FOLDER
    cd FOLDER
    python -m autograder grade 01_attention

22 of them make one of three mistakes that the catalogue does not know, each in ways of their own; two have copied one
from another. The others are right in different ways, make known mistakes, or have done little.
"""

import random
import runpy
import sys
from pathlib import Path

import nbformat

from autograder.authoring.build import build
from autograder.authoring.course import Course, commands_on_path
from autograder.authoring.release import release_notebook
from autograder.authoring.students import handed_in
from autograder.classroom.demo import settings_of_a_demonstration

ROOT = Path(__file__).resolve().parent.parent
NAME = "01_attention"
DIAGONAL = [  # masked, but for the first position
    """\
def causal_mask(length):
    mask = torch.ones(length, length).tril(-1).bool()
    mask[0, 0] = True
    return mask""",
    """\
def causal_mask(length):
    allowed = torch.zeros(length, length, dtype=torch.bool)
    for i in range(length):
        for j in range(max(i, 1)):
            allowed[i, j] = True
    return allowed""",
    """\
def causal_mask(length):
    steps = torch.arange(length)
    seen = steps[None, :] < steps[:, None]
    seen[:1, :1] = True  # the first has to see something
    return seen""",
]
SCALED_LATE = [  # behind the softmax
    """\
def scaled_dot_product_attention(query, key, value, mask=None):
    scores = query @ key.transpose(-2, -1)
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = scores.softmax(dim=-1) * query.shape[-1] ** -0.5
    if mask is not None:
        weights = weights.masked_fill(~mask, 0.0)
    return weights @ value, weights""",
    """\
def scaled_dot_product_attention(query, key, value, mask=None):
    d_k = query.size(-1)
    logits = torch.einsum("...qd,...kd->...qk", query, key)
    if mask is not None:
        logits = torch.where(mask, logits, torch.tensor(float("-inf"), dtype=logits.dtype))
    probabilities = torch.softmax(logits, dim=-1) / d_k**0.5
    if mask is not None:
        probabilities = torch.where(mask, probabilities, torch.zeros_like(probabilities))
    return torch.matmul(probabilities, value), probabilities""",
]
RESIDUAL = """\
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, num_heads):
        super().__init__()
        if num_heads < 1 or d_model % num_heads:
            raise ValueError("num_heads must divide d_model")
        self.num_heads = num_heads
        self.query_proj = nn.Linear(d_model, d_model)
        self.key_proj = nn.Linear(d_model, d_model)
        self.value_proj = nn.Linear(d_model, d_model)
        self.output_proj = nn.Linear(d_model, d_model)

    def _heads(self, x):
        return x.unflatten(-1, (self.num_heads, -1)).transpose(1, 2)

    def forward(self, query, key, value, mask=None):
        queries, keys = self._heads(self.query_proj(query)), self._heads(self.key_proj(key))
        heads, weights = scaled_dot_product_attention(queries, keys, self._heads(self.value_proj(value)), mask)
        self.weights = weights.detach()
        return {result}"""
RESIDUALS = [  # the query is added, as the block around it does
    RESIDUAL.format(result="query + self.output_proj(heads.transpose(1, 2).flatten(2))"),
    RESIDUAL.replace("_heads(", "_split(").format(result="self.output_proj(heads.transpose(1, 2).flatten(2)) + query"),
]
COPIED = """\
def padding_mask(lengths, max_length):
    rows = []
    for count in lengths.tolist():
        row = [place < count or place == max_length - 1 for place in range(max_length)]
        rows.append(row)
    return torch.tensor(rows)[:, None, None, :]"""
RENAMED = COPIED.replace("rows", "found").replace("count", "n").replace("place", "pos").replace("row", "line")
TWO = [
    ("no scaling", "mask not passed on"),
    ("no scaling", "one token too many"),
    ("diagonal masked", "another error than ValueError"),
    ("True for padding", "overflow in half precision"),
]
KNOWN = [
    "no scaling", "mask after the softmax", "one token too many", "another error than ValueError", "diagonal masked",
    "mask not passed on", "overflow in half precision", "NaN where nothing can be seen",
    "heads merged without a transpose", "True for padding",
]  # fmt: skip


def main(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "nbgrader_config.py").write_text(settings_of_a_demonstration(Course.at(ROOT)), encoding="utf-8")
    course = Course.at(folder)
    with commands_on_path():
        build(course)
    assignment, draw = course.assignment(NAME), random.Random(60)
    ways = runpy.run_path(str(assignment.source.path.with_name("alternatives.py")))["ALTERNATIVES"]
    own = [{"causal_mask": DIAGONAL[n % 3]} for n in range(9)]
    own += [{"scaled_dot_product_attention": SCALED_LATE[n % 2]} for n in range(7)]
    own += [{"MultiHeadAttention": RESIDUALS[n % 2]} for n in range(6)]
    own += [{"padding_mask": COPIED}, {"padding_mask": RENAMED}]
    made: list[tuple[list, dict]] = [([], text) for text in own]
    made += [([assignment.mistake(KNOWN[n % len(KNOWN)])], {}) for n in range(18)]
    made += [([assignment.mistake(name) for name in two], {}) for two in TWO]
    made += [([], {}) for _ in range(11)]
    notebooks = []
    for mistakes, text in made:
        wrong = {mistake.exercise for mistake in mistakes} | text.keys()
        plain = {name: [text for text in texts.values() if "F." not in text] for name, texts in ways.items()}
        others = {name: draw.choice(texts) for name, texts in plain.items() if name not in wrong}
        some = {name: text for name, text in others.items() if draw.random() < 0.7}
        answer = {"renormalised": f"It is the same, since each row is divided by its sum ({len(notebooks)})."}
        notebooks.append(handed_in(assignment, mistakes, some | text | answer))
    notebooks += [release_notebook(assignment.source)] * (60 - len(notebooks))
    draw.shuffle(notebooks)
    for number, notebook in enumerate(notebooks, 1):
        place = course.folder(course.submitted_directory) / f"s{number:02}" / NAME
        place.mkdir(parents=True)
        nbformat.write(notebook, place / f"{NAME}.ipynb")
        (place / "timestamp.txt").write_text(f"2026-10-{10 + draw.randrange(7)} {draw.randrange(8, 24):02}:30:00 UTC")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
