# %% [markdown]
# # 5 · Generation: one token at a time
#
# GPT-2 of notebook 4 says how probable each next token is. Now it writes. You choose from its probabilities, and let it read what it has written. Then you make it fast, by keeping what does not change.
#
# The transformer of notebook 3 had a memory for that: its encoder read the source *once*, and the decoder looked at what it had made of it, step after step. GPT-2 has no encoder.
#
# > **What does GPT-2 keep of a prompt from one word to the next? And could an encoder without a causal mask keep as much?**
#
# | | | points | minutes | difficulty |
# |---|---|---|---|---|
# | Exercise 1 | `apply_temperature` | 5 | 5 | ★☆☆ |
# | Exercise 2 | `keep_top_k` | 10 | 10 | ★☆☆ |
# | Exercise 3 | `keep_top_p` | 15 | 25 | ★★★ |
# | Exercise 4 | `generate` | 20 | 35 | ★★★ |
# | Exercise 5 | `KVCache` | 10 | 15 | ★★☆ |
# | Exercise 6 | `forward_with_cache` | 15 | 35 | ★★★ |
# | Exercise 7 | `generate_cached` | 15 | 20 | ★★☆ |
# | Question 8 | a written answer, graded by a person | 10 | 15 | ★★☆ |
#
# The file `parts.py` beside this notebook holds solutions of notebooks 1 to 4. You start from them, so that this notebook does not depend on how far you came there.

# %% locked="setup"
try:
    from coursekit import comparison_table, under_grading
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        f"{error.name} is not installed: in the folder that contains coursekit, run `pip install .` in a terminal, "
        "and then restart the kernel."
    ) from None

import textwrap
import time
from functools import partial

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
import transformers
from coursekit.checkpoints import PYTHON_DOCS
from coursekit.documentation import documents
from parts import GPT2, causal_mask, load_gpt2_weights
from torch import Tensor, nn
from transformers import AutoTokenizer, GPT2Config, GPT2LMHeadModel

transformers.utils.logging.disable_progress_bar()
transformers.utils.logging.set_verbosity_error()  # it warns of the small vocabularies that we use for checks

# %% [markdown]
# ## Predict first
#
# Replace the `None`s by numbers before you read on. Nobody grades this.

# %%
prediction = {
    # A prompt has 32 tokens, and 64 more are written, one a step. At each step the model reads all that is there. How many
    # positions does it compute in all?
    "positions, nothing kept": None,
    # And if it keeps all that need not be computed again?
    "positions, with a cache": None,
    # The model can read 256 tokens, and has read that many. One more comes, and the oldest one falls out. Of how many of the
    # other 255 can be kept what was computed? Guess.
    "kept, when the context is full": None,
}

# %% [markdown]
# ## The model
#
# The small GPT-2 that comes with this course has read the documentation of Python, and nothing else. **With a network**, put `"gpt2"` in the place of `PYTHON_DOCS`.

# %%
CHECKPOINT = PYTHON_DOCS  # or "gpt2", which is downloaded once (550 MB)
tokenizer = AutoTokenizer.from_pretrained(CHECKPOINT)
trained = GPT2LMHeadModel.from_pretrained(CHECKPOINT)
model = load_gpt2_weights(GPT2(trained.config), trained.state_dict()).eval()


def read(text: str) -> Tensor:
    """Tokens of a text, (1, length)."""
    return tokenizer(text, return_tensors="pt")["input_ids"]


@torch.no_grad()
def next_logits(text: str) -> Tensor:
    """What the model says to come after a text, (vocab_size,)."""
    return model(read(text))[0, -1]


def show_distributions(panels: dict[str, Tensor], count: int = 18) -> None:
    """The most probable tokens of the first panel, in its order; an orange cross where a logit is -inf."""
    order = next(iter(panels.values())).argsort(descending=True)[:count]
    figure, axes = plt.subplots(
        1, len(panels), figsize=(3.1 * len(panels), 4.2), sharex=True, sharey=True, layout="constrained"
    )
    for axis, (title, logits) in zip(axes, panels.items(), strict=True):
        axis.barh(range(count), logits.softmax(dim=-1)[order].tolist(), color="#0072b2")
        for place in (logits[order] == -torch.inf).nonzero().flatten().tolist():
            axis.plot(0, place, "x", color="#d55e00", clip_on=False)
        axis.set(xlabel="probability")
        axis.set_title(title, fontsize=10)
    names = {tokenizer.eos_token_id: "(end)"}
    labels = [names.get(id, tokenizer.decode([id])).replace(" ", "␣").replace("\n", "⏎") for id in order.tolist()]
    axes[0].set_yticks(range(count), labels)
    axes[0].invert_yaxis()


PROMPT = "The function returns"
print(f"{len(tokenizer):,} tokens; the five most probable after {PROMPT!r}:")
for probability, token in zip(*next_logits(PROMPT).softmax(dim=-1).topk(5), strict=True):
    print(f"{probability:5.1%}  {tokenizer.decode([int(token)])!r}")

# %% [markdown]
# Which one should be written? Always the most probable one is a choice, and it will bore you soon. To draw by these probabilities is another, and then sometimes something improbable comes out. Between the two there are three knobs. Each takes **logits** and returns logits, so that they can be put in a row.
#
# ## Temperature
#
# ### Exercise 1 · `apply_temperature` (5 points, 5 minutes, ★☆☆)
#
# $$p_i = \frac{\exp(z_i / \tau)}{\sum_j \exp(z_j / \tau)}$$
#
# where $z$ are the logits and $\tau$ is the temperature. The softmax comes later; here only the division is asked for. A temperature of 0 would divide by 0: `generate` will treat it as "always the most probable".


# %% exercise="apply_temperature"
def apply_temperature(logits: Tensor, temperature: float) -> Tensor:
    """Make a distribution sharper (temperature below 1) or flatter (above 1).

    logits       (..., vocab_size); they are not modified
    temperature  greater than 0: else ValueError

    Returns logits of the same shape and dtype, divided by the temperature.
    """
    ### BEGIN SOLUTION
    if not temperature > 0:
        raise ValueError(f"temperature is {temperature}, and must be greater than 0")
    return logits / temperature
    ### END SOLUTION


# %% check="apply_temperature" points=5
logits = torch.tensor([[2.0, 1.0, 0.0], [0.0, -1.0, 4.0]], dtype=torch.float64)
before = logits.clone()
cold = apply_temperature(logits, 0.5)
assert isinstance(cold, Tensor) and cold.shape == logits.shape, "Return a tensor in the shape of the logits."
assert torch.equal(logits, before), "You changed the caller's logits: /= does that."
assert not torch.allclose(cold.double(), before * 0.5), (
    "You multiply. A *low* temperature should make differences larger."
)
assert not any(torch.allclose(kind.double().sum(dim=-1), torch.ones(2).double()) for kind in (cold, cold.exp())), (
    "Return logits, without a softmax."
)
assert cold.dtype == torch.float64, "The dtype stays as it is."
assert torch.allclose(cold, before / 0.5), f"Each logit is divided by the temperature; yours: {cold.tolist()}."
for temperature in (0.0, -1.0):
    try:
        apply_temperature(logits, temperature)
        raised = None
    except Exception as error:
        raised = error
    assert isinstance(raised, ValueError), f"temperature={temperature} should raise ValueError; yours: {raised!r}."
