from __future__ import annotations

import pytest

from harvesters.formats.description import Description, RawIdentifier
from indexer.errors import UnusableRecordError
from indexer.normalise import manifestation as module
from indexer.normalise.manifestation import MAX_RECORD_BYTES, combine, normalise
from tests.unit.pages import article, doaj_article, dublin_core, record

DOAJ_ID = "oai:doaj.org/article:" + "a" * 32


def test_two_formats_of_one_doaj_article_become_one_manifestation() -> None:
    structured = doaj_article(
        "<language>eng</language><journalTitle>J</journalTitle><issn>2529-850X</issn><publicationDate>2017-04-01</publicationDate>"
        "<volume>Volume 4</volume><startPage>129</startPage><endPage>134</endPage><doi>10.19230/JONNPR.1311</doi>"
        "<title>Authorship and affiliation as an indicator of quality</title>"
        "<authors><author><name>Vanessa Oller</name></author></authors><keywords><keyword>Blogs</keyword></keywords>"
        "<fullTextUrl>http://x.org/1311.pdf</fullTextUrl>",
        DOAJ_ID,
    )
    flat = dublin_core(
        "<dc:title>AUTHORSHIP AND AFFILIATION</dc:title><dc:creator>Somebody Else</dc:creator>"
        "<dc:description>An abstract of the article in English words.</dc:description><dc:subject>blogs</dc:subject>"
        '<dc:subject xsi:type="dcterms:LCC">Medicine</dc:subject><dc:subject xsi:type="dcterms:LCC">R</dc:subject>'
        f"<dc:identifier>https://doaj.org/article/{'a' * 32}</dc:identifier><dc:language>Spanish</dc:language>"
        "<dc:date>2017-04-01T00:00:00Z</dc:date><dc:relation>http://x.org/1311.pdf</dc:relation>",
        identifier=DOAJ_ID,
        source="doaj",
        datestamp="2026-10-02",
    )
    found = normalise([flat, structured], "doaj")
    assert found.formats == ("oai_doaj", "oai_dc")
    assert found.title.value == "Authorship and affiliation as an indicator of quality"
    assert [one.name for one in found.contributors] == ["Vanessa Oller"]
    assert [one.value for one in found.abstracts] == ["An abstract of the article in English words."]
    assert (str(found.published), found.volume, found.pages) == ("2017-04", "4", "129-134")
    assert found.keywords == ("Blogs",)
    assert [(one.term, one.scheme, one.code) for one in found.subjects] == [("Medicine", "LCC", "R")]
    assert found.identifier("doi") == "10.19230/jonnpr.1311"
    assert found.identifier("doaj") == "a" * 32
    assert found.language is not None
    assert found.language.code == "en"
    assert [one.url for one in found.locations] == [
        "https://doi.org/10.19230/jonnpr.1311",
        "http://x.org/1311.pdf",
        f"https://doaj.org/article/{'a' * 32}",
    ]
    assert (found.source, found.record_identifier, found.datestamp) == ("doaj", DOAJ_ID, "2026-10-02")


def test_fields_are_filled_best_first_and_lists_united() -> None:
    one = Description(
        volume="1", identifiers=(RawIdentifier(value="a"),), languages=("eng",), language_scope="container"
    )
    two = Description(volume="2", issue="3", identifiers=(RawIdentifier(value="b"),), languages=("fr",))
    both = combine([one, two])
    assert (both.volume, both.issue) == ("1", "3")
    assert [each.value for each in both.identifiers] == ["a", "b"]
    assert (both.languages, both.language_scope) == (("eng", "fr"), "container")


def test_a_declared_article_language_is_not_mixed_with_a_blanket_one() -> None:
    jats = Description(languages=("pt",), language_scope="article")
    assert combine([jats, Description(languages=("en",))]).languages == ("pt",)


def test_translated_titles_have_their_own_languages() -> None:
    found = normalise(
        [
            article(
                "<title-group><article-title>Modelos de polímeros</article-title><trans-title-group xml:lang='en'>"
                "<trans-title>Polymer models</trans-title></trans-title-group></title-group>",
                'xml:lang="pt"',
            )
        ],
        "scielo",
    )
    assert [(one.value, one.language and one.language.code) for one in (found.title, *found.translated_titles)] == [
        ("Modelos de polímeros", "pt"),
        ("Polymer models", "en"),
    ]
    assert [one.code for one in found.languages] == ["pt"]


def test_a_bilingual_title_of_oalib_comes_apart() -> None:
    title = "Efficient Regular Expression Matching Algorithm Based on DoLFA 基于DoLFA的高效正则表达式匹配算法"
    found = normalise([dublin_core(f"<dc:title>{title}</dc:title>")], "oalib")
    assert found.title.value == "Efficient Regular Expression Matching Algorithm Based on DoLFA"
    assert [one.value for one in found.translated_titles] == ["基于DoLFA的高效正则表达式匹配算法"]
    tags = [one.language for one in (found.title, *found.translated_titles)]
    assert [(one.code, one.origin) for one in tags if one] == [("en", "detected"), ("zh", "detected")]
    assert [one.code for one in found.languages] == ["en", "zh"], "readers of either language find it"


