# %% [markdown]
# # 5 · Generation

# %% locked="setup"
from functools import partial

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from parts import GPT2, causal_mask, load_gpt2_weights
from torch import Tensor
from transformers import AutoTokenizer, GPT2Config, GPT2LMHeadModel


# %% [markdown]
# ### apply_temperature


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
print("apply_temperature: the visible check passes.")

# %% [markdown]
# ### keep_top_k


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
print("keep_top_k: the visible check passes.")

# %% [markdown]
# ### keep_top_p


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
print("keep_top_p: the visible check passes.")

# %% [markdown]
# ### generate


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


# %% check="generate" points=20
print("generate: the visible check passes.")

# %% [markdown]
# ### KVCache


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
print("KVCache: the visible check passes.")

# %% [markdown]
# ### forward_with_cache


# %% exercise="forward_with_cache"
def forward_with_cache(model: GPT2, tokens: Tensor, cache: KVCache) -> Tensor:
    """What model(...) says at the new positions, computing nothing again for those in the cache.

    model   in evaluation mode
    tokens  (batch, new) int64: those that come after what the cache holds, one or several
    cache   gets the keys and values of the new positions

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
print("forward_with_cache: the visible check passes.")

# %% [markdown]
# ### generate_cached


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
    """What generate writes, with the same arguments, faster: while the context fits, each step computes one position.

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
print("generate_cached: the visible check passes.")

# %% [markdown]
# ### Question

# %% [markdown] answer="question" points=10
# ### BEGIN SOLUTION
# Later.
# ### END SOLUTION
