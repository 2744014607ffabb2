"""The reference solutions are held to torch's own, and to transformers'."""

import math

import pytest
import torch
import torch.nn.functional as F
from coursekit.bert import encoder_weights
from coursekit.oracle import torch_layer
from torch import nn
from transformers import GPT2Config, GPT2LMHeadModel, TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

from this_course import load

PRECISIONS = [(torch.float32, 1e-5), (torch.float64, 1e-10)]
PADDING = torch.tensor([[True] * 5, [True] * 3 + [False] * 2])  # (batch, length): what is no padding


@pytest.fixture(scope="module")
def encoder():
    return load("02_encoder").reference()


@pytest.fixture(scope="module")
def decoder():
    return load("03_decoder").reference()


def given(module, dtype):
    """With weights that make every part count; no norm is the identity."""
    torch.manual_seed(1)
    for parameter in module.to(dtype).parameters():
        nn.init.normal_(parameter, std=0.5)
    return module


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


@pytest.mark.parametrize("dtype, tolerance", PRECISIONS)
def test_the_layer_norm_is_torchs(encoder, dtype, tolerance):
    ours = given(encoder.LayerNorm(7, eps=0.1), dtype)
    x = torch.randn(2, 3, 7, dtype=dtype)
    assert (ours(x) - F.layer_norm(x, (7,), ours.weight, ours.bias, eps=0.1)).abs().max() < tolerance


@pytest.mark.parametrize("dtype, tolerance", PRECISIONS)
def test_the_encoder_is_torchs(encoder, dtype, tolerance):
    ours = given(encoder.Encoder(3, 12, 4, 20, dropout=0.0, eps=0.1), dtype)
    layers = [torch_layer(layer, num_heads=4, eps=0.1) for layer in ours.layers]
    theirs = nn.TransformerEncoder(layers[0], 3, norm=None, enable_nested_tensor=False)
    theirs.layers = nn.ModuleList(layers)
    x = torch.randn(2, 5, 12, dtype=dtype)
    difference = ours(x, PADDING[:, None, None]) - theirs(x, src_key_padding_mask=~PADDING)
    assert difference[PADDING].abs().max() < tolerance


@pytest.mark.parametrize("dtype, tolerance", PRECISIONS)
def test_the_pre_norm_encoder_is_torchs(encoder, dtype, tolerance):
    ours = given(encoder.Encoder(2, 12, 3, 20, dropout=0.0, eps=0.1, norm_first=True), dtype)
    layers = [torch_layer(layer, num_heads=3, eps=0.1, norm_first=True) for layer in ours.layers]
    x = torch.randn(2, 5, 12, dtype=dtype)
    expected = x
    for layer in layers:
        expected = layer(expected, src_key_padding_mask=~PADDING)
    expected = F.layer_norm(expected, (12,), ours.norm.weight, ours.norm.bias, eps=0.1)
    assert (ours(x, PADDING[:, None, None]) - expected)[PADDING].abs().max() < tolerance


@pytest.mark.parametrize("dtype, tolerance", PRECISIONS)
def test_the_encoder_holds_berts_weights(encoder, dtype, tolerance):
    from transformers import BertConfig, BertModel

    sizes = {"hidden_size": 12, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 20}
    torch.manual_seed(0)
    bert = BertModel(BertConfig(vocab_size=30, initializer_range=0.5, **sizes)).to(dtype).eval()
    ours = encoder.Encoder(3, 12, 4, 20, activation=F.gelu, eps=1e-12).to(dtype).eval()
    ours.load_state_dict(encoder_weights(bert.encoder.state_dict()))
    tokens = torch.randint(30, (2, 5))
    expected = bert(tokens, attention_mask=PADDING.long()).last_hidden_state
    found = ours(bert.embeddings(tokens), PADDING[:, None, None])
    assert (found - expected)[PADDING].abs().max() < tolerance


@pytest.mark.parametrize("norm_first", [False, True])
@pytest.mark.parametrize("dtype, tolerance", PRECISIONS)
def test_the_decoder_layer_is_torchs(decoder, norm_first, dtype, tolerance):
    ours = given(decoder.DecoderLayer(12, 3, 20, dropout=0.0, eps=0.1, norm_first=norm_first), dtype)
    theirs = torch_layer(ours, num_heads=3, eps=0.1, norm_first=norm_first)
    x, memory = torch.randn(2, 4, 12, dtype=dtype), torch.randn(2, 5, 12, dtype=dtype)
    causal = decoder.causal_mask(4)
    expected = theirs(x, memory, tgt_mask=~causal, memory_key_padding_mask=~PADDING)
    assert (ours(x, memory, causal, PADDING[:, None, None]) - expected).abs().max() < tolerance


