# %% [markdown]
# # 4 · The decoder, alone: GPT-2

# %% locked="setup"
import math
import re

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from parts import DecoderLayer, EncoderLayer, MultiHeadAttention, causal_mask, scaled_dot_product_attention, train_step
from torch import Tensor, nn
from transformers import AutoTokenizer, GPT2Config, GPT2LMHeadModel


# %% [markdown]
# ### gelu


# %% exercise="gelu"
def gelu(x: Tensor) -> Tensor:
    """The Gaussian Error Linear Unit, in the tanh form that GPT-2 uses (Hendrycks and Gimpel 2016, section 2).

    x  any shape; it is not modified

    Returns 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))), in the shape and dtype of x.
    """
    ### BEGIN SOLUTION
    return 0.5 * x * (1.0 + torch.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * x**3)))
    ### END SOLUTION


# %% check="gelu" points=5
print("gelu: the visible check passes.")

# %% [markdown]
# ### CausalSelfAttention


# %% exercise="CausalSelfAttention"
class CausalSelfAttention(nn.Module):
    """Multi-head self-attention in which no position sees one after it, as in GPT-2."""

    def __init__(self, config: GPT2Config):
        """Make the layers c_attn, Linear(n_embd, 3 * n_embd), and c_proj, Linear(n_embd, n_embd), both with biases.

        config  n_embd, n_head (which divides n_embd), and two rates of dropout: attn_pdrop, of the weights of the
                attention, and resid_pdrop, of what c_proj returns
        """
        super().__init__()
        ### BEGIN SOLUTION
        self.n_head, self.attn_pdrop = config.n_head, config.attn_pdrop
        self.c_attn = nn.Linear(config.n_embd, 3 * config.n_embd)
        self.c_proj = nn.Linear(config.n_embd, config.n_embd)
        self.resid_dropout = nn.Dropout(config.resid_pdrop)
        ### END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        """Each position gathers values from itself and from the positions before it.

        x  (batch, length, n_embd)

        Returns (batch, length, n_embd). The first third of c_attn's output is the queries of all heads, the second
        the keys, the last the values; head h owns columns h * d_head to (h + 1) * d_head of each. The scores are
        divided by sqrt(d_head). While training, and only then, weights are dropped at the rate attn_pdrop, and the
        result at the rate resid_pdrop.
        """
        ### BEGIN SOLUTION
        query, key, value = self.c_attn(x).chunk(3, dim=-1)  # each (batch, length, n_embd)
        query, key, value = (
            part.unflatten(-1, (self.n_head, -1)).transpose(1, 2)  # (batch, n_head, length, d_head)
            for part in (query, key, value)
        )
        dropout = self.attn_pdrop if self.training else 0.0
        heads = F.scaled_dot_product_attention(query, key, value, is_causal=True, dropout_p=dropout)
        merged = heads.transpose(1, 2).flatten(2)  # (batch, length, n_embd)
        return self.resid_dropout(self.c_proj(merged))
        ### END SOLUTION


# %% check="CausalSelfAttention" points=20
print("CausalSelfAttention: the visible check passes.")

# %% [markdown]
# ### GPT2Block


# %% exercise="GPT2Block"
class GPT2Block(nn.Module):
    """One layer of GPT-2: causal self-attention, then a feed-forward network. Nothing attends to an encoder."""

    def __init__(self, config: GPT2Config):
        """Make the parts ln_1 and attn, ln_2 and mlp; mlp has the layers mlp.c_fc and mlp.c_proj.

        config  n_embd; n_inner, the width between the two layers of mlp, or None for 4 * n_embd;
                layer_norm_epsilon, of both norms; resid_pdrop, the rate of dropout of what mlp.c_proj returns; and
                what CausalSelfAttention needs

        The activation is gelu, in the tanh form.
        """
        super().__init__()
        ### BEGIN SOLUTION
        d_inner = config.n_inner or 4 * config.n_embd
        self.ln_1 = nn.LayerNorm(config.n_embd, eps=config.layer_norm_epsilon)
        self.attn = CausalSelfAttention(config)
        self.ln_2 = nn.LayerNorm(config.n_embd, eps=config.layer_norm_epsilon)
        self.mlp = nn.ModuleDict(
            {"c_fc": nn.Linear(config.n_embd, d_inner), "c_proj": nn.Linear(d_inner, config.n_embd)}
        )
        self.resid_dropout = nn.Dropout(config.resid_pdrop)
        ### END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        """Pre-norm: each of the two parts reads normalised values, and adds what it finds to x.

        x  (batch, length, n_embd); it is not modified

        Returns (batch, length, n_embd).
        """
        ### BEGIN SOLUTION
        x = x + self.attn(self.ln_1(x))
        hidden = gelu(self.mlp.c_fc(self.ln_2(x)))  # (batch, length, d_inner)
        return x + self.resid_dropout(self.mlp.c_proj(hidden))
        ### END SOLUTION


# %% check="GPT2Block" points=15
print("GPT2Block: the visible check passes.")

# %% [markdown]
# ### GPT2


# %% exercise="GPT2"
class GPT2(nn.Module):
    """The language model of Radford et al. 2019, with the names of transformers' GPT2LMHeadModel."""

    def __init__(self, config: GPT2Config):
        """Make the parts wte, wpe, h and ln_f, and keep the config as config.

        wte   Embedding(vocab_size, n_embd), of tokens
        wpe   Embedding(n_positions, n_embd), of positions
        h     a ModuleList of n_layer blocks
        ln_f  the norm after the last block, with layer_norm_epsilon

        There is no other parameter. embd_pdrop is the rate of dropout of the sum of both embeddings.

        The first values (Radford et al. 2019, section 2.3, and their code): weights of all Linears and Embeddings are
        normal with mean 0 and standard deviation initializer_range, biases 0, norms 1 and 0. But the weights of
        every attn.c_proj and mlp.c_proj, which write to the residual, have the standard deviation
        initializer_range / sqrt(2 * n_layer).
        """
        super().__init__()
        ### BEGIN SOLUTION
        self.config = config
        self.wte = nn.Embedding(config.vocab_size, config.n_embd)
        self.wpe = nn.Embedding(config.n_positions, config.n_embd)
        self.embd_dropout = nn.Dropout(config.embd_pdrop)
        self.h = nn.ModuleList(GPT2Block(config) for _ in range(config.n_layer))
        self.ln_f = nn.LayerNorm(config.n_embd, eps=config.layer_norm_epsilon)
        self._initialise()

    def _initialise(self) -> None:
        std = self.config.initializer_range
        for name, module in self.named_modules():
            if isinstance(module, nn.Linear | nn.Embedding):
                residual = name.endswith("c_proj")
                nn.init.normal_(module.weight, std=std / math.sqrt(2 * self.config.n_layer) if residual else std)
            if isinstance(module, nn.Linear):
                nn.init.zeros_(module.bias)
        ### END SOLUTION

    def forward(self, tokens: Tensor) -> Tensor:
        """Predict the token after each token.

        tokens  (batch, length) int64, length at most n_positions: else ValueError

        Returns logits (batch, length, vocab_size): products of ln_f's output with the weights of wte.
        """
        ### BEGIN SOLUTION
        length = tokens.shape[1]
        if length > self.config.n_positions:
            raise ValueError(f"{length} tokens are more than the {self.config.n_positions} positions of this model")
        positions = torch.arange(length, device=tokens.device)  # (length,)
        x = self.embd_dropout(self.wte(tokens) + self.wpe(positions))  # (batch, length, n_embd)
        for block in self.h:
            x = block(x)
        return self.ln_f(x) @ self.wte.weight.T  # (batch, length, vocab_size)
        ### END SOLUTION


