"""Lends ready-made parts for exercises that are not solved, so that the rest of a notebook can be read and run.

What is lent is PyTorch's or transformers' own code behind the names of the course. It earns no points: while a notebook
is graded, its cells lend nothing.
"""

import copy
import importlib
import sys
from types import SimpleNamespace

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call

from coursekit.checking import PASSED
from coursekit.oracle import names_of_torch
from coursekit.training import under_grading

LENT: dict[str, object] = {}


def go_on(namespace: dict[str, object], *exercises: str) -> None:
    """Put a ready-made part in the place of each of these exercises whose visible check has not passed.

    namespace  the names of the notebook: ``globals()``
    """
    if under_grading():
        return
    lent = [exercise for exercise in exercises if exercise not in PASSED]
    namespace.update({exercise: ready_made(exercise) for exercise in lent})
    if lent:
        print(f"Lent, and worth no points: {', '.join(lent)}. To go back to your own, run your cell again.")
    else:
        print("Your own code has passed its check and is used. Nothing is lent.")


def ready_made(exercise: str) -> object | None:
    """Return the ready-made part that is lent for an exercise, or None if there is none.

    The grader asks for it, too: where an exercise does not run, others that build on it are judged with this part.
    """
    if "causal_mask" not in LENT:  # this module was imported while a notebook was graded
        importlib.reload(sys.modules[__name__])
    if exercise not in LENT:
        from coursekit import (  # noqa: F401, they add to LENT
            lent_comparison,
            lent_decoder,
            lent_generation,
            lent_gpt2,
            lent_one_stack,
        )
    return LENT.get(exercise)


def lend(part):
    LENT[part.__name__] = part
    return part


@lend
def causal_mask(length: int) -> Tensor:
    return nn.Transformer.generate_square_subsequent_mask(length) == 0


@lend
def padding_mask(lengths: Tensor, max_length: int) -> Tensor:
    rows = [torch.ones(max_length), *(torch.ones(length) for length in lengths.tolist())]
    return nn.utils.rnn.pad_sequence(rows, batch_first=True)[1:, None, None].bool()


