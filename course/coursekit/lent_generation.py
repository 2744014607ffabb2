"""Holds the parts that ``go_on`` lends in notebook 5: transformers' own settings, cache and generation.

They run on the notebook's GPT-2 itself, since transformers' model is made of its very parts.
"""

import torch
from torch import Tensor, nn
from transformers import DynamicCache, GPT2LMHeadModel
from transformers.generation import TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

from coursekit.go_on import lend


@lend
def apply_temperature(logits: Tensor, temperature: float) -> Tensor:
    return TemperatureLogitsWarper(float(temperature))(None, logits)


@lend
def keep_top_k(logits: Tensor, k: int) -> Tensor:
    return TopKLogitsWarper(k)(None, logits)


@lend
def keep_top_p(logits: Tensor, p: float) -> Tensor:
    return TopPLogitsWarper(p)(None, logits.flatten(0, -2) if logits.dim() > 1 else logits[None]).view(logits.shape)


@lend
def pad_left(prompts: list[Tensor], pad_id: int) -> tuple[Tensor, Tensor]:
    turned = [prompt.flip(0) for prompt in prompts]
    tokens = nn.utils.rnn.pad_sequence(turned, batch_first=True, padding_value=pad_id)
    lengths = nn.utils.rnn.pad_sequence([torch.ones_like(prompt) for prompt in prompts], batch_first=True)
    return tokens.flip(1), lengths.flip(1).bool()


@lend
def generate(model: nn.Module, tokens: Tensor, max_new_tokens: int, **settings) -> Tensor:
    return _written(model, tokens, max_new_tokens, use_cache=False, **settings)


@lend
def generate_cached(model: nn.Module, tokens: Tensor, max_new_tokens: int, **settings) -> Tensor:
    return _written(model, tokens, max_new_tokens, use_cache=True, **settings)


@lend
class KVCache:
    def __init__(self, config):
        self._theirs, self._layers = DynamicCache(), config.n_layer

    @property
    def length(self) -> int:
        return self._theirs.get_seq_length(self._layers - 1)

    def append(self, layer: int, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        return self._theirs.update(key, value, layer)


@lend
def forward_with_cache(model: nn.Module, tokens: Tensor, cache: KVCache) -> Tensor:
    start, new = cache.length, tokens.shape[1]

    class Theirs(DynamicCache):
        """Shows transformers the notebook's cache as one of its own, by what all its versions ask a cache."""

        def update(self, keys, values, layer, *_, **__):
            return cache.append(layer, keys, values)

        def get_seq_length(self, *_, **__):
            return start

        def get_mask_sizes(self, *_, **__):
            return start + new, 0

    return _theirs(model)(tokens, Theirs(), use_cache=True).logits


def _theirs(model: nn.Module) -> GPT2LMHeadModel:
    """Return transformers' model, made of the parts of the notebook's, so that who counts at wte counts here, too."""
    made = GPT2LMHeadModel(model.config).to(model.wte.weight.dtype).eval()
    body = made.transformer
    body.wte, body.wpe, body.ln_f = model.wte, model.wpe, model.ln_f
    for there, here in zip(body.h, model.h, strict=True):
        there.ln_1, there.ln_2 = here.ln_1, here.ln_2
        for part in ("attn", "mlp"):
            for name, layer in getattr(here, part).named_children():
                if isinstance(layer, nn.Linear):
                    turned = getattr(getattr(there, part), name)
                    turned.weight, turned.bias = nn.Parameter(layer.weight.detach().T), layer.bias
    made.lm_head.weight = model.wte.weight
    return made


@torch.no_grad()
def _written(
    model: nn.Module,
    tokens: Tensor,
    max_new_tokens: int,
    *,
    use_cache: bool,
    attention_mask: Tensor | None = None,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    eos_id: int | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    mask = torch.ones_like(tokens) if attention_mask is None else attention_mask.long()
    drawn = {"temperature": temperature, "top_k": top_k or 0, "top_p": top_p or 1.0} if temperature else {}
    with torch.random.fork_rng(devices=[]):
        if generator is not None:
            torch.manual_seed(int(torch.randint(2**40, (), generator=generator)))
        return _theirs(model).generate(
            tokens,
            attention_mask=mask,
            max_new_tokens=max_new_tokens,
            do_sample=temperature > 0,
            eos_token_id=eos_id,
            pad_token_id=0 if eos_id is None else eos_id,
            use_cache=use_cache,
            **drawn,
        )
