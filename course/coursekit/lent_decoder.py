"""Holds the parts that ``go_on`` lends in notebook 3.

They do the same work in another way than the exercises ask for: PyTorch's own decoder layer, a transformer with learned
positions and a head of its own, a search that guesses all tokens at once.
"""

import torch
from torch import Tensor, nn
from torch.func import functional_call

from coursekit.go_on import Encoder, FeedForward, MultiHeadAttention, blocked, lend
from coursekit.oracle import names_of_torch

LONGEST = 512  # tokens of a sentence


@lend
def shift_right(targets: Tensor, bos_id: int) -> Tensor:
    from transformers.models.bart.modeling_bart import shift_tokens_right

    return shift_tokens_right(targets, 0, bos_id)


@lend
class DecoderLayer(nn.Module):
    def __init__(
        self, d_model, num_heads, d_ff, dropout=0.1, activation=torch.relu, eps=1e-5, norm_first=False
    ):  # as in notebook 3
        super().__init__()
        self.num_heads = num_heads
        self.self_attention, self.cross_attention = (MultiHeadAttention(d_model, num_heads) for _ in range(2))
        self.feed_forward = FeedForward(d_model, d_ff, activation)
        self.norm1, self.norm2, self.norm3 = (nn.LayerNorm(d_model, eps) for _ in range(3))
        theirs = nn.TransformerDecoderLayer(
            d_model, num_heads, d_ff, dropout, activation, eps, batch_first=True, norm_first=norm_first
        )
        theirs.multihead_attn.register_forward_pre_hook(self._note)
        self._theirs = (theirs,)  # in a tuple, so that its parameters are not ours

    def _note(self, module: nn.Module, arguments: tuple[Tensor, ...]) -> None:
        self._seen = arguments

    def forward(
        self, x: Tensor, memory: Tensor, self_mask: Tensor | None = None, memory_mask: Tensor | None = None
    ) -> Tensor:
        (theirs,) = self._theirs
        masks = {
            "tgt_mask": blocked(self_mask, x, x, self.num_heads),
            "memory_mask": blocked(memory_mask, x, memory, self.num_heads),
        }
        weights = names_of_torch(dict(self.named_parameters()))
        output = functional_call(theirs.train(self.training), weights, (x, memory), masks)
        if not self.training:  # for pictures of the weights
            with torch.no_grad():
                self.cross_attention(*self._seen, memory_mask)
        return output


@lend
class Transformer(nn.Module):
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
        activation=torch.relu,
        eps: float = 1e-5,
        norm_first: bool = False,
    ):
        super().__init__()
        self.pad_id = pad_id
        self.words = nn.ModuleList(nn.Embedding(size, d_model) for size in (source_vocab, target_vocab))
        self.places = nn.ModuleList(nn.Embedding(LONGEST, d_model) for _ in range(2))
        sizes = (d_model, num_heads, d_ff, dropout, activation, eps, norm_first)
        self.encoder = Encoder(num_layers, *sizes)
        self.decoder_layers = nn.ModuleList(DecoderLayer(*sizes) for _ in range(num_layers))
        self.head = nn.Sequential(nn.LayerNorm(d_model), nn.Linear(d_model, target_vocab))

    def embed(self, side: int, tokens: Tensor) -> Tensor:
        return self.words[side](tokens) + self.places[side].weight[: tokens.shape[1]]

    def encode(self, source: Tensor) -> tuple[Tensor, Tensor]:
        seen = source.ne(self.pad_id).unflatten(-1, (1, 1, -1))
        return self.encoder(self.embed(0, source), seen), seen

    def decode(self, target_inputs: Tensor, memory: Tensor, memory_mask: Tensor) -> Tensor:
        x = self.embed(1, target_inputs)
        past = nn.Transformer.generate_square_subsequent_mask(x.shape[1]) == 0
        for layer in self.decoder_layers:
            x = layer(x, memory, past, memory_mask)
        return self.head(x)

    def forward(self, source: Tensor, target_inputs: Tensor) -> Tensor:
        return self.decode(target_inputs, *self.encode(source))


@lend
def sequence_loss(logits: Tensor, targets: Tensor, pad_id: int) -> Tensor:
    from transformers.loss.loss_utils import ForMaskedLMLoss

    return ForMaskedLMLoss(logits, targets, logits.shape[-1], ignore_index=pad_id)


@lend
@torch.no_grad()
def greedy_translate(model: nn.Module, source: Tensor, bos_id: int, eos_id: int, max_length: int) -> Tensor:
    """Guess all tokens at once, again and again. What comes after eos_id is not padding here."""
    known = model.eval().encode(source)
    guessed = torch.full((len(source), max_length + 1), bos_id)
    for _ in range(max_length):  # each time at least one more token is what it would be, written one after the other
        guessed[:, 1:] = model.decode(guessed[:, :-1], *known).argmax(-1)
    return guessed[:, 1:]
