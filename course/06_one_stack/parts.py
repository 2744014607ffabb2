# Made by `python -m autograder build`: change solutions/ instead.
"""Solutions of the notebooks before this one."""

import math
from collections.abc import Callable
import torch
from torch import Tensor
from torch import nn
import torch.nn.functional as F
import re
from transformers import GPT2Config
from functools import partial


def causal_mask(length: int) -> Tensor:
    """Make the causal mask: no query may attend to a key that comes after it.

    length  the number of positions, 1 or more

    Returns a (length, length) bool tensor. [i, j] is True where query i may attend to key j.
    """
    return torch.ones(length, length, dtype=torch.bool).tril()


def padding_mask(lengths: Tensor, max_length: int) -> Tensor:
    """Make the mask of the keys that are tokens. In each sequence the padding comes after the tokens.

    lengths     (batch,) int64: how many tokens each sequence has, from 0 to max_length; it is not modified
    max_length  the padded length; it may be larger than all of the lengths

    Returns a (batch, 1, 1, max_length) bool tensor. [b, 0, 0, j] is True where key j of sequence b is a token.
    """
    positions = torch.arange(max_length)  # (max_length,)
    real = positions < lengths[:, None]  # (batch, max_length)
    return real[:, None, None, :]  # (batch, 1, 1, max_length)


