"""Write the mixed content of JATS as text with simple HTML tags, for the normaliser to strip."""

from __future__ import annotations

import re

from lxml import etree

from harvesters.formats.xml import local_name, name_in, plain_text

_Element = etree._Element  # noqa: SLF001 - lxml's only name for the type

_TAGS = {
    "italic": "i",
    "bold": "b",
    "sub": "sub",
    "sup": "sup",
    "p": "p",
    "title": "h4",
    "list-item": "li",
    "underline": "u",
    "disp-quote": "p",
}
_DROPPED = frozenset(
    (
        "fn",
        "graphic",
        "inline-graphic",
        "table-wrap",
        "fig",
        "media",
        "object-id",
        "private-char",
        "fn-group",
        "alt-text",
    )
)
_FOOTNOTE_MARKS = frozenset(("fn", "table-fn", "author-notes", "corresp", "aff"))
_TEX_BODY = re.compile(r"\\begin\{document\}(.*?)\\end\{document\}", re.DOTALL)
_MAX_DEPTH = 60


def inline_html(element: _Element) -> str:
    """Return an element's content as text with ``<i>``, ``<sub>``, ``<p>``, ``<h4>`` … kept, ``&`` and ``<`` escaped.

    Footnotes and their marks, figures and tables are left out; of a formula given in several ways, only
    one is taken (MathML's characters, else TeX between dollars).
    """
    if len(element) == 0:
        return _escape(element.text or "")
    parts: list[str] = []
    _write_content(element, parts, 0)
    return "".join(parts)


def _escape(text: str) -> str:
    if "&" in text or "<" in text:
        return text.replace("&", "&amp;").replace("<", "&lt;")
    return text


def _write_content(element: _Element, parts: list[str], depth: int) -> None:
    text = element.text
    if text:
        parts.append(_escape(text))
    for child in element:
        _write_child(child, name_in(child.tag), parts, depth)
        tail = child.tail
        if tail:
            parts.append(_escape(tail))


def _write_child(child: _Element, name: str, parts: list[str], depth: int) -> None:
    if depth > _MAX_DEPTH:
        return
    html = _TAGS.get(name)
    if html is not None:
        if name != "sup" or not _is_footnote_mark(child):
            parts.append(f"<{html}>")
            _write_content(child, parts, depth + 1)
            parts.append(f"</{html}>")
    elif name in {"alternatives", "inline-formula", "disp-formula"}:
        parts.append(_formula(child))
    elif name == "tex-math":
        parts.append(_escape(_tex(child)))
    elif name == "break":
        parts.append("<br>")
    elif name not in _DROPPED and (name != "xref" or child.get("ref-type") not in _FOOTNOTE_MARKS):
        _write_content(child, parts, depth + 1)


def _is_footnote_mark(sup: _Element) -> bool:
    """Tell whether a superscript holds nothing but a reference to a footnote."""
    if (sup.text or "").strip() or len(sup) == 0:
        return False
    return all(
        local_name(one) == "xref" and one.get("ref-type") in _FOOTNOTE_MARKS and not (one.tail or "").strip(" ,;")
        for one in sup
    )


def _formula(element: _Element) -> str:
    math = next(element.iter("{*}math"), None)
    if math is not None:
        return _escape("".join(plain_text(math).split()))
    tex = next(element.iter("{*}tex-math"), None)
    if tex is not None:
        return _escape(_tex(tex))
    parts: list[str] = []
    _write_content(element, parts, 1)
    return "".join(parts)


def _tex(element: _Element) -> str:
    """Return TeX between dollars; Springer wraps every formula in a whole LaTeX document."""
    text = plain_text(element)
    body = _TEX_BODY.search(text)
    return "$" + (body[1] if body else text).strip().strip("$").strip() + "$"
