"""DataCite: a recorded page of Zenodo read by eye, and fragments made by hand after DataCite's documentation."""

from __future__ import annotations

from pathlib import Path

import pytest

from harvesters.errors import FormatError
from harvesters.formats import describe
from harvesters.formats.description import RawDate, RawIdentifier, RawRelation, RawSubject, RawText
from harvesters.records import RawRecord
from indexer.normalise.manifestation import normalise
from tests.unit.pages import cut, record

# Read by eye from the recorded page of Zenodo: type, date, DOI, licence, people (how many with ORCID), keywords,
# languages, first relation, title's beginning.
ZENODO = {
    "8435696": (
        "conference-paper", "2023-10-10", "10.5281/zenodo.8435696", "cc-by", ["Matteo Marchegiani"], 0, 0,
        "version_of doi:10.5281/zenodo.8435695", "PocketCoffea: a configuration layer for CMS analyses with Coffea",
    ),
    "8435639": (
        "dataset", "2023-10-12", "10.5281/zenodo.8435639", "cc-by", ["Gabriele Fedele"], 0, 2,
        "version_of doi:10.5281/zenodo.8435638", "H2020 Platone Italian Demonstrator Use Case 1-2 Market 1st quarter",
    ),
    "8433037": (
        "dataset", "2023-10-11", "10.5061/dryad.cz8w9gj8q", "cc0",
        ["Johan Dahlgren", "Heide Maria Baden", "Fernando Colchero", "Robert Cubey"], 1, 3,
        None, "Birth and death dates for individuals of twelve Rhododendron species",
    ),
    "6645396": (
        "dataset", "2022-06-15", "10.5281/zenodo.6645396", "cc-by",
        ["Elisabeth Thronsen", "Tina Bergh", "T. I. Thorsen"], 1, 4,
        "related_to doi:10.5281/zenodo.8321258", 'Dataset for "Scanning precession electron diffraction data',
    ),
    "8433329": (
        "preprint", "2023-10-12", "10.5281/zenodo.8433329", "cc-by", ["Evangelina Sonia Santos Jeanjacque"], 0, 1,
        "version_of doi:10.5281/zenodo.8433328", "The revival of the kali'na telewuyu language",
    ),
    "8433712": (
        "article", "2023-10-12", "10.5281/zenodo.8433712", "cc-by", ["jie wu"], 0, 0,
        "version_of doi:10.5281/zenodo.8433711", "Research on Nuclear Power Plant Operational Task Complexity",
    ),
}  # fmt: skip


def datacite(inner: str, *, kernel: str = "kernel-4", prefix: str = "datacite") -> RawRecord:
    body = (
        f'<record><header/><metadata><resource xmlns="http://datacite.org/schema/{kernel}">{inner}'
        "</resource></metadata></record>"
    )
    return record(body.encode(), metadata_prefix=prefix)


TITLE = "<titles><title>T</title></titles>"


@pytest.mark.parametrize("number", ZENODO)
def test_zenodos_page_is_read_as_by_eye(recorded: Path, number: str) -> None:
    page = recorded / "oai-misc" / "scythe_zenodo_list_records_04.xml"
    found = next(
        normalise([one], "zenodo")
        for one in cut(page, source="zenodo", metadata_prefix="datacite")
        if one.identifier == f"oai:zenodo.org:{number}"
    )
    relation = next((f"{one.kind} {one.target}" for one in found.relations), None)
    expected = ZENODO[number]
    assert (
        found.type,
        str(found.published),
        found.identifier("doi"),
        found.license and found.license.code,
        [one.name for one in found.contributors][: len(expected[4])],
        sum(one.orcid is not None for one in found.contributors),
        len(found.keywords),
        relation,
    ) == expected[:8]
    assert found.title.value.startswith(expected[8])
    assert len(found.abstracts) == 1


def test_every_record_of_the_page_has_title_people_doi_year_licence_and_abstract(recorded: Path) -> None:
    page = recorded / "oai-misc" / "scythe_zenodo_list_records_04.xml"
    found = [normalise([one], "zenodo") for one in cut(page, source="zenodo", metadata_prefix="datacite")]
    assert len(found) == 50
    for one in found:
        assert one.title.value
        assert one.contributors
        assert one.identifier("doi")
        assert one.published
        assert one.license
        assert one.locations
    assert sum(not one.abstracts for one in found) == 1  # it says "."


def test_zenodos_family_name_that_is_the_whole_name_is_parted() -> None:
    found = normalise(
        [
            datacite(
                TITLE + '<creators><creator><creatorName nameType="Personal">Ana Sofia Lima</creatorName>'
                "<familyName>Ana Sofia Lima</familyName></creator></creators>"
            )
        ],
        "z",
    )
    assert [(one.family, one.given) for one in found.contributors] == [("Lima", "Ana Sofia")]


