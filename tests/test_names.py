"""Which names code defines and uses: the ground of parts.py, of the judge's shortcuts, and of what is forbidden."""

import pytest

from autograder.authoring.names import reached, statements


@pytest.mark.parametrize(
    "text, binds, reads",
    [
        ("def double(x):\n    y = x * two\n    return y", {"double"}, {"two"}),
        ("class A(Base):\n    def f(self, n=size):\n        return helper(n)", {"A"}, {"Base", "size", "helper"}),
        ("@wrapped\ndef f(x: Tensor) -> Module:\n    pass", {"f"}, {"wrapped", "Tensor", "Module"}),
        ("import torch.nn as nn", {"nn"}, set()),
        ("import torch.nn", {"torch"}, set()),
        ("from parts import Encoder as E", {"E"}, set()),
        ("x = [y for y in z]", {"x", "y"}, {"y", "z"}),  # rather one name too many
        ("def f():\n    global g\n    g = h", {"f", "g"}, {"h"}),
        ("(a := b)", {"a"}, {"b"}),
        ("for a in b: pass", {"a"}, {"b"}),
        ("match a:\n    case [b, *c]: pass", {"b", "c"}, {"a"}),
        ("f = lambda x: g(x)", {"f"}, {"g", "x"}),
    ],
)
def test_what_a_statement_binds_and_reads(text, binds, reads):
    (found,) = statements(text)
    assert (found.binds, found.reads) == (binds, reads)


@pytest.mark.parametrize(
    "text, changes", [("a.b = c", {"a"}), ("a.append(c)", {"a"}), ("a['b'] = c", {"a"}), ("f(a.b)", {"a"}), ("b(c)", set())]
)  # fmt: skip
def test_what_a_statement_may_change(text, changes):
    (found,) = statements(text)
    assert found.changes == changes


def test_statements_are_their_smallest_pieces():
    found = statements("if x:\n    from a import b, c\nelse:\n    d, e = f, g")
    assert [statement.binds for statement in found if statement.binds] == [{"b"}, {"c"}, {"d"}, {"e"}]
    assert [statement.takes for statement in found if statement.takes] == [{"b"}, {"c"}]


def takes(text):
    return set().union(*(statement.takes for statement in statements(text)))


@pytest.mark.parametrize(
    "text",
    [
        "class A:\n    def f(self): return self.softmax",
        "class A:\n    def f(me, /, x): return lambda: me.softmax",
        "class A:\n    async def f(self): return self.softmax",
        "class A:\n    def f(self): return A.softmax",
        "class A:\n    @classmethod\n    def f(cls): return cls.softmax",
    ],
)
def test_what_is_the_objects_own_is_not_taken(text):
    assert takes(text) == set()


@pytest.mark.parametrize(
    "text",
    [
        "class A:\n    def f(F): pass\n    def g(self): return F.softmax",
        "class A:\n    def f(F): pass\n    norm = F.softmax",
        "class A:\n    def f(F):\n        pass\ndef g(): return F.softmax",
        "class A:\n    def f(F):\n        F = torch\n        return F.softmax",
        "class A:\n    def f(F):\n        import torch as F\n        return F.softmax",
        "class A:\n    def f(F):\n        return (lambda F: F.softmax)(torch)",
        "class A:\n    def f(F, default=F.softmax): pass",
        "class A:\n    @staticmethod\n    def f(F): return F.softmax",
        "class A:\n    def f(self):\n        def self(F): pass\n        return self.softmax",
        "class A:\n    def f(self, x): return x.softmax",
    ],
)
def test_only_what_is_the_objects_own(text):
    assert "softmax" in takes(text)


CODE = "def a(): return b()\ndef b(): return c\nc = [1]\nc.append(d)\nd = 2\ndef other(): return a()"


def test_what_a_name_reaches():
    def names(*arguments):
        return {name for statement in reached(statements(CODE), *arguments) for name in statement.binds}

    assert names("a") == {"a", "b", "c", "d"} and names("d") == {"d"} and names("nothing") == set()
    assert names("a", {"c"}) == {"a", "b"}


def test_given_code_is_followed(small):
    """An exercise leans on the exercises that given code calls for it, and on those whose cells hold its helpers."""
    from autograder.authoring.course import Course

    path = small / "written" / "01_first" / "notebook.py"
    path.write_text(
        path.read_text()
        + '\n# %% locked="between"\ndef twice(x):\n    return double(double(x))\n'
        + '\n# %% exercise="eightfold"\ndef eightfold(x):\n    ### BEGIN SOLUTION\n    return 2 * twice(x)\n    ### END SOLUTION\n'
        + '\n# %% check="eightfold" points=4\nassert eightfold(1) == 8\n'
        + '\n# %% exercise="first"\ndef first(x):\n    ### BEGIN SOLUTION\n    return _same(x)\n\n\ndef _same(x):\n    return x\n    ### END SOLUTION\n'
        + '\n# %% check="first" points=4\nassert first(1) == 1\n'
        + '\n# %% exercise="second"\ndef second(x):\n    ### BEGIN SOLUTION\n    return _same(x)\n    ### END SOLUTION\n'
        + '\n# %% check="second" points=4\nassert second(1) == 1\n'
        + '\n# %% exercise="third"\ndef third(x, of: second = None) -> list[first]:\n    ### BEGIN SOLUTION\n    return x\n    ### END SOLUTION\n'
        + '\n# %% check="third" points=4\nassert third(1) == 1\n'
    )
    hidden = path.with_name("hidden.py")
    hidden.write_text(
        hidden.read_text()
        + "".join(
            f'\n\n@hidden("{name}")\ndef {name}_works(student, rng):\n    """It works."""\n    return student.{name}(1)\n'
            for name in ("first", "second", "third")
        )
        + '\n\n@hidden("eightfold")\ndef works_too(student, rng):\n    """It works."""\n    return student.eightfold(rng.integer(1, 10**9))\n'
    )
    leans_on = Course.at(small).assignment("01_first").leans_on
    assert leans_on == {
        "double": {"double"},
        "eightfold": {"eightfold", "double"},
        "first": {"first"},
        "_same": {"first"},
        "second": {"second", "first"},
        "third": {"third"},  # an annotation runs nothing
    }
