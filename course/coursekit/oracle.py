"""Makes PyTorch's own layers with the weights of the student's layers, to compare the two."""

import re
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

KINDS = ("weight", "bias")
ATTENTIONS = {"self_attention": "self_attn", "cross_attention": "multihead_attn"}
OTHERS = {
    "feed_forward.linear1": "linear1",
    "feed_forward.linear2": "linear2",
    "norm1": "norm1",
    "norm2": "norm2",
    "norm3": "norm3",
}
GPT2 = {
    "attn.c_attn.": "self_attn.in_proj_",
    "attn.c_proj.": "self_attn.out_proj.",
    "mlp.c_fc.": "linear1.",
    "mlp.c_proj.": "linear2.",
    "ln_1.": "norm1.",
    "ln_2.": "norm2.",
}


def torch_layer(
    layer: nn.Module, num_heads: int, eps: float = 1e-5, norm_first: bool = False
) -> nn.TransformerEncoderLayer | nn.TransformerDecoderLayer:
    """Return PyTorch's layer with the weights and dtype of an EncoderLayer (notebook 2) or DecoderLayer (notebook 3).

    It has ReLU and no dropout. It is in training mode, in which it does what the paper says; in evaluation mode it may
    take a shortcut that fills padding with zeros. In its masks True means *blocked*, the opposite of ours.
    """
    weights = names_of_torch(layer.state_dict())
    d_ff, d_model = weights["linear1.weight"].shape
    kind = nn.TransformerDecoderLayer if "multihead_attn.in_proj_weight" in weights else nn.TransformerEncoderLayer
    made = kind(d_model, num_heads, d_ff, 0.0, layer_norm_eps=eps, batch_first=True, norm_first=norm_first)
    made.to(weights["linear1.weight"].dtype).load_state_dict(weights)
    return made


def torch_gpt2_block(block: nn.Module, num_heads: int, eps: float = 1e-5) -> nn.TransformerEncoderLayer:
    """Return PyTorch's *encoder* layer with the weights of a GPT2Block (notebook 4), in its dtype and without dropout.

    With a causal mask it does what the block does; in that mask True means *blocked*.
    """
    weights = gpt2_names_of_torch(block)
    d_ff, d_model = weights["linear1.weight"].shape
    activation = partial(F.gelu, approximate="tanh")
    made = nn.TransformerEncoderLayer(
        d_model, num_heads, d_ff, 0.0, activation, layer_norm_eps=eps, batch_first=True, norm_first=True
    )
    made.to(weights["linear1.weight"].dtype).load_state_dict(weights)
    return made


def gpt2_names_of_torch(block: nn.Module) -> dict[str, nn.Parameter]:
    """Return the parameters of a GPT2Block, with the names that PyTorch's encoder layer has for them."""
    return {there + kind: block.get_parameter(here + kind) for here, there in GPT2.items() for kind in KINDS}


def names_of_torch(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Rename the weights of a layer, or of a stack of layers, as PyTorch names them.

    The projections of queries, keys and values are stacked, since PyTorch has them in one parameter.
    """
    named = {}
    layers = dict.fromkeys((re.match(r"layers\.\d+\.|", name)[0], name.rpartition(".")[2]) for name in weights)
    for layer, kind in layers:
        for ours, theirs in {**OTHERS, "norm": "norm"}.items():
            if f"{layer}{ours}.{kind}" in weights:
                named[f"{layer}{theirs}.{kind}"] = weights[f"{layer}{ours}.{kind}"]
        for ours, theirs in ATTENTIONS.items():
            if f"{layer}{ours}.output_proj.{kind}" in weights:
                projections = [weights[f"{layer}{ours}.{part}_proj.{kind}"] for part in ("query", "key", "value")]
                named[f"{layer}{theirs}.in_proj_{kind}"] = torch.cat(projections)
                named[f"{layer}{theirs}.out_proj.{kind}"] = weights[f"{layer}{ours}.output_proj.{kind}"]
    return named
