from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harvesters.formats.description import RawIdentifier
from indexer.normalise.identifiers import arxiv, doi, identify, identify_all, issn, issns, orcid, pmcid, pmid


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("10.1107/S1744309112047562", "10.1107/s1744309112047562"),
        ("https://doi.org/10.1371/journal.pone.0247999", "10.1371/journal.pone.0247999"),
        ("http://dx.doi.org/10.1107/S1744309112047562", "10.1107/s1744309112047562"),
        ("doi:10.7202/1033512ar", "10.7202/1033512ar"),
        ("DOI: 10.1000/X", "10.1000/x"),
        ("info:doi/10.1000/x", "10.1000/x"),
        ("https://doi.org/https://doi.org/10.1000/x", "10.1000/x"),
        ("10.1000/ x1", "10.1000/x1"),
        # White space elsewhere: nobody can tell, and a wrong DOI joins what is not the same.
        ("10.1000/ x 1", None),
        ("10.5555/ab c.1", None),
        ("10.1234/aa.1 10.1234/aa.2", "10.1234/aa.1"),
        ("10.1234/ab.77 (pmid 1234)", "10.1234/ab.77"),
        ("10.1234/aa.5; 10.1234/aa.6", "10.1234/aa.5"),
        ("10.1234/aa.5. Some Journal", "10.1234/aa.5"),
        ("https://doi.org/10.5555/a%00b", None),
        ("10.1000%2Fx%281%29", "10.1000/x(1)"),
        ("10.1000/x.", "10.1000/x"),
        ("10.1000/x),", "10.1000/x"),
        ("10.1016/S0140-6736(05)17947-1", "10.1016/s0140-6736(05)17947-1"),
        ("10.1002/(SICI)1097(199806)12:3<1::AID-X>3.0.CO;2-G", "10.1002/(sici)1097(199806)12:3<1::aid-x>3.0.co;2-g"),
        ("https://doi.org/10.1000/x?nosfx=y", "10.1000/x"),
        ("10.1000/", None),
        ("10.12/x", None),
        ("no doi", None),
        ("", None),
        (None, None),
    ],
)
def test_dois_in_all_their_forms(value: str | None, expected: str | None) -> None:
    assert doi(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("123", "PMC123"),
        ("PMC3539697", "PMC3539697"),
        ("PMC5334499.1", "PMC5334499"),
        ("http://www.ncbi.nlm.nih.gov/pmc/articles/PMC3539697/", "PMC3539697"),
        ("https://pmc.ncbi.nlm.nih.gov/articles/PMC7935268", "PMC7935268"),
        ("https://europepmc.org/article/PMC/PMC123", "PMC123"),
        ("oai:pubmedcentral.nih.gov:3539697", "PMC3539697"),
        ("chicmedex138556-0060b", None),
        ("0", None),
    ],
)
def test_pmcids_in_all_their_forms(value: str, expected: str | None) -> None:
    assert pmcid(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("23295480", "23295480"),
        ("PMID: 023295480", "23295480"),
        ("http://www.ncbi.nlm.nih.gov/pubmed/23295480", "23295480"),
        ("https://pubmed.ncbi.nlm.nih.gov/23295480/", "23295480"),
        ("10.1/x", None),
    ],
)
def test_pmids_in_all_their_forms(value: str, expected: str | None) -> None:
    assert pmid(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("http://arxiv.org/abs/0709.2184", "0709.2184"),
        ("https://arxiv.org/pdf/2101.00001v3", "2101.00001"),
        ("oai:arXiv.org:math/0208210", "math/0208210"),
        ("arXiv:1407.6981", "1407.6981"),
        ("10.48550/arXiv.1407.6981", "1407.6981"),
        ("RAPPOR", None),
    ],
)
def test_arxiv_ids_in_all_their_forms(value: str, expected: str | None) -> None:
    assert arxiv(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("0000-0002-1825-0097", "0000-0002-1825-0097"),
        ("https://orcid.org/0000-0002-1694-233x", "0000-0002-1694-233X"),
        ("0000000218250097", "0000-0002-1825-0097"),
        ("0000-0002-1825-0098", None),
        ("https://orcid.org/0000-0001-1234-1234", None),
        ("0000 0002 1694 233X", "0000-0002-1694-233X"),
        ("ABCDEFGHIJKLMNOP", None),
        ("", None),
    ],
)
def test_orcids_need_their_check_digit(value: str, expected: str | None) -> None:
    assert orcid(value) == expected


