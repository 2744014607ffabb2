"""Lets Sphinx write equations as MathML, which browsers show without a script."""

from docutils import nodes

from autograder.judging.equations import mathml


def setup(app):
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _inline(writer, node: nodes.math) -> None:
    writer.body.append(_mathml(node.astext(), "inline"))
    raise nodes.SkipNode


def _block(writer, node: nodes.math_block) -> None:
    # A long one is scrolled in its place, by the keyboard, too
    writer.body.append(f'<div class="equation" tabindex="0">{_mathml(node.astext(), "block")}</div>')
    raise nodes.SkipNode


def _mathml(tex: str, display: str) -> str:
    found = mathml(tex, display)
    if found is None:
        raise ValueError(f"this equation cannot be written as MathML: {tex}")
    return found