print("apply_temperature: the visible check passes.")

# %%
logits = next_logits(PROMPT)
show_distributions({f"temperature {t}": apply_temperature(logits, t) for t in (0.5, 1.0, 2.0)})
plt.show()

# %% [markdown]
# *Three panels of bars for the 18 most probable tokens. At temperature 0.5 three bars are long and the others nearly nothing; at 1 the bars are shorter and there are more of them; at 2 all are short, though the first is still several times as long as the last.*
#
# The order never changes. At a high temperature the many improbable tokens together become probable; that is where nonsense comes from. So cut them off.
#
# ## Top-k
#
# ### Exercise 2 · `keep_top_k` (10 points, 10 minutes, ★☆☆)
#
# Keep the k largest logits of each row, and make the others $-\infty$: their probability is exactly 0 then (Fan et al. 2018, section 5.4). If several are as large as the k-th, all of those stay: nothing says which of them should go.
#
# <details><summary>Hint</summary>
# <code>torch.topk</code> finds the k largest, sorted. You need only the last of them: everything below it goes.
# </details>


# %% exercise="keep_top_k"
def keep_top_k(logits: Tensor, k: int) -> Tensor:
    """Keep the k most probable tokens (Fan et al. 2018, section 5.4).

    logits  (..., vocab_size); they are not modified
    k       at least 1: else ValueError; if it is vocab_size or more, all are kept

    Returns logits of the same shape and dtype: the kept ones as they are, the others -inf. Every logit that is as
    large as the k-th largest of its row is kept, so that among equal ones there may be more than k.
    """
    ### BEGIN SOLUTION
    if k < 1:
        raise ValueError(f"k is {k}, and must be at least 1")
    kth = logits.topk(min(k, logits.shape[-1]), dim=-1).values[..., -1:]  # (..., 1)
    return logits.masked_fill(logits < kth, -torch.inf)
    ### END SOLUTION


# %% check="keep_top_k" points=10
logits = torch.tensor([[2.0, 5.0, 1.0, 4.0], [0.0, -3.0, -1.0, -2.0]], dtype=torch.float64)
before, gone = logits.clone(), -torch.inf
kept = keep_top_k(logits, 2)
assert isinstance(kept, Tensor) and kept.shape == logits.shape, "Return a tensor in the shape of the logits."
assert torch.equal(logits, before), "You changed the caller's logits."
assert not (kept == 0).any() or kept[1, 0] == 0 and (kept == 0).sum() == 1, (
    "A logit of 0 is not a probability of 0: it may even be the largest. What goes becomes -inf."
)
assert kept[1].isfinite().any(), "Each row has its own k largest: in the second row of the example nothing is left."
assert kept.dtype == torch.float64, "The dtype stays as it is."
assert kept.tolist() == [[gone, 5.0, gone, 4.0], [0.0, gone, -1.0, gone]], f"With k=2, yours is {kept.tolist()}."
tied = keep_top_k(torch.tensor([3.0, 1.0, 3.0, 3.0, 0.0]), 2)
assert tied.tolist() == [3.0, gone, 3.0, 3.0, gone], (
    f"Three logits are equally large, and k is 2: all three stay. Yours: {tied.tolist()}."
)
assert torch.equal(keep_top_k(logits, 4), before), "k=4 of 4 tokens keeps all of them."
try:
    assert torch.equal(keep_top_k(logits, 9), before), "k=9 of 4 tokens keeps all of them."
except (RuntimeError, ValueError) as error:
    raise AssertionError(
        f"k may be larger than the vocabulary, and then all are kept; yours raises {error!r}"
    ) from None
for k in (0, -1):
    try:
        keep_top_k(logits, k)
        raised = None
    except Exception as error:
        raised = error
    assert isinstance(raised, ValueError), f"k={k} should raise ValueError; yours: {raised!r}."
print("keep_top_k: the visible check passes.")

# %%
hot = apply_temperature(next_logits(PROMPT), 2.0)
show_distributions({"temperature 2": hot, "temperature 2, then top-k with k = 8": keep_top_k(hot, 8)})
plt.show()

# %% [markdown]
# *Two panels of bars. In the right one only the first eight tokens have bars, and longer ones; the others are crossed out.*
#
# ## Top-p, the nucleus
#
# ### Exercise 3 · `keep_top_p` (15 points, 25 minutes, ★★★)
#
# How large should k be? Sometimes three tokens make sense, sometimes a hundred. So do not count tokens, but probability (Holtzman et al. 2020, section 3.1): the **nucleus** is the smallest set $V$ of most probable tokens with
#
# $$\sum_{i \in V} p_i \;\ge\; p$$
#
# ```
# probabilities, sorted      0.5   0.3   0.15  0.05
# summed up                  0.5   0.8   0.95  1.0
# p = 0.7:  kept             yes   yes   no    no      0.5 is not enough; the token that reaches p is kept, too
# ```
#
# So a token goes if those *before* it have reached p already. The first one never goes, however small p is. Tokens are sorted for this; afterwards everything has to be put back in its place.
#
# <details><summary>Hint 1: back in place</summary>
# <code>sort</code> also returns the ids in their new order. <code>scatter</code> along the last dimension writes to the places that these ids say.
# </details>
#
# <details><summary>Hint 2: two corners</summary>
# <code>sort</code> has the argument <code>stable=True</code>, with which equal ones stay in the order of their ids. And sums of many small numbers are not exact: they may reach 1 too soon, so with p = 1 keep all without counting.
# </details>