def scaled_dot_product_attention(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Attention of Vaswani et al. 2017, equation 1.

    query  (..., Tq, d_k)
    key    (..., Tk, d_k)
    value  (..., Tk, d_v)
    mask   bool, broadcasts to (..., Tq, Tk); True where a query may attend to a key. None: everywhere.

    There may be any number of leading dimensions, the same ones in query, key and value, and any size may be 1. The
    arguments may be views, whose numbers are not side by side in memory.

    Returns output (..., Tq, d_v) and weights (..., Tq, Tk), both in the dtype of the arguments: float16, bfloat16,
    float32 or float64. The four promises above hold. Gradients of the output reach query, key and value.
    """
    query = query * query.shape[-1] ** -0.5
    scores = query @ key.transpose(-2, -1)  # (..., Tq, Tk)
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = scores.softmax(dim=-1)
    if mask is not None:
        weights = weights.masked_fill(~mask, 0.0)  # a row that is masked as a whole is NaN until here
    return weights @ value, weights


class MultiHeadAttention(nn.Module):
    """Multi-head attention of Vaswani et al. 2017, section 3.2.2."""

    def __init__(self, d_model: int, num_heads: int):
        """Make four projections: query_proj, key_proj, value_proj and output_proj, each nn.Linear(d_model, d_model).

        There are no other parameters. Raises ValueError if num_heads does not divide d_model, or is smaller than 1.
        """
        super().__init__()
        self.num_heads = num_heads
        self.weights = None  # (batch, num_heads, Tq, Tk) of the last call, detached
        if num_heads < 1 or d_model % num_heads != 0:
            raise ValueError(f"{num_heads} heads cannot share a width of {d_model} equally")
        self.query_proj = nn.Linear(d_model, d_model)
        self.key_proj = nn.Linear(d_model, d_model)
        self.value_proj = nn.Linear(d_model, d_model)
        self.output_proj = nn.Linear(d_model, d_model)

    def forward(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Tensor:
        """Attend with every head, each in its own entries of the projected vectors.

        query       (batch, Tq, d_model)
        key, value  (batch, Tk, d_model)
        mask        bool, broadcasts to (batch, num_heads, Tq, Tk); True where a query may attend to a key

        Returns (batch, Tq, d_model), and keeps the weights (batch, num_heads, Tq, Tk) in self.weights, detached.
        The arguments are not modified. Gradients arrive at all projections and inputs.
        """
        heads, weights = scaled_dot_product_attention(
            self._split(self.query_proj(query)),
            self._split(self.key_proj(key)),
            self._split(self.value_proj(value)),
            mask,
        )
        self.weights = weights.detach()
        merged = heads.transpose(1, 2).flatten(2)  # (batch, num_heads, Tq, d_head) -> (batch, Tq, d_model)
        return self.output_proj(merged)

    def _split(self, x: Tensor) -> Tensor:
        batch, length, d_model = x.shape
        x = x.view(batch, length, self.num_heads, d_model // self.num_heads)
        return x.transpose(1, 2)  # (batch, num_heads, length, d_head)


def telling_inputs() -> list[tuple[Tensor, Tensor, Tensor, Tensor | None]]:
    """Choose inputs on which wrong versions of scaled_dot_product_attention differ from the right one.

    Returns a list of 1 to 6 tuples (query, key, value, mask), which scaled_dot_product_attention can take; the mask may
    be None. No tensor has more than 2,000 numbers, and output and weights together have at most 20,000. A tuple that
    breaks these rules counts for nothing, and of a longer list the first 6 count. Query, key and value have one dtype.

    A number differs if it is off by more than r + r * |right number|, with r = 1e-9 in float64, 1e-4 in float32, 0.01 in
    float16 and 0.03 in bfloat16. Where the right result is NaN, because scaled scores overflow, nothing can differ.
    """
    generator = torch.Generator().manual_seed(0)

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    # No two sizes are equal, no root is a whole number, and double precision shows what was rounded.
    query, key, value = draw(2, 3, 4, 6), draw(2, 3, 5, 6), draw(2, 3, 5, 7)
    mask = draw(2, 3, 4, 5) > 0  # another one for each sequence and head
    mask[0, 0, 0] = False  # this query may look at no key
    ordinary = [(query, key, value, None), (query, key, value, mask)]
    extreme = [(size * query, size * key, value, mask) for size in (1e2, 1e6)]
    # In float16 the products of these are 102,400 before they are scaled, and 12,800 after it.
    half = 40 * torch.tensor([[1.0], [-1.0]]).half().expand(2, 64)
    return [*ordinary, *extreme, (half, half, half, torch.ones(2, 2).bool().tril())]


def sinusoidal_positions(length: int, d_model: int) -> Tensor:
    """The positional encoding of Vaswani et al. 2017, section 3.5.

    Returns (length, d_model) float32. Row p belongs to position p, counted from 0. Column 2i holds
    sin(p / 10000^(2i / d_model)), and column 2i + 1 the cosine of the same angle, in radians.

    Raises ValueError if d_model is odd.
    """
    if d_model % 2 != 0:
        raise ValueError(f"sines and cosines come in pairs, and a width of {d_model} is odd")
    position = torch.arange(length)[:, None]  # (length, 1)
    wavelength = 10000 ** (torch.arange(0, d_model, 2) / d_model)  # (d_model / 2,), over 2 pi
    angle = position / wavelength  # (length, d_model / 2)
    pairs = torch.stack([angle.sin(), angle.cos()], dim=-1)  # (length, d_model / 2, 2)
    return pairs.flatten(1)  # (length, d_model): sine, cosine, sine, cosine, ...


class LayerNorm(nn.Module):
    """Layer normalisation of Ba et al. 2016, equations 3 and 4, over the last dimension."""

    def __init__(self, d_model: int, eps: float = 1e-5):
        """Make two parameters of shape (d_model,): weight, all ones, and bias, all zeros."""
        super().__init__()
        self.weight = nn.Parameter(torch.ones(d_model))
        self.bias = nn.Parameter(torch.zeros(d_model))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        """Normalise each position by itself: x (..., d_model) -> (..., d_model), of the same dtype.

        The variance is the mean of the squared deviations (divided by d_model, not by d_model - 1), and eps is added
        to it under the root. x is not modified. Gradients also pass through the mean and the variance.
        """
        mean = x.mean(dim=-1, keepdim=True)  # (..., 1)
        variance = x.var(dim=-1, keepdim=True, unbiased=False)  # (..., 1)
        normal = (x - mean) / (variance + self.eps).sqrt()  # (..., d_model)
        return normal * self.weight + self.bias


class FeedForward(nn.Module):
    """The position-wise feed-forward network of Vaswani et al. 2017, section 3.3, equation 2."""

    def __init__(self, d_model: int, d_ff: int, activation: Callable[[Tensor], Tensor] = torch.relu):
        """Make two layers with biases: linear1, from d_model to d_ff, and linear2, back to d_model."""
        super().__init__()
        self.linear1 = nn.Linear(d_model, d_ff)
        self.linear2 = nn.Linear(d_ff, d_model)
        self.activation = activation

    def forward(self, x: Tensor) -> Tensor:
        """Apply linear1, the activation and linear2, and nothing else: x (..., d_model) -> (..., d_model)."""
        return self.linear2(self.activation(self.linear1(x)))


class EncoderLayer(nn.Module):
    """One layer of the encoder of Vaswani et al. 2017, section 3.1."""

    def __init__(
        self,
        d_model: int,
        num_heads: int,
        d_ff: int,
        dropout: float = 0.1,
        activation: Callable[[Tensor], Tensor] = torch.relu,
        eps: float = 1e-5,
        norm_first: bool = False,
    ):
        """Make the parts self_attention, feed_forward, norm1 (for attention) and norm2 (for feed_forward).

        There are no parameters besides theirs.

        dropout     the share of numbers that are set to 0 while training, each on its own, while the others are
                    divided by 1 - dropout, as nn.Dropout does; in the output of each of the two sublayers, before it
                    is added to the residual; nothing else is dropped
        activation  of feed_forward
        eps         of both norms
        norm_first  False: normalise after each residual sum, as in the paper; True: normalise what goes into each
                    sublayer, and leave the residual sum as it is
        """
        super().__init__()
        self.self_attention = MultiHeadAttention(d_model, num_heads)
        self.feed_forward = FeedForward(d_model, d_ff, activation)
        self.norm1 = LayerNorm(d_model, eps)
        self.norm2 = LayerNorm(d_model, eps)
        self.dropout = nn.Dropout(dropout)
        self.norm_first = norm_first

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Attend, then feed forward, each with a residual and a norm.

        x     (batch, length, d_model); it is not modified
        mask  bool, broadcasts to (batch, num_heads, length, length); True where a query may attend to a key

        Returns (batch, length, d_model).
        """
        if self.norm_first:
            normal = self.norm1(x)
            x = x + self.dropout(self.self_attention(normal, normal, normal, mask))
            return x + self.dropout(self.feed_forward(self.norm2(x)))
        x = self.norm1(x + self.dropout(self.self_attention(x, x, x, mask)))
        return self.norm2(x + self.dropout(self.feed_forward(x)))


class Encoder(nn.Module):
    """The encoder of Vaswani et al. 2017, section 3.1: layers, one after the other."""

    def __init__(
        self,
        num_layers: int,
        d_model: int,
        num_heads: int,
        d_ff: int,
        dropout: float = 0.1,
        activation: Callable[[Tensor], Tensor] = torch.relu,
        eps: float = 1e-5,
        norm_first: bool = False,
    ):
        """Make layers, an nn.ModuleList of num_layers EncoderLayers, no two of which share a parameter.

        With norm_first there is one more LayerNorm, called norm, after the last layer. Without, there is none.
        The other arguments are those of EncoderLayer, and all layers get them. All dropout is inside the layers.
        """
        super().__init__()
        self.layers = nn.ModuleList(
            EncoderLayer(d_model, num_heads, d_ff, dropout, activation, eps, norm_first) for _ in range(num_layers)
        )
        self.norm = LayerNorm(d_model, eps) if norm_first else None

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Run all layers, each with the mask.

        x     (batch, length, d_model): tokens that are embedded already, with their positions; it is not modified
        mask  bool, broadcasts to (batch, num_heads, length, length); True where a query may attend to a key

        Returns (batch, length, d_model).
        """
        for layer in self.layers:
            x = layer(x, mask)
        return x if self.norm is None else self.norm(x)


def mask_tokens(
    tokens: Tensor,
    mask_id: int,
    vocab_size: int,
    special_ids: list[int],
    generator: torch.Generator,
    probability: float = 0.15,
) -> tuple[Tensor, Tensor]:
    """Make a fill-in-the-blank exercise of a text, as BERT does (Devlin et al. 2018, section 3.1, task 1).

    tokens       (batch, length) int64; it is not modified
    special_ids  tokens that are never chosen, such as padding; there may be none; it is not modified. mask_id is
                 spared only if it is one of them
    generator    where all random numbers come from; torch's own state is neither used nor changed
    probability  with which each token is chosen, whatever becomes of the others

    Returns inputs and labels, both (batch, length) int64. Of the chosen tokens, the inputs show mask_id in 80 % of the
    cases, a random one of all vocab_size tokens in 10 % (it may be mask_id, or the token itself), and the token
    itself in the last 10 %; this is decided for each token on its own. The labels show the chosen tokens as they were, and -100 everywhere else. Where nothing is
    chosen, the inputs are the tokens.
    """
    special = torch.isin(tokens, torch.tensor(special_ids, dtype=tokens.dtype))
    chosen = (torch.rand(tokens.shape, generator=generator) < probability) & ~special
    labels = tokens.masked_fill(~chosen, -100)
    fate = torch.rand(tokens.shape, generator=generator)
    anything = torch.randint(vocab_size, tokens.shape, generator=generator)
    inputs = tokens.masked_fill(chosen & (fate < 0.8), mask_id)
    inputs = torch.where(chosen & (fate >= 0.9), anything, inputs)
    return inputs, labels


def train_step(
    model: nn.Module,
    loss_function: Callable[[nn.Module, object], Tensor],
    optimizer: torch.optim.Optimizer,
    batch: object,
) -> float:
    """Take one step of training.

    loss_function  loss_function(model, batch) is the loss, a tensor of one number; it is called once
    optimizer      holds the parameters of the model, in one group or several

    The model and all its parts are put into training mode before the loss is computed. The gradients are those of this
    batch alone, whatever was there before. They are clipped: all of them together, as one vector, get a length of at
    most 1. Then the optimizer takes one step. A parameter that the loss does not use has no gradient, and does no harm.
    Nor does a frozen one, whose requires_grad is False.

    Returns the loss from before the step, as a float.
    """
    model.train()
    optimizer.zero_grad()
    loss = loss_function(model, batch)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
    optimizer.step()
    return loss.item()


def shift_right(targets: Tensor, bos_id: int) -> Tensor:
    """Return what the decoder reads while it learns to predict the targets.

    targets  (batch, length) int64, length 1 or more; it may be a view, and it is not modified
    bos_id   any token, even one that occurs in the targets

    Returns (batch, length) int64: bos_id in front, and after it all targets but the last of each row.
    """
    first = torch.full_like(targets[:, :1], bos_id)  # (batch, 1)
    return torch.cat([first, targets[:, :-1]], dim=1)  # (batch, length)


class DecoderLayer(nn.Module):
    """One layer of the decoder of Vaswani et al. 2017, section 3.1."""

    def __init__(
        self,
        d_model: int,
        num_heads: int,
        d_ff: int,
        dropout: float = 0.1,
        activation: Callable[[Tensor], Tensor] = torch.relu,
        eps: float = 1e-5,
        norm_first: bool = False,
    ):
        """Make the parts self_attention, cross_attention and feed_forward, and their norms norm1, norm2 and norm3.

        No other part has parameters, and no two parts share any.

        dropout     the share of numbers that are set to 0 while training, each on its own, while the others are
                    divided by 1 - dropout, as nn.Dropout does; in the output of each of the three sublayers, before
                    it is added to the residual; nothing else is dropped
        activation  of feed_forward
        eps         of the norms
        norm_first  False: normalise after each residual sum, as in the paper; True: normalise what comes into each
                    sublayer from x, and leave the residual sum as it is. The memory is never normalised here.
        """
        super().__init__()
        self.self_attention = MultiHeadAttention(d_model, num_heads)
        self.cross_attention = MultiHeadAttention(d_model, num_heads)
        self.feed_forward = FeedForward(d_model, d_ff, activation)
        self.norm1 = LayerNorm(d_model, eps)
        self.norm2 = LayerNorm(d_model, eps)
        self.norm3 = LayerNorm(d_model, eps)
        self.dropout = nn.Dropout(dropout)
        self.norm_first = norm_first

    def forward(
        self, x: Tensor, memory: Tensor, self_mask: Tensor | None = None, memory_mask: Tensor | None = None
    ) -> Tensor:
        """Attend to the target, then to the source, then feed forward, each with a residual connection and a norm.

        x            (batch, target_length, d_model)
        memory       (batch, source_length, d_model), the output of the encoder
        self_mask    bool, broadcasts to (batch, num_heads, target_length, target_length); None: no mask
        memory_mask  bool, broadcasts to (batch, num_heads, target_length, source_length); None: no mask

        A position that may attend to nothing has weights of 0 in that attention, as in notebook 1, and never NaN.

        Returns (batch, target_length, d_model), in the dtype of the parameters: float32 or float64. The arguments are
        not modified. Gradients reach x, memory and every parameter.
        """
        if self.norm_first:
            normal = self.norm1(x)
            x = x + self.dropout(self.self_attention(normal, normal, normal, self_mask))
            x = x + self.dropout(self.cross_attention(self.norm2(x), memory, memory, memory_mask))
            return x + self.dropout(self.feed_forward(self.norm3(x)))
        x = self.norm1(x + self.dropout(self.self_attention(x, x, x, self_mask)))
        x = self.norm2(x + self.dropout(self.cross_attention(x, memory, memory, memory_mask)))
        return self.norm3(x + self.dropout(self.feed_forward(x)))


class Transformer(nn.Module):
    """The encoder-decoder of Vaswani et al. 2017, figure 1."""

    def __init__(
        self,
        source_vocab: int,
        target_vocab: int,
        d_model: int,
        num_heads: int,
        d_ff: int,
        num_layers: int,
        pad_id: int,
        dropout: float = 0.1,
        activation: Callable[[Tensor], Tensor] = torch.relu,
        eps: float = 1e-5,
        norm_first: bool = False,
    ):
        """This part is given. The encoder has num_layers layers, and the decoder has as many.

        source_vocab, target_vocab  the number of tokens of each language
        pad_id                      the token that fills up sentences, in both languages
        """
        super().__init__()
        self.d_model, self.pad_id = d_model, pad_id
        self.source_embedding = nn.Embedding(source_vocab, d_model)
        self.target_embedding = nn.Embedding(target_vocab, d_model)
        for embedding in (self.source_embedding, self.target_embedding):
            nn.init.normal_(embedding.weight, std=d_model**-0.5)
        sizes = (d_model, num_heads, d_ff, dropout, activation, eps, norm_first)
        self.encoder = Encoder(num_layers, *sizes)
        self.decoder_layers = nn.ModuleList(DecoderLayer(*sizes) for _ in range(num_layers))
        self.decoder_norm = LayerNorm(d_model, eps) if norm_first else nn.Identity()
        self.dropout = nn.Dropout(dropout)

    def encode(self, source: Tensor) -> tuple[Tensor, Tensor]:
        """Read a source sentence.

        source  (batch, source_length) int64; pad_id may be anywhere, and a sentence may be all padding

        Returns the memory (batch, source_length, d_model), in the dtype of the parameters, and the memory_mask (batch,
        1, 1, source_length) bool, True where the source is no padding. Embeddings are multiplied by sqrt(d_model), and
        their positions are added; dropout is applied to the sum (sections 3.4, 3.5 and 5.4) and, outside the layers,
        to nothing else. The sum goes through self.encoder, and no position attends to padding. No argument is modified,
        here and below.
        """
        memory_mask = (source != self.pad_id)[:, None, None, :]  # (batch, 1, 1, source_length)
        memory = self.encoder(self._embed(source, self.source_embedding), memory_mask)
        return memory, memory_mask

    def _embed(self, tokens: Tensor, embedding: nn.Embedding) -> Tensor:
        x = embedding(tokens) * math.sqrt(self.d_model)  # (batch, length, d_model)
        positions = sinusoidal_positions(tokens.shape[1], self.d_model)  # (length, d_model)
        return self.dropout(x + positions.to(x.dtype))

    def decode(self, target_inputs: Tensor, memory: Tensor, memory_mask: Tensor) -> Tensor:
        """Predict the token after each target input.

        target_inputs  (batch, target_length) int64; pad_id is a token like any other here
        memory         (batch, source_length, d_model), from encode or from elsewhere
        memory_mask    (batch, 1, 1, source_length) bool, used as it is

        Returns logits (batch, target_length, target_vocab), in the dtype of the parameters. Embeddings are made as in
        encode, dropout included; outside the layers nothing else is dropped. No position attends to a later one. All
        decoder layers run, in their order. After decoder_norm, the logits are products with the target embedding's
        weights (section 3.4).
        """
        x = self._embed(target_inputs, self.target_embedding)
        self_mask = causal_mask(target_inputs.shape[1])  # (target_length, target_length)
        for layer in self.decoder_layers:
            x = layer(x, memory, self_mask, memory_mask)
        x = self.decoder_norm(x)  # (batch, target_length, d_model)
        return x @ self.target_embedding.weight.T  # (batch, target_length, target_vocab)

    def forward(self, source: Tensor, target_inputs: Tensor) -> Tensor:
        """Return logits (batch, target_length, target_vocab) for a source (batch, source_length) and target inputs.

        Gradients reach both embeddings, the encoder and the decoder layers.
        """
        memory, memory_mask = self.encode(source)
        return self.decode(target_inputs, memory, memory_mask)


def sequence_loss(logits: Tensor, targets: Tensor, pad_id: int) -> Tensor:
    """The mean cross-entropy over all positions whose target is not padding.

    logits   (batch, length, vocab_size), of any size; where the target is padding they make no difference to the loss,
             even if they are infinite
    targets  (batch, length) int64; padding may be anywhere, and a sentence may be all padding
    pad_id   any token of the vocabulary

    Returns a tensor of one number with a gradient, in the dtype of the logits: float32, float64 or bfloat16. It is 0,
    and its gradient is 0, if every target is padding. It is NaN if the logits of a target that is not padding are. The
    arguments may be views, and are not modified.
    """
    losses = F.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="none")  # (batch * length,)
    real = (targets != pad_id).flatten()  # (batch * length,)
    return losses.masked_fill(~real, 0.0).sum() / real.sum().clamp(min=1)


def greedy_translate(model: Transformer, source: Tensor, bos_id: int, eos_id: int, max_length: int) -> Tensor:
    """Translate, and always take the most probable next token; of equally probable ones the lowest id.

    source      (batch, source_length) int64; it is not modified
    max_length  the largest number of tokens to write, 0 or more

    Returns (batch, length) int64, a column for each step, length <= max_length, without bos_id in front. In each row,
    what comes after the first eos_id is the model's pad_id. Writing stops when every row has its eos_id. Only eos_id
    ends a row: the model may also write bos_id or pad_id. Two of the three may be the same token.

    The source is encoded once. Nothing but model.encode and model.decode is called, with the mask that encode returns.
    The whole model works in evaluation mode and without gradients, and after the call it is in the mode in which it
    was before.
    """
    was_training = model.training
    model.eval()
    tokens = torch.full((len(source), 1), bos_id)  # (batch, 1 + length so far)
    ended = torch.zeros(len(source), dtype=torch.bool)  # (batch,)
    with torch.no_grad():
        memory, memory_mask = model.encode(source)
        for _ in range(max_length):
            logits = model.decode(tokens, memory, memory_mask)[:, -1]  # (batch, target_vocab)
            token = logits.argmax(dim=-1).masked_fill(ended, model.pad_id)  # (batch,)
            tokens = torch.cat([tokens, token[:, None]], dim=1)
            ended = ended | (token == eos_id)
            if ended.all():
                break
    model.train(was_training)
    return tokens[:, 1:]


def gelu(x: Tensor) -> Tensor:
    """The Gaussian error linear unit, in the tanh form that GPT-2 uses (Hendrycks and Gimpel 2016, section 2).

    x  any shape, any size of numbers; it is not modified

    Returns 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))), in the shape and dtype of x: float16, bfloat16, float32
    or float64. In float64 nothing is rounded to single precision on the way. Gradients reach x.
    """
    return 0.5 * x * (1.0 + torch.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * x**3)))


class CausalSelfAttention(nn.Module):
    """Multi-head self-attention in which no position sees one after it, as in GPT-2."""

    def __init__(self, config: GPT2Config):
        """Make the layers c_attn, Linear(n_embd, 3 * n_embd), and c_proj, Linear(n_embd, n_embd), both with biases.

        config  n_embd; n_head, which divides n_embd; and two rates of dropout: attn_pdrop, of the attention weights,
                and resid_pdrop, of the output of c_proj

        There is no other parameter.
        """
        super().__init__()
        self.n_head, self.attn_pdrop = config.n_head, config.attn_pdrop
        self.c_attn = nn.Linear(config.n_embd, 3 * config.n_embd)
        self.c_proj = nn.Linear(config.n_embd, config.n_embd)
        self.resid_dropout = nn.Dropout(config.resid_pdrop)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Each position gathers values from itself and from the positions before it.

        x     (batch, length, n_embd)
        mask  bool, broadcasts to (batch, n_head, length, length), True = may attend; None: no further limits.
              It limits attention further: a position attends where both the causal mask and this mask allow it.

        Neither x nor mask is modified.

        Returns (batch, length, n_embd). The first third of c_attn's output is the queries of all heads, the second
        third the keys, the last third the values; head h owns columns h * d_head to (h + 1) * d_head of each. The
        scores are divided by sqrt(d_head). In training mode, and only there, the weights are dropped at the rate
        attn_pdrop, and the result at the rate resid_pdrop. A position that may attend to nothing gets finite numbers,
        and all gradients are finite.
        """
        query, key, value = self.c_attn(x).chunk(3, dim=-1)  # each (batch, length, n_embd)
        query, key, value = (
            part.unflatten(-1, (self.n_head, -1)).transpose(1, 2)  # (batch, n_head, length, d_head)
            for part in (query, key, value)
        )
        dropout = self.attn_pdrop if self.training else 0.0
        if mask is not None:
            mask = mask & causal_mask(x.shape[1]).to(mask.device)  # (..., length, length)
        heads = F.scaled_dot_product_attention(query, key, value, mask, dropout_p=dropout, is_causal=mask is None)
        merged = heads.transpose(1, 2).flatten(2)  # (batch, length, n_embd)
        return self.resid_dropout(self.c_proj(merged))


