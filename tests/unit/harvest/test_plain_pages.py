"""Pages read without a tree: the same records, or none."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml import etree

from harvesters.errors import HarvestError
from harvesters.http import Answer
from harvesters.oai.answers import prepared
from harvesters.oai.header import PageContext
from harvesters.oai.page import read_tree
from harvesters.oai.plain import read_plain_page
from harvesters.records import Page

CONTEXT = PageContext(source="s", metadata_prefix="oai_dc", received_at=datetime(2026, 1, 1, tzinfo=UTC))
URL = "http://127.0.0.1/oai?verb=ListRecords"

_RECORD = (
    "<record><header{status}><identifier>{name}</identifier><datestamp>2026-01-0{day}</datestamp>"
    "<setSpec>a</setSpec><setSpec>b:c</setSpec></header>"
    '<metadata><dc xmlns="urn:dc"><title>Is it a title?! Yes &amp; no</title></dc></metadata></record>'
)


_GOES_ON = '<resumptionToken completeListSize="9" cursor="0">next:1</resumptionToken>'


def page_of(*records: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<?xml-stylesheet type="text/xsl" href="/oai.xsl"?>\n'
        '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">\n<responseDate>2026-01-01T00:00:00Z</responseDate>\n'
        f'<request verb="ListRecords">http://127.0.0.1/oai</request>\n<ListRecords>{"".join(records)}{_GOES_ON}'
        "</ListRecords>\n</OAI-PMH>"
    )


def record(name: str, day: int = 1, status: str = "") -> str:
    return _RECORD.format(name=name, day=day, status=status)


PAGE = page_of(record("a"), "\n" + record("b", 2, ' status="deleted"'), record("c", 3, ' xmlns:x="urn:x"'))


#: What, hidden in a comment or the like, looks like the end of one record and the beginning of another.
_FAKE = "</record><record><header><identifier>fake</identifier><datestamp>2026-01-01</datestamp></header>"


def plainly(text: str | bytes) -> Page | None:
    answer = Answer(url=URL, body=text if isinstance(text, bytes) else text.encode())
    return read_plain_page(answer, prepared(answer), "ListRecords", CONTEXT)


def from_tree(text: str | bytes) -> Page:
    answer = Answer(url=URL, body=text if isinstance(text, bytes) else text.encode())
    return read_tree(answer, prepared(answer), "ListRecords", CONTEXT)


def facts(page: Page) -> object:
    """Return everything of a page, each record's bytes in one way of writing."""
    return (
        (page.token, page.list_size, page.response_date, page.damaged),
        [
            (one.identifier, one.datestamp, one.set_specs, one.deleted, _canonical(one.document()))
            for one in page.records
        ],
    )


def _canonical(document: bytes) -> bytes:
    root = etree.fromstring(document)
    element = root if root.tag.endswith("record") else root[0][0]
    element.tail = None
    bare = etree.fromstring(etree.tostring(element))
    etree.cleanup_namespaces(bare)
    written: bytes = etree.tostring(bare, method="c14n", exclusive=True)
    return written


def test_a_usual_page_is_read_without_a_tree_byte_for_byte() -> None:
    page = plainly(PAGE)
    assert page is not None
    assert page == from_tree(PAGE)
    assert [one.identifier for one in page.records] == ["a", "b", "c"]
    assert [one.deleted for one in page.records] == [False, True, False]
    assert (page.token, page.list_size, page.response_date) == ("next:1", 9, "2026-01-01T00:00:00Z")


def test_recorded_pages_of_doaj_and_pmc_are_read_without_a_tree(recorded: Path) -> None:
    names = ["doaj/vufindharvest_oai_doaj_ListRecords.xml"]
    names += [f"pmc/{path.name}" for path in sorted((recorded / "pmc").glob("scrapi_pubmedcentral_oai_dc_*.xml"))]
    assert len(names) > 1
    for name in names:
        page = plainly((recorded / name).read_bytes())
        assert page is not None, name
        assert page == from_tree((recorded / name).read_bytes()), name