@pytest.mark.parametrize("dtype, tolerance", PRECISIONS)
def test_the_transformer_is_torchs_without_its_final_norms(decoder, dtype, tolerance):
    ours = given(decoder.Transformer(9, 11, 12, 3, 20, 2, pad_id=0, dropout=0.0, eps=0.1), dtype)
    encoders = [torch_layer(layer, num_heads=3, eps=0.1) for layer in ours.encoder.layers]
    decoders = [torch_layer(layer, num_heads=3, eps=0.1) for layer in ours.decoder_layers]
    reader = nn.TransformerEncoder(encoders[0], 2, norm=None, enable_nested_tensor=False)
    writer = nn.TransformerDecoder(decoders[0], 2, norm=None)
    theirs = nn.Transformer(12, 3, custom_encoder=reader, custom_decoder=writer, batch_first=True)
    # Only now: it has given all that it was made of new weights.
    theirs.encoder.layers, theirs.decoder.layers = nn.ModuleList(encoders), nn.ModuleList(decoders)
    source = torch.tensor([[4, 5, 6, 7, 8], [3, 2, 1, 0, 0]])
    target = torch.tensor([[1, 3, 4, 10], [1, 6, 7, 8]])
    positions = decoder.sinusoidal_positions(5, 12).to(dtype)
    x = ours.source_embedding(source) * 12**0.5 + positions
    y = ours.target_embedding(target) * 12**0.5 + positions[:4]
    hidden = theirs(
        x,
        y,
        tgt_mask=~decoder.causal_mask(4),
        src_key_padding_mask=~PADDING,
        memory_key_padding_mask=~PADDING,
    )
    assert (ours(source, target) - hidden @ ours.target_embedding.weight.T).abs().max() < 10 * tolerance


def test_the_loss_is_torchs(decoder):
    torch.manual_seed(0)
    logits, targets = torch.randn(3, 4, 7, dtype=torch.float64), torch.randint(7, (3, 4))
    expected = F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=2)
    assert torch.isclose(decoder.sequence_loss(logits, targets, pad_id=2), expected, rtol=1e-12)


# GPT-2, held to transformers': sizes that differ, so that no transposed or exchanged weight fits by chance.
SIZES = [
    {"vocab_size": 31, "n_positions": 11, "n_embd": 12, "n_layer": 3, "n_head": 4, "layer_norm_epsilon": 0.1},
    {"vocab_size": 19, "n_positions": 17, "n_embd": 10, "n_layer": 1, "n_head": 2, "n_inner": 23},
    {
        "vocab_size": 40,
        "n_positions": 9,
        "n_embd": 6,
        "n_layer": 2,
        "n_head": 1,
        "n_inner": 7,
        "layer_norm_epsilon": 0.5,
    },
]
COUNTS = {  # Radford et al. 2019, table 2, counted exactly: as transformers counts
    "small": ({}, 124_439_808),
    "medium": ({"n_embd": 1024, "n_layer": 24, "n_head": 16}, 354_823_168),
    "large": ({"n_embd": 1280, "n_layer": 36, "n_head": 20}, 774_030_080),
    "xl": ({"n_embd": 1600, "n_layer": 48, "n_head": 25}, 1_557_611_200),
}


@pytest.fixture(scope="module")
def gpt2():
    return load("04_gpt2").reference()


@pytest.fixture(scope="module")
def generation():
    return load("05_generation").reference()


def both(gpt2, sizes, dtype):
    """transformers' model with weights that make every part count, and ours with the same."""
    config = GPT2Config(**sizes, bos_token_id=0, eos_token_id=0)
    theirs = given(GPT2LMHeadModel(config), dtype).eval()
    return gpt2.load_gpt2_weights(gpt2.GPT2(config).to(dtype), theirs.state_dict()).eval(), theirs


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("dtype, tolerance", [(torch.float32, 1e-4), (torch.float64, 1e-10)])
def test_gpt2_is_transformers(gpt2, sizes, dtype, tolerance):
    ours, theirs = both(gpt2, sizes, dtype)
    tokens = torch.randint(sizes["vocab_size"], (3, sizes["n_positions"]))
    with torch.no_grad():
        expected = theirs(tokens, labels=tokens)
        logits = ours(tokens)
    assert (logits - expected.logits).abs().max() < tolerance
    assert (gpt2.language_model_loss(logits, tokens) - expected.loss).abs() < 1e-5  # theirs is float32 in any case


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("attention", ["eager", "sdpa"])
def test_padded_batches_are_transformers(gpt2, sizes, attention):
    ours, theirs = both(gpt2, sizes, torch.float64)
    theirs.set_attn_implementation(attention)
    length = sizes["n_positions"]
    place = torch.arange(length)
    real = torch.stack([place >= 3, place < length - 2, (place % 3 != 1), place >= 0])
    tokens, positions = torch.randint(sizes["vocab_size"], (4, length)), (real.cumsum(dim=1) - 1).clamp(min=0)
    with torch.no_grad():
        logits = ours(tokens, attention_mask=real)
        expected = theirs(tokens, attention_mask=real.long(), position_ids=positions).logits
        alone = torch.cat([ours(row[mask][None])[0] for row, mask in zip(tokens, real, strict=True)])
    assert (logits - expected)[real].abs().max() < 1e-10
    assert (logits[real] - alone).abs().max() < 1e-10
    assert logits.isfinite().all()


