from __future__ import annotations

import pytest

from harvesters.errors import FormatError
from harvesters.formats.xml import find_payload, local_name, parse_document, plain_text


@pytest.mark.parametrize(
    ("xml", "text"),
    [
        (b"<a>1&ndash;2</a>", "1–2"),
        (b"<a>caf&eacute; &amp; &lt;b&gt;</a>", "café & <b>"),
        (b"<a>&bogus; stays</a>", "&bogus; stays"),
        (b"<a>&foo.bar; stays</a>", "&foo.bar; stays"),
        (b'<!DOCTYPE a PUBLIC "-//NLM//DTD" "http://jats.nlm.nih.gov/x.dtd"><a>A&ndash;B &bogus;</a>', "A–B &bogus;"),
        (b"<a><![CDATA[x &ndash; y]]></a>", "x &ndash; y"),
        (b"<a>one<!-- &ndash; -->two</a>", "onetwo"),
        (b"<a>one\x0btwo</a>", "onetwo"),
        (b"<a>one&#11;two&#x1F;</a>", "onetwo"),
        (b"<a>http://x/?a=1&pid=2</a>", "http://x/?a=1&pid=2"),
        ("<a>прямо</a>".encode(), "прямо"),
        ('<?xml version="1.0" encoding="utf-16"?><a>é &ndash;</a>'.encode("utf-16"), "é –"),
    ],
)
def test_no_text_is_lost_to_entities_or_illegal_characters(xml: bytes, text: str) -> None:
    assert plain_text(parse_document(xml)) == text


@pytest.mark.parametrize(
    "xml",
    [
        b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        b'<!DOCTYPE a [<!ENTITY % p SYSTEM "http://example.org/p">%p;]><a/>',
        b'<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><a t="&b;"/>',
        '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'.encode("utf-16"),
    ],
)
def test_documents_that_declare_entities_are_refused(xml: bytes) -> None:
    with pytest.raises(FormatError, match="declares XML entities") as caught:
        parse_document(xml)
    assert "never expanded" in caught.value.remedy


def test_an_external_dtd_is_never_fetched() -> None:
    root = parse_document(b'<!DOCTYPE a SYSTEM "file:///etc/hostname"><a>x</a>')
    assert plain_text(root) == "x"


@pytest.mark.parametrize("xml", [b"", b"no xml", b"<a><b></a>", b"<a>"])
def test_what_is_not_well_formed_says_so(xml: bytes) -> None:
    with pytest.raises(FormatError, match="not well-formed"):
        parse_document(xml)


def test_a_very_deep_document_is_refused_and_not_followed() -> None:
    with pytest.raises(FormatError):
        parse_document(b"<a>" * 5000 + b"</a>" * 5000)


@pytest.mark.parametrize(
    ("xml", "name"),
    [
        (b"<article/>", "article"),
        (b'<OAI-PMH xmlns="http://o/"><r/><record><metadata><x:dc xmlns:x="u"/></metadata></record></OAI-PMH>', "dc"),
        (b"<record><metadata>\n <foo/></metadata></record>", "foo"),
        (b"<pmc-articleset><article/></pmc-articleset>", "article"),
    ],
)
def test_the_metadata_is_found_in_every_envelope(xml: bytes, name: str) -> None:
    assert local_name(find_payload(parse_document(xml))) == name


def test_a_record_without_metadata_names_a_remedy() -> None:
    with pytest.raises(FormatError, match="no metadata"):
        find_payload(parse_document(b"<OAI-PMH><record><header/></record></OAI-PMH>"))