def test_issns_need_their_check_digit_and_stand_once() -> None:
    assert issn("2529-850X") == "2529-850X"
    assert issn("2529850x") == "2529-850X"
    assert issn("issn:2583-1887") == "2583-1887"
    assert issn("2529-8501") is None
    assert issn("n/a") is None
    assert issn("0000-0000") is None  # right check digit, nobody's number
    assert issns(["2529-850X", "0000-0000", "2529-850X", "1234-5678", "0210-5462"]) == ("2529-850X", "0210-5462")


@pytest.mark.parametrize(
    ("value", "scheme", "expected"),
    [
        ("PMC10000000", "accession", ["pmcid:PMC10000000"]),
        ("10000000", "pmc-uid", ["pmcid:PMC10000000"]),
        ("3166277", "pmc", ["pmcid:PMC3166277"]),
        ("PMC5334499.1", "pmcid-ver", ["pmcid:PMC5334499"]),
        ("12345", "pmcaid", []),
        ("1471-2180-11-174", "publisher-id", []),
        ("10.48550/arXiv.1407.6981", "doi", ["doi:10.48550/arxiv.1407.6981", "arxiv:1407.6981"]),
        ("http://hdl.handle.net/10864/10535", None, ["handle:10864/10535"]),
        ("http://hdl.handle.net/123456789/8007", None, []),
        ("https://doaj.org/article/84d148928d694848ab183fa142fc18f8", None, ["doaj:84d148928d694848ab183fa142fc18f8"]),
        ("urn:ISBN:978-3-16-148410-0", None, ["isbn:9783161484100"]),
        ("978-3-16-148410-0", "isbn", ["isbn:9783161484100"]),
        ("3-16-148410-X", "isbn", ["isbn:9783161484100"]),
        ("ISBN-10: 3 16 148410 x (pbk.)", None, ["isbn:9783161484100"]),
        ("978–3–16–148410–1", "isbn", ["isbn:9783161484101"]),
        ("316148410", "isbn", []),
        ("97831614841000", "isbn", []),
        ("0102-311X", None, []),
        ("4272160", None, []),
        ("Smith, J. (2012) Title. Journal. doi:10.1000/other", None, []),
        ("http://citeseerx.ist.psu.edu/viewdoc/summary?doi=10.1.1.99.8879", None, []),
    ],
)
def test_identifiers_are_recognised_and_what_is_none_is_left(
    value: str, scheme: str | None, expected: list[str]
) -> None:
    assert [str(one) for one in identify(RawIdentifier(value=value, scheme=scheme))] == expected


def test_the_records_own_identifier_is_one_too() -> None:
    raws = [RawIdentifier(value="PMC123", scheme="pmcid"), RawIdentifier(value="123", scheme="pmc")]
    found = identify_all(raws, "oai:pubmedcentral.nih.gov:123")
    assert [str(one) for one in found] == ["pmcid:PMC123", "oai:pubmedcentral.nih.gov:123"]
    found = identify_all([], "oai:doaj.org/article:84d148928d694848ab183fa142fc18f8")
    assert str(found[0]) == "doaj:84d148928d694848ab183fa142fc18f8"


@settings(deadline=None)
@given(st.one_of(st.text(), st.from_regex(r"(doi:|https://doi\.org/)?10\.\d{4}/[\S ]{1,20}", fullmatch=True)))
def test_a_doi_of_a_doi_is_itself(text: str) -> None:
    found = doi(text)
    assert found is None or doi(found) == found


@settings(deadline=None)
@given(st.text(), st.sampled_from([None, "doi", "pmid", "pmc", "arxiv"]))
def test_no_text_breaks_recognition(text: str, scheme: str | None) -> None:
    identify(RawIdentifier(value=text, scheme=scheme))
    orcid(text)
    issn(text)
