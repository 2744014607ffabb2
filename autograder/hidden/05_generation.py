"""Hidden tests."""

from autograder.probe import hidden


@hidden("apply_temperature")
def stub_apply_temperature(student, rng):
    """Stub of apply_temperature."""
    return rng.normal(3)


@hidden("keep_top_k")
def stub_keep_top_k(student, rng):
    """Stub of keep_top_k."""
    return rng.normal(3)


@hidden("keep_top_p")
def stub_keep_top_p(student, rng):
    """Stub of keep_top_p."""
    return rng.normal(3)


@hidden("generate")
def stub_generate(student, rng):
    """Stub of generate."""
    return rng.normal(3)


@hidden("KVCache")
def stub_kvcache(student, rng):
    """Stub of KVCache."""
    return rng.normal(3)


@hidden("forward_with_cache")
def stub_forward_with_cache(student, rng):
    """Stub of forward_with_cache."""
    return rng.normal(3)


@hidden("generate_cached")
def stub_generate_cached(student, rng):
    """Stub of generate_cached."""
    return rng.normal(3)
