"""Turn the LaTeX in titles and abstracts into characters, formula by formula, and leave all else alone."""

from __future__ import annotations

import logging
import re
from functools import lru_cache

from pylatexenc.latex2text import LatexNodes2Text  # type: ignore[import-untyped]

_MATH = re.compile(
    r"\$\$([^$]{1,2000})\$\$|\$([^$]{1,2000})\$|\\\(((?:(?!\\\)).){1,2000})\\\)|\\\[((?:(?!\\\]).){1,2000})\\\]",
    re.DOTALL,
)
_LOOKS_LIKE_MATH = re.compile(
    r"[\\^_{}=<>]|^\s*[A-Za-z]{1,3}[\d'′]*\s*$|^[A-Za-z\d\s+\-*/(),.|'×·]*[+\-*/(|][A-Za-z\d\s+\-*/(),.|'×·]*$"
)
#: Numbers, ranges of them, intervals, names of variables: ``$3$-uniform``, ``$[0,1]$``, ``$i,j$``, ``$2.5 σ$``.
_SIMPLE_MATH = re.compile(
    r"%|\d++(?:[.,]\d++)*+(?:\s?[-–±×]\s?\d++(?:[.,]\d++)*+)*+(?:%|\s?[^\W\d_])?"
    r"|[A-Za-z](?:,\s?[A-Za-z])*,?|[\[(][\w.]{1,9}(?:,\s?[\w.]{1,9})*[\])]"
)
_MONEY = re.compile(r"^\s?\d++(?:[.,]\d++)*+\s*(?:[a-z]{2,}(?=[\s,;.)]|$)|[-–—,;.]|$)", re.IGNORECASE)
_CITATION = re.compile(r"[ ~]?\\(?:cite[a-z]*|ref|label|footnote)\*?(?:\[[^\[\]]{0,80}\])?\{[^{}]{0,200}\}")
_ENVIRONMENT = re.compile(r"\\(?:begin|end)\{[a-z]{2,16}\*?\}(?:\{[lcr|]{1,9}\})?")
_STYLED = re.compile(r"\{\\(?:em|it|bf|sl|rm|tt|sc|sf|cal)\b\s*([^{}\\]{0,400})\}")
_PERCENT = re.compile(r"(?<!\\)%")  # would begin a comment
_SPACE = re.compile(r"\\ ")
#: Digits above and below the line, as HTML's ``<sub>`` gives them too: ``MoS_{2}``, ``$10^{-5}$``.
_SMALL = re.compile(r"([_^])(?:\{([0-9+\-]{1,6})\}|(\d)(?![\d.]))")
_BRACED_SMALL = re.compile(r"(?<=\w)([_^])\{([0-9+\-]{1,6})\}()")
_RAISED = str.maketrans("0123456789+-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻")
_LOWERED = str.maketrans("0123456789+-", "₀₁₂₃₄₅₆₇₈₉₊₋")
_ACCENT = re.compile(
    r"""\{?\\(?:["'`^~=.]\s?\{?\\?[A-Za-z]\}?|[uvHckrtdb](?:\s?\{\\?[A-Za-z]{1,2}\}|\s[A-Za-z])|(?:ss|ae|AE|oe|OE|aa|AA|o|O|l|L|i|j)(?![A-Za-z]))(?:\{\})?\}?"""
)
_COMMAND = re.compile(
    r"\\(?:emph|text[a-z]{2}|text|math[a-z]{2,4}|mbox|it|bf|rm|tt|sc|em|[a-zA-Z]{2,16})(?:\{[^{}\\]{0,200}\})?(?![A-Za-z])"
)
_ESCAPED = re.compile(r"\\([%&#_{}])")
_NOT_ALNUM = re.compile(r"[\W_]+")
_MIN_ECHO = 2
_MOST_FORMULAS = 1000  # a round; a page of LaTeX posing as an abstract may not hold up the rest


@lru_cache(maxsize=1)
def _converter() -> LatexNodes2Text:
    logging.getLogger("pylatexenc").setLevel(logging.CRITICAL)  # it warns at every \\frac12
    return LatexNodes2Text(math_mode="text", strict_latex_spaces=False)


@lru_cache(maxsize=4096)
def _convert(source: str) -> str:
    """Return a piece of LaTeX as text; what the library cannot read stays as it is."""
    try:
        text: str = _converter().latex_to_text(source, tolerant_parsing=True)
    except (ValueError, IndexError, KeyError, TypeError, AttributeError, RecursionError):
        return source.strip("$")  # its parser is not meant for broken input
    return " ".join(text.split())


def replace_latex(text: str) -> str:
    """Replace formulas, accents and simple commands by characters.

    Dollars that look like money stay. A formula whose plain form stands right before it (``R e $R_{e}$``, as
    DOAJ has it from publishers that send both) is dropped.
    """
    if "$" in text or "\\(" in text or "\\[" in text:
        text = _MATH.sub(_formula, text, count=_MOST_FORMULAS)
    if "\\" in text:
        text = _SPACE.sub(" ", _ENVIRONMENT.sub(" ", _CITATION.sub("", _STYLED.sub(r"\1", text))))
        text = _ACCENT.sub(lambda match: _convert(match[0]), text)
        text = _COMMAND.sub(_command, text)
        text = _ESCAPED.sub(r"\1", text)
    if "_{" in text or "^{" in text:
        text = _BRACED_SMALL.sub(_small, text)
    return text


def _small(match: re.Match[str]) -> str:
    return (match[2] or match[3]).translate(_RAISED if match[1] == "^" else _LOWERED)


def _command(match: re.Match[str]) -> str:
    converted = _convert(match[0])
    return converted or match[0]


def _formula(match: re.Match[str]) -> str:
    inner = next(group for group in match.groups() if group is not None)
    is_simple = _SIMPLE_MATH.fullmatch(inner) is not None
    if match[0][0] == "$" and not is_simple and (_MONEY.match(inner) or not _LOOKS_LIKE_MATH.search(inner)):
        return match[0]
    converted = _convert("$" + _SMALL.sub(_small, _PERCENT.sub(r"\%", inner.strip())) + "$")
    skeleton = _NOT_ALNUM.sub("", converted)
    before = _NOT_ALNUM.sub("", match.string[max(0, match.start() - 4 * len(skeleton) - 4) : match.start()])
    if len(skeleton) >= _MIN_ECHO and before.endswith(skeleton):
        return ""
    return converted
