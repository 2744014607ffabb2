"""Measures tokens per second of the reference's generate_cached and of transformers' generate, in pairs in one process.

    python bench/generation.py [--pairs N] [--compile]

Both continue one prompt of 32 tokens by 64 new ones, greedily and in float32, and must write the same tokens. The CPU
runs one thread. If there is CUDA, both are measured there, too, as they are and with torch.compile; --compile measures
the compiled ones on the CPU as well.

The bound comes from reading the weights: for each token every weight is read once, except those of other positions, at
the number of bytes per second that this run has measured. (The weights of the small model stay in the processor's
cache.)
"""

import argparse
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
import transformers
from coursekit.checkpoints import PYTHON_DOCS
from torch import Tensor, nn
from tqdm import tqdm
from transformers import GPT2Config, GPT2LMHeadModel

from autograder.authoring.course import Course
from autograder.judging.report import table

COURSE = Course.at(Path(__file__).resolve().parent.parent)
PROMPT, NEW = 32, 64
MODELS = {
    "GPT-2 small's shape": lambda: GPT2LMHeadModel(GPT2Config()),
    "the checkpoint": lambda: GPT2LMHeadModel.from_pretrained(PYTHON_DOCS),
}
SECONDS = 1.0  # that each measurement takes at least


def main(pairs: int, compile: bool) -> None:
    warnings.simplefilter("ignore")
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    torch.set_num_threads(1)
    sys.path.append(
        str(COURSE.folder(COURSE.release_directory) / "05_generation")
    )  # torch.compile imports the module parts by its name
    rows = []
    for device in ["cpu"] + ["cuda"] * torch.cuda.is_available():
        bandwidth = read_bandwidth(device)
        print(f"{device} reads {bandwidth / 1e9:.1f} GB a second")
        for name, make in MODELS.items():
            torch.manual_seed(0)
            theirs = make().eval().to(device)
            for compiled in [False] + [True] * (compile or device == "cuda"):
                ways = writers(theirs, compiled)
                bound = bandwidth / bytes_a_token(theirs)
                label = f"{name}, {device}{', compiled' * compiled}"
                rows += compare(label, ways, theirs, bound, pairs)
    print(
        table(
            ["", "way", "tokens a second: median", "least", "most", "this / transformers, in pairs", "of the bound"],
            rows,
        )
    )
    print(f"\n{pairs} pairs, prompt of {PROMPT}, {NEW} new tokens, float32, one text; one thread on the CPU.")


def writers(theirs: GPT2LMHeadModel, compiled: bool) -> dict[str, Callable[[Tensor], Tensor]]:
    """Return two functions, "transformers" and "ours", that continue a prompt greedily with the same weights.

    compiled  whether both use torch.compile
    """
    course = COURSE.assignment("05_generation").reference()  # a new namespace, since compiling changes it
    ours = course.load_gpt2_weights(course.GPT2(theirs.config).to(theirs.device), theirs.state_dict()).eval()
    options = {"max_new_tokens": NEW, "do_sample": False, "eos_token_id": None, "pad_token_id": 0, "use_cache": True}
    if compiled:
        options["cache_implementation"] = "static"  # transformers compiles its forward then
        step = torch.compile(course.forward_with_cache, dynamic=True)
        course.generate_cached.__globals__["forward_with_cache"] = step  # generate_cached looks it up there
    return {
        "transformers": lambda prompt: theirs.generate(prompt, attention_mask=torch.ones_like(prompt), **options),
        "ours": lambda prompt: course.generate_cached(ours, prompt, NEW, temperature=0),
    }


def compare(label: str, ways: dict, model: nn.Module, bound: float, pairs: int) -> list[list[str]]:
    """Measure the two ways in pairs, and return a row of the table for each. Both must write the same tokens.

    bound  the tokens per second that reading the weights allows
    """
    prompt = torch.randint(model.config.vocab_size, (1, PROMPT), device=model.device)
    first = [write(prompt) for write in ways.values()]
    assert torch.equal(*first), f"{label}: the two write different tokens"
    found: dict[str, list[float]] = {way: [] for way in ways}
    for number in tqdm(range(pairs + 1), desc=label, leave=False):
        for way in ways if number % 2 else reversed(ways):
            speed = tokens_a_second(partial(ways[way], prompt))
            if number:  # the first warms up
                found[way].append(speed)
    rows = []
    for way, speeds in found.items():
        ratios = [this / theirs for this, theirs in zip(speeds, found["transformers"], strict=True)]
        share = statistics.median(speeds) / bound
        rows.append([label, way, *spread(speeds, 1), ", ".join(spread(ratios, 2)), f"{share:.0%}"])
    return rows


def tokens_a_second(write: Callable[[], Tensor]) -> float:
    """Write again and again for at least ``SECONDS``, and return the new tokens per second."""
    began, runs = time.perf_counter(), 0
    while (took := time.perf_counter() - began) < SECONDS or not runs:
        write().cpu()  # waits for the device
        runs += 1
    return runs * NEW / took


def read_bandwidth(device: str) -> float:
    """Measure how many bytes per second are read: the best of eight sums over half a gigabyte."""
    numbers = torch.ones(2**27, device=device)
    best = float("inf")
    for _ in range(8):
        began = time.perf_counter()
        numbers.sum().item()
        best = min(best, time.perf_counter() - began)
    return numbers.numel() * numbers.element_size() / best


def bytes_a_token(model: GPT2LMHeadModel) -> int:
    """Return the bytes of all weights except those of positions, of which only one row is read for a token."""
    return sum(p.numel() * p.element_size() for name, p in model.named_parameters() if "wpe" not in name)


def spread(numbers: list[float], digits: int) -> list[str]:
    """Return the median, the least and the greatest of the numbers as texts."""
    return [f"{number:,.{digits}f}" for number in (statistics.median(numbers), min(numbers), max(numbers))]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python bench/generation.py", description=__doc__.split("\n")[0])
    parser.add_argument("--pairs", type=int, default=5, help="of measurements (%(default)s)")
    parser.add_argument("--compile", action="store_true", help="with torch.compile, too, on every device")
    main(**vars(parser.parse_args()))