def test_an_article_that_declares_no_language_has_both_of_its_title() -> None:
    title = "Bilingual retrieval of catalogues in small towns 小城镇图书馆目录的双语检索"
    reference = f"TY  - JOUR\nTI  - {title}\nAU  - Chen, Yu\n"
    for declared, wanted in (("", ["en", "zh"]), ("LA  - fr\n", ["fr"])):
        sent = record(f"{reference}{declared}ER  - \n".encode(), metadata_prefix="ris", head=b'{"charset": "utf-8"}')
        assert [one.code for one in normalise([sent], "a file").languages] == wanted


def test_the_other_half_of_a_bilingual_title_may_be_japanese() -> None:
    title = "A History of Economic Thought in Japan 日本における経済思想の歴史"
    found = normalise([dublin_core(f"<dc:title>{title}</dc:title>")], "a repository")
    assert [one.code for one in found.languages] == ["en", "ja"]


def test_puc_rio_writes_the_language_into_the_text() -> None:
    titles = (
        "<dc:title>[pt] APERFEIÇOAMENTO DE TACÔMETRO MAGNÉTICO</dc:title>"
        "<dc:title>[en] A TACHOMETER FOR DRILLING</dc:title>"
    )
    found = normalise([dublin_core(titles)], "puc-rio")
    assert (found.title.value, found.title.language and found.title.language.code) == (
        "Aperfeiçoamento de tacômetro magnético",
        "pt",
    )
    assert found.translated_titles[0].value == "A tachometer for drilling"


def test_arxivs_comments_are_no_abstracts() -> None:
    texts = "<dc:description>We show it.</dc:description><dc:description>Comment: Version 4.0, 7 ps.</dc:description>"
    found = normalise([dublin_core(f"<dc:title>A bound</dc:title>{texts}")], "arxiv")
    assert [one.value for one in found.abstracts] == ["We show it."]


def test_pmcs_glued_footnote_digit_goes_but_only_from_its_dublin_core() -> None:
    title = "<dc:title>Depression among gay people1</dc:title>"
    pmc = normalise([dublin_core(title, identifier="oai:pubmedcentral.nih.gov:1")], "pmc")
    other = normalise([dublin_core(title)], "x")
    assert (pmc.title.value, other.title.value) == ("Depression among gay people", "Depression among gay people1")


def test_a_corrigendum_says_what_it_corrects() -> None:
    found = normalise(
        [
            article(
                "<title-group><article-title>Correction to: X</article-title></title-group>"
                '<related-article related-article-type="corrected-article" ext-link-type="doi" '
                'xlink:href="10.1007/Y"/>',
                'article-type="correction"',
            )
        ],
        "pmc",
    )
    assert found.type == "correction"
    assert [(one.kind, str(one.target)) for one in found.relations] == [("corrects", "doi:10.1007/y")]


def test_an_author_manuscript_is_the_accepted_version() -> None:
    front = (
        '<article-id pub-id-type="pmcid">PMC1</article-id><article-id pub-id-type="manuscript">NIHMS1</article-id>'
        "<title-group><article-title>T</article-title></title-group>"
    )
    assert [one.version for one in normalise([article(front)], "pmc").locations] == ["accepted"]


@pytest.mark.parametrize(
    ("inner", "reason"),
    [
        ("<dc:creator>A</dc:creator>", "no title"),
        ("<dc:title> &lt;p&gt;&lt;/p&gt; </dc:title>", "no title"),
        ("", "no title"),
    ],
)
def test_a_record_without_title_is_unusable_and_says_so(inner: str, reason: str) -> None:
    with pytest.raises(UnusableRecordError, match=reason) as caught:
        normalise([dublin_core(inner)], "x")
    assert caught.value.remedy


def test_format_errors_carry_their_remedy_over() -> None:
    with pytest.raises(UnusableRecordError, match="cannot be read") as caught:
        normalise([record(b"<record><metadata><mods/></metadata></record>", metadata_prefix="mods")], "x")
    assert "oai_dc" in caught.value.remedy


def test_one_unreadable_format_does_not_lose_the_other() -> None:
    broken = record(b"<record><metadata><mods/></metadata></record>", metadata_prefix="mods")
    found = normalise([broken, dublin_core("<dc:title>T</dc:title>")], "x")
    assert (found.title.value, found.formats) == ("T", ("oai_dc",))


def test_a_forty_megabyte_record_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(UnusableRecordError, match="more than 4,194,304") as caught:
        normalise([record(b"<" * (MAX_RECORD_BYTES + 1))], "x")
    assert "Ask the repository" in caught.value.remedy


def test_a_long_abstract_below_the_limit_is_kept_whole() -> None:
    found = normalise([dublin_core(f"<dc:title>T</dc:title><dc:description>{'word ' * 30_000}</dc:description>")], "x")
    assert len(found.abstracts[0].value) == 149_999


def test_no_records_at_all_is_an_error_with_a_remedy() -> None:
    with pytest.raises(UnusableRecordError, match="no record"):
        normalise([], "x")


def test_the_order_of_the_records_does_not_matter() -> None:
    one = dublin_core("<dc:title>T</dc:title>", identifier=DOAJ_ID)
    two = doaj_article("<title>The title</title>", DOAJ_ID)
    assert normalise([one, two], "doaj") == normalise([two, one], "doaj")
    assert module.normalise([two], "doaj").title.value == "The title"