@pytest.mark.parametrize(
    "changed",
    [
        PAGE.replace("<title>Is", f"<title><![CDATA[{_FAKE}]]>Is", 1),
        PAGE.replace("<title>Is", f"<title><!-- {_FAKE} -->Is", 1),
        PAGE.replace("<title>Is", f"<title><?x {_FAKE} ?>Is", 1),
        PAGE.replace("<title>Is", f"<title><?x <!-- ?><![CDATA[ --> {_FAKE} ]]>Is", 1),
        PAGE.replace("<title>Is", f"<title><!-- <![CDATA[ --><?x ]]> {_FAKE} ?>Is", 1),
        PAGE.replace("<title>Is", "<title><record>inner</record>Is", 1),
        PAGE.replace("<title>Is", f"<title>{record('inner')}Is", 1),
        PAGE.replace("<title>Is", "<title><x:undeclared/>Is", 1),
        PAGE.replace("<title>Is", "<title><a x:b=''/>Is", 1),
        PAGE.replace("<title>Is", "<title>&nbsp;Is", 1),
        PAGE.replace("<title>Is", "<title>\x0bIs", 1),
        PAGE.replace("<title>Is", "<title>\x0bIs", 1).replace("</title>", "</titel>", 1),
        PAGE.replace("</record>", "</record >", 1),
        PAGE.replace("<title>Is", "<title><recordInfo>2</recordInfo>Is", 1),
        PAGE.replace("<header>", "<header status='gone'>", 1),
        PAGE.replace("<identifier>a", "<identifier>&#97;", 1),
        PAGE.replace("<identifier>a", "<identifier>ä", 1),
        PAGE.replace("<ListRecords>", "<error code='badArgument'>No</error><ListRecords>"),
        PAGE.replace("<ListRecords>", "<ListRecords><about/>"),
        PAGE.replace("<ListRecords>", "<ListRecords>text"),
        PAGE.replace("<ListRecords>", "<ListRecords><record/>"),
        PAGE.replace("<record>", "<record />", 1).replace("</record>", "", 1),
        PAGE.replace("next:1", "next&amp;1"),
        PAGE.replace('completeListSize="9"', 'completeListSize=" 9 "'),
        PAGE.replace("</OAI-PMH>", "<more/></OAI-PMH>"),
        PAGE.replace("ListRecords", "ListIdentifiers"),
        page_of(),
        PAGE[:-60],
    ],
)
def test_what_is_not_plain_is_left_to_the_tree(changed: str) -> None:
    assert plainly(changed) is None


def test_a_page_of_another_verb_is_left_to_the_tree() -> None:
    answer = Answer(url=URL, body=PAGE.encode())
    assert read_plain_page(answer, prepared(answer), "GetRecord", CONTEXT) is None


#: What a page may be given at any place: some of it is harmless, some breaks it, some only seems to.
_PIECES = (
    "<!-- -->", "<!-- </record> -->", "<!-- <record> -->", "<![CDATA[x]]>", "<![CDATA[</record>]]>", "<![CDATA[<!--]]>",
    "<?p?>", "<?p <!-- ?>", "<?p </record>?>", "-->", "]]>", "?>", "<record>", "</record>", "</record >", "<record/>",
    "<record />", "<record><header>", "</metadata></record>", "</ListRecords>", "<recordInfo>x</recordInfo>", "<x/>",
    "<p:x/>", "<header>", "</header>", "<setSpec>s</setSpec>", "<identifier>i</identifier>", " ", "\n", "x", "&amp;",
    "&#60;", "&x;", "\x0b", "<", ">", '"', "<resumptionToken/>", "<resumptionToken>t</resumptionToken>",
    "<error code='x'/>", record("z"), "<!DOCTYPE x>",
    "<!ENTITY x 'y'>", ' status="deleted"', ' a=">"', " a='<'", " a='</record>'",
)  # fmt: skip


@pytest.mark.parametrize("seed", range(40))
def test_no_damage_makes_both_ways_of_reading_differ(seed: int) -> None:
    draws = random.Random(seed)  # noqa: S311  # to repeat a failure, not to keep a secret
    plain = 0
    for _ in range(250):
        text = PAGE
        for _ in range(draws.choice((1, 1, 1, 2, 3))):
            place = draws.randrange(len(text))
            if draws.random() < 0.5:  # most damage that matters is done at tags
                place = text.find("<", place) if "<" in text[place:] else place
            text = text[:place] + draws.choice(_PIECES) + text[place + draws.choice((0, 0, 0, 1, 9)) :]
        page = plainly_or_none(text)
        if page is not None:
            plain += 1
            assert facts(page) == facts(from_tree(text)), text
    assert plain > 0


def plainly_or_none(text: str) -> Page | None:
    try:
        return plainly(text)
    except HarvestError:  # already the document cannot be prepared
        return None
