"""A journal's records made clean: ISSNs, countries, licences, subjects, and what cannot be used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harvesters.records import RawRecord
from indexer.errors import UnusableRecordError
from indexer.models import Journal, License, Subject
from indexer.normalise.journals import country_of, licenses_of, normalise_journal
from indexer.normalise.manifestation import MAX_RECORD_BYTES
from tests.unit.pages import record

_HEAD = (
    "Journal title,Alternative title,Journal ISSN (print version),Journal EISSN (online version),Publisher,Journal URL"
)


def from_json(**bibjson: Any) -> RawRecord:
    body = orjson.dumps({"bibjson": {"title": "A journal"} | bibjson})
    return record(body, metadata_prefix="doaj_json", identifier="j", datestamp="2026-10-02")


def from_csv(*cells: str) -> RawRecord:
    return record(",".join(cells).encode(), metadata_prefix="doaj_csv", identifier="j", head=_HEAD.encode())


def from_oai(inner: str) -> RawRecord:
    body = (
        '<record><metadata><oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" '
        'xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/">{inner}</oai_dc:dc></metadata></record>'
    )
    return record(body.encode(), identifier="j")


def normalised(*records: RawRecord) -> Journal:
    return normalise_journal(records, "doaj")


def test_a_recorded_journal_of_the_api_becomes_clean(recorded: Path) -> None:
    body = (recorded / "doaj" / "jaod_journal_00.json").read_bytes()
    assert normalised(record(body, metadata_prefix="doaj_json", identifier="j")) == Journal(
        title="PLoS Biology",
        issns=("1544-9173", "1545-7885"),
        publisher="Public Library of Science (PLoS)",
        country="US",
        languages=("en",),
        subjects=(Subject(term="Biology (General)", scheme="LCC", code="QH301-705.5"),),
        keywords=("biology", "molecular biology", "ecology"),
        licenses=(License(code="cc-by", name="CC BY"),),
        homepage="http://journals.plos.org/plosbiology/",
        source="doaj",
        record_identifier="j",
        datestamp="2026-10-01",
    )


def test_every_row_of_the_recorded_table_becomes_a_journal(recorded: Path) -> None:
    head, *rows = (recorded / "doaj" / "journals_csv_8_columns.csv").read_bytes().splitlines()
    found = [normalised(record(row, metadata_prefix="doaj_csv", head=head)) for row in rows if row.strip()]
    assert len(found) > 50
    assert all(one.title and one.issns for one in found)
    assert sum(len(one.licenses) == 1 for one in found) > len(found) * 0.9
    assert sum(bool(one.languages) for one in found) > len(found) * 0.99


@pytest.mark.parametrize(
    ("pissn", "eissn", "issns"),
    [
        ("1545-7885", "1544-9173", ("1545-7885", "1544-9173")),
        ("1545-7885", "1545-7885", ("1545-7885",)),
        ("ISSN 15457885", "1932–6203", ("1545-7885", "1932-6203")),
        ("2529-850x", "", ("2529-850X",)),
        ("2529-850Х", None, ("2529-850X",)),  # a Cyrillic letter, as in Russian records
        ("1545-7886", "12345678901", ()),
        ("0000-0000", "1545-7885", ("1545-7885",)),
        ("none", "-", ()),
        (15457885, ["1544-9173"], ("1545-7885",)),
    ],
)
def test_only_issns_with_a_true_check_digit_count(pissn: Any, eissn: Any, issns: tuple[str, ...]) -> None:
    assert normalised(from_json(pissn=pissn, eissn=eissn)).issns == issns


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("BR", "BR"),
        ("gb", "GB"),
        (" Brazil ", "BR"),
        ("UNITED KINGDOM", "GB"),
        ("Iran, Islamic Republic of", "IR"),
        ("Moldova, Republic of", "MD"),
        ("Korea, Republic of", "KR"),
        ("Korea, Democratic People's Republic of", "KP"),
        ("Congo, The Democratic Republic of the", "CD"),
        ("Bosnia and Herzegovina", "BA"),
        ("Trinidad &amp; Tobago", "TT"),
        ("Saint Lucia", "LC"),
        ("Türkiye", "TR"),
        ("Turkey", "TR"),
        ("Côte d’Ivoire", "CI"),
        ("Viet Nam", "VN"),
        ("Taiwan, Province of China", "TW"),
        ("Cabo Verde", "CV"),
        ("Kosovo", "XK"),
        ("ZZ", None),
        ("EU", None),
        ("Europe", None),
        ("Atlantis", None),
        ("", None),
        (None, None),
    ],
)
def test_countries_are_known_by_code_and_by_the_names_of_iso_3166(written: str | None, code: str | None) -> None:
    assert country_of(written) == code


@pytest.mark.parametrize(
    ("statements", "codes"),
    [
        (["CC BY"], ["cc-by"]),
        (["CC BY", "CC BY-NC"], ["cc-by", "cc-by-nc"]),
        (["CC BY, CC BY-NC-ND | CC0"], ["cc-by", "cc-by-nc-nd", "cc0"]),
        (["CC BY; Publisher's own license"], ["cc-by", "publisher"]),
        (["CC BY", "https://creativecommons.org/licenses/by/4.0/"], ["cc-by"]),
        (["Creative Commons Attribution 4.0; see our site, please"], ["cc-by"]),
        (["Publisher's own license"], ["publisher"]),
        (["Public domain"], ["public-domain"]),
        (["info:eu-repo/semantics/openAccess"], []),
        (["", " , ;"], []),
        ([], []),
    ],
)
def test_the_licences_that_articles_may_have_are_told_apart(statements: list[str], codes: list[str]) -> None:
    assert [one.code for one in licenses_of(statements)] == codes


def test_of_two_forms_of_a_licence_the_one_with_an_address_is_kept() -> None:
    (found,) = licenses_of(["CC BY", "https://creativecommons.org/licenses/by/4.0/", "CC-BY"])
    assert found.url == "https://creativecommons.org/licenses/by/4.0/"


def test_several_forms_of_a_journal_are_joined_the_most_structured_first() -> None:
    table = from_csv("A Journal", "杂志", "1545-7885", "1932-6203", "The table's", "https://journal.example/")
    found = normalised(table, from_json(title="<i>A</i> journal", pissn="1545-7885", publisher={"name": "Ours"}))
    assert (found.title, found.alternative_titles) == ("A journal", ("杂志",))
    assert found.issns == ("1545-7885", "1932-6203")
    assert (found.publisher, found.homepage) == ("Ours", "https://journal.example/")
    assert found.datestamp == "2026-10-02"


def test_dublin_core_of_a_journal_gives_headings_without_their_codes() -> None:
    found = normalised(
        from_oai(
            "<dc:title>A journal</dc:title><dc:identifier>1545-7885</dc:identifier><dc:language>PT</dc:language>"
            "<dc:rights>CC BY-NC</dc:rights><dc:subject>reading; villages</dc:subject>"
            '<dc:subject xsi:type="dcterms:LCSH">Education</dc:subject>'
            '<dc:subject xsi:type="dcterms:LCSH">L7-991</dc:subject>'
            '<dc:subject xsi:type="dcterms:LCC">QH301-705.5</dc:subject>'
        )
    )
    assert found.subjects == (Subject(term="Education", scheme="LCC", code="L7-991"),)
    assert found.keywords == ("reading", "villages")
    assert (found.languages, found.licenses) == (("pt",), (License(code="cc-by-nc", name="CC BY-NC"),))


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "ftp://x.example/", "http://", "http://[", "http://a b.example"]
)
def test_an_address_that_no_browser_should_open_is_no_homepage(address: str) -> None:
    assert normalised(from_json(ref={"journal": address})).homepage is None


@pytest.mark.parametrize(
    "record_",
    [
        from_json(title=""),
        from_json(title="—"),
        from_csv("", "", "1545-7885", "", "", ""),
        record(b"{", metadata_prefix="doaj_json"),
        record(b"", metadata_prefix="doaj_json"),
        record(b"[]", metadata_prefix="doaj_json"),
        record(b"<record/>"),
        record(b"TY  - JOUR", metadata_prefix="ris"),
        record(b"x" * (MAX_RECORD_BYTES + 1), metadata_prefix="doaj_json"),
    ],
)
def test_what_is_no_journal_is_refused_with_a_remedy(record_: RawRecord) -> None:
    with pytest.raises(UnusableRecordError) as refused:
        normalised(record_)
    assert refused.value.remedy
    assert len(str(refused.value)) < 1000


def numbers(count: int) -> list[dict[str, str]]:
    """Return ISSNs with true check digits."""
    bodies = [f"{number:07d}" for number in range(2_000_000, 2_000_000 + count)]
    sums = [sum(int(digit) * (8 - place) for place, digit in enumerate(body)) for body in bodies]
    return [
        {"type": "pissn", "id": f"{body[:4]}-{body[4:]}{'0123456789X'[-weight % 11]}"}
        for body, weight in zip(bodies, sums, strict=True)
    ]


def test_a_record_that_would_join_many_journals_is_refused() -> None:
    assert len(normalised(from_json(identifier=numbers(20))).issns) == 20
    with pytest.raises(UnusableRecordError, match="21 ISSNs"):
        normalised(from_json(identifier=numbers(21)))


def test_what_is_too_long_for_a_journal_is_left_out() -> None:
    found = normalised(
        from_json(
            alternative_title="x" * 501,
            publisher={"name": "y" * 501},
            subject=[{"scheme": "LCC", "term": f"Heading {number}"} for number in range(500)],
        )
    )
    assert (found.alternative_titles, found.publisher, len(found.subjects)) == ((), None, 20)


def test_one_form_that_can_be_read_is_enough() -> None:
    assert normalised(record(b"{", metadata_prefix="doaj_json"), from_csv("A journal", *[""] * 5)).title == "A journal"


_WORDS = st.none() | st.booleans() | st.integers(0, 9**9) | st.text(max_size=30)
_PARTS = st.dictionaries(st.sampled_from(["name", "type", "term", "code", "id", "url"]), _WORDS, max_size=3)
_VALUES = _WORDS | _PARTS | st.lists(_WORDS | _PARTS, max_size=3)
_FIELDS = st.sampled_from(
    [
        "title",
        "pissn",
        "eissn",
        "identifier",
        "publisher",
        "country",
        "language",
        "license",
        "subject",
        "keywords",
        "ref",
    ]
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the first example loads the languages' names
@given(st.dictionaries(_FIELDS, _VALUES, max_size=6))
def test_whatever_the_json_says_a_journal_comes_of_it_or_a_refusal(bibjson: dict[str, Any]) -> None:
    body = orjson.dumps({"bibjson": bibjson})
    try:
        found = normalised(record(body, metadata_prefix="doaj_json"))
    except UnusableRecordError:
        return
    assert found.title or found.issns
    assert orjson.dumps(found)