def test_gpt2_begins_as_transformers_does(gpt2):
    torch.manual_seed(0)
    config = GPT2Config(vocab_size=500, n_positions=32, n_embd=96, n_layer=6, n_head=4, bos_token_id=0, eos_token_id=0)
    ours, theirs = gpt2.GPT2(config), GPT2LMHeadModel(config).transformer
    for (name, parameter), (theirs_name, their) in zip(ours.named_parameters(), theirs.named_parameters(), strict=True):
        spread, expected = parameter.std().item(), their.std().item()
        assert name == theirs_name and spread == pytest.approx(expected, rel=0.1, abs=1e-9), name
        assert parameter.mean().item() == pytest.approx(their.mean().item(), abs=0.002), name
    tokens = torch.randint(500, (4, 32))
    assert gpt2.language_model_loss(ours.eval()(tokens), tokens).item() == pytest.approx(math.log(500), rel=0.02)


def test_gpt2_drops_where_transformers_does(gpt2):
    """With one rate at a time, and weights that are the same: the share of zeros, and the mean over many draws."""
    for rate in ("embd_pdrop", "attn_pdrop", "resid_pdrop"):
        sizes = SIZES[0] | {"embd_pdrop": 0.0, "attn_pdrop": 0.0, "resid_pdrop": 0.0, rate: 0.4}
        ours, theirs = both(gpt2, sizes, torch.float64)
        tokens = torch.randint(31, (1, 7)).expand(4000, 7)
        with torch.no_grad():
            drawn, expected = ours.train()(tokens), theirs.train()(tokens).logits
        error = expected.std(0) * (2 / 4000) ** 0.5
        assert ((drawn.mean(0) - expected.mean(0)).abs() < 6 * error).all(), rate
        assert torch.allclose(drawn.std(0), expected.std(0), rtol=0.15), rate
        assert (ours.eval()(tokens[:1]) - drawn[:1]).abs().max() > 1e-3, rate


@pytest.mark.parametrize("size", COUNTS)
def test_parameters_are_as_many_as_in_gpt2(gpt2, size):
    sizes, count = COUNTS[size]
    with torch.device("meta"):
        assert sum(parameter.numel() for parameter in gpt2.GPT2(GPT2Config(**sizes)).parameters()) == count


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("name", ["generate", "generate_cached"])
def test_greedy_generation_is_transformers(gpt2, generation, sizes, name):
    ours, theirs = both(gpt2, sizes, torch.float64)
    tokens = torch.randint(sizes["vocab_size"], (4, 3))
    new = sizes["n_positions"] - 3
    written = getattr(generation, name)(ours, tokens, new, temperature=0)
    options = {"attention_mask": torch.ones_like(tokens), "max_new_tokens": new, "do_sample": False, "pad_token_id": 0}
    assert torch.equal(written, theirs.generate(tokens, **options, eos_token_id=None))
    end = int(written[0, 5])
    until = theirs.generate(tokens, **(options | {"pad_token_id": end}), eos_token_id=end)
    assert torch.equal(getattr(generation, name)(ours, tokens, new, temperature=0, eos_id=end), until)


@pytest.mark.parametrize("sizes", SIZES)
def test_padded_generation_is_transformers(gpt2, generation, sizes):
    """Prompts of unequal length in one batch, until the context is full; rows that end are filled up as theirs."""
    ours, theirs = both(gpt2, sizes, torch.float64)
    prompts = [torch.randint(sizes["vocab_size"], (length,)) for length in (1, 4, 2, 3)]
    tokens, mask = generation.pad_left(prompts, 0)
    new = sizes["n_positions"] - 4
    options = {"attention_mask": mask.long(), "max_new_tokens": new, "do_sample": False, "pad_token_id": 0}
    written = generation.generate(ours, tokens, new, attention_mask=mask, temperature=0)
    assert torch.equal(written, theirs.generate(tokens, **options, eos_token_id=None))
    end = int(written[0, 5])
    until = theirs.generate(tokens, **(options | {"pad_token_id": end}), eos_token_id=end)
    assert torch.equal(generation.generate(ours, tokens, new, attention_mask=mask, temperature=0, eos_id=end), until)


@pytest.mark.parametrize("top_k, top_p, temperature", [(5, None, 1.0), (None, 0.7, 0.5), (9, 0.9, 2.0), (1, 0.01, 3.0)])
def test_filters_are_transformers(generation, top_k, top_p, temperature):
    torch.manual_seed(2)
    logits = 3 * torch.randn(6, 31, dtype=torch.float64)
    ours = generation.apply_temperature(logits, temperature)
    theirs = TemperatureLogitsWarper(temperature)(None, logits)
    if top_k:
        ours, theirs = generation.keep_top_k(ours, top_k), TopKLogitsWarper(top_k)(None, theirs)
    if top_p:
        ours, theirs = generation.keep_top_p(ours, top_p), TopPLogitsWarper(top_p)(None, theirs)
    assert torch.equal(ours, theirs)