class GPT2Block(nn.Module):
    """One layer of GPT-2: causal self-attention, then a feed-forward network. Nothing attends to an encoder."""

    def __init__(self, config: GPT2Config):
        """Make the parts ln_1 and attn, ln_2 and mlp; mlp has the layers mlp.c_fc and mlp.c_proj.

        config  n_embd; n_inner, the width between the two layers of mlp, or None for 4 * n_embd;
                layer_norm_epsilon, of both norms; resid_pdrop, the rate of dropout of the output of mlp.c_proj; and
                what CausalSelfAttention needs

        The activation between the two layers of mlp is gelu. There is no other parameter.
        """
        super().__init__()
        d_inner = config.n_inner or 4 * config.n_embd
        self.ln_1 = nn.LayerNorm(config.n_embd, eps=config.layer_norm_epsilon)
        self.attn = CausalSelfAttention(config)
        self.ln_2 = nn.LayerNorm(config.n_embd, eps=config.layer_norm_epsilon)
        self.mlp = nn.ModuleDict(
            {"c_fc": nn.Linear(config.n_embd, d_inner), "c_proj": nn.Linear(d_inner, config.n_embd)}
        )
        self.resid_dropout = nn.Dropout(config.resid_pdrop)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Pre-norm: each of the two parts reads normalised values, and its result is added to x.

        x     (batch, length, n_embd); it is not modified
        mask  as in CausalSelfAttention

        Returns (batch, length, n_embd).
        """
        x = x + self.attn(self.ln_1(x), mask)
        hidden = gelu(self.mlp.c_fc(self.ln_2(x)))  # (batch, length, d_inner)
        return x + self.resid_dropout(self.mlp.c_proj(hidden))


class GPT2(nn.Module):
    """The language model of Radford et al. 2019, with the names of transformers' GPT2LMHeadModel."""

    def __init__(self, config: GPT2Config):
        """Make the parts wte, wpe, h and ln_f, and keep the config as config.

        wte   Embedding(vocab_size, n_embd), of tokens
        wpe   Embedding(n_positions, n_embd), of positions
        h     a ModuleList of n_layer blocks
        ln_f  the norm after the last block, with layer_norm_epsilon

        There is no other parameter, and state_dict() has no other name. embd_pdrop is the rate of dropout of the sum
        of both embeddings; nothing else is dropped here.

        The first values are those of transformers: weights of all Linears and Embeddings are normal with mean 0 and
        standard deviation initializer_range, and their biases are 0; norms have weights of 1 and biases of 0. But the
        weights of every attn.c_proj and mlp.c_proj, which write to the residual, have the standard deviation
        initializer_range / sqrt(2 * n_layer).
        """
        super().__init__()
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

    def forward(self, tokens: Tensor, attention_mask: Tensor | None = None) -> Tensor:
        """Predict the token after each token.

        tokens          (batch, length) int64, length at most n_positions, padding included: else ValueError
        attention_mask  (batch, length) bool: True for real tokens, False for padding, which may be anywhere in a row;
                        every row has a real token. None: all tokens are real.

        Neither tokens nor attention_mask is modified.

        Returns logits (batch, length, vocab_size): products of ln_f's output with the weights of wte. No real token
        attends to padding, and the position of a real token is the number of real tokens before it. So the logits at
        the real tokens of a row are what they would be without its padding. Logits at padding mean nothing, but they
        are finite.
        """
        length = tokens.shape[1]
        if length > self.config.n_positions:
            raise ValueError(f"{length} tokens are more than the {self.config.n_positions} positions of this model")
        if attention_mask is None:
            positions, mask = torch.arange(length, device=tokens.device), None  # (length,)
        else:
            positions = attention_mask.cumsum(dim=1) - attention_mask.long()  # (batch, length): real tokens before it
            mask = attention_mask[:, None, None]  # (batch, 1, 1, length): the same keys for all heads and queries
        x = self.embd_dropout(self.wte(tokens) + self.wpe(positions))  # (batch, length, n_embd)
        for block in self.h:
            x = block(x, mask)
        return self.ln_f(x) @ self.wte.weight.T  # (batch, length, vocab_size)