def test_people_have_parts_orcid_affiliations_and_groups_are_groups() -> None:
    found = describe(
        datacite(
            TITLE + "<creators><creator><creatorName>Miller, Elizabeth</creatorName><givenName>Elizabeth</givenName>"
            '<familyName>Miller</familyName><nameIdentifier nameIdentifierScheme="ISNI">1422 4586 3573 0476'
            '</nameIdentifier><nameIdentifier schemeURI="https://orcid.org/" nameIdentifierScheme="ORCID">'
            "https://orcid.org/0000-0001-5000-0007</nameIdentifier><affiliation>DataCite</affiliation>"
            '<affiliation affiliationIdentifier="https://ror.org/04wxnsj81">TIB</affiliation></creator>'
            '<creator><creatorName nameType="Organizational">Digital Library Group</creatorName></creator></creators>'
            '<contributors><contributor contributorType="Editor"><contributorName>Starr, Joan</contributorName>'
            '</contributor><contributor contributorType="Supervisor"><contributorName>Wang Li</contributorName>'
            '</contributor><contributor contributorType="HostingInstitution"><contributorName>A Library'
            "</contributorName></contributor></contributors>"
        )
    )
    first, group, editor, supervisor = found.contributors
    assert (first.family, first.given, first.affiliations) == ("Miller", "Elizabeth", ("DataCite", "TIB"))
    assert first.orcid == "https://orcid.org/0000-0001-5000-0007"
    assert (group.name, group.is_group) == ("Digital Library Group", True)
    assert (editor.name, editor.role, supervisor.name, supervisor.role) == (
        "Starr, Joan",
        "editor",
        "Wang Li",
        "contributor",
    )


def test_the_main_title_comes_first_with_its_subtitle_and_translations_follow() -> None:
    found = describe(
        datacite(
            '<titles><title xml:lang="zh" titleType="TranslatedTitle">化学进展</title>'
            '<title xml:lang="en" titleType="Subtitle">A survey</title>'
            '<title xml:lang="en">Advances in Chemistry</title>'
            '<title titleType="AlternativeTitle">AiC</title></titles>'
        )
    )
    assert found.titles == (
        RawText(value="Advances in Chemistry: A survey", language="en"),
        RawText(value="化学进展", language="zh", translated=True),
        RawText(value="AiC", translated=True),
    )


def test_a_lone_translated_title_is_better_than_none() -> None:
    found = describe(datacite('<titles><title titleType="TranslatedTitle" xml:lang="zh">化学进展</title></titles>'))
    assert found.titles == (RawText(value="化学进展", language="zh"),)


def test_only_abstracts_are_abstracts_and_line_breaks_are_spaces() -> None:
    found = describe(
        datacite(
            TITLE + '<descriptions><description descriptionType="Other">Funded by X</description>'
            '<description descriptionType="Abstract" xml:lang="en">One<br/>two</description>'
            '<description descriptionType="Abstract" xml:lang="es">Uno</description>'
            '<description descriptionType="Methods">PCR</description></descriptions>'
        )
    )
    assert found.abstracts == (
        RawText(value="One two", language="en"),
        RawText(value="Uno", language="es", translated=True),
    )


@pytest.mark.parametrize(
    ("dates", "published"),
    [
        ('<date dateType="Issued">2019-05-03</date><date dateType="Updated">2001-01-01</date>', "2019-05-03"),
        ('<date dateType="Created">2011-02-03</date><date dateType="Collected">2009/2010</date>', "2020"),
        ('<date dateType="Accepted">2018-01-01</date><date dateType="Submitted">2017-12-01</date>', "2020"),
        ('<date dateType="Available">2021-06-01</date>', "2020"),
    ],
)
def test_the_date_of_issue_counts_and_never_one_of_work_on_it(dates: str, published: str) -> None:
    body = TITLE + f"<publicationYear>2020</publicationYear><dates>{dates}</dates>"
    assert str(normalise([datacite(body)], "z").published) == published