@lend
def scaled_dot_product_attention(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    everything = torch.eye(key.shape[-2], dtype=key.dtype).expand(*key.shape[:-1], key.shape[-2])
    results = (F.scaled_dot_product_attention(query, key, each, mask).nan_to_num() for each in (value, everything))
    return tuple(results)


@lend
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int):
        super().__init__()
        self.num_heads, self.weights = num_heads, None
        self.query_proj, self.key_proj, self.value_proj, self.output_proj = (
            nn.Linear(d_model, d_model) for _ in range(4)
        )

    def forward(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Tensor:
        projections = self.query_proj, self.key_proj, self.value_proj
        output, weights = F.multi_head_attention_forward(
            *(x.transpose(0, 1) for x in (query, key, value)),
            query.shape[-1],
            self.num_heads,
            in_proj_weight=None,
            in_proj_bias=torch.cat([projection.bias for projection in projections]),
            bias_k=None,
            bias_v=None,
            add_zero_attn=False,
            dropout_p=0.0,
            out_proj_weight=self.output_proj.weight,
            out_proj_bias=self.output_proj.bias,
            attn_mask=blocked(mask, query, key, self.num_heads),
            use_separate_proj_weight=True,
            q_proj_weight=self.query_proj.weight,
            k_proj_weight=self.key_proj.weight,
            v_proj_weight=self.value_proj.weight,
            average_attn_weights=False,
        )
        self.weights = weights.nan_to_num().detach()
        return output.transpose(0, 1)


@lend
def sinusoidal_positions(length: int, d_model: int) -> Tensor:
    from transformers.models.distilbert.modeling_distilbert import create_sinusoidal_embeddings

    table = torch.empty(length, d_model)
    create_sinusoidal_embeddings(length, d_model, out=table)
    return table


@lend
class LayerNorm(nn.LayerNorm):
    pass


@lend
class FeedForward(nn.Sequential):
    def __init__(self, d_model: int, d_ff: int, activation=torch.relu):
        between = nn.Identity()
        between.forward = activation
        parts = {"linear1": nn.Linear(d_model, d_ff), "between": between, "linear2": nn.Linear(d_ff, d_model)}
        super().__init__()
        for name, part in parts.items():
            self.add_module(name, part)


@lend
class EncoderLayer(nn.Module):
    def __init__(
        self, d_model, num_heads, d_ff, dropout=0.1, activation=torch.relu, eps=1e-5, norm_first=False
    ):  # as in notebook 2
        super().__init__()
        self.num_heads = num_heads
        self.self_attention, self.feed_forward = MultiHeadAttention(d_model, num_heads), FeedForward(d_model, d_ff)
        self.norm1, self.norm2 = nn.LayerNorm(d_model, eps), nn.LayerNorm(d_model, eps)
        theirs = nn.TransformerEncoderLayer(
            d_model, num_heads, d_ff, dropout, activation, eps, batch_first=True, norm_first=norm_first
        )
        theirs.self_attn.dropout, theirs.dropout = 0.0, nn.Identity()  # dropout where the paper puts it, and only there
        self._theirs = (theirs,)  # in a tuple, so that its parameters are not ours

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        return _with_weights_of(self, self._theirs[0], x, blocked(mask, x, x, self.num_heads), "src_mask")


@lend
class Encoder(nn.Module):
    def __init__(self, num_layers, d_model, num_heads, d_ff, *rest, norm_first=False, **options):
        super().__init__()
        *rest, norm_first = rest if len(rest) == 4 else (*rest, norm_first)  # the last of them, if given by place
        made = [
            EncoderLayer(d_model, num_heads, d_ff, *rest, norm_first=norm_first, **options) for _ in range(num_layers)
        ]
        self.num_heads, self.layers = num_heads, nn.ModuleList(made)
        (first,) = made[0]._theirs
        self.norm = nn.LayerNorm(d_model, first.norm1.eps) if norm_first else None
        norm = copy.deepcopy(self.norm)
        self._theirs = (nn.TransformerEncoder(first, num_layers, norm, enable_nested_tensor=False),)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        return _with_weights_of(self, self._theirs[0], x, blocked(mask, x, x, self.num_heads), "mask")


@lend
def mask_tokens(
    tokens: Tensor,
    mask_id: int,
    vocab_size: int,
    special_ids: list[int],
    generator: torch.Generator,
    probability: float = 0.15,
) -> tuple[Tensor, Tensor]:
    from transformers import DataCollatorForLanguageModeling

    class Tokenizer(SimpleNamespace):
        def __len__(self) -> int:
            return vocab_size

    tokenizer = Tokenizer(mask_token="[MASK]", convert_tokens_to_ids=lambda token: mask_id)
    collator = DataCollatorForLanguageModeling(tokenizer, mlm_probability=probability)
    collator.generator = generator
    special = torch.isin(tokens, torch.tensor(special_ids, dtype=tokens.dtype))
    return collator.torch_mask_tokens(tokens.clone(), special)


@lend
def train_step(model: nn.Module, loss_function, optimizer: torch.optim.Optimizer, batch: object) -> float:
    def closure() -> Tensor:
        loss = loss_function(model.train(), batch)
        trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
        gradients = torch.autograd.grad(loss, trained, allow_unused=True)
        for parameter, gradient in zip(trained, gradients, strict=True):
            parameter.grad = gradient
        nn.utils.clip_grad_norm_(trained, 1.0)
        return loss

    return optimizer.step(closure).item()


def blocked(mask: Tensor | None, query: Tensor, key: Tensor, num_heads: int) -> Tensor | None:
    """Return one of our masks as PyTorch's modules want it: (batch * num_heads, Tq, Tk), True where it is blocked."""
    if mask is None:
        return None
    return ~mask.expand(len(query), num_heads, query.shape[1], key.shape[1]).flatten(0, 1)


def _with_weights_of(ours: nn.Module, theirs: nn.Module, x: Tensor, mask: Tensor | None, argument: str) -> Tensor:
    """Call one of PyTorch's modules with the parameters and the mode of ours."""
    theirs.train()  # in evaluation mode it takes a shortcut that fills padding with zeros
    for part in theirs.modules():
        if isinstance(part, nn.Dropout):
            part.train(ours.training)
    return functional_call(theirs, names_of_torch(dict(ours.named_parameters())), (x,), {argument: mask})


if under_grading():  # then they are not even here
    for name in LENT:
        del globals()[name]
    LENT.clear()
