from __future__ import annotations

import pytest

from harvesters.errors import FormatError
from harvesters.formats import describe
from harvesters.formats.description import Description, RawContributor, RawDate, RawSubject, RawText
from tests.unit.pages import article, record

TITLE = "<title-group><article-title>T</article-title></title-group>"


def read(front: str, attributes: str = "", after: str = "") -> Description:
    return describe(article(front, attributes, after))


@pytest.mark.parametrize(
    ("group", "titles"),
    [
        (
            "<article-title>T <italic>in vitro</italic> H<sub>2</sub>O</article-title>",
            ["T <i>in vitro</i> H<sub>2</sub>O"],
        ),
        ("<article-title>T</article-title><subtitle>S</subtitle>", ["T: S"]),
        ("<article-title>Why?</article-title><subtitle>S</subtitle>", ["Why? S"]),
        ('<article-title>T<xref ref-type="fn" rid="f1">1</xref></article-title>', ["T"]),
        ('<article-title>T<sup><xref ref-type="fn" rid="f1">1</xref></sup></article-title>', ["T"]),
        ("<article-title>T<fn><p>Presented at X</p></fn></article-title>", ["T"]),
        ("<article-title>p &lt; 0.05 &amp; A</article-title>", ["p &lt; 0.05 &amp; A"]),
        ("<article-title>A<break/>B</article-title>", ["A<br>B"]),
        (
            (
                "<article-title>T</article-title><trans-title-group xml:lang='pt'><trans-title>Tí</trans-title>"
                "<trans-subtitle>S</trans-subtitle></trans-title-group><trans-title xml:lang='es'>Te</trans-title>"
            ),
            ["T", "Tí: S", "Te"],
        ),
        (
            (
                "<article-title>On <inline-formula><alternatives><mml:math><mml:mi>x</mml:mi></mml:math>"
                "<tex-math>\\documentclass{m}\\begin{document}$$x$$\\end{document}</tex-math></alternatives>"
                "</inline-formula></article-title>"
            ),
            ["On x"],
        ),
        (
            (
                "<article-title>On <inline-formula><tex-math>\\documentclass{m}\\begin{document}$$x_1$$\\end{document}"
                "</tex-math></inline-formula></article-title>"
            ),
            ["On $x_1$"],
        ),
    ],
)
def test_titles_keep_simple_markup_and_lose_footnotes(group: str, titles: list[str]) -> None:
    assert [one.value for one in read(f"<title-group>{group}</title-group>").titles] == titles


def test_a_translations_ids_are_never_the_articles() -> None:
    sub = (
        '<sub-article article-type="translation" xml:lang="pt"><front-stub>'
        '<article-id pub-id-type="doi">10.1/no</article-id>'
        "<title-group><article-title>Tí</article-title></title-group><abstract><p>R</p></abstract>"
        "<kwd-group><kwd>dor</kwd></kwd-group></front-stub></sub-article>"
        '<sub-article article-type="reply" xml:lang="fr"><front-stub><title-group>'
        "<article-title>Réponse</article-title>"
        "</title-group></front-stub></sub-article>"
    )
    found = read(
        f'<article-id pub-id-type="doi">10.1/yes</article-id>{TITLE}<abstract><p>A</p></abstract>', 'xml:lang="en"', sub
    )
    assert [one.value for one in found.identifiers] == ["10.1/yes"]
    assert found.titles == (
        RawText(value="T", language="en"),
        RawText(value="Tí", language="pt", translated=True),
    )
    assert [(one.value, one.language) for one in found.abstracts] == [("<p>A</p>", "en"), ("<p>R</p>", "pt")]
    assert found.keywords == (RawText(value="dor", language="pt"),)
    assert (found.languages, found.language_scope) == (("en",), "article")


def test_without_xml_lang_no_language_is_declared() -> None:
    assert (read(TITLE).languages, read(TITLE).language_scope) == ((), "unknown")


@pytest.mark.parametrize("kind", ["graphical", "teaser", "toc", "key-points", "web-summary"])
def test_side_abstracts_are_left_out(kind: str) -> None:
    found = read(f'{TITLE}<abstract abstract-type="{kind}"><p>No</p></abstract><abstract><p>Yes</p></abstract>')
    assert [one.value for one in found.abstracts] == ["<p>Yes</p>"]


def test_sections_of_an_abstract_become_headings() -> None:
    found = read(
        "<abstract><sec><title>Aim</title><p>A</p></sec></abstract>"
        "<trans-abstract xml:lang='es'><p>E</p></trans-abstract>"
    )
    assert [(one.value, one.language) for one in found.abstracts] == [
        ("<h4>Aim</h4><p>A</p>", None),
        ("<p>E</p>", "es"),
    ]


