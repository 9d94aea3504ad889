"""Qualified Dublin Core: fragments made by hand after DCMI's terms and the documentation of OpenEdition and DSpace."""

from __future__ import annotations

import pytest

from harvesters.errors import FormatError
from harvesters.formats import describe
from harvesters.formats.description import RawDate, RawIdentifier, RawLink, RawRelation, RawSubject, RawText
from harvesters.records import RawRecord
from indexer.normalise.manifestation import normalise
from tests.unit.pages import record

_NAMES = (
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
)


def qdc(inner: str, *, root: str = "qdc:qualifieddc", prefix: str = "qdc") -> RawRecord:
    space = 'xmlns:qdc="http://dspace.org/qualifieddc/"'
    body = f"<record><header/><metadata><{root} {space} {_NAMES}>{inner}</{root}></metadata></record>"
    return record(body.encode(), metadata_prefix=prefix)


@pytest.mark.parametrize("root", ["qdc:qualifieddc", "qdc:qdc", "qdc:dcterms", "dcterms:dcterms", "dcterms:record"])
def test_every_wrapper_in_use_is_known(root: str) -> None:
    found = describe(qdc("<dcterms:title>T</dcterms:title>", root=root, prefix="oai_qdc"))
    assert found.titles == (RawText(value="T"),)


def test_old_dspace_has_no_wrapper_and_is_read_all_the_same() -> None:
    body = (
        f"<record {_NAMES}><header/><metadata><dc:title>T</dc:title><dc:creator>Roe, Jane</dc:creator>"
        "<dcterms:issued>2015-04</dcterms:issued></metadata></record>"
    )
    found = describe(record(body.encode(), metadata_prefix="qdc"))
    assert (found.titles[0].value, found.contributors[0].name, found.dates[0].value) == ("T", "Roe, Jane", "2015-04")


def test_a_single_element_is_no_record() -> None:
    with pytest.raises(FormatError, match="<title>"):
        describe(record(b'<dc:title xmlns:dc="http://purl.org/dc/elements/1.1/">T</dc:title>', metadata_prefix="qdc"))


def test_another_formats_title_root_is_not_dublin_core() -> None:
    with pytest.raises(FormatError, match="root element <title>"):
        describe(record(b"<record><metadata><title>T</title></metadata></record>", metadata_prefix="x"))


def test_alternatives_are_never_the_main_title_and_abstracts_go_before_notes() -> None:
    found = describe(
        qdc(
            '<dcterms:alternative xml:lang="en">The other</dcterms:alternative><dcterms:title>Le titre</dcterms:title>'
            "<dc:description>Includes bibliographical references.</dc:description>"
            '<dcterms:abstract xml:lang="fr">Résumé</dcterms:abstract><dcterms:abstract xml:lang="en">Summary'
            "</dcterms:abstract>"
        )
    )
    assert found.titles == (RawText(value="Le titre"), RawText(value="The other", language="en", translated=True))
    assert [(one.value, one.language) for one in found.abstracts] == [("Résumé", "fr"), ("Summary", "en")]


def test_a_description_is_the_abstract_where_there_is_no_other() -> None:
    assert describe(qdc("<dc:description>A study.</dc:description>")).abstracts == (RawText(value="A study."),)


def test_subjects_have_their_scheme_whichever_way_it_is_written() -> None:
    found = describe(
        qdc(
            '<dcterms:subject xsi:type="dcterms:LCSH">Medicine</dcterms:subject>'
            '<dcterms:subject xsi:type="dcterms:LCSH">DNA</dcterms:subject>'
            '<dcterms:subject xsi:type="dcterms:DDC">616.07</dcterms:subject>'
            '<dcterms:subject scheme="BISAC">POL044000</dcterms:subject>'
            '<dcterms:subject scheme="keywords" xml:lang="fr">navettes</dcterms:subject>'
            '<dc:subject>commuting</dc:subject><dcterms:spatial xml:lang="fr">Bulgarie</dcterms:spatial>'
            '<dcterms:spatial xsi:type="dcterms:Point">east=1; north=2</dcterms:spatial>'
        )
    )
    assert found.subjects == (
        RawSubject(value="Medicine", scheme="LCSH"),
        RawSubject(value="DNA", scheme="LCSH"),
        RawSubject(value="616.07", scheme="DDC"),
        RawSubject(value="POL044000", scheme="BISAC"),
    )
    assert [(one.value, one.language) for one in found.keywords] == [
        ("navettes", "fr"),
        ("commuting", None),
        ("Bulgarie", "fr"),
    ]


@pytest.mark.parametrize(
    ("dates", "published"),
    [
        (
            (
                "<dcterms:available>2019-01-02</dcterms:available><dcterms:created>2019-01-02</dcterms:created>"
                '<dcterms:issued xsi:type="dcterms:W3CDTF">2011-03</dcterms:issued>'
            ),
            "2011-03",
        ),
        ("<dcterms:available>2019-01-02</dcterms:available><dc:date>2012</dc:date>", "2012"),
        ("<dcterms:available>2019-01-02</dcterms:available>", "2019-01-02"),
        ("<dcterms:created>2009-05</dcterms:created><dcterms:modified>2020</dcterms:modified>", "2009-05"),
        ("<dcterms:modified>2020</dcterms:modified><dcterms:dateAccepted>2019</dcterms:dateAccepted>", "None"),
    ],
)
def test_the_issue_counts_before_all_other_dates(dates: str, published: str) -> None:
    found = normalise([qdc(f"<dcterms:title>A title of a study</dcterms:title>{dates}")], "z")
    assert str(found.published) == published