# %% check="GPT2" points=25
print("GPT2: the visible check passes.")

# %% [markdown]
# ### load_gpt2_weights


# %% exercise="load_gpt2_weights"
def load_gpt2_weights(model: GPT2, state_dict: dict[str, Tensor]) -> GPT2:
    """Put the weights of transformers' GPT-2 into our model.

    state_dict  its state_dict(), or what its file on the hub holds; it is not modified:
                - names may all begin with "transformer." or not
                - weights of c_attn, c_proj and c_fc have the shape (inputs, outputs): nn.Linear has it the other way
                - attn.bias and attn.masked_bias of each block are masks and no weights: they are passed over
                - lm_head.weight may be there; it must then equal wte.weight: else ValueError

    Raises KeyError, with all their names (ours, so without "transformer."), if a weight is missing, or if one has no
    place in the model; ValueError, with its name, if one has the wrong shape. The model is unchanged then.

    Returns the model.
    """
    ### BEGIN SOLUTION
    weights = {name.removeprefix("transformer."): weight for name, weight in state_dict.items()}
    weights = {
        name: weight.T if re.search(r"c_(attn|proj|fc)\.weight$", name) else weight
        for name, weight in weights.items()
        if not name.endswith((".attn.bias", ".attn.masked_bias"))
    }
    head = weights.pop("lm_head.weight", None)
    ours = model.state_dict()
    wrong = sorted(ours.keys() ^ weights.keys())
    if wrong:
        raise KeyError(f"missing: {[n for n in wrong if n in ours]}, unexpected: {[n for n in wrong if n in weights]}")
    for name, weight in weights.items():
        if weight.shape != ours[name].shape:
            raise ValueError(f"{name} has the shape {tuple(weight.shape)}, and should have {tuple(ours[name].shape)}")
    if head is not None and not torch.equal(head, weights["wte.weight"]):
        raise ValueError("lm_head.weight differs from wte.weight, and this model has one matrix for both")
    model.load_state_dict(weights)
    return model
    ### END SOLUTION


# %% check="load_gpt2_weights" points=15
print("load_gpt2_weights: the visible check passes.")

# %% [markdown]
# ### language_model_loss


# %% exercise="language_model_loss"
def language_model_loss(logits: Tensor, tokens: Tensor) -> Tensor:
    """The mean cross-entropy of each next token: position t predicts token t + 1.

    logits  (batch, length, vocab_size), what the model says to these very tokens
    tokens  (batch, length) int64, length at least 2

    Returns a tensor of one number, the mean over the batch and its length - 1 predictions, with a gradient.
    """
    ### BEGIN SOLUTION
    predictions, targets = logits[:, :-1], tokens[:, 1:]  # (batch, length - 1, vocab_size), (batch, length - 1)
    return F.cross_entropy(predictions.flatten(0, 1), targets.flatten())
    ### END SOLUTION


# %% check="language_model_loss" points=10
print("language_model_loss: the visible check passes.")

# %% [markdown]
# ### Question

# %% [markdown] answer="question" points=10
# ### BEGIN SOLUTION
# Later.
# ### END SOLUTION