def test_an_article_of_kernel_4_4_names_its_journal_by_a_related_item() -> None:
    found = normalise(
        [
            datacite(
                TITLE + "<publisher>Zenodo</publisher><relatedIdentifiers>"
                '<relatedIdentifier relatedIdentifierType="ISSN" relationType="IsPublishedIn">0370-2693'
                "</relatedIdentifier></relatedIdentifiers><relatedItems>"
                '<relatedItem relationType="Cites" relatedItemType="Book"><titles><title>Not this</title></titles>'
                '<volume>1</volume></relatedItem><relatedItem relationType="IsPublishedIn" relatedItemType="Journal">'
                '<relatedItemIdentifier relatedItemIdentifierType="ISSN">0370-2693</relatedItemIdentifier>'
                "<titles><title>Physics letters B</title></titles><publicationYear>2018</publicationYear>"
                '<volume>776</volume><issue>4</issue><number numberType="Article">17</number>'
                "<firstPage>249</firstPage><lastPage>264</lastPage><publisher>Elsevier</publisher></relatedItem>"
                '<relatedItem relationType="IsPartOf" relatedItemType="Collection"><relatedItemIdentifier '
                'relatedItemIdentifierType="ISSN">2434-561X</relatedItemIdentifier></relatedItem></relatedItems>'
            )
        ],
        "z",
    )
    assert found.container is not None
    assert (found.container.title, found.container.issns, found.container.publisher) == (
        "Physics letters B",
        ("0370-2693",),
        "Elsevier",
    )
    assert (found.volume, found.issue, found.pages) == ("776", "4", "249-264")


def test_series_information_in_datacites_form_gives_journal_volume_and_pages() -> None:
    found = describe(
        datacite(
            TITLE + '<descriptions><description descriptionType="SeriesInformation">Journal of Metadata, 3(4), 20-35'
            "</description></descriptions>"
        )
    )
    assert (found.container_title, found.volume, found.issue, found.first_page, found.last_page) == (
        "Journal of Metadata",
        "3",
        "4",
        "20",
        "35",
    )
    loose = describe(
        datacite(
            TITLE + '<descriptions><description descriptionType="SeriesInformation">Acta, Vol 1, Pp 3-4 (2020)'
            "</description></descriptions>"
        )
    )
    assert loose.citation == "Acta, Vol 1, Pp 3-4 (2020)"


def test_identifiers_keep_their_kind_and_a_local_number_is_nothing_else() -> None:
    found = normalise(
        [
            datacite(
                TITLE + '<identifier identifierType="DOI">10.5555/ABC</identifier><alternateIdentifiers>'
                '<alternateIdentifier alternateIdentifierType="accession">12345</alternateIdentifier>'
                '<alternateIdentifier alternateIdentifierType="PMID">778899</alternateIdentifier>'
                '<alternateIdentifier alternateIdentifierType="arXiv">arXiv:0706.0001</alternateIdentifier>'
                '<alternateIdentifier alternateIdentifierType="Handle">11245/1.2</alternateIdentifier>'
                '<alternateIdentifier alternateIdentifierType="ISBN">978-3-16-148410-0</alternateIdentifier>'
                '<alternateIdentifier alternateIdentifierType="URL">https://repository.example/1</alternateIdentifier>'
                "</alternateIdentifiers>"
            )
        ],
        "z",
    )
    assert {str(one) for one in found.identifiers} == {
        "doi:10.5555/abc",
        "pmid:778899",
        "arxiv:0706.0001",
        "handle:11245/1.2",
        "isbn:9783161484100",
        "oai:example.org:1",
    }
    assert "https://repository.example/1" in [one.url for one in found.locations]


def test_versions_and_supplements_are_relations_and_references_are_not() -> None:
    found = describe(
        datacite(
            TITLE + "<relatedIdentifiers>"
            '<relatedIdentifier relationType="IsVersionOf" relatedIdentifierType="DOI">10.1/a</relatedIdentifier>'
            '<relatedIdentifier relationType="IsSupplementTo" relatedIdentifierType="DOI">10.1/b</relatedIdentifier>'
            '<relatedIdentifier relationType="References" relatedIdentifierType="DOI">10.1/c</relatedIdentifier>'
            '<relatedIdentifier relationType="Cites" relatedIdentifierType="DOI">10.1/d</relatedIdentifier>'
            '<relatedIdentifier relationType="IsCitedBy" relatedIdentifierType="ISSN">1234-5679</relatedIdentifier>'
            "</relatedIdentifiers>"
        )
    )
    assert found.relations == (
        RawRelation(kind="IsVersionOf", value="10.1/a", scheme="doi"),
        RawRelation(kind="IsSupplementTo", value="10.1/b", scheme="doi"),
    )
    assert found.issns == ()


