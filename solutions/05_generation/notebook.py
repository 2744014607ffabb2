# %% [markdown]
# # 5 · Generation: one token at a time
#
# GPT-2 of notebook 4 gives a probability to every possible next token.
# In this notebook it writes.
# First you choose tokens from its probabilities.
# Then you let the model continue several prompts of different lengths at once.
# Finally you make it fast, by keeping what does not change.
#
# The transformer of notebook 3 keeps something, too: its encoder reads the source *once*, and the decoder looks at the encoder's memory in every step.
# GPT-2 has no encoder.
#
# > **What can GPT-2 keep of a prompt from one step to the next? And could an encoder, which has no causal mask, keep as much?**
#
# | | | points | minutes | difficulty |
# |---|---|---|---|---|
# | Exercise 1 | `apply_temperature` | 5 | 5 | ★☆☆ |
# | Exercise 2 | `keep_top_k` | 10 | 10 | ★☆☆ |
# | Exercise 3 | `keep_top_p` | 15 | 20 | ★★★ |
# | Exercise 4 | `pad_left` | 10 | 10 | ★☆☆ |
# | Exercise 5 | `generate` | 20 | 35 | ★★★ |
# | Exercise 6 | `KVCache` and `forward_with_cache` | 20 | 35 | ★★★ |
# | Exercise 7 | `generate_cached` | 10 | 10 | ★★☆ |
# | Question 8 | a written answer, graded by a person | 10 | 10 | ★★☆ |
#
# Reading takes about 30 minutes more.
# Running all cells takes about two minutes.
#
# As before, the hidden tests test what the docstrings promise, and a ready-made part of PyTorch or `transformers` that does an exercise for you earns no points.
# The file `parts.py` beside this notebook contains the solutions of notebooks 1 to 4.
# You start from them, so you can solve this notebook even if you did not finish those four.

# %% locked="setup"
try:
    from coursekit import CheckFailed, comparison_table, diagrams, go_on, pad, under_grading, visible_check
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        f"{error.name} is not installed: in the folder that contains coursekit, run `pip install .` in a terminal, "
        "and then restart the kernel."
    ) from None

import textwrap
from functools import partial

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
import transformers
from coursekit.checkpoints import PYTHON_DOCS
from coursekit.counting import Count
from coursekit.documentation import documents
from coursekit.filling import cache_figure, cache_slider
from parts import GPT2, causal_mask, language_model_loss, load_gpt2_weights
from torch import Tensor, nn
from transformers import AutoTokenizer, GPT2Config, GPT2LMHeadModel

transformers.utils.logging.disable_progress_bar()
transformers.utils.logging.set_verbosity_error()  # it warns of the small vocabularies that we use for checks
torch.set_num_threads(1)  # the models are so small that several threads would mostly wait for each other

# %% [markdown]
# ## Predict first
#
# Replace each `None` by a number before you read on.
# Your predictions are not graded, and later cells print them beside the measurements.

# %% reader=true
prediction = {
    # A prompt has 32 tokens, and the model writes 64 more, one in each step. In each step it reads all tokens so far.
    # For how many positions does it compute something, in all 64 steps together?
    "positions, nothing kept": None,
    # And how many positions are they if it keeps everything that need not be computed again?
    "positions, with a cache": None,
    # The model can read 256 tokens, and it has read that many. Now one more comes, and the oldest one is dropped. For
    # how many of the other 255 is what it has computed still right?
    "kept, when the context is full": None,
}

# %% [markdown]
# ## The model
#
# The small GPT-2 that comes with this course has learned from the documentation of Python, and from nothing else.
# **With a network connection**, you can replace `PYTHON_DOCS` by `"gpt2"`.

# %% reader=true
CHECKPOINT = PYTHON_DOCS  # or "gpt2", which is downloaded once (550 MB)
tokenizer = AutoTokenizer.from_pretrained(CHECKPOINT)
trained = GPT2LMHeadModel.from_pretrained(CHECKPOINT)
model = load_gpt2_weights(GPT2(trained.config), trained.state_dict()).eval()


def read(text: str) -> Tensor:
    """Return the tokens of a text, (1, length)."""
    return tokenizer(text, return_tensors="pt")["input_ids"]


@torch.no_grad()
def next_logits(text: str) -> Tensor:
    """Return the logits of the token that follows a text, (vocab_size,)."""
    return model(read(text))[0, -1]


def show_distributions(ways: dict[str, Tensor], count: int = 15) -> None:
    """Draw the probabilities of the first way's most probable tokens. A cross at the left edge means a logit of -inf."""
    order = next(iter(ways.values())).argsort(descending=True)[:count]
    shares = torch.stack([logits.softmax(dim=-1)[order] for logits in ways.values()])
    least = shares[shares > 0].min().item() / 2
    figure, axis = plt.subplots(figsize=(7.5, 4.2), layout="constrained")
    styles = zip(ways.items(), ("#0072b2", "#d55e00", "#009e73"), "osD", strict=False)
    for number, ((title, logits), colour, mark) in enumerate(styles):
        out = logits[order] == -torch.inf
        shown = logits.softmax(dim=-1)[order].masked_fill(out, float("nan"))
        axis.plot(shown, range(count), marker=mark, color=colour, linewidth=1, label=title)
        axis.plot([least * 1.1**number] * int(out.sum()), out.nonzero().flatten(), "x", color=colour, clip_on=False)
    names = {tokenizer.eos_token_id: "(end)"}
    labels = [names.get(id, tokenizer.decode([id])).replace(" ", "␣").replace("\n", "⏎") for id in order.tolist()]
    axis.set_yticks(range(count), labels)
    axis.set(xscale="log", xlim=(least, 1), xlabel="probability (logarithmic scale)", ylabel="next token")
    axis.invert_yaxis()
    axis.grid(axis="x", color="#eeeeee")
    axis.legend(loc="lower right")


PROMPT = "The function returns"
print(f"{len(tokenizer):,} tokens; the five most probable after {PROMPT!r}:")
for probability, token in zip(*next_logits(PROMPT).softmax(dim=-1).topk(5), strict=True):
    print(f"{probability:5.1%}  {tokenizer.decode([int(token)])!r}")

# %% [markdown]
# Which token should be written?
# You could always take the most probable one, but then the text usually repeats itself soon.
# Or you could draw a token with these probabilities, but then an improbable token comes out now and then.
# Three settings change the probabilities before a token is drawn.
# Each of them takes **logits** and returns logits, so you can apply one after the other.
# (Logits are the scores that a softmax turns into probabilities, as in notebook 3.)
#
# ## Temperature
#
# ### Exercise 1 · `apply_temperature` (5 points, 5 minutes, ★☆☆)
#
# The logits $z$ are divided by the temperature $\tau$ before the softmax:
#
# $$p_i = \frac{\exp(z_i / \tau)}{\sum_j \exp(z_j / \tau)}$$
#
# The softmax comes later, so this function only divides.
# A temperature of 0 would mean a division by 0.
# In exercise 5, `generate` will treat it as "always take the most probable token".


# %% exercise="apply_temperature"
def apply_temperature(logits: Tensor, temperature: float) -> Tensor:
    """Make a distribution sharper (temperature below 1) or flatter (above 1).

    logits       (..., vocab_size); some may be -inf, and stay so. They are not modified
    temperature  a number greater than 0: else ValueError

    Returns logits of the same shape and dtype (floating point of 16, 32 or 64 bits), divided by the temperature.
    """
    ### BEGIN SOLUTION
    if not temperature > 0:
        raise ValueError(f"temperature is {temperature}, and must be greater than 0")
    return logits / temperature
    ### END SOLUTION


# %% check="apply_temperature" points=5
with visible_check("apply_temperature"):
    logits = torch.tensor([[2.0, 1.0, 0.0], [0.0, -1.0, 4.0]], dtype=torch.float64)
    before = logits.clone()
    cold = apply_temperature(logits, 0.5)
    assert isinstance(cold, Tensor), f"Return a torch tensor, not {type(cold).__name__}. Is there a `return`?"
    assert torch.equal(logits, before), "You changed the caller's logits. The operator /= works in place."
    assert cold.shape == logits.shape, f"The shape should stay {tuple(logits.shape)}, and it is {tuple(cold.shape)}."
    assert not torch.allclose(cold.double(), before * 0.5), (
        "You multiply by the temperature. A *low* temperature should make the differences larger."
    )
    assert not any(torch.allclose(kind.double().sum(dim=-1), torch.ones(2).double()) for kind in (cold, cold.exp())), (
        "Return logits, without a softmax."
    )
    assert cold.dtype == torch.float64, f"For logits of float64 the result should be float64, and it is {cold.dtype}."
    half = apply_temperature(logits.half(), 0.5).dtype
    assert half == torch.float16, f"For logits of float16 the result should be float16, and it is {half}."
    assert torch.allclose(cold, before / 0.5), f"Each logit is divided by the temperature. Yours are {cold.tolist()}."
    for temperature in (0.0, -1.0):
        try:
            apply_temperature(logits, temperature)
        except ValueError:
            continue
        except AssertionError:
            raise AssertionError(
                f"For temperature={temperature} raise ValueError. An assert can be switched off."
            ) from None
        raise AssertionError(f"For temperature={temperature} the function should raise ValueError.")
    print("apply_temperature: the visible check passes.")

# %% reader=true
logits = next_logits(PROMPT)
show_distributions({f"temperature {t}": apply_temperature(logits, t) for t in (1.0, 0.5, 2.0)})
plt.show()

# %% [markdown]
# *Three lines over the 15 most probable tokens, from the most probable one at the top.
# ␣ stands for the space before a word.
# From top to bottom, the probability falls by a factor of about 2,000 at temperature 0.5, and by a factor of 7 at temperature 2.*
#
# The order of the tokens never changes.
# At a high temperature, the many improbable tokens become probable *together*, and the text becomes nonsense.
# So the next two functions remove improbable tokens.
#
# ## Top-k
#
# ### Exercise 2 · `keep_top_k` (10 points, 10 minutes, ★☆☆)
#
# Keep the $k$ largest logits of each row, and replace the others by $-\infty$.
# Then the probability of these others is exactly 0 (Fan et al. 2018, section 5.4).
# If several logits are equal to the $k$-th largest, keep all of them, because there is no reason to prefer one.
#
# ```
# logits (..., vocab_size)  →  k largest (..., k)  →  k-th largest (..., 1)  →  compare with logits (..., vocab_size)
# ```
#
# <details><summary>Hint</summary>
# <code>torch.topk</code> returns the k largest in order.
# You need only the last of them: every smaller logit is removed.
# </details>


# %% exercise="keep_top_k"
def keep_top_k(logits: Tensor, k: int) -> Tensor:
    """Keep the k most probable tokens of each row (Fan et al. 2018, section 5.4).

    logits  (..., vocab_size); some may be -inf already. They are not modified
    k       at least 1: else ValueError; if it is vocab_size or more, all logits are kept

    Returns logits of the same shape and dtype (floating point of 16, 32 or 64 bits): the kept ones as they are, and
    the others -inf. Every logit that equals the k-th largest of its row is kept, so there may be more than k.
    """
    ### BEGIN SOLUTION
    if k < 1:
        raise ValueError(f"k is {k}, and must be at least 1")
    kth = logits.topk(min(k, logits.shape[-1]), dim=-1).values[..., -1:]  # (..., 1)
    return logits.masked_fill(logits < kth, -torch.inf)
    ### END SOLUTION