# %% exercise="keep_top_p"
def keep_top_p(logits: Tensor, p: float) -> Tensor:
    """Keep the nucleus: the smallest set of most probable tokens that have the probability p together (Holtzman et
    al. 2020, section 3.1).

    logits  (..., vocab_size); they are not modified. Some may be -inf already
    p       greater than 0 and at most 1: else ValueError; p = 1 keeps all

    Returns logits of the same shape and dtype: the kept ones as they are, the others -inf. Tokens are taken from the
    most probable down, of equal ones the lower id first, until their probabilities add up to p or more: the token
    that reaches p is the last one kept. At least one is kept in each row.
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
probabilities = torch.tensor([[0.15, 0.5, 0.05, 0.3], [0.9, 0.04, 0.03, 0.03]], dtype=torch.float64)
logits = probabilities.log() + torch.tensor([[3.0], [-2.0]])  # a constant in a row changes no probability
before = logits.clone()
kept = keep_top_p(logits, 0.7)
assert isinstance(kept, Tensor) and kept.shape == logits.shape, "Return a tensor in the shape of the logits."
assert torch.equal(logits, before), "You changed the caller's logits."
assert kept.dtype == torch.float64, "The dtype stays as it is."
where = kept.isfinite().tolist()
assert where[0] != [False, True, False, False], (
    "In the first row 0.5 does not reach 0.7 yet. The token that reaches it, with 0.3, is kept, too. (Or did you sum up logits? p is a share of probability.)"
)
assert where[1] != [False] * 4, "In the second row nothing is left. The first token reaches p alone, and is kept."
assert where[0] != [True, True, False, False], (
    "You have kept the *places* of sorted tokens. Put what you found for a sorted token back to its id."
)
assert where[0] != [True, True, False, True], (
    "In the first row 0.5 + 0.3 reach 0.7; the third token, with 0.15, comes after that."
)
assert where == [[False, True, False, True], [True, False, False, False]], (
    f"With p=0.7, the probabilities {probabilities.tolist()}: which are kept is {where}."
)
assert torch.equal(kept[kept.isfinite()], before[kept.isfinite()]), "Those that are kept stay as they are."
assert (kept[~kept.isfinite()] == -torch.inf).all(), "Those that go become -inf."
for p, count in ((1e-9, 1), (0.6, 2), (0.9, 3), (0.97, 4)):
    found = keep_top_p(logits[0], p).isfinite().sum().item()
    assert found == count, f"With p={p}, {count} of the first row's tokens are kept, and not {found}."
try:
    assert torch.equal(keep_top_p(logits, 1), before), "p=1 keeps all, as they are."
except ValueError as error:
    raise AssertionError(f"p=1 is allowed, and keeps all; yours raises {error!r}") from None
many = torch.cat([torch.tensor([8.0]), torch.full((2000,), -9.0)])  # float32: the sum reaches 1 too soon
assert keep_top_p(many, 1.0).isfinite().all(), "p=1 keeps all, also where rounded sums reach 1 before the last token."
tied = keep_top_p(torch.zeros(8, dtype=torch.float64), 0.3).isfinite().tolist()
assert tied == [True] * 3 + [False] * 5, (
    f"Of eight equal tokens, p=0.3 keeps three, those with the lowest ids; yours: {tied}."
)
four = keep_top_p(torch.zeros(4, dtype=torch.float64), 0.5).isfinite().sum().item()
assert four == 2, f"Of four equal tokens, two reach p=0.5 exactly, and that is enough; you keep {four}."
ids = keep_top_p(torch.zeros(2000, dtype=torch.float64), 0.5).isfinite().nonzero()
assert ids.max() < len(ids), (
    "Of 2,000 equal tokens, those with the lowest ids are kept. Does your sort keep equal ones in order?"
)
some = torch.tensor([-torch.inf, 2.0, -torch.inf, 1.0], dtype=torch.float64)
assert keep_top_p(some, 0.9).tolist() == some.tolist(), "What is -inf already stays so, and has no probability."
for p in (0.0, -0.1, 1.1):
    try:
        keep_top_p(logits, p)
        raised = None
    except Exception as error:
        raised = error
    assert isinstance(raised, ValueError), f"p={p} should raise ValueError; yours: {raised!r}."
print("keep_top_p: the visible check passes.")

# %%
for text in ("Changed in version", "as well as the"):
    logits = next_logits(text)
    counts = [int(keep_top_p(logits, p).isfinite().sum()) for p in (0.5, 0.9, 0.99)]
    print(f"{text + ' ...':30} p = 0.5, 0.9 and 0.99 keep {counts[0]}, {counts[1]} and {counts[2]} tokens")
logits = next_logits(PROMPT)
show_distributions({"as it is": logits, "top-p with p = 0.5": keep_top_p(logits, 0.5)})
plt.show()

# %% [markdown]
# *Two panels of bars. In the right one the first few tokens, which have half of the probability together, have longer bars; the others are crossed out.*
#
# The size of the nucleus depends on what has been read. That is its point.
#
# ## Write
#
# ### Exercise 4 · `generate` (20 points, 35 minutes, ★★★)
#
# Read all tokens, take the last position's logits, choose a token, append it. Again.
#
# ```
# tokens (batch, length)  →  model  →  logits (batch, length, vocab_size)  →  the last position: (batch, vocab_size)
#                         →  temperature, top-k, top-p  →  softmax, draw: (batch,)  →  tokens (batch, length + 1)
# ```
#
# - **The order** is temperature, then top-k, then top-p: each reads what the one before has made.
# - **`temperature` 0** draws nothing: the most probable token, of equal ones the lowest id.
# - **A row ends** when it has *written* `eos_id`, and is filled up with it from there on. When all rows have ended, stop. (The id may well be 0: ask whether it `is not None`.)
# - **Chance comes from `generator`** alone: with the same seed the same text is written.
# - **The context is limited**: the model can read the last `n_positions` tokens only. What is returned is the whole.
# - The model is in evaluation mode, as in notebook 3; afterwards *each* of its modules is in the mode in which it was.
#
# <details><summary>Hint 1: draw</summary>
# <code>torch.multinomial(probabilities, 1, generator=generator)</code> draws a token for each row.
# </details>
#
# <details><summary>Hint 2: modes</summary>
# <code>model.modules()</code> goes through all of them. Note each one's <code>training</code> before, and set it afterwards, in a <code>finally</code>.
# </details>
#
# <details><summary>Hint 3: exercise 7</summary>
# Only the way in which logits are made will differ there. If you write a helper for choosing and one for the loop in this cell, you can use both again.
# </details>


# %% exercise="generate"
def generate(
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
    """Continue each row of tokens, one token a step.

    tokens          (batch, length) int64, the prompts, length at least 1; they are not modified
    max_new_tokens  how many to write at most
    temperature     0: always the most probable token, of equal ones the lowest id. Else the next token is drawn:
                    temperature first, then top_k, then top_p, where they are given
    eos_id          a row that has written it is filled up with it from there on, and when all rows have, writing
                    stops. One that stands in the prompt does not count. None: nothing ends a row
    generator       where all random numbers come from

    Returns (batch, length + new) int64: the prompts, whole, and what was written.

    The model reads the last n_positions tokens, where there are more. It works in evaluation mode and without
    gradients; after the call each of its submodules is in the mode that it was in.
    """
    ### BEGIN SOLUTION
    n_positions = model.config.n_positions

    def next_logits(tokens: Tensor) -> Tensor:
        return model(tokens[:, -n_positions:])[:, -1]  # (batch, vocab_size)

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
# For the checks from here on: tiny models with random weights, and a counter.


# %% locked="tiny_models"
class Count:
    """Counts positions that pass through a model's wte, call by call, and notes the times: with Count(model) as count: ..."""

    def __init__(self, model: GPT2):
        self.model, self.calls, self.times = model, [], []

    def __enter__(self):
        self.handle = self.model.wte.register_forward_hook(self.note)
        return self

    def note(self, wte, inputs, output):
        self.calls.append(inputs[0].shape[1])
        self.times.append(time.perf_counter())

    def __exit__(self, *_):
        self.handle.remove()


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
constant = GPT2(GPT2Config(vocab_size=4, **small)).double()  # says the same four logits whatever it reads
with torch.no_grad():
    constant.ln_f.weight.zero_()
    constant.ln_f.bias.copy_(torch.eye(12)[0])
    constant.wte.weight[:, 0] = torch.tensor([0.15, 0.5, 0.05, 0.3]).log()
