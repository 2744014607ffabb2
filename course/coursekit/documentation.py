"""Collects English text that is on every machine: the topics of Python's own help(), and the docstrings of its library.

The text differs a little from one version of Python to the next.
"""

import ast
import hashlib
import re
import sysconfig
import warnings
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from pydoc_data.topics import topics

CODE = re.compile(r'"[^"]*"|\*\*?[^* ]+\*\*?\([^)]*\)|\b\w+(?:[._]\w+)+(?:\(\))?|\b\w+\(\)')
SENTENCE = re.compile(r"(?<=[.:;?!])\s+")
PROSE = re.compile(r"[A-Za-z ,;()'*-]+[.:;?!]")  # a sentence without numbers and tables
PARAGRAPH = re.compile(r"""[A-Z"'(][^|=>]*[.:]""")  # without grammars, tables and sessions of the interpreter
OTHERS = {"site-packages", "pydoc_data", "test", "tests", "idlelib", "lib2to3"}  # not the library, or no prose
TOKEN = re.compile(r"[a-z]+|[.,;:?!()]")


@cache
def sentences() -> tuple[tuple[str, ...], ...]:
    """Return the sentences of the topics, each a tuple of lower-case words and punctuation marks, and none twice.

    The word "code" replaces each name and each expression. Sentences with numbers, tables and listings are left out,
    and so are sentences of fewer than four words.
    """
    paragraphs = [" ".join(part.split()) for topic in topics.values() for part in topic.split("\n\n")]
    found = [sentence for paragraph in paragraphs for sentence in SENTENCE.split(CODE.sub("code", paragraph))]
    prose = [sentence for sentence in found if PROSE.fullmatch(sentence) and len(sentence.split()) >= 4]
    return tuple(dict.fromkeys(tuple(TOKEN.findall(sentence.lower())) for sentence in prose))


@cache
def documents(library: bool = True) -> tuple[str, ...]:
    """Return prose for language models: the topics, and after them the library's docstrings, none of them twice.

    library  False: only the topics, which takes no time; reading the library takes some seconds

    Each text has one paragraph per line; headings, listings and tables are left out. In Python 3.11 they are five
    thousand texts of 1.2 million characters, of which the topics are a fifth.
    """
    texts = [topics[name] for name in sorted(topics)]
    if library:
        texts += _docstrings(Path(sysconfig.get_path("stdlib")))
    return tuple(dict.fromkeys(prose for text in texts if (prose := _prose(text))))


def is_held_out(text: str) -> bool:
    """Return whether this text is held out: one text in twenty is, and no model is trained on it.

    The text's own hash decides, so that a text which two versions of Python have in common is held out in both.
    """
    return int(hashlib.sha256(text.encode()).hexdigest(), 16) % 20 == 0


def fingerprint(texts: Sequence[str]) -> str:
    """Return the SHA-256 of texts in hexadecimal, which shows whether two experiments used the same texts."""
    return hashlib.sha256("\n\n".join(texts).encode()).hexdigest()


def _docstrings(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*.py")):
        if OTHERS.isdisjoint(path.relative_to(folder).parts):
            with warnings.catch_warnings(action="ignore"):  # of odd escapes in old modules
                tree = ast.parse(path.read_bytes())
            for node in ast.walk(tree):
                if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                    yield ast.get_docstring(node) or ""


def _prose(text: str) -> str:
    paragraphs = [" ".join(paragraph.split()) for paragraph in text.split("\n\n")]
    return "\n".join(p for p in paragraphs if PARAGRAPH.fullmatch(p) and len(p.split()) >= 8)