# %% check="keep_top_k" points=10
with visible_check("keep_top_k"):
    logits = torch.tensor([[2.0, 5.0, 1.0, 4.0], [0.0, -3.0, -1.0, -2.0]], dtype=torch.float64)
    before, gone = logits.clone(), -torch.inf
    try:
        kept = keep_top_k(logits, 2)
    except NotImplementedError:
        raise
    except (RuntimeError, IndexError) as error:
        raise AssertionError(
            f"With logits of shape (2, 4) and k=2 your code raises: {error}. The k-th largest logit of each row should have the shape "
            "(2, 1), and not (2,), so that it can be compared with every logit of its row."
        ) from None
    assert isinstance(kept, Tensor), f"Return a torch tensor, not {type(kept).__name__}. Is there a `return`?"
    assert torch.equal(logits, before), (
        "You changed the caller's logits. Assigning to a part of a tensor works in place."
    )
    assert kept.shape == logits.shape, (
        f"The shape should stay {tuple(logits.shape)}, and yours is {tuple(kept.shape)}. The tokens that are removed stay where they are, with a logit of -inf."
    )
    assert kept.isinf().any() or not (kept < -1e4).any(), (
        "The logits that are removed become -torch.inf. A large negative number is not enough, because other logits may be as low."
    )
    assert not (kept == 0).any() or kept[1, 0] == 0 and (kept == 0).sum() == 1, (
        "You set logits to 0. That is not a probability of 0: a logit of 0 may even be the largest. Use -inf."
    )
    assert kept.isfinite().any(dim=-1).all(), (
        "In one of the two rows nothing is left. Each row has its own k-th largest logit, and that logit itself is kept."
    )
    assert kept.dtype == torch.float64, f"For logits of float64 the result should be float64, and it is {kept.dtype}."
    assert kept.tolist() == [[gone, 5.0, gone, 4.0], [0.0, gone, -1.0, gone]], (
        f"With k=2 the result should be [[-inf, 5, -inf, 4], [0, -inf, -1, -inf]], and yours is {kept.tolist()}."
    )
    square = torch.tensor([[3.0, 1.0, 2.0], [30.0, 10.0, 20.0], [0.3, 0.1, 0.2]])
    assert keep_top_k(square, 2).isfinite().tolist() == [[True, False, True]] * 3, (
        "With as many rows as tokens, each row is compared with the limit of another row. The limits should have the shape (rows, 1)."
    )
    low = torch.tensor([-2e5, -3e5, -4e5])
    assert keep_top_k(low, 1).tolist() == [-2e5, gone, gone], (
        "The logits that are removed become -torch.inf. A large negative number is not enough, because other logits may be as low."
    )
    tied = keep_top_k(torch.tensor([3.0, 1.0, 3.0, 3.0, 0.0]), 2)
    assert tied.tolist() == [3.0, gone, 3.0, 3.0, gone], (
        f"Three logits are equal to the second largest, and k is 2. All three are kept. Yours: {tied.tolist()}."
    )
    for k in (4, 9):
        try:
            assert torch.equal(keep_top_k(logits, k), before), f"With 4 tokens, k={k} keeps all of them."
        except (RuntimeError, ValueError, IndexError) as error:
            raise AssertionError(
                f"k may be as large as the vocabulary, or larger, and then all tokens are kept. With 4 tokens and k={k}, yours raises {error!r}."
            ) from None
    for k in (0, -1):
        try:
            keep_top_k(logits, k)
        except ValueError:
            continue
        except (AssertionError, RuntimeError, IndexError) as error:
            raise AssertionError(f"For k={k} raise ValueError. Yours raises {error!r}.") from None
        raise AssertionError(f"For k={k} the function should raise ValueError.")
    print("keep_top_k: the visible check passes.")

# %% [markdown]
# ## Top-p, the nucleus
#
# ### Exercise 3 · `keep_top_p` (15 points, 20 minutes, ★★★)
#
# How large should $k$ be?
# In one place three tokens make sense, and in another place a hundred do.
# So do not count tokens, but add up their probabilities (Holtzman et al. 2020, section 3.1).
# Take tokens from the most probable one down, until their probabilities add up to $p$ or more.
# These tokens are the **nucleus** $V$, the smallest set with
#
# $$\sum_{i \in V} p_i \;\ge\; p$$
#
# ```
# probabilities, sorted      0.5   0.3   0.15  0.05
# sum up to here             0.5   0.8   0.95  1.0
# p = 0.7:  kept             yes   yes   no    no      0.5 is not enough; the token that reaches p is kept, too
# ```
#
# So a token is removed if the tokens *before* it have already reached $p$.
# The most probable token is never removed, however small $p$ is.
# To do this, you sort the tokens.
# Afterwards, each result has to go back to the place of its token.
#
# <details><summary>Hint 1: back to its place</summary>
# <code>sort</code> also returns the ids of the tokens in their new order.
# <code>scatter</code> along the last dimension writes to the places that these ids name.
# </details>
#
# <details><summary>Hint 2: two special cases</summary>
# <code>sort</code> has an argument <code>stable=True</code>, with which equal numbers stay in the order of their ids.
# And a sum of many small numbers is rounded, so it may reach 1 too early: with p = 1, keep all tokens without adding up.
# (For 16-bit logits a rounded sum is allowed. To be more exact, add up in float64.)
# </details>


# %% exercise="keep_top_p"
def keep_top_p(logits: Tensor, p: float) -> Tensor:
    """Keep the nucleus of each row: the smallest set of most probable tokens whose probabilities add up to p or more
    (Holtzman et al. 2020, section 3.1).

    logits  (..., vocab_size), of any magnitude; some may be -inf already. They are not modified
    p       greater than 0 and at most 1: else ValueError; p = 1 keeps all logits

    Returns logits of the same shape and dtype (floating point of 16, 32 or 64 bits): the kept ones as they are, and
    the others -inf. Tokens are taken from the most probable one down, of equally probable ones the lower id first,
    until their probabilities add up to p or more. The token that reaches p is the last one that is kept. At least one
    token is kept in each row.
    """
    ### BEGIN SOLUTION
    if not 0 < p <= 1:
        raise ValueError(f"p is {p}, and must be greater than 0 and at most 1")
    if p == 1:
        return logits.clone()
    ordered, ids = logits.sort(dim=-1, descending=True, stable=True)  # (..., vocab_size)
    probabilities = ordered.softmax(dim=-1)
    before = probabilities.cumsum(dim=-1) - probabilities  # of all that are more probable
    dropped = torch.zeros_like(logits, dtype=torch.bool).scatter(-1, ids, before >= p)
    return logits.masked_fill(dropped, -torch.inf)
    ### END SOLUTION


# %% check="keep_top_p" points=15
with visible_check("keep_top_p"):
    probabilities = torch.tensor([[0.15, 0.5, 0.05, 0.3], [0.9, 0.04, 0.03, 0.03]], dtype=torch.float64)
    logits = probabilities.log() + torch.tensor([[3.0], [-2.0]])  # adding a number to a row changes no probability
    before = logits.clone()
    try:
        kept = keep_top_p(logits, 0.7)
    except NotImplementedError:
        raise
    except (RuntimeError, IndexError) as error:
        raise AssertionError(
            f"With logits of shape (2, 4) your code raises: {error}. Sorted logits, ids, probabilities and sums all have the shape (2, 4). "
            "Sort, add up and scatter along the last dimension."
        ) from None
    try:
        keep_top_p(logits[0], 0.7)
    except (RuntimeError, IndexError, TypeError, ValueError) as error:
        raise AssertionError(
            f"Logits may have any leading dimensions, or none. Here the shape is (4,), and your code raises: {error}"
        ) from None
    assert isinstance(kept, Tensor), f"Return a torch tensor, not {type(kept).__name__}. Is there a `return`?"
    assert torch.equal(logits, before), (
        "You changed the caller's logits. Assigning to a part of a tensor works in place."
    )
    assert kept.shape == logits.shape, (
        f"The shape should stay {tuple(logits.shape)}, and yours is {tuple(kept.shape)}. The tokens that are removed stay where they are, with a logit of -inf."
    )
    assert kept.dtype == torch.float64, f"For logits of float64 the result should be float64, and it is {kept.dtype}."
    where = kept.isfinite().tolist()
    assert where[0] != [False, True, False, False], (
        "In the first row 0.5 has not reached 0.7. The token that reaches it, with 0.3, is kept, too. (Or do you add up logits? p is a sum of probabilities.)"
    )
    assert where[1] != [False] * 4, (
        "In the second row nothing is left. The first token reaches p alone, and it is kept."
    )
    assert where[0] != [True, True, False, False], (
        "You have kept the *places* of the sorted tokens. Put each result back to the place of its token."
    )
    assert where[0] != [True, True, False, True], (
        "In the first row 0.5 + 0.3 reach 0.7, so the third token, with 0.15, is removed."
    )
    assert where != [[True, False, True, False], [True, False, False, False]], (
        "The results went to wrong places. gather *reads* from the places that the ids name, and scatter *writes* to them."
    )
    assert where == [[False, True, False, True], [True, False, False, False]], (
        f"With p=0.7 and the probabilities {probabilities.tolist()}, yours keeps {where}."
    )
    assert torch.equal(kept[kept.isfinite()], before[kept.isfinite()]), "Logits that are kept do not change."
    assert (kept[~kept.isfinite()] == -torch.inf).all(), "Logits that are removed become -inf."
    for p, count in ((1e-9, 1), (0.6, 2), (0.9, 3), (0.97, 4)):
        found = keep_top_p(logits[0], p).isfinite().sum().item()
        assert found == count, f"With p={p}, {count} of the first row's tokens are kept, and not {found}."
    try:
        assert torch.equal(keep_top_p(logits, 1), before), "p=1 keeps all logits as they are."
    except ValueError as error:
        raise AssertionError(f"p=1 is allowed, and keeps all logits. Yours raises {error!r}.") from None
    many = torch.cat([torch.tensor([8.0]), torch.full((2000,), -9.0)])  # float32: the sum reaches 1 too early
    assert keep_top_p(many, 1.0).isfinite().all(), (
        "p=1 keeps all tokens, even where a rounded sum reaches 1 before the last token."
    )
    tied = keep_top_p(torch.zeros(8, dtype=torch.float64), 0.3).isfinite().tolist()
    assert tied == [True] * 3 + [False] * 5, (
        f"Of eight equally probable tokens, p=0.3 keeps the three with the lowest ids. Yours keeps {tied}."
    )
    four = keep_top_p(torch.zeros(4, dtype=torch.float64), 0.5).isfinite().sum().item()
    assert four == 2, f"Of four equally probable tokens, two reach p=0.5 exactly, and that is enough. You keep {four}."
    ids = keep_top_p(torch.zeros(2000, dtype=torch.float64), 0.5).isfinite().nonzero()
    assert ids.max() < len(ids), (
        "Of 2,000 equally probable tokens, those with the lowest ids are kept. Does your sort keep equal ones in their order?"
    )
    some = torch.tensor([-torch.inf, 2.0, -torch.inf, 1.0], dtype=torch.float64)
    assert keep_top_p(some, 0.9).tolist() == some.tolist(), "A logit of -inf stays -inf, and has the probability 0."
    for p in (0.0, -0.1, 1.1):
        try:
            keep_top_p(logits, p)
        except ValueError:
            continue
        except (AssertionError, RuntimeError, IndexError) as error:
            raise AssertionError(f"For p={p} raise ValueError. Yours raises {error!r}.") from None
        raise AssertionError(f"For p={p} the function should raise ValueError.")
    print("keep_top_p: the visible check passes.")