many = torch.zeros(4000, 1, dtype=torch.int64)  # 4,000 prompts of one token
long = torch.randint(17, (6, 14))  # prompts longer than n_positions


def shares(writer, **options) -> list[float]:
    """How often each of 4 tokens is written, of 4,000; the model's probabilities are 0.15, 0.5, 0.05 and 0.3."""
    try:
        drawn = writer(constant, many, 1, generator=torch.Generator().manual_seed(0), **options)[:, 1]
    except RuntimeError as error:
        raise AssertionError(f"Drawing fails: {error}. torch.multinomial wants probabilities: softmax first.") from None
    return (torch.bincount(drawn, minlength=4) / 4000).tolist()


def check_knobs(writer) -> None:
    """Does it draw as temperature, top_k and top_p say, in this order, and from the generator?"""

    def expect(wanted: list[float], message: str, **options) -> None:
        found = shares(writer, **options)
        right = all(abs(f - w) < 0.05 and (w > 0 or f == 0) for f, w in zip(found, wanted, strict=True))
        assert right, f"{message} Of 4 tokens the shares should be about {wanted}; yours are {found}."

    assert max(shares(writer)) < 1, "Where temperature is not 0, tokens are drawn."
    expect([0.15, 0.5, 0.05, 0.3], "They should be drawn with the probabilities that the logits say.")
    expect([0.06, 0.68, 0.01, 0.25], "temperature=0.5 has no effect, or a wrong one.", temperature=0.5)
    expect([0.0, 0.625, 0.0, 0.375], "With top_k=2, two tokens are left.", top_k=2)
    expect([0.0, 0.625, 0.0, 0.375], "With top_p=0.7, two tokens are left.", top_p=0.7)
    expect(
        [0.28, 0.38, 0.0, 0.34],
        "Temperature comes before top_p: at 4, three tokens reach 0.75.",
        temperature=4.0,
        top_p=0.75,
    )
    expect([0.0, 1.0, 0.0, 0.0], "top_k comes before top_p: of two, 5 to 3, the first reaches 0.6.", top_k=2, top_p=0.6)
    twice = writer(constant, many, 2, generator=torch.Generator().manual_seed(0))[:, 1:]
    assert 0.3 < (twice[:, 0] == twice[:, 1]).float().mean() < 0.45, (
        "The second token of a row is not drawn for itself. Is the generator seeded anew at each step, or one draw used twice?"
    )
    state = torch.get_rng_state()
    assert shares(writer) == shares(writer), (
        "With the same generator the same comes out. Do you pass it on to what draws?"
    )
    assert torch.equal(torch.get_rng_state(), state), "All random numbers should come from the generator."


# %% check="generate" points=20
prompt = torch.tensor([[3, 1, 4], [1, 5, 9]])
before = prompt.clone()
written = generate(tiny, prompt, 5, temperature=0)
assert isinstance(written, Tensor) and written.dtype == torch.int64, "Return tokens: an int64 tensor."
assert written.shape == (2, 8), f"A prompt of 3 and 5 new tokens: (2, 8), and not {tuple(written.shape)}."
assert torch.equal(prompt, before) and torch.equal(written[:, :3], before), (
    "The prompt comes back whole, and is not changed."
)


def theirs(new: int, **options) -> Tensor:
    """What transformers' own generate writes with the same weights, greedily."""
    options = {"do_sample": False, "pad_token_id": 16, "eos_token_id": None} | options
    return oracle.generate(prompt, attention_mask=torch.ones_like(prompt), max_new_tokens=new, **options)


assert torch.equal(written, theirs(5)), (
    f"transformers' generate writes {theirs(5)[:, 3:].tolist()} with these weights, and yours {written[:, 3:].tolist()}. "
    "Do you take the logits of the *last* position, and does each step read all that stands there by now?"
)
assert generate(tiny, prompt, 0, temperature=0).tolist() == before.tolist(), (
    "With max_new_tokens=0 the prompt comes back."
)
eos = int(written[0, 4])  # row 0 writes it as its second token
ended = generate(tiny, prompt, 5, temperature=0, eos_id=eos)
expected = theirs(5, eos_token_id=eos, pad_token_id=eos)
assert ended.shape[1] == 8 or ended.shape == expected.shape, "Rows end on their own: stop only when all have ended."
assert (ended[0, 4:] == eos).all(), f"Row 0 has written eos_id={eos} at place 4: from there on it is filled with it."
assert torch.equal(ended, expected), f"With eos_id={eos} it should be {expected.tolist()}; yours: {ended.tolist()}."
alone = generate(tiny, prompt[:1], 5, temperature=0, eos_id=eos)
assert alone.shape == (1, 5), f"When all rows have ended, stop: (1, 5), and not {tuple(alone.shape)}."
for token in prompt[0].tolist():
    found = generate(tiny, prompt[:1], 5, temperature=0, eos_id=token)
    assert (
        torch.equal(found, theirs(5, eos_token_id=token, pad_token_id=token)[:1, : found.shape[1]])
        and found.shape[1] > 4
    ), f"eos_id={token} stands in the prompt {prompt[0].tolist()}. Only one that has been *written* ends a row."
flat = GPT2(GPT2Config(vocab_size=4, **small))
nn.init.zeros_(flat.wte.weight)
assert generate(flat, many[:1], 3, temperature=0).tolist() == [[0, 0, 0, 0]], (
    "Of equal logits the lowest id is written."
)
try:
    found = generate(tiny, long, 2, temperature=0)
except (ValueError, IndexError) as error:
    raise AssertionError(
        f"A text longer than n_positions: show the model its last n_positions tokens. {error}"
    ) from None
assert torch.equal(found[:, :14], long), "What the model no longer reads is returned all the same."
for step in (14, 15):
    with torch.no_grad():
        expected = tiny(found[:, step - 9 : step])[:, -1].argmax(dim=-1)  # (6,)
    assert torch.equal(found[:, step], expected), (
        "Of a text longer than n_positions = 9, the model reads the last 9 tokens, all of them, at each step."
    )

modes = [module.training for module in dropping.modules()]
assert torch.equal(generate(dropping, prompt, 5, temperature=0), written), (
    "A model in training mode writes something else: dropout is on. Set it to evaluation mode for as long as it writes."
)
assert [module.training for module in dropping.modules()] == modes, (
    "Afterwards each module should be in the mode that it was in. One part was in evaluation mode before, and the rest in training mode."
)
watched = []
handle = tiny.ln_f.register_forward_hook(lambda module, inputs, output: watched.append(output.requires_grad))
generate(tiny, prompt, 2, temperature=0)
handle.remove()
assert watched and not any(watched), "Gradients are recorded while it writes, and nobody needs them: torch.no_grad()."
ends = generate(constant, many[:50], 30, eos_id=0, generator=torch.Generator().manual_seed(0))[:, 1:]
assert all(0 not in row or not any(row[row.index(0) :]) for row in ends.tolist()), (
    "With eos_id=0, rows go on after their end. 0 is a token, too: ask `eos_id is not None`."
)
check_knobs(generate)
print("generate: the visible check passes.")


