from __future__ import annotations

from harvesters.formats import describe
from harvesters.formats.description import RawIdentifier, RawLink, RawSubject
from tests.unit.pages import dublin_core


def test_all_elements_are_copied_as_written() -> None:
    found = describe(
        dublin_core(
            "<dc:title xml:lang='fr'> Un titre </dc:title><dc:title>A title</dc:title>"
            '<dc:creator id="https://orcid.org/0000-0002-1825-0097">Fruehwirth, Jane Cooley</dc:creator>'
            "<dc:contributor>Wani Lokitari</dc:contributor><dc:description/><dc:description>D</dc:description>"
            "<dc:publisher>P</dc:publisher><dc:publisher>Érudit</dc:publisher><dc:date>2014-12</dc:date>"
            "<dc:identifier>http://dx.doi.org/10.1000/x</dc:identifier><dc:type>Text</dc:type>"
            "<dc:language>English</dc:language><dc:language>Spanish</dc:language><dc:rights>© X</dc:rights>"
            "<dc:source>Journal, Vol 1, Iss 2, Pp 3-4 (2020)</dc:source><dc:relation>https://x.org/full</dc:relation>"
        )
    )
    assert [(one.value, one.language, one.translated) for one in found.titles] == [
        (" Un titre ", "fr", False),
        ("A title", None, True),
    ]
    assert [(one.name, one.role) for one in found.contributors] == [
        ("Fruehwirth, Jane Cooley", "author"),
        ("Wani Lokitari", "contributor"),
    ]
    assert found.contributors[0].orcid == "https://orcid.org/0000-0002-1825-0097"
    assert [one.value for one in found.abstracts] == ["D"]
    assert found.publisher == "P"
    assert found.identifiers == (RawIdentifier(value="http://dx.doi.org/10.1000/x"),)
    assert found.languages == ("English", "Spanish")
    assert found.language_scope == "unknown"
    assert found.citation == "Journal, Vol 1, Iss 2, Pp 3-4 (2020)"
    assert found.links == (RawLink(url="https://x.org/full", kind="relation"),)


def test_doaj_codes_join_the_term_before_them_whatever_the_scheme_is_called() -> None:
    for scheme in ("LCC", "LCSH"):
        found = describe(
            dublin_core(
                "<dc:subject>Tabagismo</dc:subject>"
                f'<dc:subject xsi:type="dcterms:{scheme}">Internal medicine</dc:subject>'
                f'<dc:subject xsi:type="dcterms:{scheme}">RC31-1245</dc:subject>'
                f'<dc:subject xsi:type="dcterms:{scheme}">Medicine</dc:subject>'
                f'<dc:subject xsi:type="dcterms:{scheme}">R</dc:subject><dc:subject>DOAJ:Public Health</dc:subject>'
            )
        )
        assert found.subjects == (
            RawSubject(value="Tabagismo"),
            RawSubject(value="Internal medicine", scheme="LCC", code="RC31-1245"),
            RawSubject(value="Medicine", scheme="LCC", code="R"),
            RawSubject(value="Public Health", scheme="DOAJ"),
        )


def test_erudit_names_the_issue_in_a_relation() -> None:
    found = describe(dublin_core("<dc:relation>Cuizine ; vol. 6 no. 2 (2015)</dc:relation>"))
    assert found.citation == "Cuizine ; vol. 6 no. 2 (2015)"


def test_puc_rio_uses_dublin_core_as_the_default_namespace_and_is_read_all_the_same() -> None:
    record = dublin_core('<title xmlns="http://purl.org/dc/elements/1.1/">[pt] APERFEIÇOAMENTO</title>')
    assert describe(record).titles[0].value == "[pt] APERFEIÇOAMENTO"