def test_a_record_of_kernel_2_inside_the_oai_datacite_envelope_is_read() -> None:
    body = (
        '<record><header/><metadata><oai_datacite xmlns="http://schema.datacite.org/oai/oai-1.0/">'
        "<isReferenceQuality>true</isReferenceQuality><schemaVersion>2.1</schemaVersion>"
        "<datacentreSymbol>CISTI.JOE</datacentreSymbol><payload>"
        '<resource xmlns="http://datacite.org/schema/kernel-2.1"><identifier identifierType="DOI">10.5072/WDCC'
        "</identifier><creators><creator><creatorName>Toru, Nozawa</creatorName></creator></creators>"
        "<titles><title>National Institute</title><title titleType='Subtitle'>A survey</title></titles>"
        "<publisher>WDCC</publisher><publicationYear>2004</publicationYear><subjects><subject>Earth sciences</subject>"
        '<subject subjectScheme="DDC">551 Geology</subject></subjects><language>en</language>'
        '<resourceType resourceTypeGeneral="Image">Animation</resourceType><rights>CC BY 4.0</rights>'
        "</resource></payload></oai_datacite></metadata></record>"
    )
    found = describe(record(body.encode(), metadata_prefix="oai_datacite"))
    assert found.titles[0].value == "National Institute: A survey"
    assert found.identifiers == (RawIdentifier(value="10.5072/WDCC", scheme="doi"),)
    assert found.dates == (RawDate(value="2004"),)
    assert found.subjects == (RawSubject(value="551 Geology", scheme="DDC"),)
    assert found.keywords == (RawText(value="Earth sciences"),)
    assert (found.types, found.rights, found.languages, found.language_scope) == (
        ("Animation", "Image"),
        ("CC BY 4.0",),
        ("en",),
        "article",
    )


def test_the_licence_is_known_by_its_address_or_its_short_name() -> None:
    for rights in (
        '<rights rightsURI="https://creativecommons.org/licenses/by-nc/4.0/"/>',
        '<rights rightsIdentifier="CC-BY-NC-4.0" rightsIdentifierScheme="SPDX">x</rights>',
    ):
        found = normalise([datacite(TITLE + f"<rightsList>{rights}</rightsList>")], "z")
        assert found.license is not None
        assert (found.license.code, found.license.url) == (
            "cc-by-nc",
            "https://creativecommons.org/licenses/by-nc/4.0/",
        )


def test_openaires_resource_of_dspace_7_is_read_too() -> None:
    body = (
        '<record><header/><metadata><oaire:resource xmlns:oaire="http://namespace.openaire.eu/schema/oaire/" '
        'xmlns:datacite="http://datacite.org/schema/kernel-4" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        "<datacite:titles><datacite:title>Ein Titel</datacite:title></datacite:titles>"
        "<datacite:creators><datacite:creator><datacite:creatorName>Roe, Jane</datacite:creatorName>"
        "</datacite:creator></datacite:creators><dc:language>deu</dc:language><dc:publisher>Verlag</dc:publisher>"
        '<datacite:dates><datacite:date dateType="Issued">2021-02</datacite:date></datacite:dates>'
        '<oaire:resourceType resourceTypeGeneral="literature" uri="http://purl.org/coar/resource_type/c_6501">'
        "journal article</oaire:resourceType><dc:description>Kurz.</dc:description>"
        '<datacite:identifier identifierType="Handle">https://hdl.handle.net/1822/3</datacite:identifier>'
        '<oaire:licenseCondition uri="https://creativecommons.org/licenses/by/4.0/">CC</oaire:licenseCondition>'
        '<oaire:file mimeType="application/pdf">https://repository.example/a.pdf</oaire:file>'
        "<oaire:citationTitle>Acta</oaire:citationTitle><oaire:citationVolume>5</oaire:citationVolume>"
        "<oaire:citationStartPage>7</oaire:citationStartPage><oaire:citationEndPage>9</oaire:citationEndPage>"
        "</oaire:resource></metadata></record>"
    )
    found = normalise([record(body.encode(), metadata_prefix="oai_openaire")], "z")
    assert (found.title.value, found.type, str(found.published), found.volume, found.pages) == (
        "Ein Titel",
        "article",
        "2021-02",
        "5",
        "7-9",
    )
    assert found.container is not None
    assert found.container.title == "Acta"
    assert found.license is not None
    assert found.license.code == "cc-by"
    assert "https://repository.example/a.pdf" in [one.pdf_url for one in found.locations]


@pytest.mark.parametrize(
    "body",
    [
        b'<record><metadata><resource xmlns="urn:other"><name>x</name></resource></metadata></record>',
        b'<record><metadata><oai_datacite xmlns="urn:x"><payload/></oai_datacite></metadata></record>',
    ],
    ids=["another resource", "empty envelope"],
)
def test_what_only_looks_like_datacite_is_refused_with_a_remedy(body: bytes) -> None:
    with pytest.raises(FormatError) as caught:
        describe(record(body, metadata_prefix="oai_datacite"))
    assert "oai_dc" in caught.value.remedy
