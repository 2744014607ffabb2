"""Holds the parts that ``go_on`` lends in notebook 4.

They do the same work in another way than the exercises ask for: transformers' own model and loss, and PyTorch's own
encoder layer, with the names of the course.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call

from coursekit.go_on import blocked, causal_mask, lend
from coursekit.oracle import gpt2_names_of_torch, torch_gpt2_block


@lend
def gelu(x: Tensor) -> Tensor:
    from transformers.activations import ACT2FN

    return ACT2FN["gelu_new"](x)


@lend
class CausalSelfAttention(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.c_attn, self.c_proj = (nn.Linear(config.n_embd, times * config.n_embd) for times in (3, 1))

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        past = causal_mask(x.shape[1]).to(x.device)
        output, _ = F.multi_head_attention_forward(
            *[x.transpose(0, 1)] * 3,
            x.shape[-1],
            self.config.n_head,
            self.c_attn.weight,
            self.c_attn.bias,
            bias_k=None,
            bias_v=None,
            add_zero_attn=False,
            dropout_p=self.config.attn_pdrop,
            out_proj_weight=self.c_proj.weight,
            out_proj_bias=self.c_proj.bias,
            training=self.training,
            need_weights=False,
            attn_mask=blocked(past if mask is None else past & mask, x, x, self.config.n_head),
        )
        return F.dropout(output.transpose(0, 1), self.config.resid_pdrop, self.training)


@lend
class GPT2Block(nn.Module):
    def __init__(self, config):
        super().__init__()
        between = config.n_inner or 4 * config.n_embd
        self.config, self.attn = config, CausalSelfAttention(config)
        self.ln_1, self.ln_2 = (nn.LayerNorm(config.n_embd, config.layer_norm_epsilon) for _ in range(2))
        layers = {"c_fc": nn.Linear(config.n_embd, between), "c_proj": nn.Linear(between, config.n_embd)}
        self.mlp = nn.ModuleDict(layers)
        theirs = torch_gpt2_block(self, config.n_head, config.layer_norm_epsilon)
        theirs.dropout1.p = theirs.dropout2.p = config.resid_pdrop
        self._theirs = (theirs,)  # in a tuple, so that its parameters are not ours

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        (theirs,) = self._theirs
        theirs.train()  # in evaluation mode it takes a shortcut
        theirs.self_attn.dropout = self.config.attn_pdrop * self.training
        for dropout in (theirs.dropout1, theirs.dropout2):
            dropout.train(self.training)
        past = causal_mask(x.shape[1]).to(x.device)
        hidden = blocked(past if mask is None else past & mask, x, x, self.config.n_head)
        return functional_call(theirs, gpt2_names_of_torch(self), (x,), {"src_mask": hidden})


@lend
class GPT2(nn.Module):
    def __init__(self, config):
        from transformers import GPT2LMHeadModel

        super().__init__()
        theirs = GPT2LMHeadModel(config)
        self.config = config
        self.wte, self.wpe = (nn.Embedding(size, config.n_embd) for size in (config.vocab_size, config.n_positions))
        self.h = nn.ModuleList(GPT2Block(config) for _ in range(config.n_layer))
        self.ln_f = nn.LayerNorm(config.n_embd, config.layer_norm_epsilon)
        self._theirs = (theirs,)
        load_gpt2_weights(self, theirs.state_dict())

    def forward(self, tokens: Tensor, attention_mask: Tensor | None = None) -> Tensor:
        real = torch.ones_like(tokens) if attention_mask is None else attention_mask.long()
        options = {"attention_mask": attention_mask, "position_ids": F.pad(real, (1, -1)).cumsum(dim=1)}
        (theirs,) = self._theirs
        return functional_call(theirs.train(self.training), _turned(self), (tokens,), options).logits


@lend
def load_gpt2_weights(model: nn.Module, state_dict: dict[str, Tensor]) -> nn.Module:
    with torch.no_grad():
        for name, weight in _turned(model).items():
            there = name if name in state_dict else name.removeprefix("transformer.")
            weight.copy_(state_dict[there])
    return model


@lend
def language_model_loss(logits: Tensor, tokens: Tensor) -> Tensor:
    from transformers.loss.loss_utils import ForCausalLMLoss

    return ForCausalLMLoss(logits, tokens, logits.shape[-1])


def _turned(model: nn.Module) -> dict[str, Tensor]:
    """Return views of the weights of a GPT2, with the names and shapes of transformers."""
    return {
        f"transformer.{name}": parameter.mT if "c_" in name and parameter.ndim == 2 else parameter
        for name, parameter in model.named_parameters()
    }