def load_gpt2_weights(model: GPT2, state_dict: dict[str, Tensor]) -> GPT2:
    """Put the weights of transformers' GPT-2 into our model.

    state_dict  its state_dict(), or the contents of its file; it is not modified, and the model gets copies:
                - all names begin with "transformer.", lm_head.weight excepted, or none does; their order does not matter
                - weights of c_attn, c_proj and c_fc have the shape (inputs, outputs), and nn.Linear has the opposite
                - attn.bias and attn.masked_bias of each block are masks, and are skipped
                - lm_head.weight may be there; it must then equal wte.weight in shape and numbers: else ValueError

    Raises KeyError if weights are missing, or unexpected, or both, with all their names in its message (our names,
    without "transformer."); ValueError, with its name, if a weight has another shape than ours. After an error the
    model is unchanged.

    Returns the very model that it was given, which can be trained as before.
    """
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
    # Copies in the file's order in memory: with that, one row times a matrix is faster on many processors.
    copies = {name: weight.to(ours[name], copy=True) for name, weight in weights.items()}
    model.load_state_dict(copies, assign=True)
    return model


def language_model_loss(logits: Tensor, tokens: Tensor) -> Tensor:
    """The mean cross-entropy of each next token: the logits at position t predict token t + 1.

    logits  (batch, length, vocab_size), the model's output for these tokens; they may be large
    tokens  (batch, length) int64, length at least 2; no token is padding, so all of them count

    Both may be views whose numbers are not side by side in memory, and neither is modified.

    Returns a tensor of one number, in the dtype of the logits (float32 or float64) and with a gradient: the mean over
    the batch and its length - 1 predictions.
    """
    predictions, targets = logits[:, :-1], tokens[:, 1:]  # (batch, length - 1, vocab_size), (batch, length - 1)
    return F.cross_entropy(predictions.flatten(0, 1), targets.flatten())


