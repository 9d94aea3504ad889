"""XML that is written as text: well-formed whatever it holds."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from search_api.repository.markup import element, enclosed, escaped

_ANYTHING = st.text(st.characters(exclude_categories=[]))


def _allowed(text: str) -> str:
    """Return a text without what XML 1.0 forbids (section 2.2)."""
    kept = (
        one
        for one in text
        if one in "\t\n\r" or unicodedata.category(one) not in {"Cc", "Cs"} or "\x7f" <= one <= "\x9f"
    )
    return "".join(one for one in kept if one not in "\ufffe\uffff")


@given(_ANYTHING, _ANYTHING)
def test_any_text_comes_back_without_what_xml_forbids(content: str, attribute: str) -> None:
    read = etree.fromstring(enclosed("a", escaped(content), b=attribute).encode())
    assert (read.text or "") == _allowed(content)
    assert (read.get("b") or "") == _allowed(attribute)


def test_what_is_empty_is_left_out() -> None:
    assert element("a", "") == element("a", None) == ""
    assert element("a", "x", b=None, c="", xml_lang="zh", issn_l="1") == '<a xml:lang="zh" issn_l="1">x</a>'
    assert enclosed("a", "") == "<a/>"
    assert element("a", "\x00") == "<a/>"