# %% folded=true reader=true
# Stuck? Go on: run this cell, then choose Run → Run Selected Cell and All Below.
# For each exercise above whose check has not passed, ready-made code is lent to you. It is worth no points.
go_on(globals(), "apply_temperature", "keep_top_k", "keep_top_p")

# %% reader=true
for text in ("Changed in version", "as well as the"):
    logits = next_logits(text)
    counts = [int(keep_top_p(logits, p).isfinite().sum()) for p in (0.5, 0.9, 0.99)]
    print(f"{text + ' ...':30} p = 0.5, 0.9 and 0.99 keep {counts[0]}, {counts[1]} and {counts[2]} tokens")
logits = next_logits(PROMPT)
show_distributions(
    {"unchanged": logits, "top-k with k = 8": keep_top_k(logits, 8), "top-p with p = 0.5": keep_top_p(logits, 0.5)}
)
plt.show()

# %% [markdown]
# *Three lines over the 15 most probable tokens.
# Top-k keeps the first eight, and top-p keeps the first few, which have at least half of the probability together.
# The kept tokens are more probable than before, and the others are crosses at the left edge.*
#
# The size of the nucleus depends on the text before it: with p = 0.5 it is 1 token in the first example and 55 tokens in the second.
# A fixed $k$ cannot do that.
#
# ## Several prompts in one batch
#
# A server continues many prompts at once, and they have different lengths.
# A tensor has only one length, so shorter prompts are filled up with a padding token.
# In notebook 3, padding came at the end of a sentence.
# What does GPT-2 write if we do the same here?
# As in notebook 3, we read the logits of the *last column* in each step.


# %% reader=true
@torch.no_grad()
def greedy(next_logits, tokens: Tensor, new: int = 14) -> list[str]:
    """Write the most probable token `new` times, and return what was written, as texts."""
    start = tokens.shape[1]
    for _ in range(3 if under_grading() else new):
        token = next_logits(tokens).argmax(dim=-1, keepdim=True)  # (batch, 1)
        tokens = torch.cat([tokens, token], dim=1)
    return [tokenizer.decode(row).replace("\n", "⏎") for row in tokens[:, start:]]


UNEQUAL = [PROMPT, "If the file does not exist, the method", "Changed in version 3.8: The"]
prompts = [read(text)[0] for text in UNEQUAL]  # of 3, 9 and 8 tokens
pad_id = tokenizer.eos_token_id  # GPT-2 has no padding token, so its end-of-text token is used
alone = [greedy(lambda tokens: model(tokens)[:, -1], prompt[None])[0] for prompt in prompts]
right = greedy(lambda tokens: model(tokens)[:, -1], pad([prompt.tolist() for prompt in prompts], pad_id))
for text, as_it_should_be, written in zip(UNEQUAL, alone, right, strict=True):
    print(f"{text}\n    alone                 {as_it_should_be}\n    padded on the right   {written}")

# %% [markdown]
# Only the longest prompt is continued as it is alone, because it has no padding.
# In the other rows the last column is padding, and the padding token also means "end of text", so the model begins a new text.
# A mask does not help here, because it does not change *which* column is read.
#
# So put the padding on the **left**.
# Then the last column of each row is the last token of its prompt.
#
# ### Exercise 4 · `pad_left` (10 points, 10 minutes, ★☆☆)
#
# ```
# prompts  [5, 8]           tokens  [pad, pad, 5, 8]      mask  [False, False, True, True]
#          [7, pad, 9, 6]           [7,   pad, 9, 6]            [True,  True,  True, True]
# ```
#
# The mask says which tokens are real.
# The second row shows that `pad_id` may also occur in a prompt, where it is a real token.
# So compute the mask from the *lengths* of the prompts.


# %% exercise="pad_left"
def pad_left(prompts: list[Tensor], pad_id: int) -> tuple[Tensor, Tensor]:
    """Put prompts of different lengths into one batch, with padding on the left.

    prompts  1-d int64 tensors, one for each prompt, each with at least one token; they are not modified
    pad_id   the token that fills up the shorter prompts; it may also occur in a prompt

    Returns tokens (batch, longest) int64 and mask (batch, longest) bool, with the prompts in the given order. The mask
    is True for every token of a prompt, and False for padding.

    Raises ValueError if there are no prompts, or if a prompt is empty.
    """
    ### BEGIN SOLUTION
    if not prompts or min(map(len, prompts)) == 0:
        raise ValueError("there must be a prompt, and every prompt needs a token")
    longest = max(map(len, prompts))
    tokens = torch.full((len(prompts), longest), pad_id)  # (batch, longest)
    mask = torch.zeros(len(prompts), longest, dtype=torch.bool)
    for row, prompt in enumerate(prompts):
        start = longest - len(prompt)
        tokens[row, start:] = prompt
        mask[row, start:] = True
    return tokens, mask
    ### END SOLUTION


# %% check="pad_left" points=10
with visible_check("pad_left"):
    given = [torch.tensor([5, 8]), torch.tensor([7, 4, 9, 6]), torch.tensor([4, 4, 3])]
    returned = pad_left(given, pad_id=4)
    assert isinstance(returned, tuple) and len(returned) == 2, "Return a pair: the tokens and the mask."
    tokens, mask = returned
    assert tokens.shape == mask.shape == (3, 4), (
        f"The longest of three prompts has 4 tokens, so both shapes are (3, 4). Yours are {tuple(tokens.shape)} and {tuple(mask.shape)}."
    )
    assert mask.dtype == torch.bool, f"The mask is bool, and yours is {mask.dtype}."
    assert tokens.dtype == torch.int64, f"Token ids are int64, and yours are {tokens.dtype}."
    assert tokens[0].tolist() != [5, 8, 4, 4], "You pad on the right. Padding belongs on the left."
    assert tokens.tolist() == [[4, 4, 5, 8], [7, 4, 9, 6], [4, 4, 4, 3]], (
        f"The tokens should be [[4, 4, 5, 8], [7, 4, 9, 6], [4, 4, 4, 3]], and yours are {tokens.tolist()}."
    )
    assert not torch.equal(mask, tokens != 4), (
        "Your mask asks which tokens are pad_id. Here pad_id is 4, and 4 also occurs in the prompts. Compute the mask from the lengths."
    )
    assert mask.tolist() != [[True, True, False, False], [False] * 4, [True, False, False, False]], (
        "Your mask is the wrong way round. True means a real token."
    )
    assert mask.tolist() == [[False, False, True, True], [True] * 4, [False, True, True, True]], (
        f"A prompt of 2 tokens has two False and then two True. Your mask is {mask.tolist()}."
    )
    assert [prompt.tolist() for prompt in given] == [[5, 8], [7, 4, 9, 6], [4, 4, 3]], (
        "You changed the caller's prompts."
    )
    for wrong, what in (
        ([], "no prompts"),
        ([torch.tensor([5]), torch.tensor([], dtype=torch.int64)], "an empty prompt"),
    ):
        try:
            pad_left(wrong, pad_id=4)
        except ValueError:
            continue
        except Exception as error:
            raise AssertionError(f"For {what} raise ValueError. Yours raises {error!r}.") from None
        raise AssertionError(f"For {what} the function should raise ValueError.")
    print("pad_left: the visible check passes.")

# %% folded=true reader=true
# Stuck? Go on: run this cell, then choose Run → Run Selected Cell and All Below.
# If the check above has not passed, ready-made code is lent to you. It is worth no points.
go_on(globals(), "pad_left")

# %% [markdown]
# Is it enough to pad on the left?
# We try two ways that look right.
# In the first way, the model gets no mask, so it attends to the padding.
# In the second way it gets a mask, but positions are counted from the first column, padding included.
# (`transformers`' GPT-2 counts so if it gets a mask without position ids, so we use it here.)

# %% reader=true
tokens, mask = pad_left(prompts, pad_id)
starts = (~mask).sum(dim=1, keepdim=True)  # (batch, 1): the first real column of each row


def real(tokens: Tensor) -> Tensor:
    """Return 1 for real tokens and 0 for padding, (batch, length so far)."""
    return (torch.arange(tokens.shape[1]) >= starts).long()


no_mask = greedy(lambda tokens: model(tokens)[:, -1], tokens)
columns = greedy(lambda tokens: trained(tokens, attention_mask=real(tokens)).logits[:, -1], tokens)
for row, text in enumerate(UNEQUAL):
    print(f"{text}\n    alone                       {alone[row]}")
    print(f"    no mask                     {no_mask[row]}\n    positions count padding     {columns[row]}")

# %% [markdown]
# Without a mask, the model reads "end of text" in front of the shorter prompts, and continues them in another way.
# With a mask, the positions are still wrong.
# *The function returns* starts in column 6, so its first token gets the vector of position 6 instead of that of position 0.
# So the texts of the padded rows differ from those written alone, sooner or later.
#
# Your GPT-2 of notebook 4 does both: if it gets an `attention_mask`, no real token attends to padding, and the position of a token is the number of *real* tokens before it.
# So `generate` has to pass the right mask on in every step: `model(tokens, attention_mask=mask)`.
#
# ## Write
#
# ### Exercise 5 · `generate` (20 points, 35 minutes, ★★★)
#
# Read all tokens, take the logits of the last column, choose a token, append it, and repeat.
#
# ```
# tokens (batch, length)  →  model  →  logits (batch, length, vocab_size)  →  the last column (batch, vocab_size)
#                         →  temperature, top-k, top-p  →  softmax, draw (batch,)  →  tokens (batch, length + 1)
# ```
#
# - **Order**: first temperature, then top-k, then top-p. Each of them takes what the one before has returned.
# - **`temperature` 0** draws nothing. It takes the most probable token, and of equally probable ones the lowest id.
# - **A row ends** when it has *written* `eos_id`. After that it is filled with `eos_id`.
#   When every row has ended, stop. (The id may be 0, so test `eos_id is not None`.)
# - **Random numbers** come only from `generator`, so the same seed gives the same text.
# - **The context is limited**: the model can read only the last `model.config.n_positions` columns of tokens *and* mask.
#   But the result contains all tokens.
# - **The mask grows**: every new token counts as real, even an `eos_id` that only fills a row.
#   Padding that is not on the left of a row is a `ValueError`.
# - **The mode**: write in evaluation mode and without gradients. After the call, *each* submodule is in the mode in which it was before.
#
# <details><summary>Hint 1: draw</summary>
# <code>torch.multinomial(probabilities, 1, generator=generator)</code> draws one token for each row.
# It needs probabilities, so apply the softmax first.
# </details>
#
# <details><summary>Hint 2: modes</summary>
# <code>model.modules()</code> goes through all submodules.
# Keep the attribute <code>training</code> of each before you write, and set it again in a <code>finally</code>.
# Exercise 7 will need the same choice of tokens and the same loop, so you can write both as helpers in this cell.
# </details>


