"""The reference solutions are held to torch's own."""

import pytest
import torch
import torch.nn.functional as F

from autograder.assignment import load


@pytest.fixture(scope="module")
def attention():
    return load("01_attention").reference()


@pytest.mark.parametrize("dtype, tolerance", [(torch.float32, 1e-6), (torch.float64, 1e-12)])
def test_attention_is_torchs(attention, dtype, tolerance):
    torch.manual_seed(0)
    query, key, value = (torch.randn(2, 3, *size, dtype=dtype) for size in ((5, 8), (7, 8), (7, 4)))
    mask = torch.rand(2, 1, 5, 7) < 0.7
    mask[..., 0] = True
    output, weights = attention.scaled_dot_product_attention(query, key, value, mask)
    expected = F.scaled_dot_product_attention(query, key, value, attn_mask=mask)
    assert (output - expected).abs().max() < tolerance
    assert (weights.sum(-1) - 1).abs().max() < tolerance


@pytest.mark.parametrize("dtype, tolerance", [(torch.float32, 1e-6), (torch.float64, 1e-12)])
def test_heads_are_torchs(attention, dtype, tolerance):
    torch.manual_seed(0)
    ours = attention.MultiHeadAttention(12, 3).to(dtype)
    theirs = torch.nn.MultiheadAttention(12, 3, batch_first=True).to(dtype)
    with torch.no_grad():
        projections = [ours.query_proj, ours.key_proj, ours.value_proj]
        theirs.in_proj_weight.copy_(torch.cat([projection.weight for projection in projections]))
        theirs.in_proj_bias.copy_(torch.cat([projection.bias for projection in projections]))
        theirs.out_proj.load_state_dict(ours.output_proj.state_dict())
    query, memory = torch.randn(2, 4, 12, dtype=dtype), torch.randn(2, 6, 12, dtype=dtype)
    padding = attention.padding_mask(torch.tensor([6, 4]), 6)
    # torch's module takes True for blocked: the other way round.
    expected, weights = theirs(query, memory, memory, key_padding_mask=~padding[:, 0, 0], average_attn_weights=False)
    assert (ours(query, memory, memory, padding) - expected).abs().max() < tolerance
    assert (ours.weights - weights).abs().max() < tolerance
