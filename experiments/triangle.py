"""Asks where it costs not to look ahead: a list of records, and a question before it or behind it, for notebook 06.

    python experiments/triangle.py [--into FILE]

The grid was fixed before it was run. Only the steps were not: 1,000 were planned, and hardly any model learned the task
in so few. Every cell is trained from the same five seeds, and all of them are drawn:

- **Task.** Three records, each a key and a value, of six keys and six values; a question, which is one of the three
  keys; the answer is its value.
- **Place of the question.** In one stack: before the list, behind it, or both. In the encoder-decoder: in the source
  behind the list, or in the target before the answer, so that the encoder reads the list without it. (A prefix-LM sees
  all of its source at once: it has the question behind the list only.)
- **Models.** One stack, causal or prefix-LM, of 1, 2 or 4 layers; an encoder-decoder of 1 + 1 or 2 + 2. All have
  d_model 32 and 4 heads; with as many layers in all they have as many weights. (With 1 layer the prefix-LM is left out:
  what the last position reads does not depend on the mask then.)
- **Training.** Batches of 32 new questions, AdamW at 5e-3 after 50 steps of warm-up, gradients clipped to a norm of 1,
  for 4,000 steps, or until all five seeds have 90 % of 512 fixed questions right (this is tried every 50 steps).

Size and rate were chosen by eight runs from another seed, 100, of one stack with 2 layers: a larger task (four records
of eight keys, d_model 64) took too long.

The five seeds of a cell are trained side by side, each with its own weights and its own data, on one core. A line is
written as soon as a cell has ended: interrupt the program, and run it again to go on. What is in the file is not run
again. If you change what a run does, delete it.
"""

import argparse
import json
import platform
import time
from functools import lru_cache
from pathlib import Path

import torch
import torch.nn.functional as F
from coursekit.results import TRIANGLE, triangle_cells
from torch import Tensor
from torch.func import functional_call, stack_module_state, vmap
from tqdm import tqdm

from autograder.authoring.course import Course

COURSE = Course.at(Path(__file__).resolve().parent.parent)
SEEDS, LIMIT, EVERY, ENOUGH = 5, 4000, 50, 0.9
PAD, BOS, KINDS, RECORDS = 0, 1, 6, 3
KEYS, VALUES, VOCABULARY = 2, 2 + KINDS, 2 + 2 * KINDS  # where the ids of keys begin, and those of values; all ids
WIDTH = 32


def settings() -> list[dict]:
    """Return every cell of the grid."""
    return [
        {"model": model, "question": question, "layers": layers}
        for layers in (2, 4, 1)
        for model, questions in (
            ("causal", ("before", "behind", "both")),
            ("prefix-LM", ("behind",) if layers > 1 else ()),
            ("encoder-decoder", ("in the source", "in the target") if layers > 1 else ()),
        )
        for question in questions
    ]