# %%
def write(prompt: str, new: int = 40, seed: int = 0, writer=generate, **options) -> str:
    """A continuation of the prompt, as text."""
    new = 3 if under_grading() else new
    tokens = read(prompt)
    generator = torch.Generator().manual_seed(seed)
    options = {"eos_id": tokenizer.eos_token_id} | options
    written = writer(model, tokens, new, generator=generator, **options)[0]
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
# Read them aloud. The most probable token each time makes a text that nobody would write; it likes to come back to the same phrase. The hotter it is, the more words are made up. Between the two, the text sounds like documentation, and says nothing true; and when it is cool, it may still get stuck. It is a very small model.
#
# How much greedy text repeats itself can be counted. Here is the share of three-token sequences that have been written before, in 100 tokens, over several prompts:

# %%
PROMPTS = [
    "The function returns",
    "This module provides",
    "If an exception is raised",
    "When the class",
    "An object is",
]


def repeated(text: str) -> float:
    """The share of all sequences of three tokens that occurred earlier in the text."""
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
# To draw repeats far less. It need not be unpredictable for that: with a generator of the same seed it writes the same each time. But then that one draw is what you get, be it good or bad.
#
# ## What does it cost?
#
# Count the positions that the model computes, as they pass through `wte`:


# %%
prompt = torch.randint(len(tokenizer), (1, 32), generator=torch.Generator().manual_seed(0))  # any 32 tokens will do
with Count(model) as count:
    generate(model, prompt, 64, temperature=0)
print("positions computed a step:", *count.calls[:5], "...", *count.calls[-2:])
print(f"in all {sum(count.calls):,}; you predicted {prediction['positions, nothing kept']}")

# %% [markdown]
# Sixty-four new tokens, and thousands of positions. Nearly all of them are computed again and again, and each time the same comes out. Why the same? Because of the mask: **no position sees one after it, so what was computed for it does not change when the text grows.**
#
# ## Keep what does not change
#
# What does a *new* position need from the old ones? Look at a block: norms and feed-forward look at one position at a time. Only attention looks elsewhere: its query meets the **keys** of all positions so far and gathers their **values**. So these are kept, for every layer, and nothing else.
#
# ```
# step                    computed                       kept, in each layer
# the prompt, at once     32 positions                   32 keys, 32 values
# one more token          1 position: its query meets    33 keys, 33 values
#                         33 keys
# ```
#
# ### Exercise 5 · `KVCache` (10 points, 15 minutes, ★★☆)
#
# A box for keys and values, with a drawer for each layer. `append` puts new ones behind the old ones, and returns all of that layer. While a step is on its way, the first layers hold one position more than the last: `length` says how many *every* layer holds.
#
# <details><summary>Hint</summary>
# <code>torch.cat</code> along the dimension of positions does it. It copies everything at each step. If you like, reserve room for all n_positions once, and write into that.
# </details>


