"""Hidden tests."""

from autograder.probe import hidden


@hidden("gelu")
def stub_gelu(student, rng):
    """Stub of gelu."""
    return rng.normal(3)


@hidden("CausalSelfAttention")
def stub_causalselfattention(student, rng):
    """Stub of CausalSelfAttention."""
    return rng.normal(3)


@hidden("GPT2Block")
def stub_gpt2block(student, rng):
    """Stub of GPT2Block."""
    return rng.normal(3)


@hidden("GPT2")
def stub_gpt2(student, rng):
    """Stub of GPT2."""
    return rng.normal(3)


@hidden("load_gpt2_weights")
def stub_load_gpt2_weights(student, rng):
    """Stub of load_gpt2_weights."""
    return rng.normal(3)


@hidden("language_model_loss")
def stub_language_model_loss(student, rng):
    """Stub of language_model_loss."""
    return rng.normal(3)
