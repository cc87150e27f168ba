r"""Formulas in LaTeX become MathML while the site is built: no page needs a script for them.

Pages write ``$…$`` and ``$$…$$``, as GitHub and notebooks read it.
"""

from __future__ import annotations

import html
import re

from latex2mathml.converter import convert

# As pymdownx.arithmatex writes them: \(…\) in a line, \[…\] on its own.
_FORMULA = re.compile(r'<(span|div) class="arithmatex">\\[(\[](.*?)\\[)\]]</\1>', re.DOTALL)


def on_page_content(content: str, **_event: object) -> str:
    """Return a page whose formulas are MathML."""
    return _FORMULA.sub(_to_mathml, content)


def _to_mathml(found: re.Match[str]) -> str:
    kind, latex = found.groups()
    latex = latex.replace("{aligned}", "{align*}")  # the converter knows it by one of its names
    display = "block" if kind == "div" else "inline"
    return f'<{kind} class="formula">{convert(html.unescape(latex), display=display)}</{kind}>'
