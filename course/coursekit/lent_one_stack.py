"""Holds the parts that ``go_on`` lends in notebook 6.

They do the same work in another way than the exercises ask for: by lists, by PyTorch's own masks, and by a search that
guesses all tokens at once.
"""

from itertools import count

import torch
from torch import Tensor, nn

from coursekit.go_on import causal_mask, lend


@lend
def pack(source: Tensor, target: Tensor, bos_id: int, pad_id: int) -> tuple[Tensor, Tensor]:
    bos = torch.full_like(source[:, :1] if source.shape[1] else target[:, :1], bos_id)
    texts = torch.cat([source, bos, target], dim=1)
    texts = texts.gather(1, texts.eq(pad_id).byte().argsort(dim=1, stable=True))  # padding moves to the end
    return texts[:, : texts.ne(pad_id).sum(dim=1).amax()], source.ne(pad_id).sum(dim=1)


@lend
def training_targets(texts: Tensor, source_lengths: Tensor, pad_id: int, everything: bool = False) -> Tensor:
    labels = texts.where(texts.ne(pad_id), -100)
    for row, length in zip(labels, source_lengths.tolist(), strict=True):
        row[: 0 if everything else length + 1] = -100
    return labels[:, 1:]


@lend
def decode_with_encoder(encoder: nn.Module, x: Tensor) -> Tensor:
    mask = causal_mask(x.shape[1])
    for layer in encoder.layers:
        x = layer(x, mask)
    return x if getattr(encoder, "norm", None) is None else encoder.norm(x)


@lend
def match_parameters(d_model: int, d_ff: int, encoder_layers: int, decoder_layers: int, num_layers: int) -> int:
    def weights(layer: type, width: int) -> int:
        made = layer(d_model, 1, width, device="meta")
        return sum(parameter.numel() for parameter in made.parameters() if parameter.dim() == 2)

    wanted = encoder_layers * weights(nn.TransformerEncoderLayer, d_ff)
    wanted += decoder_layers * weights(nn.TransformerDecoderLayer, d_ff)
    width = next(width for width in count(1) if num_layers * weights(nn.TransformerEncoderLayer, width) >= wanted)
    if num_layers * weights(nn.TransformerEncoderLayer, width) > wanted:
        raise ValueError(f"no width gives {wanted:,} weights")
    return width


@lend
def prefix_mask(prefix_length: int, length: int) -> Tensor:
    if prefix_length not in range(length + 1):
        raise ValueError(f"a prefix of {prefix_length} in {length} positions")
    return causal_mask(length).index_fill(1, torch.arange(prefix_length), True)


@lend
@torch.no_grad()
def translate(
    model: nn.Module, sources: Tensor, bos_id: int, eos_id: int, pad_id: int, max_length: int, prefix: bool = False
) -> Tensor:
    """Guess all tokens at once, again and again. What comes after eos_id is not padding here."""
    guessed = torch.full((len(sources), max_length), eos_id)
    for _ in range(max_length):  # each time at least one more token is what it would be, written one after the other
        texts, lengths = pack(sources, guessed, bos_id, pad_id)
        masks = [prefix_mask(length if prefix else 0, texts.shape[1]) for length in lengths.tolist()]
        said = model.eval()(texts, torch.stack(masks)[:, None]).argmax(dim=-1)
        guessed = said.gather(1, lengths[:, None] + torch.arange(max_length))
    return guessed


@lend
def predicted_reach(architecture: str, source_length: int, target_length: int) -> Tensor:
    length = source_length + target_length
    seen = {"encoder": length, "decoder": 0, "GPT-2": 0, "encoder-decoder": source_length, "prefix-LM": source_length}
    if architecture not in seen:
        raise ValueError(f"{architecture!r} is not known")
    return prefix_mask(seen[architecture], length)