# %% exercise="generate"
def generate(
    model: GPT2,
    tokens: Tensor,
    max_new_tokens: int,
    *,
    attention_mask: Tensor | None = None,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    eos_id: int | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Continue each row of tokens, one token a step.

    tokens          (batch, length) int64, the prompts, length 1 or more
    max_new_tokens  the largest number of tokens to write, 0 or more
    attention_mask  (batch, length) bool, True for real tokens. Padding is on the left of a row only, and each row has
                    a real token: else ValueError. None: all tokens are real
    temperature     0: take the most probable token, and of equally probable ones the lowest id, whatever top_k and
                    top_p are. Otherwise draw the token, after temperature, then top_k, then top_p have changed the
                    logits, where they are given
    eos_id          a row that has written this token is filled with it from there on, and writing stops when every
                    row has written it. An eos_id in the prompt does not count. None: no token ends a row
    generator       the only source of random numbers; None: torch's own generator

    Returns (batch, length + new) int64: the whole prompts, their padding included, and the tokens that were written.

    In each step the model reads the last n_positions columns of the tokens and of the mask. New tokens are real, and
    so is an eos_id that fills a row. At temperature 0 each row is continued as it would be alone.

    The whole model works in evaluation mode and without gradients. After the call each of its submodules is in the
    mode in which it was before. No argument is modified.
    """
    ### BEGIN SOLUTION
    n_positions, mask = model.config.n_positions, attention_mask
    if mask is not None and not (mask[:, -1].all() and (mask[:, :-1] <= mask[:, 1:]).all()):
        raise ValueError("padding may be on the left of a row only, and each row needs a real token")

    def next_logits(tokens: Tensor) -> Tensor:
        real = mask  # (batch, length so far): new tokens are real
        if mask is not None:
            real = F.pad(mask, (0, tokens.shape[1] - mask.shape[1]), value=True)[:, -n_positions:]
        return model(tokens[:, -n_positions:], real)[:, -1]  # (batch, vocab_size)

    choose = partial(_choose, temperature=temperature, top_k=top_k, top_p=top_p, generator=generator)
    return _write(model, tokens, max_new_tokens, next_logits, choose, eos_id)


def _choose(logits: Tensor, temperature, top_k, top_p, generator) -> Tensor:
    """(batch, vocab_size) -> the next token of each row, (batch,)."""
    if temperature == 0:
        return logits.argmax(dim=-1)
    logits = apply_temperature(logits, temperature)
    if top_k is not None:
        logits = keep_top_k(logits, top_k)
    if top_p is not None:
        logits = keep_top_p(logits, top_p)
    return torch.multinomial(logits.softmax(dim=-1), 1, generator=generator)[:, 0]


def _write(model: GPT2, tokens: Tensor, max_new_tokens: int, next_logits, choose, eos_id: int | None) -> Tensor:
    """The loop: next_logits(tokens so far) -> (batch, vocab_size), choose(logits) -> (batch,)."""
    ended = torch.zeros(len(tokens), dtype=torch.bool, device=tokens.device)  # (batch,)
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        for _ in range(max_new_tokens):
            with torch.inference_mode():  # no_grad, and a little more
                logits = next_logits(tokens)
            token = choose(logits)
            if eos_id is not None:
                token = token.masked_fill(ended, eos_id)
                ended = ended | (token == eos_id)
            tokens = torch.cat([tokens, token[:, None]], dim=1)  # (batch, length so far)
            if ended.all():
                break
    finally:
        for module, training in modes.items():
            module.training = training
    return tokens
    ### END SOLUTION


# %% [markdown]
# The checks from here on use tiny models with random weights.
# One is a model of `transformers`, and its own `generate` gives the expected tokens.


# %% locked="tiny_models"
small = {"n_positions": 9, "n_embd": 12, "n_layer": 2, "n_head": 3, "bos_token_id": 0, "eos_token_id": 0}
torch.manual_seed(117)
oracle = GPT2LMHeadModel(GPT2Config(vocab_size=17, **small)).double().eval()
with torch.no_grad():
    for parameter in oracle.parameters():
        parameter.normal_(std=0.7)
    oracle.transformer.ln_f.bias.zero_()
tiny = load_gpt2_weights(GPT2(oracle.config).double(), oracle.state_dict()).eval()  # the same weights
dropping = GPT2(GPT2Config(vocab_size=17, **small, embd_pdrop=0.9, resid_pdrop=0.9)).double()  # and again, but
load_gpt2_weights(dropping, oracle.state_dict()).h[1].eval()  # in training mode, except for one part
constant = GPT2(GPT2Config(vocab_size=4, **small)).double()  # has the same four logits, whatever it reads
with torch.no_grad():
    constant.ln_f.weight.zero_()
    constant.ln_f.bias.copy_(torch.eye(12)[0])
    constant.wte.weight[:, 0] = torch.tensor([0.15, 0.5, 0.05, 0.3]).log()
many = torch.zeros(4000, 1, dtype=torch.int64)  # 4,000 prompts of one token


def fresh_modes() -> None:
    """Put the small models into their modes again, whatever an earlier attempt has left."""
    tiny.eval()
    dropping.train()
    dropping.h[1].eval()


long = torch.randint(17, (6, 14))  # prompts longer than n_positions


def shares(writer, **options) -> list[float]:
    """How often each of 4 tokens is written, of 4,000; the model's probabilities are 0.15, 0.5, 0.05 and 0.3."""
    try:
        drawn = writer(constant, many, 1, generator=torch.Generator().manual_seed(0), **options)[:, 1]
    except RuntimeError as error:
        raise CheckFailed(f"Drawing fails: {error}. torch.multinomial needs probabilities: softmax first.") from None
    return (torch.bincount(drawn, minlength=4) / 4000).tolist()


def check_settings(writer) -> None:
    """Does it draw as temperature, top_k and top_p say, in this order, and from the generator?"""

    def must(holds: bool, message: str) -> None:
        if not holds:
            raise CheckFailed(message)

    def expect(wanted: list[float], message: str, **options) -> None:
        found = shares(writer, **options)
        right = all(abs(f - w) < 0.05 and (w > 0 or f == 0) for f, w in zip(found, wanted, strict=True))
        must(right, f"{message} The shares of the 4 tokens should be about {wanted}, and yours are {found}.")

    must(max(shares(writer)) < 1, "If the temperature is not 0, tokens should be drawn.")
    expect([0.15, 0.5, 0.05, 0.3], "Tokens should be drawn with the probabilities that the softmax gives.")
    expect([0.06, 0.68, 0.01, 0.25], "temperature=0.5 has no effect, or a wrong one.", temperature=0.5)
    expect([0.0, 0.625, 0.0, 0.375], "With top_k=2, two tokens are left.", top_k=2)
    expect([0.0, 0.625, 0.0, 0.375], "With top_p=0.7, two tokens are left.", top_p=0.7)
    expect(
        [0.28, 0.38, 0.0, 0.34],
        "Temperature comes before top_p: at temperature 4, three tokens reach 0.75.",
        temperature=4.0,
        top_p=0.75,
    )
    expect(
        [0.0, 1.0, 0.0, 0.0],
        "top_k comes before top_p: of the two tokens that are left, the first has 0.625 and reaches 0.6.",
        top_k=2,
        top_p=0.6,
    )
    twice = writer(constant, many, 2, generator=torch.Generator().manual_seed(0))[:, 1:]
    must(
        0.3 < (twice[:, 0] == twice[:, 1]).float().mean() < 0.45,
        "The two tokens of a row are not drawn independently. Is the generator seeded anew in each step, or is one draw used twice?",
    )
    state = torch.get_rng_state()
    must(
        shares(writer) == shares(writer),
        "With the same seed of the generator, the same tokens should be written. Do you pass the generator on to the function that draws?",
    )
    must(torch.equal(torch.get_rng_state(), state), "All random numbers should come from the generator.")


# %% check="generate" points=20
def theirs(new: int, **options) -> Tensor:
    """What transformers' own generate writes with the same weights, greedily."""
    options = {"do_sample": False, "pad_token_id": 16, "eos_token_id": None} | options
    return oracle.generate(prompt, attention_mask=torch.ones_like(prompt), max_new_tokens=new, **options)


with visible_check("generate"):
    fresh_modes()
    prompt = torch.tensor([[3, 1, 4], [1, 5, 9]])
    before = prompt.clone()
    written = generate(tiny, prompt, 5, temperature=0)
    assert not tiny.training, (
        "The model was in evaluation mode, and after the call it is in training mode. Each submodule gets back the mode in which it was."
    )
    assert isinstance(written, Tensor) and written.dtype == torch.int64, (
        "Return token ids, in a tensor of int64. Is there a `return`?"
    )
    assert written.shape == (2, 8), f"A prompt of 3 tokens and 5 new ones: (2, 8), and not {tuple(written.shape)}."
    assert torch.equal(prompt, before), "You changed the caller's tokens."
    assert torch.equal(written[:, :3], before), "The result begins with the whole prompt."
    assert torch.equal(written, theirs(5)), (
        f"transformers' generate writes {theirs(5)[:, 3:].tolist()} with these weights, and yours writes {written[:, 3:].tolist()}. "
        "Do you take the logits of the *last* column, and does each step read all tokens so far?"
    )
    assert generate(tiny, prompt, 0, temperature=0).tolist() == before.tolist(), (
        "With max_new_tokens=0 the result is the prompt."
    )
    eos = int(written[0, 4])  # row 0 writes it as its second token
    ended = generate(tiny, prompt, 5, temperature=0, eos_id=eos)
    expected = theirs(5, eos_token_id=eos, pad_token_id=eos)
    assert ended.shape[1] == 8 or ended.shape == expected.shape, (
        "You stop too early. Stop when every row has written its eos_id, and not before."
    )
    assert (ended[0, 4:] == eos).all(), (
        f"Row 0 has written eos_id={eos} in column 4. From there on, the row is filled with eos_id."
    )
    assert torch.equal(ended, expected), (
        f"With eos_id={eos} it should be {expected.tolist()}, and yours is {ended.tolist()}."
    )
    single = generate(tiny, prompt[:1], 5, temperature=0, eos_id=eos)
    assert single.shape == (1, 5), f"When every row has ended, stop: (1, 5), and not {tuple(single.shape)}."
    for token in prompt[0].tolist():
        found = generate(tiny, prompt[:1], 5, temperature=0, eos_id=token)
        assert (
            torch.equal(found, theirs(5, eos_token_id=token, pad_token_id=token)[:1, : found.shape[1]])
            and found.shape[1] > 4
        ), f"eos_id={token} is in the prompt {prompt[0].tolist()}. Only an eos_id that has been *written* ends a row."
    flat = GPT2(GPT2Config(vocab_size=4, **small))
    nn.init.zeros_(flat.wte.weight)
    assert generate(flat, many[:1], 3, temperature=0).tolist() == [[0, 0, 0, 0]], (
        "Of equal logits, the token with the lowest id is written."
    )
    try:
        found = generate(tiny, long, 2, temperature=0)
    except (ValueError, IndexError) as error:
        raise AssertionError(
            f"A prompt may be longer than n_positions. Give the model only its last n_positions tokens. Yours raises: {error}"
        ) from None
    assert torch.equal(found[:, :14], long), (
        "The result contains the whole prompt, also what the model no longer reads."
    )
    for step in (14, 15):
        with torch.no_grad():
            expected = tiny(found[:, step - 9 : step])[:, -1].argmax(dim=-1)  # (6,)
        assert torch.equal(found[:, step], expected), (
            "If the text is longer than n_positions = 9, the model should read its last 9 tokens, all of them, in each step."
        )

    given = [prompt[0], torch.tensor([7, 2, 7, 1, 8, 2, 8]), torch.tensor([6])]
    for pad_id in (0, 7):
        tokens, mask = (torch.full((3, 7), pad_id), torch.arange(7) >= torch.tensor([[4], [0], [6]]))
        tokens[mask] = torch.cat(given)
        was = mask.clone()
        try:
            together = generate(tiny, tokens, 9, attention_mask=mask, temperature=0)  # beyond n_positions = 9
        except (RuntimeError, IndexError, ValueError) as error:
            raise AssertionError(
                f"With a mask and 9 new tokens your code raises: {error}. The mask needs a True for each new token, and the model takes "
                "the last n_positions columns of both."
            ) from None
        assert torch.equal(mask, was), "You changed the caller's attention_mask. Make a longer one instead."
        for row, alone_ in enumerate(given):
            expected = generate(tiny, alone_[None], 9, temperature=0)[0, -9:]
            assert torch.equal(together[row, -9:], expected), (
                f"A prompt of {len(alone_)} tokens, padded on the left to 7, should be continued as it is alone: {expected.tolist()}. Yours writes "
                f"{together[row, -9:].tolist()}. Does the model get the mask in each step? Is every new token real?"
            )
    for wrong in ([[True, True, False]], [[True, False, True]], [[False, False, False]]):
        try:
            generate(tiny, prompt[:1], 2, attention_mask=torch.tensor(wrong), temperature=0)
        except ValueError:
            continue
        except Exception as error:
            raise AssertionError(f"For attention_mask={wrong} raise ValueError. Yours raises {error!r}.") from None
        raise AssertionError(
            f"For attention_mask={wrong} the function should raise ValueError: padding is on the left only, and each row has a real token."
        )

    modes = [module.training for module in dropping.modules()]
    for options in ({}, {"eos_id": eos}):  # with eos_id both rows end early
        assert torch.equal(
            generate(dropping, prompt[:1], 5, temperature=0, **options),
            generate(tiny, prompt[:1], 5, temperature=0, **options),
        ), "A model in training mode writes something else, because dropout is on. Write in evaluation mode."
        assert [module.training for module in dropping.modules()] == modes, (
            "After the call each submodule should be in the mode in which it was before, also if writing stops early. "
            "Here one part was in evaluation mode, and the rest was in training mode."
        )
    watched = []
    handle = tiny.ln_f.register_forward_hook(lambda module, inputs, output: watched.append(output.requires_grad))
    generate(tiny, prompt, 2, temperature=0)
    handle.remove()
    assert watched and not any(watched), "Gradients are recorded while it writes. Use torch.no_grad()."
    check_settings(generate)
    ends = generate(constant, many[:50], 30, eos_id=0, generator=torch.Generator().manual_seed(0))[:, 1:]
    assert all(0 not in row or not any(row[row.index(0) :]) for row in ends.tolist()), (
        "With eos_id=0, rows go on after their end. The id 0 is a token, too: test `eos_id is not None`."
    )
    print("generate: the visible check passes.")

# %% folded=true reader=true
# Stuck? Go on: run this cell, then choose Run → Run Selected Cell and All Below.
# If the check above has not passed, ready-made code is lent to you. It is worth no points.
go_on(globals(), "generate")

# %% [markdown]
# Now the three prompts of unequal length, in one batch:

# %% reader=true
tokens, mask = pad_left(prompts, tokenizer.eos_token_id)
together = generate(model, tokens, 3 if under_grading() else 14, attention_mask=mask, temperature=0)
for row, text in enumerate(UNEQUAL):
    written = tokenizer.decode(together[row, tokens.shape[1] :]).replace("\n", "⏎")
    print(f"{text}\n    alone      {alone[row]}\n    together   {written}")

# %% [markdown]
# Each row is now continued as it is alone.
# Next, we compare the settings on one prompt:


# %% reader=true
def write(prompt: str, new: int = 40, seed: int = 0, writer=generate, **options) -> str:
    """Return a continuation of the prompt, as text."""
    tokens = read(prompt)
    generator = torch.Generator().manual_seed(seed)
    options = {"eos_id": tokenizer.eos_token_id} | options
    written = writer(model, tokens, 3 if under_grading() else new, generator=generator, **options)[0]
    return tokenizer.decode(written[tokens.shape[1] :], skip_special_tokens=True)


print(f"{PROMPT} ...\n")
for title, options in {
    "always the most probable": {"temperature": 0},
    "temperature 0.5": {"temperature": 0.5},
    "temperature 1": {},
    "temperature 1.5": {"temperature": 1.5},
    "temperature 1, top-k 20": {"top_k": 20},
    "temperature 1, top-p 0.8": {"top_p": 0.8},
}.items():
    print(f"{title:26}", textwrap.fill(" ".join(write(PROMPT, **options).split()), 100, subsequent_indent=" " * 27))

# %% [markdown]
# If the model always takes the most probable token, the text returns to the same phrase again and again.
# The higher the temperature is, the more words are made up.
# At temperature 1, the text sounds like documentation, but it makes no sense, because the model is very small.
# At temperature 0.5, it still returns to the same words.
#
# How much does a text repeat itself?
# For 100 tokens after each of five prompts, the next cell prints the share of three-token sequences that have occurred before in the same text:

# %% reader=true
PROMPTS = [
    "The function returns",
    "This module provides",
    "If an exception is raised",
    "When the class",
    "An object is",
]


def repeated(text: str) -> float:
    """Return the share of all sequences of three tokens that occurred earlier in the text."""
    ids = read(text)[0].tolist()
    triples = list(zip(ids, ids[1:], ids[2:], strict=False))
    return 1 - len(set(triples)) / max(1, len(triples))


for title, options in {
    "always the most probable": {"temperature": 0},
    "temperature 0.7": {"temperature": 0.7},
    "temperature 1": {},
    "temperature 1, top-p 0.8": {"top_p": 0.8},
}.items():
    found = [repeated(write(text, 100, seed, eos_id=None, **options)) for seed, text in enumerate(PROMPTS)]
    print(f"{title:26} {sum(found) / len(found):4.0%}   ({', '.join(f'{share:.0%}' for share in found)})")

# %% [markdown]
# In the greedy texts, 78 % of the three-token sequences are repetitions on average, and in the drawn texts at most 12 %; single texts differ much.
# A drawn text can still be reproduced, because the same seed gives the same random numbers.
#
# ## Does GPT-2 work one token at a time?
#
# It is often said that GPT-2 works one token at a time.
# We count how often the model runs to predict 64 tokens.
# First it *generates* 64 tokens.
# Then we compute the loss of a text of 65 tokens, as a step of *training* does.

# %% reader=true
words = read("\n".join(documents(library=False))[:20_000])  # real text, (1, length)
count_of = 5 if under_grading() else 64
text = words[:, : count_of + 1]
with Count(model) as generating:
    generate(model, text[:, :1], count_of, temperature=0)
with Count(model) as learning, torch.no_grad():
    logits = model(text)  # (1, count_of + 1, vocab_size)
    loss = language_model_loss(logits, text)
with torch.no_grad():
    one_by_one = torch.stack([model(text[:, :length])[0, -1] for length in range(1, count_of + 1)])
print(f"generation   {count_of} tokens written     {len(generating.calls):3} runs of the model")
print(f"training     {count_of} tokens predicted   {len(learning.calls):3} run of the model (loss {loss:.2f})")
difference = (one_by_one - logits[0, :-1]).abs().max()
print(f"largest difference between logits computed at once and one by one: {difference:.0e}")

# %% [markdown]
# So the claim is true for generation, with 64 runs, and false for training, with one run.
# In generation, each token has to be written before the next one can be predicted.
# In training the text is known, so one run makes all 64 predictions, and apart from rounding they are the same as those made one by one.
# The causal mask allows this, because it hides the later tokens from each prediction.
#
# ## What does it cost?
#
# The next cell counts for how many positions the model computes something.
# It counts them where they pass through `wte`.

# %% reader=true
prompt = torch.randint(len(tokenizer), (1, 32), generator=torch.Generator().manual_seed(0))  # any 32 tokens will do
with Count(model) as count:
    generate(model, prompt, 64, temperature=0)
print("positions computed in each step:", *count.calls[:5], "...", *count.calls[-2:])
print(f"in all {sum(count.calls):,}; you predicted {prediction['positions, nothing kept']}")

# %% [markdown]
# For 64 new tokens, the model computes 4,064 positions.
# Most of this work is repeated: the same positions are computed again, with the same results.
# They stay the same because of the causal mask: **no position sees a later one, so what was computed for a position does not change when the text grows.**
#
# ## Keep what does not change
#
# What does a *new* position need from the old ones?
# In a block, the norms and the feed-forward network work on one position at a time.
# Only attention looks at other positions: the query of the new position is compared with the **keys** of all positions so far, and collects their **values**.
# So the keys and values of every layer are kept, and nothing else.
# This is called a **KV cache**.
#
# ```
# step                    computed                       kept, in each layer
# the prompt, at once     32 positions                   32 keys, 32 values
# one more token          1 position: its query is       33 keys, 33 values
#                         compared with 33 keys
# ```
#
# ### Exercise 6 · `KVCache` and `forward_with_cache` (20 points, 35 minutes, ★★★)
#
# First write `KVCache`.
# It keeps the keys and values of each layer apart.
# `append` puts new keys and values after those of a layer, and returns all keys and values of this layer.
# While a step runs, layer 0 may already hold 5 positions, while the last layer still holds 4.
# `length` is then 4, the number that *every* layer holds.
#
# Then write `forward_with_cache`, which is the model's forward for new positions only.
# You write out what GPT2, its blocks and their attention do, because the keys and values are needed in the middle.
# First come the embeddings of tokens and positions, and last come `ln_f` and the product with `wte`.
# In between, for each block $l$:
#
# $$q, k, v = c_{attn}(\mathrm{ln}_1(x)) \qquad K, V = \text{cache.append}(l,\, k,\, v) \qquad x \leftarrow x + c_{proj}\big(\mathrm{attention}(q, K, V)\big) \qquad x \leftarrow x + \mathrm{mlp}(\mathrm{ln}_2(x))$$
#
# The code of notebook 4 is in `parts.py`.
# A block has the parts `ln_1`, `attn.c_attn`, `attn.c_proj`, `ln_2`, `mlp.c_fc` and `mlp.c_proj`.
# As there, the thirds of `c_attn`'s output are queries, keys and values, each is split into `model.config.n_head` heads, and the heads are merged before `c_proj`.
# Three things are different here:
#
# 1. **Positions continue.** The position of the first new token is `cache.length`, and not 0. Read this number *before* you append anything.
# 2. **The mask is a part of the causal mask.** Each new query may attend to all positions up to its own, and the first of them has the position `cache.length`. So take `causal_mask(length + new)`, and keep its last `new` rows: the shape is (new, length + new).
# 3. **Too many tokens are an error before anything is appended**, so that the cache does not change.
#
# ```
#            keys 0 1 2 3 4          With is_causal=True, F.scaled_dot_product_attention would put
# query 3         x x x x .          the triangle at the upper left, as if the new queries had the
# query 4         x x x x x          positions 0 and 1. So pass a mask, in which True means may attend.
# ```
#
# <details><summary>Hint 1: KVCache</summary>
# <code>torch.cat</code> along the dimension of positions appends, and it copies everything each time.
# Or reserve room for all n_positions once, and write into it.
# </details>
#
# <details><summary>Hint 2: forward_with_cache</summary>
# <code>F.gelu(..., approximate="tanh")</code> is your gelu of notebook 4.
# Dropout does nothing in evaluation mode, so leave it out.
# </details>


# %% exercise="forward_with_cache"
class KVCache:
    """The keys and values of all positions so far, for each layer of a GPT-2 and one batch of sequences."""

    def __init__(self, config: GPT2Config):
        """Make an empty cache. It shares no data with any other cache.

        config  n_layer, and n_positions, the largest number of positions that a layer may hold
        """
        ### BEGIN SOLUTION
        self.n_positions = config.n_positions
        self._keys: list[Tensor | None] = [None] * config.n_layer  # (batch, n_head, n_positions, d_head), from the
        self._values: list[Tensor | None] = [None] * config.n_layer  # first time on: room for all that will come
        self._lengths = [0] * config.n_layer
        ### END SOLUTION

    @property
    def length(self) -> int:
        """The number of positions that every layer holds: that of the layer with the fewest."""
        ### BEGIN SOLUTION
        return min(self._lengths)
        ### END SOLUTION

    def append(self, layer: int, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Append the keys and values of new positions to a layer. Layers may come in any order.

        layer       0 to n_layer - 1
        key, value  (batch, n_head, new, d_head), of any dtype; they may be views, and are not modified

        Returns all keys and all values of this layer so far, (batch, n_head, length, d_head) each, the new ones last,
        in the same dtype. Raises ValueError if this layer would hold more than n_positions; then the cache does not
        change.
        """
        ### BEGIN SOLUTION
        start, end = self._lengths[layer], self._lengths[layer] + key.shape[2]
        if end > self.n_positions:
            raise ValueError(f"{end} positions are more than the {self.n_positions} of this model")
        if self._keys[layer] is None:
            batch, n_head, _, d_head = key.shape
            self._keys[layer] = key.new_empty(batch, n_head, self.n_positions, d_head)
            self._values[layer] = value.new_empty(batch, n_head, self.n_positions, d_head)
        keys, values = self._keys[layer][:, :, :end], self._values[layer][:, :, :end]
        keys[:, :, start:], values[:, :, start:] = key, value
        self._lengths[layer] = end
        return keys, values
        ### END SOLUTION


def forward_with_cache(model: GPT2, tokens: Tensor, cache: KVCache) -> Tensor:
    """Compute what model(...) returns at the new positions, without computing anything again for the cached ones.

    model   in evaluation mode, of any size that a GPT2Config can describe
    tokens  (batch, new) int64, one or more after those that the cache holds; they may be a view, and are not modified
    cache   gets the keys and values of the new positions, and gives those that it holds. Use only its length and its
            append, since it may be an object of another class that has these two

    All new tokens of a call go through each layer together, and no other position is computed. Nothing is kept
    between calls but in the cache. It works with and without torch.no_grad().

    Returns logits (batch, new, vocab_size), in the dtype of the model. The position of the first new token is
    cache.length. No position attends to a later one.
    Raises ValueError if there would be more than n_positions; then the cache does not change in any layer.
    """
    ### BEGIN SOLUTION
    start, end = cache.length, cache.length + tokens.shape[1]
    if end > model.config.n_positions:
        raise ValueError(f"{end} positions are more than the {model.config.n_positions} of this model")
    x = model.wte(tokens) + model.wpe(torch.arange(start, end, device=tokens.device))  # (batch, new, n_embd)
    mask = causal_mask(end)[start:].to(tokens.device) if end - start > 1 else None  # (new, end); the last sees all
    for layer, block in enumerate(model.h):
        fused = block.attn.c_attn(block.ln_1(x))  # (batch, new, 3 * n_embd)
        query, key, value = fused.unflatten(-1, (3, model.config.n_head, -1)).permute(2, 0, 3, 1, 4)
        key, value = cache.append(layer, key, value)  # (batch, n_head, end, d_head)
        heads = F.scaled_dot_product_attention(query, key, value, mask)  # (batch, n_head, new, d_head)
        x = x + block.attn.c_proj(heads.transpose(1, 2).flatten(2))
        x = x + block.mlp.c_proj(F.gelu(block.mlp.c_fc(block.ln_2(x)), approximate="tanh"))
    return model.ln_f(x) @ model.wte.weight.T  # (batch, new, vocab_size)
    ### END SOLUTION


# %% check="forward_with_cache" points=20
with visible_check("KVCache"):
    config = GPT2Config(**small)  # 2 layers, 3 heads, n_positions 9
    cache, other, late = KVCache(config), KVCache(config), KVCache(config)
    assert cache.length == 0, (
        f"A new cache has the length 0, and not {cache.length}. (length is a property: no parentheses.)"
    )
    torch.manual_seed(9)
    key, value = torch.randn(2, 3, 4, 5), torch.randn(2, 3, 4, 5)  # (batch=2, n_head=3, new=4, d_head=5)
    given = key.clone(), value.clone()
    returned = cache.append(0, key, value)
    assert isinstance(returned, tuple) and len(returned) == 2, "append returns a pair: all keys, and all values."
    assert torch.equal(returned[0], key) and torch.equal(returned[1], value), (
        "The first time, all keys and values are the new ones. Do you return the keys first, and then the values?"
    )
    early = cache.length
    keys, values = cache.append(1, 10 * key, 10 * value)
    assert torch.equal(keys, 10 * key), (
        "Layer 1 returns what was appended to layer 0, or both. Each layer has its own keys."
    )
    assert early == 0, (
        f"When only layer 0 held 4 positions, length was {early}. It should be what *every* layer holds, which is the smallest number."
    )
    late.append(1, key, value)
    assert late.length == 0, f"When only layer 1 held 4 positions, length was {late.length}, but layer 0 held none."
    assert cache.length == 4, f"Both layers hold 4 positions now, and length is {cache.length}."
    more = torch.randn(2, 3, 1, 5)
    keys, values = cache.append(0, more, 2 * more)
    assert keys.shape == (2, 3, 5, 5), (
        f"4 positions and 1 more are 5, in dimension 2: (2, 3, 5, 5), and not {tuple(keys.shape)}."
    )
    assert torch.equal(keys[:, :, :4], key) and torch.equal(keys[:, :, 4:], more), "New keys come after the old ones."
    assert torch.equal(values[:, :, :4], value) and torch.equal(values[:, :, 4:], 2 * more), (
        "New values come after the old ones."
    )
    assert torch.equal(key, given[0]) and torch.equal(value, given[1]), "You changed the caller's keys or values."
    assert other.length == 0 and torch.equal(other.append(0, more, more)[0], more), (
        "A second cache holds what was appended to the first. Make the lists in __init__, for each cache anew."
    )
    try:
        cache.append(0, torch.randn(2, 3, 5, 5), torch.randn(2, 3, 5, 5))
        raised = None
    except Exception as error:
        raised = error
    assert isinstance(raised, ValueError), (
        f"5 positions and 5 more are above n_positions = 9. That should raise ValueError. Yours: {raised!r}."
    )
    try:
        keys, _ = cache.append(0, key, value)
    except ValueError as error:
        raise AssertionError(
            f"9 positions just fit, and after an error the cache is what it was before. Yours raises: {error}"
        ) from None
    assert keys.shape[2] == 9, (
        f"9 positions just fit, and after an error the cache is what it was before. Yours holds {keys.shape[2]}."
    )
    print("KVCache: the visible check passes.")


def step(new: Tensor, cache: KVCache) -> Tensor:
    before = cache.length
    try:
        found = forward_with_cache(tiny, new, cache)
    except (RuntimeError, IndexError, TypeError) as error:
        if isinstance(error, NotImplementedError):
            raise
        raise AssertionError(
            f"{new.shape[1]} new tokens after {before} in the cache: {error}. Queries, keys and values are (batch, n_head, positions, d_head), so transpose "
            "positions and heads before you append. Each layer appends under its own number. The mask is (new, length + new), or None."
        ) from None
    assert isinstance(found, Tensor), f"Return a torch tensor, not {type(found).__name__}. Is there a `return`?"
    assert not found.isnan().any(), (
        "The logits are NaN, so a query may attend to nothing. In the mask of F.scaled_dot_product_attention, True means *may attend*. Did you invert it?"
    )
    return found


with visible_check("forward_with_cache"), torch.no_grad():
    tokens = torch.tensor([[3, 1, 4, 1, 5, 9, 2, 6], [2, 7, 1, 8, 2, 8, 1, 8]])  # (batch=2, length=8), n_positions is 9
    whole = tiny(tokens)  # (2, 8, vocab_size): what should come out
    cache = KVCache(tiny.config)
    found = step(tokens[:, :4], cache)
    assert found.shape == (2, 4, 17), f"There are logits for 4 new positions: (2, 4, 17), not {tuple(found.shape)}."
    try:
        with torch.enable_grad():
            forward_with_cache(tiny, tokens[:, :4], KVCache(tiny.config))
    except RuntimeError as error:
        raise AssertionError(
            f"With gradients, as outside of torch.no_grad(), your code raises: {error}. Operations with = or _, such as x /= 2, work in place. "
            "Give the result a name of its own."
        ) from None
    other = tokens[:, :4].clone()
    other[:, 3] = 0
    assert torch.allclose(step(other, KVCache(tiny.config))[:, :3], found[:, :3]), (
        "In one call with 4 tokens, the last token changes the logits before it. Is there a causal mask? In it, True means *may attend*: did you invert it?"
    )
    assert torch.allclose(found, whole[:, :4]), (
        "With an empty cache the logits should be those of model(tokens). Follow the forward of GPT2, GPT2Block and CausalSelfAttention in parts.py, step by step."
    )
    assert cache.length == 4, (
        f"After 4 tokens the cache holds 4 positions, and not {cache.length}. Does each layer append once?"
    )
    with Count(tiny) as count:
        found = step(tokens[:, 4:5], cache)
    assert found.shape == (2, 1, 17), (
        f"For one new token there is one position of logits: (2, 1, 17), not {tuple(found.shape)}."
    )
    assert count.calls == [1], f"For one new token, one position goes through wte. Yours: {count.calls}."
    wpe = tiny.wpe.weight.clone()
    tiny.wpe.weight.zero_()
    blind, cache_ = tiny(tokens)[:, 4:5], KVCache(tiny.config)
    step(tokens[:, :4], cache_)
    same_without_positions = torch.allclose(step(tokens[:, 4:5], cache_), blind)
    tiny.wpe.weight.copy_(wpe)
    assert torch.allclose(found, whole[:, 4:5]) or not same_without_positions, (
        "The fifth token comes out wrong, and without positions it would be right. Its position is cache.length, as it was before this call."
    )
    assert torch.allclose(found, whole[:, 4:5]), (
        "The fourth token was right, and the fifth is wrong. Does it attend to *all* keys so far? (With is_causal=True, or with the first rows of the mask in place of the last ones, it sees only the first.) Does each layer use its own number?"
    )
    found = step(tokens[:, 5:8], cache)  # three tokens at once
    assert torch.allclose(found[:, -1], whole[:, 7]), (
        "Of three tokens in one call, even the last one is wrong. It may attend to all positions."
    )
    assert torch.allclose(found, whole[:, 5:8]), (
        "Of three tokens in one call, the last one is right, and those before it are not. Which keys may they attend to? The position of the first new query is cache.length."
    )
    try:
        forward_with_cache(tiny, tokens[:, :2], cache)
        raised = None
    except Exception as error:
        raised = error
    assert isinstance(raised, ValueError), (
        f"8 positions and 2 more are above n_positions = 9. That should raise ValueError. Yours: {raised!r}."
    )
    last = step(tokens[:, :1], cache)
    assert torch.allclose(last, tiny(torch.cat([tokens, tokens[:, :1]], dim=1))[:, -1:]), (
        "After the error, the cache should be what it was before: nothing is appended to any layer."
    )
    print("forward_with_cache: the visible check passes.")

# %% folded=true reader=true
# Stuck? Go on: run this cell, then choose Run → Run Selected Cell and All Below.
# For each part above whose check has not passed, ready-made code is lent to you. It is worth no points.
go_on(globals(), "KVCache", "forward_with_cache")

# %% [markdown]
# ## Watch the cache fill
#
# The next cell runs your code on a prompt of three tokens, and then on three more, one after the other.
# It notes each call of `append`.


# %% reader=true
class Noting(KVCache):
    """Notes each call of append: the layer, and how many positions it holds after the call."""

    def __init__(self, config: GPT2Config):
        super().__init__(config)
        self.appended = []

    def append(self, layer: int, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        keys, values = super().append(layer, key, value)
        self.appended.append((layer, keys.shape[2]))
        return keys, values


text, noting = read("The function returns a new object"), Noting(model.config)
with torch.no_grad():
    for new in text.split([3, *[1] * (text.shape[1] - 3)], dim=1):
        forward_with_cache(model, new, noting)
names = [tokenizer.decode([token]).strip() for token in text[0].tolist()]
last_layer = model.config.n_layer
cache_figure(noting.appended, names, [1, last_layer, last_layer + 1, 2 * last_layer])
plt.show()
cache_slider(noting.appended, names)

# %% [markdown]
# *Four grids with a row for each block and a column for each token, after some of the calls of append.
# First the lowest block gets the keys and values of the three tokens of the prompt, and then the upper block.
# The next token adds one column to the lowest block, and then to the upper block.*
#
# In a running notebook, a slider below the figure shows all calls.
# The prompt fills three columns at once, block by block, and each later token adds one column.
# In the third grid, the new token has passed only the lowest block, which holds four positions.
# The other block still holds three, so `length` is 3.
#
# ### Exercise 7 · `generate_cached` (10 points, 10 minutes, ★★☆)
#
# This function writes what `generate` writes, but with a cache.
# The whole prompt goes through the model in one call.
# After that, each step gives the model only the one token that it has not read.
#
# **What happens when the context is full?**
# With the next token, the oldest one is dropped, and all others move: the token at position 1 is now at position 0.
# GPT-2's positions are learned vectors that are added at the very beginning.
# So the vector of each token changes, and with it every key and value.
# The whole cache is **stale**, which means out of date.
# The honest solution is to make a new cache and compute the last `n_positions` tokens anew, in each step from here on.
# Such a step costs as much as without a cache.
#
# <details><summary>Hint</summary>
# Which tokens has the model not read yet?
# If the cache is empty or full, they are all tokens, but at most the last n_positions.
# Otherwise they are the tokens from <code>cache.length</code> on.
# </details>


# %% exercise="generate_cached"
def generate_cached(
    model: GPT2,
    tokens: Tensor,
    max_new_tokens: int,
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    eos_id: int | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Write what generate writes, with the same arguments and promises, but without a mask, and faster.

    The prompt goes through the model in one call. While the context is not full, each later step computes one
    position. As soon as a step would need more than n_positions, every token has another position and every cached key
    is stale, so each step computes the last n_positions tokens anew, as generate does. A prompt longer than
    n_positions is such a case from the beginning. Each call begins with an empty cache.
    """
    ### BEGIN SOLUTION
    n_positions, cache = model.config.n_positions, KVCache(model.config)

    def next_logits(tokens: Tensor) -> Tensor:
        nonlocal cache
        if cache.length == 0 or cache.length == n_positions:
            cache, unseen = KVCache(model.config), tokens[:, -n_positions:]
        else:
            unseen = tokens[:, cache.length :]
        return forward_with_cache(model, unseen, cache)[:, -1]  # (batch, vocab_size)

    choose = partial(_choose, temperature=temperature, top_k=top_k, top_p=top_p, generator=generator)
    return _write(model, tokens, max_new_tokens, next_logits, choose, eos_id)
    ### END SOLUTION


# %% check="generate_cached" points=10
with visible_check("generate_cached"):
    fresh_modes()
    prompt = torch.tensor([[3, 1, 4], [1, 5, 9]])
    try:
        with Count(tiny) as count:
            written = generate_cached(tiny, prompt, 5, temperature=0)
    except ValueError as error:
        raise AssertionError(
            f"{error}. Give forward_with_cache only the tokens that the cache does not hold yet."
        ) from None
    plain = generate(tiny, prompt, 5, temperature=0)
    assert isinstance(written, Tensor), f"Return a torch tensor, not {type(written).__name__}. Is there a `return`?"
    assert written.shape == plain.shape, f"The shape should be {tuple(plain.shape)}, and it is {tuple(written.shape)}."
    assert torch.equal(written, plain), (
        f"generate writes {plain[:, 3:].tolist()}, and generate_cached writes {written[:, 3:].tolist()}. Does the whole prompt go through in the first call?"
    )
    assert count.calls == [3, 1, 1, 1, 1], (
        f"The prompt of 3 tokens goes through in one call, and then one position in each step: [3, 1, 1, 1, 1]. Yours: {count.calls}."
    )
    try:
        again = generate_cached(tiny, prompt.flip(0), 5, temperature=0)
    except (RuntimeError, IndexError, ValueError) as error:
        raise AssertionError(f"A second call raises: {error}. Each call needs a cache of its own.") from None
    assert torch.equal(again, plain.flip(0)), "A second call writes something else. Each call needs a cache of its own."
    try:
        with Count(tiny) as count:
            written = generate_cached(tiny, prompt, 12, temperature=0)  # beyond n_positions = 9
    except (ValueError, IndexError) as error:
        raise AssertionError(
            f"When the context is full, compute its last n_positions tokens anew, with a new, empty cache. Yours raises: {error}"
        ) from None
    assert torch.equal(written, generate(tiny, prompt, 12, temperature=0)), (
        "When the context is full, it writes other tokens than generate. Every token has another position then, so begin with an empty cache."
    )
    assert count.calls == [3] + [1] * 6 + [9] * 5, (
        f"While the context of 9 tokens fits, there is one position in each step, and then all 9 anew: [3, 1, 1, 1, 1, 1, 1, 9, 9, 9, 9, 9]. Yours: {count.calls}."
    )
    assert torch.equal(generate_cached(tiny, long, 2, temperature=0), generate(tiny, long, 2, temperature=0)), (
        "A prompt may be longer than n_positions. Begin with its last n_positions tokens."
    )
    eos = int(plain[0, 4])
    assert torch.equal(
        generate_cached(tiny, prompt, 5, temperature=0, eos_id=eos),
        generate(tiny, prompt, 5, temperature=0, eos_id=eos),
    ), "With eos_id, rows should end as they do in generate."
    check_settings(generate_cached)
    watched = []
    handle = tiny.ln_f.register_forward_hook(lambda module, inputs, output: watched.append(output.requires_grad))
    generate_cached(tiny, prompt, 2, temperature=0)
    handle.remove()
    assert not any(watched), "Gradients are recorded while it writes. Use torch.no_grad()."
    modes = [module.training for module in dropping.modules()]
    assert torch.equal(generate_cached(dropping, prompt, 5, temperature=0), plain), "Write in evaluation mode."
    assert [module.training for module in dropping.modules()] == modes, (
        "After the call each submodule should be in the mode in which it was before."
    )
    print("generate_cached: the visible check passes.")

# %% folded=true reader=true
# Stuck? Go on: run this cell, then choose Run → Run Selected Cell and All Below.
# If the check above has not passed, ready-made code is lent to you. It is worth no points.
go_on(globals(), "generate_cached")

# %% reader=true
prompt = torch.randint(len(tokenizer), (1, 32), generator=torch.Generator().manual_seed(0))
with Count(model) as count:
    generate_cached(model, prompt, 64, temperature=0)
print(
    f"32 + 64 tokens with a cache: {sum(count.calls)} positions; you predicted {prediction['positions, with a cache']}"
)
print(f"\n{PROMPT}{write(PROMPT, 30, writer=generate_cached, temperature=0)}")

# %% [markdown]
# There are 95 positions and not 96, because the model never reads the last token that it writes.
#
# ## Measure the time
#
# A GPT-2 with random weights writes 450 tokens, once with each of your functions.
# The left panel shows how long each token took, and the right panel how long all tokens so far took.
# The dashed lines show the theory, scaled to the same total time.
# Without a cache, the cost of one token grows in proportion to the number of tokens before it, so the total grows like the square of that number.
# With a cache, each token costs about the same, so the total grows in proportion.

# %% reader=true
torch.manual_seed(0)
new = 20 if under_grading() else 450
big = GPT2(GPT2Config(vocab_size=1000, n_positions=512, n_embd=192, n_layer=4, n_head=6)).eval()
first = torch.randint(1000, (1, 1))
took = {}
for name, writer in {"without a cache": generate, "with a cache": generate_cached}.items():
    writer(big, first, 10, temperature=0)  # the very first calls are slow
    with Count(big) as count:
        writer(big, first, new, temperature=0)
    took[name] = torch.tensor(count.times, dtype=torch.float64).diff()  # (new - 1,) seconds

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
length = torch.arange(1, new)
for (name, seconds), colour, marker, (grows, power) in zip(
    took.items(), ("#d55e00", "#0072b2"), ("o", "s"), (("linear", 1), ("constant", 0)), strict=True
):
    total, theory = seconds.cumsum(dim=0), length.double() ** power
    theory = seconds.sum() * theory / theory.sum()
    left.plot(length, 1000 * seconds, marker, color=colour, markersize=2, alpha=0.5, label=name)
    left.plot(length, 1000 * theory, "--", color=colour, label=f"theory: {grows}")
    right.plot(length, total, color=colour, linewidth=2.5, alpha=0.6, label=name)
    grows = "quadratic" if power else "linear"
    right.plot(length, theory.cumsum(dim=0), "--", color=colour, label=f"theory: {grows}")
top = 1.2e3 * took["without a cache"][-30:].quantile(0.9).item()
left.set(xlabel="tokens so far", ylabel="milliseconds for one more token", ylim=(0, top), title="one token")
right.set(xlabel="tokens written", ylabel="seconds in all", ylim=(0, None), title="all tokens so far")
left.legend(loc="upper left")
right.legend(loc="upper left")
plt.show()
slow, fast = took.values()
print(
    f"After {new} tokens, one more takes {slow[-30:].median() / fast[-30:].median():.1f} times as long without a cache,"
)
print(f"and writing all {new} tokens takes {slow.sum() / fast.sum():.1f} times as long.")

# %% [markdown]
# *In the left panel, the points without a cache rise along a straight line, and those with a cache stay near the bottom.
# In the right panel, the curve without a cache rises like a parabola, and the curve with a cache like a straight line near the bottom.*
#
# The points scatter if the computer is busy.
#
# This speed costs memory.
# Each layer keeps a key and a value of `n_embd` numbers for each position:

# %% reader=true
config = GPT2Config()
kept = 2 * config.n_layer * config.n_positions * config.n_embd
print(
    f"GPT-2 small, full context: 2 · {config.n_layer} layers · {config.n_positions} positions · {config.n_embd} = {kept:,} numbers."
)
print(
    f"That is {kept * 4 / 2**20:.0f} MiB in float32 for every text. The model itself has {124_439_808 * 4 / 2**20:.0f} MiB."
)

# %% [markdown]
# ## When the context is full
#
# Why can you not just drop the oldest key and go on?
# First we measure how many keys stay the same when all tokens move by one place.

# %% reader=true
n_positions, later = model.config.n_positions, 5 if under_grading() else 200


class Holding(KVCache):
    """Gives access to what each layer holds."""

    def __init__(self, config: GPT2Config):
        super().__init__(config)
        self.full = {}

    def append(self, layer: int, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        self.full[layer] = super().append(layer, key, value)
        return self.full[layer]


unmoved, moved = Holding(model.config), Holding(model.config)
with torch.no_grad():
    forward_with_cache(model, words[:, :n_positions], unmoved)
    forward_with_cache(model, words[:, 1 : n_positions + 1], moved)
same = [
    torch.isclose(old[:, :, 1:], new[:, :, :-1], rtol=1e-3, atol=1e-3).all(dim=-1).all(dim=1).sum().item()
    for (old, _), (new, _) in zip(unmoved.full.values(), moved.full.values(), strict=True)
]
print(f"Of {n_positions - 1} positions, {same} have the same keys after the shift, layer by layer; ", end="")
print(f"you predicted {prediction['kept, when the context is full']}.")


# %% [markdown]
# Not one key is the same, because a token's vector is the sum of its word *and its position*, and every position has changed.
# How much does this matter?
# We go on in the wrong way for 200 tokens of real text: the oldest key is dropped, and the others are kept as they were.
# Beside it, the model computes everything anew, which is the right way.


# %% reader=true
class Sliding:
    """The wrong way: it holds n_positions keys and values, drops the oldest, and leaves the others as they were."""

    def __init__(self, full: dict[int, tuple[Tensor, Tensor]]):
        self.full, self.length = dict(full), n_positions - 1

    def append(self, layer: int, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        keys, values = self.full[layer]
        self.full[layer] = torch.cat([keys[:, :, 1:], key], dim=2), torch.cat([values[:, :, 1:], value], dim=2)
        return self.full[layer]


sliding, losses = Sliding(unmoved.full), {"computed anew": [], "old keys kept": []}
with torch.no_grad():
    for end in range(n_positions + 1, n_positions + later + 1):
        right = model(words[:, end - n_positions : end])[0, -1]
        slid = forward_with_cache(model, words[:, end - 1 : end], sliding)[0, -1]
        for found, logits in zip(losses.values(), (right, slid), strict=True):
            found.append(F.cross_entropy(logits, words[0, end]).item())
        if (step_number := end - n_positions) in (1, 10, 100, 200):
            mean = (slid - right).abs().mean()
            print(
                f"{step_number:3} tokens later, a logit differs by {mean:.2f} on average; the standard deviation of the logits is {right.std():.2f}"
            )
for name, found in losses.items():
    print(f"{name}: a loss of {sum(found) / len(found):.2f} for the next {later} tokens of the text")

# %% [markdown]
# Here the loss grows by 0.15, and this depends much on the text: 600, 1,200, 2,400 or 3,600 tokens later in the same documentation, it grows by 0.46, 0.81, 0.36 or 0.21.
# The logits are no longer those of the trained model, so it will write other texts.
# `generate_cached` must write the same tokens as `generate`, so it has to compute anew.
#
# This is the price of *learned, absolute* positions: an encoder-decoder with such positions would pay it, too.
# In many models after GPT-2, positions only tell how far two tokens are apart, and then old keys stay valid.

# %% [markdown]
# ## Why no encoder? The fifth part of the answer
#
# You could keep keys and values because no position sees a later one.
# An encoder has no causal mask.
# So we run the same blocks twice, once with the causal mask and once without any mask, and add a token at the end.
# How many vectors of earlier positions does it change?


# %% reader=true
def states(tokens: Tensor, causal: bool) -> Tensor:
    """Return the last block's output, (length, n_embd), with the causal mask or without any."""
    x = model.wte(tokens) + model.wpe.weight[: tokens.shape[1]]  # (1, length, n_embd)
    for block in model.h:
        query, key, value = (
            part.unflatten(-1, (model.config.n_head, -1)).transpose(1, 2)
            for part in block.attn.c_attn(block.ln_1(x)).chunk(3, dim=-1)
        )
        heads = F.scaled_dot_product_attention(query, key, value, is_causal=causal)
        x = x + block.attn.c_proj(heads.transpose(1, 2).flatten(2))
        x = x + block.mlp.c_proj(F.gelu(block.mlp.c_fc(block.ln_2(x)), approximate="tanh"))
    return x[0]


PROMPT_LENGTH, NEW = 12, 20
text = words[:, : PROMPT_LENGTH + 1]
with torch.no_grad():
    for name, causal in {"with the causal mask": True, "without a mask": False}.items():
        change = (states(text, causal)[:-1] - states(text[:, :-1], causal)).norm(dim=-1)
        change = change / states(text, causal)[:-1].norm(dim=-1)
        print(
            f"{name:22} a new token changes {int((change > 1e-4).sum()):2} of {PROMPT_LENGTH} earlier positions, by up to {change.max():.1%}"
        )

# %% reader=true
with Count(model) as cached:
    generate_cached(model, words[:, :PROMPT_LENGTH], NEW, temperature=0)
with Count(model) as anew:
    generate(model, words[:, :PROMPT_LENGTH], NEW, temperature=0)
columns = {
    "encoder layers, no mask": {
        "earlier outputs that a new word changes": "all",
        "positions computed to write 20 words, if earlier results are kept": f"{sum(anew.calls)}, since nothing can be kept",
        "kept from step to step": "nothing",
        "runs to predict 20 words in training": "not trained for it",
    },
    "encoder-decoder": {
        "earlier outputs that a new word changes": "none",
        "positions computed to write 20 words, if earlier results are kept": "the source once, and 20",
        "kept from step to step": "the memory, and keys and values of the target so far",
        "runs to predict 20 words in training": "1",
    },
    "GPT-2": {
        "earlier outputs that a new word changes": "none",
        "positions computed to write 20 words, if earlier results are kept": f"{sum(cached.calls)}: the prompt's {PROMPT_LENGTH} once, and then one in each step",
        "kept from step to step": "keys and values of all tokens, until the context is full",
        "runs to predict 20 words in training": "1",
    },
}
comparison_table(columns)

# %% [markdown]
# In notebook 3 the encoder's output was kept: the source is read once, and the decoder looks at it in each step.
# GPT-2's cache has the same purpose: the prompt is read once, and every new token looks at it.
# But a cache and a memory are not the same:

# %% reader=true
diagrams.cache_and_memory()

# %% [markdown]
# *Left: three encoder layers, with the memory above the last one.
# An arrow leads from the memory to each of three decoder layers.
# Right: three blocks of GPT-2 that have read the prompt, and the same blocks for a new token.
# Between them are the keys and values of each block, and the new token adds its own.*
#
# - The **memory** is the output of the *last* encoder layer, and every decoder layer gets this same output.
#   It does not grow.
# - The **cache** is different in each layer: for layer $l$, counted from 1, it holds keys and values of the prompt as it is after $l - 1$ blocks.
#   So layer 1 looks at a prompt that no block has processed, and each later layer at a prompt that one more block has processed.
#   And the cache grows: each new token is added to it.
#
# (The decoder of an encoder-decoder can have a cache, too, for the target so far. Notebook 3 computed the target anew in each step.)
#
# Could encoder layers without a mask keep as much?
# No: above, one new token changed all 12 earlier positions, so everything would have to be computed again after each token.
# For 20 new tokens that would be 430 positions instead of 31.
#
# So the causal mask looks like a restriction, but GPT-2 gains three things by it.
# One run predicts all tokens of a training text except the first (notebook 2).
# The text so far is the source (notebook 4).
# And what has been read once need not be computed again (this notebook).

# %% [markdown]
# ## In your own words
#
# ### Question 8 (10 points, 10 minutes, ★★☆)
#
# 1. Why are keys and values kept, and queries not?
#    And why does each *layer* need a cache of its own? (3 points)
# 2. A model was trained without a causal mask.
#    It writes with a cache, as in exercises 6 and 7.
#    Does it write what it would write without the cache?
#    Why? (3 points)
# 3. A chat bot should always give the same answer to the same question, and it should not repeat itself as the greedy text does above.
#    Which settings do you choose, and what does each of them cost? (4 points)
#
# A few sentences for each part are enough.
# A person reads and grades them.

# %% [markdown] answer="cache" points=10
# ### BEGIN SOLUTION
# 1. A query is used once, when its own position is computed, and no later position needs it. Keys and values of a position are used by every later position. Each layer makes its own keys and values from its own input and with its own weights, so those of one layer cannot be used in another.
# 2. No. A new token would have changed the vectors of all earlier positions, from the first layer's output on, and with them their keys and values in the layers above. The cached ones belong to a shorter text. (In the first layer they are still right, since they are made from the embeddings alone.)
# 3. To get the same answer each time, use temperature 0, or draw with a fixed seed of the generator. Greedy text repeats itself, so it is better to draw with a moderate temperature and top-p (or top-k) and with a fixed seed. Then each answer is one draw, which may be a poor one. A low temperature and a small p are safe and dull, and repeat themselves. High ones give more variety and more made-up words.
#
# **Mark scheme.** 1: a query is used only at its own position (1), keys and values at later ones (1), layers differ in weights and inputs (1). 2: no (1), because new tokens change earlier vectors (1), so cached keys and values are stale above the first layer (1). 3: a way to the same answer, greedy or a fixed seed (2), a cost of it, repetition or a single draw (1), one setting against repetition with its cost (1).
# ### END SOLUTION