@pytest.mark.parametrize(
    ("contrib", "expected"),
    [
        (
            "<name><surname>Roe</surname><given-names>J. K.</given-names><suffix>Jr</suffix></name>",
            RawContributor(family="Roe", given="J. K.", suffix="Jr"),
        ),
        ("<string-name>Jane <bold>Roe</bold></string-name>", RawContributor(name="Jane Roe")),
        (
            "<string-name><given-names>Jane</given-names> <surname>Roe</surname></string-name>",
            RawContributor(family="Roe", given="Jane"),
        ),
        (
            (
                "<name-alternatives><name><surname>Li</surname><given-names>Si</given-names></name>"
                "<string-name>李四</string-name></name-alternatives>"
            ),
            RawContributor(family="Li", given="Si", other_name="李四"),
        ),
        (
            (
                "<collab>The X Group<contrib-group><contrib><name><surname>Hidden</surname></name></contrib>"
                "</contrib-group></collab>"
            ),
            RawContributor(name="The X Group", is_group=True),
        ),
        (
            (
                '<contrib-id contrib-id-type="orcid">https://orcid.org/0000-0002-1825-0097</contrib-id>'
                "<name><surname>Roe</surname></name><email>a@b.c</email>"
            ),
            RawContributor(family="Roe", orcid="https://orcid.org/0000-0002-1825-0097", email="a@b.c"),
        ),
    ],
)
def test_names_in_their_several_forms(contrib: str, expected: RawContributor) -> None:
    found = read(f"<contrib-group><contrib contrib-type='author'>{contrib}</contrib></contrib-group>")
    assert found.contributors == (expected,)


def test_affiliations_are_found_by_reference_and_an_only_one_is_everybodys() -> None:
    people = "<contrib-group><contrib><name><surname>A</surname></name>{}</contrib></contrib-group>"
    two = (
        '<aff id="a1"><label>1</label>Dept of X, Oslo</aff>'
        '<aff id="a2"><sup>2</sup><institution>U</institution>, <country>Peru</country></aff>'
    )
    found = read(people.format('<xref ref-type="aff" rid="a1 a2"/><xref ref-type="aff" rid="nowhere"/>') + two)
    assert found.contributors[0].affiliations == ("Dept of X, Oslo", "U, Peru")
    assert read(people.format("") + "<aff>U<email>x@y.z</email></aff>").contributors[0].affiliations == ("U",)
    assert read(people.format("") + two).contributors[0].affiliations == ()


@pytest.mark.parametrize(
    ("attributes", "inside", "value", "kind"),
    [
        ('pub-type="epub"', "<day>2</day><month>8</month><year>2011</year>", "2011 8 2", "epub"),
        ('date-type="pub" publication-format="electronic"', "<year>2021</year>", "2021", "epub"),
        ('date-type="pub" publication-format="print"', "<year>2021</year>", "2021", "ppub"),
        ('date-type="collection"', "<season>Sep-Oct</season><year>2023</year>", "2023 Sep-Oct", "collection"),
        ('iso-8601-date="2020-05-01"', "", "2020-05-01", None),
    ],
)
def test_publication_dates_keep_their_kind(attributes: str, inside: str, value: str, kind: str | None) -> None:
    received = "<history><date date-type='received'><year>1999</year></date></history>"
    assert read(f"{received}<pub-date {attributes}>{inside}</pub-date>").dates == (RawDate(value=value, kind=kind),)


def test_pages_subjects_keywords_licence_links() -> None:
    found = read(
        "<volume>11</volume><issue>2</issue><fpage>1</fpage><lpage>9</lpage><elocation-id>e1</elocation-id>"
        '<article-categories><subj-group subj-group-type="heading"><subject>Research</subject></subj-group>'
        "</article-categories>"
        "<kwd-group xml:lang='en'><title>Keywords</title><kwd>a <italic>b</italic></kwd></kwd-group>"
        "<kwd-group kwd-group-type='abbreviations'><kwd>ABC</kwd></kwd-group>"
        "<kwd-group kwd-group-type='MeSH'><kwd>Humans</kwd></kwd-group>"
        "<permissions><copyright-statement>© X</copyright-statement>"
        '<license xlink:href="http://creativecommons.org/licenses/by/4.0/">'
        "<license-p>Open.</license-p></license></permissions>"
        '<self-uri content-type="pdf" xlink:href="a.pdf"/>'
    )
    assert (found.volume, found.issue, found.first_page, found.last_page, found.article_number) == (
        "11",
        "2",
        "1",
        "9",
        "e1",
    )
    assert found.keywords == (RawText(value="a <i>b</i>", language="en"),)
    assert found.subjects == (RawSubject(value="Research", scheme="heading"), RawSubject(value="Humans", scheme="mesh"))
    assert found.rights == ("http://creativecommons.org/licenses/by/4.0/", "Open.", "© X")
    assert found.links[0].media == "pdf"


def test_an_article_without_front_matter_says_so() -> None:
    with pytest.raises(FormatError, match="no front matter"):
        describe(record(b"<article><body/></article>", metadata_prefix="jats"))