def apply_temperature(logits: Tensor, temperature: float) -> Tensor:
    """Make a distribution sharper (temperature below 1) or flatter (above 1).

    logits       (..., vocab_size); some may be -inf, and stay so. They are not modified
    temperature  a number greater than 0: else ValueError

    Returns logits of the same shape and dtype (floating point of 16, 32 or 64 bits), divided by the temperature.
    """
    if not temperature > 0:
        raise ValueError(f"temperature is {temperature}, and must be greater than 0")
    return logits / temperature


def keep_top_k(logits: Tensor, k: int) -> Tensor:
    """Keep the k most probable tokens of each row (Fan et al. 2018, section 5.4).

    logits  (..., vocab_size); some may be -inf already. They are not modified
    k       at least 1: else ValueError; if it is vocab_size or more, all logits are kept

    Returns logits of the same shape and dtype (floating point of 16, 32 or 64 bits): the kept ones as they are, and
    the others -inf. Every logit that equals the k-th largest of its row is kept, so there may be more than k.
    """
    if k < 1:
        raise ValueError(f"k is {k}, and must be at least 1")
    kth = logits.topk(min(k, logits.shape[-1]), dim=-1).values[..., -1:]  # (..., 1)
    return logits.masked_fill(logits < kth, -torch.inf)


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
    if not 0 < p <= 1:
        raise ValueError(f"p is {p}, and must be greater than 0 and at most 1")
    if p == 1:
        return logits.clone()
    ordered, ids = logits.sort(dim=-1, descending=True, stable=True)  # (..., vocab_size)
    probabilities = ordered.softmax(dim=-1)
    before = probabilities.cumsum(dim=-1) - probabilities  # of all that are more probable
    dropped = torch.zeros_like(logits, dtype=torch.bool).scatter(-1, ids, before >= p)
    return logits.masked_fill(dropped, -torch.inf)


