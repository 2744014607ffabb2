"""In notebook 05 a wrong cache costs its own points, and none of those of generate_cached."""

import pytest

from autograder.judging.expected import Expected
from this_course import load

UNSOLVED = """
class KVCache:
    def __init__(self, config):
        raise NotImplementedError()


def forward_with_cache(model, tokens, cache):
    raise NotImplementedError()
"""


def wrong_caches():
    """Solutions of the exercise of the cache with mistakes that are not in the list, by what is wrong."""
    right = load("05_generation").solution("forward_with_cache")

    def changed(old, new):
        assert right.count(old) == 1
        return right.replace(old, new)

    return {
        "not solved": UNSOLVED,
        "not there": "",
        "values twice as large": changed("(query, key, value, mask)", "(query, key, 2 * value, mask)"),
        "a cache of one layer": changed("self._lengths[layer] = end", "self._lengths = [end] * len(self._lengths)"),
        "everything computed anew": changed(
            "    start, end = cache", "    return model(tokens)\n    start, end = cache"
        ),
    }


@pytest.mark.parametrize("what", wrong_caches())
def test_a_wrong_cache_costs_once(what):
    known = Expected(load("05_generation"), seed="a wrong cache")
    namespace = known.assignment.run({"forward_with_cache": wrong_caches()[what]})
    asked = {
        exercise: [known.is_right(case, known.ask(case, namespace)) for case in known.assignment.cases_of(exercise)]
        for exercise in ("forward_with_cache", "generate_cached")
    }
    assert not all(asked["forward_with_cache"]) and all(asked["generate_cached"])