def draw(count: int, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Return lists (count, 2 * RECORDS), questions (count, 1) and answers (count, 1), as ids."""
    keys = torch.rand(count, KINDS, generator=generator).argsort(dim=1)[:, :RECORDS]  # no key is in a list twice
    values = torch.randint(KINDS, (count, RECORDS), generator=generator)
    asked = torch.randint(RECORDS, (count, 1), generator=generator)
    records = torch.stack([KEYS + keys, VALUES + values], dim=-1).flatten(1)
    return records, KEYS + keys.gather(1, asked), VALUES + values.gather(1, asked)


def new_model(model: str, layers: int) -> torch.nn.Module:
    """Return a model with random weights. With as many layers, all have weight matrices of the same size."""
    course = _notebook()
    if model != "encoder-decoder":
        return course.OneStack(VOCABULARY, WIDTH, 4, course.match_parameters(WIDTH, 4 * WIDTH, 1, 1, 2), layers)
    half = {"d_ff": 4 * WIDTH, "num_layers": layers // 2, "pad_id": PAD, "dropout": 0.0, "norm_first": True}
    return course.Transformer(VOCABULARY, VOCABULARY, d_model=WIDTH, num_heads=4, **half)


def logits_of(network: torch.nn.Module, model: str, question: str, batch: tuple[Tensor, Tensor, Tensor]) -> Tensor:
    """Return the logits of the answers: (batch, VOCABULARY)."""
    records, questions, _ = batch
    bos = torch.full_like(questions, BOS)
    if question == "in the target":
        return network(records, torch.cat([bos, questions], dim=1))[:, -1]
    order = {"before": [questions, records], "both": [questions, records, questions]}
    source = torch.cat(order.get(question, [records, questions]), dim=1)
    if model == "encoder-decoder":
        return network(source, bos)[:, -1]
    inputs = torch.cat([source, bos], dim=1)  # (batch, source_length + 1); the answer, one token, is read at bos
    mask = _notebook().prefix_mask(source.shape[1], inputs.shape[1]) if model == "prefix-LM" else None
    return network(inputs, mask)[:, -1]


def run(model: str, question: str, layers: int) -> list[dict]:
    """Train one model from each seed. Return of each its steps to 90 %, or None, and what was right on the way."""
    networks = []
    for seed in range(SEEDS):
        torch.manual_seed(seed)
        networks.append(new_model(model, layers))
    weights, _ = stack_module_state(networks)  # {name: (SEEDS, ...)}
    network = networks[0]  # its code runs with the weights of each
    generators = [torch.Generator().manual_seed(seed) for seed in range(SEEDS)]
    optimizer = torch.optim.AdamW(weights.values(), lr=5e-3)
    warmup = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1.0, (step + 1) / 50))
    test = draw(512, torch.Generator().manual_seed(1_000_000))

    def logits(weights: dict[str, Tensor], *batch: Tensor) -> Tensor:
        def called(*inputs):
            return functional_call(network, weights, inputs)

        return logits_of(called, model, question, batch)

    curves = []
    for step in range(1, LIMIT + 1):
        batch = [torch.stack(parts) for parts in zip(*(draw(32, each) for each in generators), strict=True)]
        found = vmap(logits)(weights, *batch)  # (SEEDS, 32, VOCABULARY)
        optimizer.zero_grad()
        (SEEDS * F.cross_entropy(found.flatten(0, 1), batch[2].flatten())).backward()  # the sum of each seed's mean
        norms = sum(each.grad.flatten(1).pow(2).sum(dim=1) for each in weights.values()).sqrt()  # (SEEDS,)
        for each in weights.values():
            each.grad.mul_((1 / norms).clamp(max=1).view(SEEDS, *[1] * (each.dim() - 1)))
        optimizer.step()
        warmup.step()
        if step % EVERY == 0:
            with torch.no_grad():
                said = vmap(logits, in_dims=(0, None, None, None))(weights, *test).argmax(dim=-1)  # (SEEDS, 512)
            curves.append((said == test[2][:, 0]).double().mean(dim=1).tolist())
            if all(max(curve) >= ENOUGH for curve in zip(*curves, strict=True)):
                break
    return [
        {
            "steps": next((EVERY * (i + 1) for i, right in enumerate(curve) if right >= ENOUGH), None),
            "right": [round(right, 4) for right in curve],
        }
        for curve in zip(*curves, strict=True)
    ]


@lru_cache
def _notebook():
    return COURSE.assignment("06_one_stack").reference()


def main(into: Path) -> None:
    """Run the cells that are not in the file yet, and write a line for each."""
    torch.set_num_threads(1)
    names = ("model", "question", "layers")
    done = [tuple(cell[name] for name in names) for cell in triangle_cells(into)]
    missing = [setting for setting in settings() if tuple(setting.values()) not in done]
    record = {"torch": torch.__version__, "python": platform.python_version(), "machine": platform.machine()}
    print(f"{len(done)} cells are done, {len(missing)} are missing.")
    with into.open("a", encoding="utf-8") as file:
        for setting in tqdm(missing, unit="cell"):
            began = time.process_time()
            cell = {**setting, "runs": run(**setting), "seconds": round(time.process_time() - began, 1), **record}
            file.write(json.dumps(cell) + "\n")
            file.flush()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python experiments/triangle.py", description=__doc__.split("\n")[0])
    parser.add_argument("--into", type=Path, default=TRIANGLE, help="the file of the results (%(default)s)")
    main(parser.parse_args().into)
