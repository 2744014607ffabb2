"""English text that is on every machine: the topics of Python's own help().

It differs a little from one version of Python to the next.
"""

import re
from functools import cache
from pydoc_data.topics import topics

CODE = re.compile(r'"[^"]*"|\*\*?[^* ]+\*\*?\([^)]*\)|\b\w+(?:[._]\w+)+(?:\(\))?|\b\w+\(\)')
SENTENCE = re.compile(r"(?<=[.:;?!])\s+")
PROSE = re.compile(r"[A-Za-z ,;()'*-]+[.:;?!]")  # a sentence without numbers and tables
TOKEN = re.compile(r"[a-z]+|[.,;:?!()]")


@cache
def sentences() -> tuple[tuple[str, ...], ...]:
    """The sentences in words, each a tuple of lower-case words and punctuation marks, and none of them twice.

    "code" stands where a name or an expression stood; sentences with numbers, tables and listings are left out.
    """
    paragraphs = [" ".join(part.split()) for topic in topics.values() for part in topic.split("\n\n")]
    found = [sentence for paragraph in paragraphs for sentence in SENTENCE.split(CODE.sub("code", paragraph))]
    prose = [sentence for sentence in found if PROSE.fullmatch(sentence) and len(sentence.split()) >= 4]
    return tuple(dict.fromkeys(tuple(TOKEN.findall(sentence.lower())) for sentence in prose))
