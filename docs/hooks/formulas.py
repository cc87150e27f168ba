r"""Convert LaTeX formulas to MathML while the site is built, so that no page needs a script.

Pages contain ``$…$`` and ``$$…$$``, which GitHub and notebooks display too.
"""

from __future__ import annotations

import html
import re

from latex2mathml.converter import convert

# As pymdownx.arithmatex writes them: \(…\) inline, \[…\] as a block.
_FORMULA = re.compile(r'<(span|div) class="arithmatex">\\[(\[](.*?)\\[)\]]</\1>', re.DOTALL)


def on_page_content(content: str, **_event: object) -> str:
    """Return a page with its formulas as MathML."""
    return _FORMULA.sub(_to_mathml, content)


def _to_mathml(found: re.Match[str]) -> str:
    kind, latex = found.groups()
    latex = latex.replace("{aligned}", "{align*}")  # the only name that the converter knows
    display = "block" if kind == "div" else "inline"
    return f'<{kind} class="formula">{convert(html.unescape(latex), display=display)}</{kind}>'