# %% exercise="KVCache"
class KVCache:
    """The keys and values of all positions so far, of each layer of a GPT-2."""

    def __init__(self, config: GPT2Config):
        """An empty cache for one batch of sequences.

        config  n_layer, and n_positions, the most positions that a layer may hold
        """
        ### BEGIN SOLUTION
        self.n_positions = config.n_positions
        self._keys: list[Tensor | None] = [None] * config.n_layer  # (batch, n_head, n_positions, d_head), from the
        self._values: list[Tensor | None] = [None] * config.n_layer  # first time on: room for all that will come
        self._lengths = [0] * config.n_layer
        ### END SOLUTION

    @property
    def length(self) -> int:
        """How many positions every layer holds by now."""
        ### BEGIN SOLUTION
        return min(self._lengths)
        ### END SOLUTION

    def append(self, layer: int, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Add the keys and values of new positions to a layer.

        layer       0 to n_layer - 1
        key, value  (batch, n_head, new, d_head); they are not modified

        Returns all keys and all values of this layer so far, (batch, n_head, length, d_head) each, the new ones last.
        Raises ValueError if the layer would hold more than n_positions; the cache is unchanged then.
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


# %% check="KVCache" points=10
config = GPT2Config(**small)  # 2 layers, 3 heads, n_positions 9
cache, other, late = KVCache(config), KVCache(config), KVCache(config)
assert cache.length == 0, (
    f"A new cache has the length 0, and not {cache.length}. (length is a property: no parentheses.)"
)
torch.manual_seed(9)
key, value = torch.randn(2, 3, 4, 5), torch.randn(2, 3, 4, 5)  # (batch=2, n_head=3, new=4, d_head=5)
given = key.clone(), value.clone()
returned = cache.append(0, key, value)
assert isinstance(returned, tuple) and len(returned) == 2, "append returns a pair: all keys, all values."
assert torch.equal(returned[0], key) and torch.equal(returned[1], value), (
    "The first time all keys and values are the new ones. Are keys and values in this order?"
)
early = cache.length
keys, values = cache.append(1, 10 * key, 10 * value)
assert torch.equal(keys, 10 * key), "Layer 1 returns what was put into layer 0, or both. Each layer has its own keys."
assert early == 0, (
    f"When only layer 0 held 4 positions, length was {early}. How many does *every* layer hold then? The smallest number."
)
late.append(1, key, value)
assert late.length == 0, f"When only layer 1 held 4 positions, length was {late.length}. Layer 0 held none."
assert cache.length == 4, f"Both layers hold 4 positions now, and length is {cache.length}."
more = torch.randn(2, 3, 1, 5)
keys, values = cache.append(0, more, 2 * more)
assert keys.shape == (2, 3, 5, 5), (
    f"4 positions and 1 more are 5, in dimension 2: (2, 3, 5, 5), and not {tuple(keys.shape)}."
)
assert torch.equal(keys[:, :, :4], key) and torch.equal(keys[:, :, 4:], more), "New keys stand behind the old ones."
assert torch.equal(values[:, :, :4], value) and torch.equal(values[:, :, 4:], 2 * more), (
    "New values stand behind the old ones."
)
assert torch.equal(key, given[0]) and torch.equal(value, given[1]), "You changed the caller's keys or values."
assert other.length == 0 and torch.equal(other.append(0, more, more)[0], more), (
    "A second cache holds what was put into the first. Make the lists in __init__, for each cache anew."
)
try:
    cache.append(0, torch.randn(2, 3, 5, 5), torch.randn(2, 3, 5, 5))
    raised = None
except Exception as error:
    raised = error
assert isinstance(raised, ValueError), (
    f"5 positions and 5 more are above n_positions = 9: ValueError, and not {raised!r}."
)
try:
    keys, _ = cache.append(0, key, value)
except ValueError as error:
    raise AssertionError(
        f"9 positions just fit, and after an error the cache is as it was before it; yours: {error}"
    ) from None
assert keys.shape[2] == 9, (
    f"9 positions just fit, and after an error the cache is as it was before; yours holds {keys.shape[2]}."
)
print("KVCache: the visible check passes.")

# %% [markdown]
# ### Exercise 6 · `forward_with_cache` (15 points, 35 minutes, ★★★)
#
# Now the model's forward once more, for new positions only. You write out what GPT2, its blocks and their attention do, since the keys and values must be caught in the middle. First the embeddings of tokens and positions, at the end `ln_f` and the product with `wte`, and between them in each block l:
#
# $$q, k, v = c_{attn}(\mathrm{ln}_1(x)) \qquad K, V = \text{cache.append}(l,\, k,\, v) \qquad x \leftarrow x + c_{proj}\big(\mathrm{attention}(q, K, V)\big) \qquad x \leftarrow x + \mathrm{mlp}(\mathrm{ln}_2(x))$$
#
# In `parts.py` you find the code of notebook 4; a block `block` has `block.ln_1`, `block.attn.c_attn`, `block.attn.c_proj`, `block.ln_2`, `block.mlp.c_fc` and `block.mlp.c_proj`. Three things are different:
#
# 1. **Positions go on.** The first new token stands at position `cache.length`, not at 0. Read that number *before* you append anything.
# 2. **The mask is a part of the causal mask.** Query i of the new ones stands at position length + i, and sees everything up to there. Queries are *new*, keys are *all*: the mask is (new, length + new), the lower rows of the causal mask of all.
# 3. **Too long is an error before anything is appended**, so that the cache stays what it was.
#
# ```
#            keys 0 1 2 3 4          is_causal=True of F.scaled_dot_product_attention would
# query 3         x x x x .          put the triangle at the upper left, as if the queries
# query 4         x x x x x          were the first ones. Pass a mask.
# ```
#
# <details><summary>Hint: the activation</summary>
# <code>F.gelu(..., approximate="tanh")</code> is your gelu of notebook 4. Dropout does nothing in evaluation mode; leave it out.
# </details>


# %% exercise="forward_with_cache"
def forward_with_cache(model: GPT2, tokens: Tensor, cache: KVCache) -> Tensor:
    """What model(...) says at the new positions, computing nothing again for those in the cache.

    model   in evaluation mode
    tokens  (batch, new) int64: those that come after what the cache holds, one or several
    cache   gets the keys and values of the new positions; nothing but its length and append is used

    All new tokens go through each layer together.

    Returns logits (batch, new, vocab_size). The first token stands at position cache.length.
    Raises ValueError if there would be more than n_positions; the cache is unchanged then.
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


# %% check="forward_with_cache" points=15
tokens = torch.tensor([[3, 1, 4, 1, 5, 9, 2, 6], [2, 7, 1, 8, 2, 8, 1, 8]])  # (batch=2, length=8), n_positions is 9


def step(new: Tensor, cache: KVCache) -> Tensor:
    before = cache.length
    try:
        return forward_with_cache(tiny, new, cache)
    except (RuntimeError, IndexError) as error:
        raise AssertionError(
            f"{new.shape[1]} new tokens after {before} in the cache: {error}. Is cache.length read once, before anything is appended? "
            "Does each layer append under its own number? Is the mask (new, length + new)?"
        ) from None


with torch.no_grad():
    whole = tiny(tokens)  # (2, 8, vocab_size): what should come out
    cache = KVCache(tiny.config)
    found = step(tokens[:, :4], cache)
    assert isinstance(found, Tensor) and found.shape == (2, 4, 17), "Logits of 4 new positions: (2, 4, 17)."
    other = tokens[:, :4].clone()
    other[:, 3] = 0
    assert torch.allclose(step(other, KVCache(tiny.config))[:, :3], found[:, :3]), (
        "In one call with 4 tokens, the last one changes logits before it. Where is the mask?"
    )
    assert torch.allclose(found, whole[:, :4]), (
        "With an empty cache it should say what model(tokens) says. Follow the forward of GPT2, GPT2Block and CausalSelfAttention in parts.py, step by step."
    )
    assert cache.length == 4, (
        f"After 4 tokens the cache holds 4 positions, and not {cache.length}. Does each layer append, once?"
    )
    with Count(tiny) as count:
        found = step(tokens[:, 4:5], cache)
    assert found.shape == (2, 1, 17), (
        f"One new token, one position of logits: (2, 1, 17), and not {tuple(found.shape)}."
    )
    assert count.calls == [1], f"One new token, and one position through wte; yours: {count.calls}."
    wpe = tiny.wpe.weight.clone()
    tiny.wpe.weight.zero_()
    blind, cache_ = tiny(tokens)[:, 4:5], KVCache(tiny.config)
    step(tokens[:, :4], cache_)
    same_without_positions = torch.allclose(step(tokens[:, 4:5], cache_), blind)
    tiny.wpe.weight.copy_(wpe)
    assert torch.allclose(found, whole[:, 4:5]) or not same_without_positions, (
        "The fifth token comes out wrong, and without positions it would be right. It stands at position cache.length, as it was before this call."
    )
    assert torch.allclose(found, whole[:, 4:5]), (
        "The fourth token was right, the fifth is wrong. Does it attend to *all* keys so far (is_causal=True shows it only the first)? Does each layer get its own, by its number?"
    )
    found = step(tokens[:, 5:8], cache)  # a chunk of three
    assert torch.allclose(found[:, -1], whole[:, 7]), (
        "Of three tokens at once, even the last one is wrong. It sees all."
    )
    assert torch.allclose(found, whole[:, 5:8]), (
        "Of three tokens at once, the last one is right, and those before it are not. Which keys may they see? Queries start at cache.length."
    )
    try:
        forward_with_cache(tiny, tokens[:, :2], cache)
        raised = None
    except Exception as error:
        raised = error
    assert isinstance(raised, ValueError), (
        f"8 positions and 2 more are above n_positions = 9: ValueError, and not {raised!r}."
    )
    last = step(tokens[:, :1], cache)
    assert torch.allclose(last, tiny(torch.cat([tokens, tokens[:, :1]], dim=1))[:, -1:]), (
        "After the error the cache should be what it was before: nothing is appended to any layer."
    )
print("forward_with_cache: the visible check passes.")

# %% [markdown]
# ### Exercise 7 · `generate_cached` (15 points, 20 minutes, ★★☆)
#
# What `generate` does, with a cache. The prompt goes through once, in one call; then each step gives the model the one token that it has not seen.
#
# **And when the context is full?** With the next token the oldest one falls out, and all others move: what stood at position 1 now stands at position 0. Positions are learned vectors that were added at the very beginning, so each token's vector changes, and so does every key and value. The whole cache is **stale**. The honest way is to throw it away and
# compute the last n_positions tokens anew, at each step from there on. It costs as much as without a cache.
#
# <details><summary>Hint</summary>
# If you wrote a loop as a helper for exercise 4, only the function that makes logits is another: which tokens has the model not seen yet? All of the last n_positions if the cache is empty or full, and else those from <code>cache.length</code> on.
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
    """What generate writes, with the same arguments and promises, faster: while the context fits, each step computes
    one position.

    The prompt goes through the model once, in one call. When n_positions are full, every token gets another position
    with the next step, and every cached key is stale: from there on each step computes the last n_positions tokens
    anew.
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


# %% check="generate_cached" points=15
prompt = torch.tensor([[3, 1, 4], [1, 5, 9]])
try:
    with Count(tiny) as count:
        written = generate_cached(tiny, prompt, 5, temperature=0)
except ValueError as error:
    raise AssertionError(f"{error}. Give forward_with_cache only those tokens that the cache has not seen.") from None
plain = generate(tiny, prompt, 5, temperature=0)
assert isinstance(written, Tensor) and written.shape == plain.shape, f"The shape should be {tuple(plain.shape)}."
assert torch.equal(written, plain), (
    f"generate writes {plain[:, 3:].tolist()}, and generate_cached {written[:, 3:].tolist()}."
)
assert count.calls == [3, 1, 1, 1, 1], (
    f"The prompt of 3 in one call, and then one position a step: [3, 1, 1, 1, 1]. Yours: {count.calls}."
)
try:
    again = generate_cached(tiny, prompt.flip(0), 5, temperature=0)
except (RuntimeError, IndexError, ValueError) as error:
    raise AssertionError(f"A second call fails: {error}. Each call needs a cache of its own.") from None
assert torch.equal(again, plain.flip(0)), "A second call writes something else. Each call needs a cache of its own."
try:
    with Count(tiny) as count:
        written = generate_cached(tiny, prompt, 12, temperature=0)  # beyond n_positions = 9
except (ValueError, IndexError) as error:
    raise AssertionError(f"When the context is full, compute its last n_positions tokens anew. {error}") from None
assert torch.equal(written, generate(tiny, prompt, 12, temperature=0)), (
    "Once the context is full, other tokens come out than with generate. Every token has another position then: throw the cache away."
)
assert count.calls == [3] + [1] * 6 + [9] * 5, (
    f"As long as the context of 9 fits, one position a step; then all 9 anew: [3, 1, 1, 1, 1, 1, 1, 9, 9, 9, 9, 9]. Yours: {count.calls}."
)
assert torch.equal(generate_cached(tiny, long, 2, temperature=0), generate(tiny, long, 2, temperature=0)), (
    "A prompt longer than n_positions: begin with its last n_positions tokens."
)
eos = int(plain[0, 4])
assert torch.equal(
    generate_cached(tiny, prompt, 5, temperature=0, eos_id=eos), generate(tiny, prompt, 5, temperature=0, eos_id=eos)
), "With eos_id, rows end as in generate."
check_knobs(generate_cached)
watched = []
handle = tiny.ln_f.register_forward_hook(lambda module, inputs, output: watched.append(output.requires_grad))
generate_cached(tiny, prompt, 2, temperature=0)
handle.remove()
assert not any(watched), "Gradients are recorded while it writes, and nobody needs them: torch.no_grad()."
modes = [module.training for module in dropping.modules()]
assert torch.equal(generate_cached(dropping, prompt, 5, temperature=0), plain), "It writes in evaluation mode, too."
assert [module.training for module in dropping.modules()] == modes, (
    "Afterwards each module is in the mode that it was in."
)
print("generate_cached: the visible check passes.")

# %%
prompt = torch.randint(len(tokenizer), (1, 32), generator=torch.Generator().manual_seed(0))
with Count(model) as count:
    generate_cached(model, prompt, 64, temperature=0)
print(
    f"32 + 64 tokens with a cache: {sum(count.calls)} positions; you predicted {prediction['positions, with a cache']}"
)
print(f"\n{PROMPT}{write(PROMPT, 30, writer=generate_cached, temperature=0)}")

# %% [markdown]
# 95 and not 96: nobody reads the last token that is written.


# %% [markdown]
# ## Measure it
#
# A GPT-2 with random weights writes 450 tokens, once with each of your functions. Left: how long did each token take? Right: how long did it take to write so many? The thin lines are what theory says, drawn through the last point of each: without a cache the cost of a token grows with the number of tokens before it, and the total like
# the square of that; with it, a token always costs about the same. (The points without a cache bend upwards a little, since attention compares all pairs; and on a busy machine they scatter.)

# %%
torch.manual_seed(0)
new = 20 if under_grading() else 450
big = GPT2(GPT2Config(vocab_size=1000, n_positions=512, n_embd=192, n_layer=4, n_head=6)).eval()
first = torch.randint(1000, (1, 1))
took = {}
for name, writer in {"without a cache": generate, "with a cache": generate_cached}.items():
    writer(big, first, 10, temperature=0)  # the first calls of all are slow
    with Count(big) as count:
        writer(big, first, new, temperature=0)
    took[name] = torch.tensor(count.times, dtype=torch.float64).diff()  # (new - 1,) seconds

figure, (left, right) = plt.subplots(1, 2, figsize=(9.4, 3.6), layout="constrained")
length = torch.arange(1, new)
for (name, seconds), colour, marker in zip(took.items(), ("#d55e00", "#0072b2"), ("o", "s"), strict=True):
    last, total = seconds[-30:].median(), seconds.cumsum(dim=0)
    share = length / new if name == "without a cache" else torch.ones(new - 1)
    left.plot(length, 1000 * seconds, marker, color=colour, markersize=2, alpha=0.5, label=name)
    left.plot(length, 1000 * last * share, color=colour, linewidth=0.8)
    right.plot(length, total, color=colour, linewidth=2.5, alpha=0.6, label=name)
    right.plot(
        length, total[-1] * (length / new) ** (2 if name == "without a cache" else 1), color=colour, linewidth=0.8
    )
top = 1.5e3 * took["without a cache"][-30:].median().item()
left.set(xlabel="tokens so far", ylabel="milliseconds for one more", ylim=(0, top))
right.set(xlabel="tokens written", ylabel="seconds in all", ylim=(0, None))
left.legend()
right.legend()
plt.show()
slow, fast = took.values()
print(
    f"After {new} tokens one more takes {slow[-30:].median() / fast[-30:].median():.1f} times as long without a cache,"
)
print(f"and to write {new} takes {slow.sum() / fast.sum():.1f} times as long.")

# %% [markdown]
# *Left, the points without a cache rise along a straight line, and those with one stay near the floor. Right, the curve without a cache rises like a parabola, the one with a cache like a straight line close to the floor.*
#
# The speed has a price: memory. Each layer keeps a key and a value of width n_embd for each position:

# %%
config = GPT2Config()
kept = 2 * config.n_layer * config.n_positions * config.n_embd
print(
    f"GPT-2 small, full context: 2 · {config.n_layer} layers · {config.n_positions} positions · {config.n_embd} = {kept:,} numbers,"
)
print(
    f"that is {kept * 4 / 2**20:.0f} MiB in float32 for every text; the model itself has {124_439_808 * 4 / 2**20:.0f} MiB."
)

# %% [markdown]
# ## When the context is full
#
# Can one not simply drop the oldest key and go on? Try it, the wrong way: fill the context, and let real text come in token by token. Each time the first position of every layer is thrown out, and the new token stands at the last place. All other keys stay as they were made, for places that their tokens have left.

# %%
n_positions, later = model.config.n_positions, 5 if under_grading() else 200
words = read("\n".join(documents(library=False))[:20_000])[:, : n_positions + later + 1]


class Noted(KVCache):
    """Notes what each layer holds."""

    def __init__(self, config: GPT2Config):
        super().__init__(config)
        self.full = {}

    def append(self, layer: int, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        self.full[layer] = super().append(layer, key, value)
        return self.full[layer]


before, after = Noted(model.config), Noted(model.config)
with torch.no_grad():
    forward_with_cache(model, words[:, :n_positions], before)
    forward_with_cache(model, words[:, 1 : n_positions + 1], after)
same = [
    torch.isclose(old[:, :, 1:], new[:, :, :-1], rtol=1e-3, atol=1e-3).all(dim=-1).all(dim=1).sum().item()
    for (old, _), (new, _) in zip(before.full.values(), after.full.values(), strict=True)
]
print(f"Of {n_positions - 1} positions, {same} have the same keys after the shift, layer by layer; ", end="")
print(f"you predicted {prediction['kept, when the context is full']}.")


# %% [markdown]
# Not one key is the same: a token's vector is the sum of its word *and its place*, and every place has changed. How much does that matter? Go on the wrong way for a while, beside the right one:


# %%
class Sliding:
    """The wrong way: keeps n_positions keys and values, drops the oldest, and leaves the others as they were."""

    def __init__(self, full: dict[int, tuple[Tensor, Tensor]]):
        self.full, self.length = full, n_positions - 1

    def append(self, layer: int, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        keys, values = self.full[layer]
        self.full[layer] = torch.cat([keys[:, :, 1:], key], dim=2), torch.cat([values[:, :, 1:], value], dim=2)
        return self.full[layer]


sliding, losses = Sliding(before.full), {"computed anew": [], "old keys kept": []}
with torch.no_grad():
    for end in range(n_positions + 1, n_positions + later + 1):
        right = model(words[:, end - n_positions : end])[0, -1]
        slid = forward_with_cache(model, words[:, end - 1 : end], sliding)[0, -1]
        for found, logits in zip(losses.values(), (right, slid), strict=True):
            found.append(F.cross_entropy(logits, words[0, end]).item())
        if (step := end - n_positions) in (1, 10, 100, 200):
            mean = (slid - right).abs().mean()
            print(
                f"{step:3} tokens later a logit differs by {mean:.2f} on average; the logits' own deviation is {right.std():.2f}"
            )
for name, found in losses.items():
    print(f"{name}: a loss of {sum(found) / len(found):.2f} for the next {later} tokens of the text")
wpe = model.wpe.weight.detach()
cosine = F.cosine_similarity(wpe[:-1], wpe[1:]).mean()
print(f"The vectors of neighbouring places have a cosine of {cosine:.2f} on average.")

# %% [markdown]
# Less than one might fear: neighbouring places have learned similar vectors, and the text becomes only a little harder to predict. But what is computed is no longer the model that was trained: its logits are others, and so will be the text. `generate_cached` has to write what `generate` writes, so it computes anew.
#
# That is the price of *learned, absolute* positions, and not of having no encoder. Many models after GPT-2 have positions that only tell how far two tokens are apart, and there old keys need not be made anew for that reason.

# %% [markdown]
# ## Why no encoder? The fifth piece of the answer
#
# You could keep keys and values for one reason only: no position sees one after it. Try the same with an encoder's view. Here are the same blocks twice, once with the causal mask and once without any; a token is added at the end. Whose vectors change?


# %%
def states(tokens: Tensor, causal: bool) -> Tensor:
    """What the last block makes of the tokens, (length, n_embd), with the causal mask or without any."""
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

# %%
with Count(model) as cached:
    generate_cached(model, words[:, :PROMPT_LENGTH], NEW, temperature=0)
with Count(model) as anew:
    generate(model, words[:, :PROMPT_LENGTH], NEW, temperature=0)
columns = {
    "encoder layers, no mask": {
        "earlier outputs that a new word changes": "all",
        "positions computed to write 20 words, if what stays is kept": f"{sum(anew.calls)}: all, at each step",
        "kept from step to step": "nothing",
    },
    "encoder-decoder": {
        "earlier outputs that a new word changes": "none",
        "positions computed to write 20 words, if what stays is kept": "the source once, and 20",
        "kept from step to step": "the memory, and keys and values of what is written",
    },
    "GPT-2": {
        "earlier outputs that a new word changes": "none",
        "positions computed to write 20 words, if what stays is kept": f"{sum(cached.calls)}: the prompt's {PROMPT_LENGTH} once, and then one each",
        "kept from step to step": "keys and values of all, until the context is full",
    },
}
comparison_table(columns)

# %% [markdown]
# In notebook 3 the encoder's output was kept: the source is read once, and looked at in each step. **GPT-2's cache is that memory.** (Notebook 3 kept only that, and computed the decoder's own words anew at each step; its decoder could have had a cache like yours.) The prompt goes through the blocks once; what each layer has made of it, as keys and values, is looked at by everything that is written later. It needs no encoder for it, and more: what it writes joins the memory, token by
# token, which an encoder's memory never does.
#
# And the layers of an encoder *could not* do it. Without a mask, each new token changes what was made of all the others, and everything has to be computed again.
#
# So the causal mask, which looks like a restriction, buys three things: all positions can be learned from at once (notebook 2), the text itself is the source (notebook 4), and what was read stays read (this notebook).

# %% [markdown]
# ## In your own words
#
# ### Question 8 (10 points, 15 minutes, ★★☆)
#
# 1. Why are keys and values kept, and queries not? And why is a cache per *layer* needed? (3 points)
# 2. A model was trained without a causal mask. Somebody gives it a cache as in exercise 7. Does it write what it would write without the cache? Why? (3 points)
# 3. Somebody wants a chat bot whose answer to the same question is always the same, and does not repeat itself like the greedy text above. Which knobs would you turn, and what does each cost? (4 points)
#
# A few sentences for each are enough. A person reads and grades them.

# %% [markdown] answer="cache" points=10
# ### BEGIN SOLUTION
# 1. A query is used once, by its own position, when that is computed; no later position asks for it. Keys and values of a position are looked at by every later one. Each layer makes its own keys and values from what comes into it, with its own weights, so those of one layer say nothing about those of another.
# 2. No: a new token would have changed the vectors of all earlier positions, from the first layer's output on, and with them their keys and values in the layers above. The cached ones are those of a shorter text. (In the first layer they are still right, since they are made from the embeddings alone.)
# 3. The same each time: temperature 0, or sampling with a fixed seed of the generator. Greedy text repeats itself, so rather sample with a moderate temperature and top-p (or top-k), with a fixed generator; each answer is then one draw, which may be a poor one. Low temperature and small p are safe and dull, and repeat; high ones are varied and
#    make things up.
#
# **Mark scheme.** 1: a query is only used by its own position (1), keys and values by later ones (1), layers differ in weights and inputs (1). 2: no (1), because new tokens change earlier vectors (1), so cached keys and values are stale above the first layer (1). 3: a way to the same answer, greedy or a fixed seed (2), a cost of it,
# repetition or a single draw (1), one knob against repetition with its cost (1).
# ### END SOLUTION