def pad_left(prompts: list[Tensor], pad_id: int) -> tuple[Tensor, Tensor]:
    """Put prompts of different lengths into one batch, with padding on the left.

    prompts  1-d int64 tensors, one for each prompt, each with at least one token; they are not modified
    pad_id   the token that fills up the shorter prompts; it may also occur in a prompt

    Returns tokens (batch, longest) int64 and mask (batch, longest) bool, with the prompts in the given order. The mask
    is True for every token of a prompt, and False for padding.

    Raises ValueError if there are no prompts, or if a prompt is empty.
    """
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


class KVCache:
    """The keys and values of all positions so far, for each layer of a GPT-2 and one batch of sequences."""

    def __init__(self, config: GPT2Config):
        """Make an empty cache. It shares no data with any other cache.

        config  n_layer, and n_positions, the largest number of positions that a layer may hold
        """
        self.n_positions = config.n_positions
        self._keys: list[Tensor | None] = [None] * config.n_layer  # (batch, n_head, n_positions, d_head), from the
        self._values: list[Tensor | None] = [None] * config.n_layer  # first time on: room for all that will come
        self._lengths = [0] * config.n_layer

    @property
    def length(self) -> int:
        """The number of positions that every layer holds: that of the layer with the fewest."""
        return min(self._lengths)

    def append(self, layer: int, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Append the keys and values of new positions to a layer. Layers may come in any order.

        layer       0 to n_layer - 1
        key, value  (batch, n_head, new, d_head), of any dtype; they may be views, and are not modified

        Returns all keys and all values of this layer so far, (batch, n_head, length, d_head) each, the new ones last,
        in the same dtype. Raises ValueError if this layer would hold more than n_positions; then the cache does not
        change.
        """
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
