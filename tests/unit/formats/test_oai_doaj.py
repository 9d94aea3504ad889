from __future__ import annotations

import pytest

from harvesters.formats import describe
from harvesters.formats.description import RawDate, RawIdentifier, RawLink
from harvesters.formats.oai_doaj import DATE_KIND
from tests.unit.pages import doaj_article, record

FIELDS = (
    "<language>spa</language><publisher>P</publisher><journalTitle>J</journalTitle><issn>2529-850X</issn>"
    "<eissn>2529-850X</eissn><publicationDate>2017-04-01</publicationDate><volume>Volume 16</volume><issue/>"
    "<startPage>129</startPage><endPage>134</endPage><doi>10.19230/jonnpr.1311</doi><publisherRecordId>7</publisherRecordId>"
    "<title>T</title><authors><author><name>Vanessa Oller</name><affiliationId>1</affiliationId>"
    "<orcid_id>https://orcid.org/0000-0002-1825-0097</orcid_id></author><author><name>X</name></author></authors>"
    '<affiliationsList><affiliationName affiliationId="0">A</affiliationName>'
    '<affiliationName affiliationId="1">B</affiliationName></affiliationsList>'
    '<abstract>Aim</abstract><fullTextUrl format="pdf">http://x.org/1.pdf</fullTextUrl>'
    "<keywords><keyword>Environmen</keyword><keyword>; Blogs</keyword></keywords>"
)


def test_all_fields_are_copied_as_written() -> None:
    found = describe(doaj_article(FIELDS))
    assert found.language_scope == "container"
    assert found.languages == ("spa",)
    assert (found.publisher, found.container_title, found.volume, found.issue) == ("P", "J", "Volume 16", None)
    assert (found.first_page, found.last_page) == ("129", "134")
    assert found.issns == (
        RawIdentifier(value="2529-850X", scheme="ppub"),
        RawIdentifier(value="2529-850X", scheme="epub"),
    )
    assert found.dates == (RawDate(value="2017-04-01", kind=DATE_KIND),)
    assert found.identifiers[0] == RawIdentifier(value="10.19230/jonnpr.1311", scheme="doi")
    assert [(one.name, one.affiliations, one.orcid) for one in found.contributors] == [
        ("Vanessa Oller", ("B",), "https://orcid.org/0000-0002-1825-0097"),
        ("X", (), None),
    ]
    assert found.links == (RawLink(url="http://x.org/1.pdf", media="pdf", kind="fulltext"),)
    assert [one.value for one in found.keywords] == ["Environmen", "; Blogs"]


@pytest.mark.parametrize(
    "namespace", ["http://doaj.org/features/oai_doaj/1.0/", "https://doaj.org/features/oai_doaj/1.0/", ""]
)
def test_the_namespace_that_doaj_advertises_and_the_one_it_sends_both_work(namespace: str) -> None:
    body = f'<record><metadata><doajArticle xmlns="{namespace}">{FIELDS}</doajArticle></metadata></record>'
    assert describe(record(body.encode(), metadata_prefix="oai_doaj")).titles[0].value == "T"