def test_openeditions_article_is_read_whole() -> None:
    found = normalise(
        [
            qdc(
                "<dcterms:title>Y a-t-il une différence entre « Roms » et « Roumains » ?</dcterms:title>"
                "<dcterms:creator>Olivera, Martin</dcterms:creator><dcterms:publisher>Ministère</dcterms:publisher>"
                '<dcterms:identifier scheme="URI">http://journals.openedition.org/terrain/16916</dcterms:identifier>'
                '<dcterms:identifier scheme="URN">urn:doi:10.4000/terrain.16916</dcterms:identifier>'
                '<dcterms:isPartOf scheme="URN">urn:issn:0760-5668</dcterms:isPartOf>'
                '<dcterms:isPartOf scheme="URN">urn:eissn:1777-5450</dcterms:isPartOf>'
                '<dcterms:issued xsi:type="dcterms:W3CDTF">2017-09-01</dcterms:issued>'
                '<dcterms:language xsi:type="dcterms:RFC1766">fr</dcterms:language>'
                "<dcterms:type>article</dcterms:type><dcterms:rights>CC BY-SA 3.0</dcterms:rights>"
                "<dcterms:accessRights>info:eu-repo/semantics/openAccess</dcterms:accessRights>"
                "<dcterms:extent>240-241</dcterms:extent>"
                '<dcterms:hasFormat scheme="TEI">http://journals.openedition.org/terrain/tei/16916</dcterms:hasFormat>'
            )
        ],
        "openedition",
    )
    assert (found.identifier("doi"), str(found.published), found.pages) == (
        "10.4000/terrain.16916",
        "2017-09-01",
        "240-241",
    )
    assert found.container is not None
    assert found.container.issns == ("0760-5668", "1777-5450")
    assert found.license is not None
    assert found.license.code == "cc-by-sa"
    assert found.language is not None
    assert found.language.code == "fr"
    assert not any("/tei/" in one.url for one in found.locations)


def test_an_extent_that_is_no_range_is_no_pages() -> None:
    for extent in ("132", "132 p.", "2 MB", "1 h 20 min"):
        assert describe(qdc(f"<dcterms:extent>{extent}</dcterms:extent>")).first_page is None
    assert describe(qdc("<dcterms:extent>pp. 139–155</dcterms:extent>")).last_page == "155"


def test_part_of_is_a_journal_a_citation_or_an_address() -> None:
    assert describe(qdc("<dcterms:isPartOf>Acta Botanica</dcterms:isPartOf>")).container_title == "Acta Botanica"
    assert describe(qdc("<dcterms:isPartOf>Acta, Vol 3, Iss 1, Pp 2-4</dcterms:isPartOf>")).citation is not None
    assert describe(qdc("<dcterms:isPartOf>https://x.org/acta</dcterms:isPartOf>")).links == (
        RawLink(url="https://x.org/acta", kind="relation"),
    )
    found = describe(
        qdc("<dcterms:bibliographicCitation>Acta, Vol 3, Iss 1, Pp 2-4 (2020)</dcterms:bibliographicCitation>")
    )
    assert found.citation == "Acta, Vol 3, Iss 1, Pp 2-4 (2020)"


def test_identifiers_say_what_they_are() -> None:
    found = describe(
        qdc(
            '<dcterms:identifier xsi:type="dcterms:URI">http://hdl.handle.net/1/2</dcterms:identifier>'
            '<dcterms:identifier xsi:type="dcterms:ISSN">1627-4873</dcterms:identifier>'
            "<dcterms:identifier>urn:eisbn:9782821875470</dcterms:identifier>"
            '<dcterms:identifier xsi:type="dcterms:DOI">10.1/x</dcterms:identifier>'
        )
    )
    assert found.identifiers == (
        RawIdentifier(value="http://hdl.handle.net/1/2"),
        RawIdentifier(value="urn:isbn:9782821875470"),
        RawIdentifier(value="10.1/x", scheme="doi"),
    )
    assert found.issns == (RawIdentifier(value="1627-4873"),)


def test_relations_read_from_this_work_to_the_other() -> None:
    inner = (
        "<dcterms:title>A title of a study</dcterms:title>"
        "<dcterms:isVersionOf>https://doi.org/10.1000/a</dcterms:isVersionOf>"
        "<dcterms:replaces>doi:10.1000/b</dcterms:replaces><dcterms:isReferencedBy>10.1000/c</dcterms:isReferencedBy>"
        "<dcterms:isReplacedBy>A book without a number</dcterms:isReplacedBy>"
    )
    assert RawRelation(kind="replaces", value="doi:10.1000/b") in describe(qdc(inner)).relations
    found = normalise([qdc(inner)], "z")
    assert [(one.kind, str(one.target)) for one in found.relations] == [
        ("version_of", "doi:10.1000/a"),
        ("updates", "doi:10.1000/b"),
        ("related_to", "doi:10.1000/c"),
    ]


def test_dates_are_copied_with_their_kind() -> None:
    found = describe(
        qdc(
            "<dcterms:dateSubmitted>2001</dcterms:dateSubmitted><dcterms:valid>2002</dcterms:valid><dc:date>2003</dc:date>"
        )
    )
    assert found.dates == (
        RawDate(value="2001", kind="submitted"),
        RawDate(value="2002", kind="valid"),
        RawDate(value="2003"),
    )
