# Made by `python -m autograder build`: change solutions/ instead.
"""Solutions of the notebooks before this one."""

import math
from collections.abc import Callable
import torch
from torch import Tensor
from torch import nn
import torch.nn.functional as F


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
