"""The query language, construct by construct and error by error."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from indexer.errors import QueryError
from indexer.search.expression import And, Node, Not, Or, Phrase, Prefix, Sequence, Term, Word, YearRange, print_query
from indexer.search.parser import MAX_CLAUSES, MAX_DEPTH, MAX_QUERY_LENGTH, Doubt, parse, read_query

A, B, C = Word(text="a"), Word(text="b"), Word(text="c")
DOI = Term(name="doi", value="10.1000/x")
ISBN = Term(name="isbn", value="9780306406157")
ISSN = Term(name="issn", value="1932-6203")
Y2020 = YearRange(since=2020, until=2020)
ARXIV = Term(name="arxiv", value="2101.00001")
SICI = "10.1002/(sici)1097(1998)17:15<1661::aid-x>3.0.co;2-2"


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("a", A),
        ("a b", Sequence(items=(A, B))),
        ("a OR b", Or(items=(A, B))),
        ("a AND b AND c", And(items=(A, B, C))),
        ("a b OR c", Or(items=(Sequence(items=(A, B)), C))),
        ("a AND b c", Sequence(items=(And(items=(A, B)), C))),
        ("a (b OR c)", Sequence(items=(A, Or(items=(B, C))))),
        ("a -b", Sequence(items=(A, Not(item=B)))),
        ("a NOT b", Sequence(items=(A, Not(item=B)))),
        ("a AND NOT (b OR c)", And(items=(A, Not(item=Or(items=(B, C)))))),
        ('-"a b"', Not(item=Phrase(text="a b"))),
        ("NOT NOT a", A),
        ("-(-a)", A),
        ("a and b", Sequence(items=(A, Word(text="and"), B))),
        ('"a b"', Phrase(text="a b")),
        ('"a b"~3', Phrase(text="a b", slop=3)),
        ("comput*", Prefix(text="comput")),
        ("人*", Prefix(text="人")),
        ("title:a", Word(text="a", field="title")),
        ("Title:a", Word(text="a", field="title")),
        ('author:"Smith J"', Phrase(text="Smith J", field="author")),
        ("journal:natu*", Prefix(text="natu", field="journal")),
        ("subject:(a OR b)", Or(items=(Word(text="a", field="subject"), Word(text="b", field="subject")))),
        ("title:(a author:b)", Sequence(items=(Word(text="a", field="title"), Word(text="b", field="author")))),
        ("year:2020", YearRange(since=2020, until=2020)),
        ("year:2019..2024", YearRange(since=2019, until=2024)),
        ("year:2019-2024", YearRange(since=2019, until=2024)),
        ("year:2019..", YearRange(since=2019, until=None)),
        ("year:..2024", YearRange(since=None, until=2024)),
        ("lang:zh-CN", Term(name="lang", value="zh")),
        ("lang:zho", Term(name="lang", value="zh")),
        ("作者：张三", Word(text="张三", field="author")),
        ('题名:"深度学习" 年份:2020', Sequence(items=(Phrase(text="深度学习", field="title"), Y2020))),
        ("lang:(zh OR en)", Or(items=(Term(name="lang", value="zh"), Term(name="lang", value="en")))),
        ("source:DOAJ", Term(name="source", value="doaj")),
        ('type:"conference-paper"', Term(name="type", value="conference-paper")),
        ("licence:cc-by", Term(name="license", value="cc-by")),
        ("has:pdf", Term(name="has", value="pdf")),
        ("issn:1932620X", Term(name="issn", value="1932-620X")),
    ],
)
def test_a_query_is_read_as(text: str, node: Node) -> None:
    assert parse(text) == node


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("10.1000/X", DOI),
        ("doi:10.1000/x", DOI),
        ("DOI: 10.1000/x", DOI),
        ("https://doi.org/10.1000/x", DOI),
        ("doi:https://dx.doi.org/10.1000/x", DOI),
        ("10.1000/x.", DOI),
        ("(10.1000/x)", DOI),
        ("see (10.1000/x), a", Sequence(items=(Word(text="see"), DOI, A))),
        ("10.1016/S0140-6736(20)30183-5", Term(name="doi", value="10.1016/s0140-6736(20)30183-5")),
        ("PMID:123", Term(name="pmid", value="123")),
        ("PMID: 123", Term(name="pmid", value="123")),
        ("https://pubmed.ncbi.nlm.nih.gov/123/", Term(name="pmid", value="123")),
        ("PMC123", Term(name="pmcid", value="PMC123")),
        ("pmcid:123", Term(name="pmcid", value="PMC123")),
        ("https://www.ncbi.nlm.nih.gov/pmc/articles/PMC123/pdf/a.pdf", Term(name="pmcid", value="PMC123")),
        ("arXiv:2101.00001v2", Term(name="arxiv", value="2101.00001")),
        ("PMC123x", Word(text="PMC123x")),
        ("978-0-306-40615-7", ISBN),
        ("9780306406157", ISBN),
        ("978 0 306 40615 7", ISBN),
        ("0-306-40615-2", ISBN),
        ("0306406152", ISBN),
        ("(0-306-40615-2),", ISBN),
        ("ISBN 0-306-40615-2", ISBN),
        ("ISBN: 978‐0‐306‐40615‐7", ISBN),
        ("isbn:9780306406157", ISBN),
        ('isbn:"978 0 306 40615 7"', ISBN),
        ("0-8044-2957-x", Term(name="isbn", value="9780804429573")),
        ("978-0-306-40615-8", Term(name="isbn", value="9780306406158")),
        ("0-306-40615-3", Term(name="isbn", value="0306406153")),
        ("2019-12-31-01", Word(text="2019-12-31-01")),
        ("0306406153", Word(text="0306406153")),
        ("0306406152a", Word(text="0306406152a")),
        ("97803064061570", Word(text="97803064061570")),
        ('"978-0-306-40615-7"', ISBN),
        ('"10.1000/x"', DOI),
        ("urn:isbn:9780306406157", ISBN),
        ("info:doi/10.1000/x", DOI),
        ("doi 10.1000/x", DOI),
        ("DOI：10.1000/x", DOI),
        ("https://doi.org/10.1000/a%28b%29?utm=1", Term(name="doi", value="10.1000/a(b)")),
        ("10.1002/(SICI)1097(1998)17:15<1661::AID-X>3.0.CO;2-2", Term(name="doi", value=SICI)),
        ("<https://doi.org/10.1000/x>", DOI),
        ("https://doi.org/10.48550/arXiv.2101.00001", ARXIV),
        ("2101.00001v3", ARXIV),
        ("math.GT/0309136", Term(name="arxiv", value="math.gt/0309136")),
        ("PMID 123", Term(name="pmid", value="123")),
        ("PubMed ID: 123", Term(name="pmid", value="123")),
        ("pubmed.ncbi.nlm.nih.gov/123/?x=1", Term(name="pmid", value="123")),
        ("https://europepmc.org/article/MED/123", Term(name="pmid", value="123")),
        ("https://europepmc.org/article/PMC/PMC123", Term(name="pmcid", value="PMC123")),
        ("PMC 12345", Term(name="pmcid", value="PMC12345")),
        ("PMC123.2", Term(name="pmcid", value="PMC123")),
        ("1932-6203", ISSN),
        ("（1932–6203）", ISSN),
        ('"1932-6203"', ISSN),
        ("ISSN 1932-6203", ISSN),
        ("e-ISSN: 19326203, a", Sequence(items=(ISSN, A))),
        ("urn:issn:1932-6203", ISSN),
        ("https://doaj.org/toc/1932-6203", ISSN),
        ("https://portal.issn.org/resource/ISSN/1932-6203", ISSN),
        ("9771932620000", ISSN),
        ("9771932620001", Word(text="9771932620001")),
        ("1932-6204", Word(text="1932-6204")),
        ("2010-2011", Word(text="2010-2011")),
        ("1932-6203 a", Sequence(items=(Word(text="1932-6203"), A))),
        ("https://doaj.org/article/" + "0a" * 16, Term(name="doaj", value="0a" * 16)),
        ("oai:doaj.org/article:" + "0A" * 16, Term(name="doaj", value="0a" * 16)),
        ("https://hdl.handle.net/10900/12", Term(name="handle", value="10900/12")),
        ("https://journals.plos.org/plosone/article?id=10.1000%2FX", DOI),
        ("https://www.frontiersin.org/articles/10.1000/x/full", DOI),
        ("https://link.springer.com/content/pdf/10.1000/x.pdf?pdf=button", DOI),
        ("https://onlinelibrary.wiley.com/doi/epdf/10.1000/x", DOI),
        ("see https://www.tandfonline.com/doi/full/10.1000/x.", Sequence(items=(Word(text="see"), DOI))),
        ("https://www.nature.com/articles/s41586-019-1666-5", Term(name="doi", value="10.1038/s41586-019-1666-5")),
        ("HTTP://www.Example.org/A/?id=1#top", Term(name="url", value="example.org/A/?id=1")),
        ("url:example.org/A", Term(name="url", value="example.org/A")),
        ("0 306 40615 2", Sequence(items=tuple(Word(text=one) for one in ("0", "306", "40615", "2")))),
    ],
)
def test_an_identifier_is_known_however_it_is_pasted(text: str, node: Node) -> None:
    assert parse(text) == node


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Title: a subtitle", ["Title", "a", "subtitle"]),
        ("see http://x.org/y", ["see", "http://x.org/y"]),
        ("12:30", ["12:30"]),
        ("a & b – c?", ["a", "b", "c"]),
        ("'a', “b", None),
        ("a - b --c", ["a", "b", "c"]),
        ("well-known", ["well-known"]),
        ("综述：深度学习", ["综述:深度学习"]),
        ("a\x00b\ud800c", ["a", "b", "c"]),
        ("a, AND, b", ["a", "and", "b"]),
        ("printf() a", ["printf", "a"]),
    ],
)
def test_signs_that_are_no_operators_are_read_as_people_mean_them(text: str, words: list[str] | None) -> None:
    if words is None:
        with pytest.raises(QueryError):
            parse(text)
        return
    node = parse(text)
    items = node.items if isinstance(node, Sequence) else (node,)
    assert [item.text for item in items if isinstance(item, Word)] == words


@pytest.mark.parametrize(
    "text",
    ["C:N ratio", "land:use", "lung:liver ratio", "near:infrared", "hsa:7157", "foo:bar", "state:space", "hype:cycle"],
)
def test_words_with_a_colon_are_words_though_they_look_like_a_field(text: str) -> None:
    reading = read_query(text)
    items = reading.node.items if isinstance(reading.node, Sequence) else (reading.node,)
    assert [item.text for item in items if isinstance(item, Word)] == text.split()
    assert reading.doubts == ()


def test_what_is_further_from_a_field_is_searched_and_doubted() -> None:
    reading = read_query("deep auteur:smith")
    assert reading.node == Sequence(items=(Word(text="deep"), Word(text="auteur:smith")))
    assert reading.doubts == (Doubt(position=5, written="auteur", meant="author"),)


def test_full_width_signs_are_their_twins() -> None:
    assert parse("（人工智能 OR “深度 学习”） －title：综述") == parse('(人工智能 OR "深度 学习") -title:综述')


@pytest.mark.parametrize("text", ["", "   ", "\t\n\u3000"])
def test_a_blank_query_is_none(text: str) -> None:
    assert parse(text) is None


@pytest.mark.parametrize("text", ["\x00", " \x01\x7f ", "\ufeff", "\u200b"])
def test_signs_that_nobody_sees_do_not_ask_for_everything(text: str) -> None:
    with pytest.raises(QueryError, match="at least one letter"):
        parse(text)


@pytest.mark.parametrize(
    ("text", "position", "remedy"),
    [
        ('a "b', 2, "Add"),
        ("a (b", 2, "Add “)”"),
        ("a) b", 1, "Remove it"),
        ('a ""', 2, "remove them"),
        ("a *b", 2, "beginning of the word"),
        ("a b*c", 3, "beginning of the word"),
        ("a b*", 2, "two letters"),
        ("a *", 2, "two letters"),
        ("a auther:b", 2, "Did you mean “author:”"),
        ("tilte:b", 0, "Did you mean “title:”"),
        ('jornal:"b c"', 0, "Did you mean “journal:”"),
        ("yaer:2020", 0, "Did you mean “year:”"),
        ("lnag:zh", 0, "Did you mean “lang:”"),
        ("hsa:pdf", 0, "Did you mean “has:”"),
        ("tyep:review", 0, "Did you mean “type:”"),
        ("dio:10.1000/x", 0, "Did you mean “doi:”"),
        ("abstract:b", 0, "Leave “abstract:” out"),
        ("keywords:b", 0, "Use “subject:”"),
        ("date:2020", 0, "Use “year:”"),
        ("url:nowhere", 4, "url:https://"),
        ("year:abc", 5, "year:2019..2024"),
        ("year:2024..2019", 5, "year:2019..2024"),
        ("year:..", 5, "year:2020"),
        ("a has:nothing", 6, "has:pdf"),
        ("lang:chinese!", 5, "lang:zh"),
        ("issn:12", 5, "issn:1932-6203"),
        ("doi:foo", 4, "doi:10."),
        ("pmid:x", 5, "pmid:1"),
        ("isbn:12", 5, "isbn:978-0-306-40615-7"),
        ("source:doa*", 10, "whole value"),
        ("title:()", 0, "leave “title:” out"),
        ("title:???", 0, "leave “title:” out"),
        ("a OR", 2, "both sides"),
        ("OR a", 0, "both sides"),
        ("a OR OR b", 2, "both sides"),
        ("a AND", 2, "both sides"),
        ("AND a", 0, "both sides"),
        ("a AND OR b", 2, "both sides"),
        ("NOT", 0, "a word after it"),
        ('"a b"~999', 5, "at most ~50"),
        ("a colour~2", 2, "Remove the “~”"),
        ("???", 0, "at least one letter"),
        ("()", 0, "at least one letter"),
        ("x" * 10_000, MAX_QUERY_LENGTH, "Shorten it"),
        ("ab* " * (MAX_CLAUSES + 1), 4 * MAX_CLAUSES, "Shorten it"),
        ("(" * (MAX_DEPTH + 1) + "a", MAX_DEPTH, "several searches"),
    ],
)
def test_an_error_says_where_and_what_to_do(text: str, position: int, remedy: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(text)
    assert caught.value.position == position
    assert remedy in str(caught.value)


def test_the_largest_queries_are_still_read() -> None:
    assert parse("a " * MAX_CLAUSES) is not None
    assert parse("x" * MAX_QUERY_LENGTH) is not None
    assert parse("(" * MAX_DEPTH + "a" + ")" * MAX_DEPTH) == A


def test_nodes_know_where_they_stand() -> None:
    node = parse('a (title:b OR "c d")')
    assert isinstance(node, Sequence)
    either = node.items[1]
    assert isinstance(either, Or)
    assert [item.position for item in either.items] == [9, 14]


FRAGMENTS = (
    'a|bc|深度|-|*|(|)|"|OR|AND|NOT|title:|year:|2020|..|doi:|10.1000/a(b|PMC1|~2|，|’|:|：|has:pdf|lang:zh|-(|"a|?|'
    "pmid|ISSN|isbn|1932-6203|978|0|306|40615|7|2101.00001|http://|x.org/y|/|%28|作者:|authr:|https://doi.org/|.pdf|doi|url:|"
    "www.|PMC12345|.1|arxiv:|hep-th/9901001|v2|977193262000|hdl:|10900/1|<|>|#|%2F|nature.com/articles/|s41-1|/full|.|}|'|"
    "１|²|٠|İ|–|urn:|X|x|info:|lang:|year:"
)
PIECES = st.sampled_from([*FRAGMENTS.split("|"), " ", " ", ", ", " OR ", " AND ", "NOT ", '"a b"', "\x00", "\ud800"])


def read(text: str) -> Node | QueryError | None:
    try:
        return parse(text)
    except QueryError as error:
        return error


@given(st.lists(PIECES, max_size=30).map("".join) | st.text(max_size=200))
@example('doi:"10.1000/a(b" (doi:10.1000/a(b) OR c)')
@example("pmid, 123")
@example("a~2?")
@example("978, 0, 306, 40615, 7")
@example("a AND -pmid, 12*")
@example("(1932-6203)")
@example("ISSN, 1932-6203 isbn, 0-306-40615-2")
@example("(https://x.org/y/./)")
@example("https://www.www.x.org/a,b;#c")
@example("info:pmid, 123")
@example("www.0~2")
@example("https://doi.org/title:306https://doi.org/")
@example("hdl:0/full²：}#")
@example("arxiv:İhep-th/9901001")
@example("http://..https://doi.org/10.1000/a(b:é}/full")
@example("OR ..xlang:zh- a")
@example("NOT hep-th/9901001")
@example("https://nature.com/articles/s１")
@example("year:0306")
@example("url:<.，")
def test_a_printed_query_is_read_as_the_same(text: str) -> None:
    node = read(text)
    if isinstance(node, QueryError):
        assert node.position is not None
        assert 0 <= node.position <= len(text)
    elif node is not None:
        assert parse(print_query(node)) == node


SENTENCE = 'the effect of data types (and "type checking" on what compilers do'


def test_a_pasted_sentence_may_have_signs_that_close_nothing_and_says_so() -> None:
    reading = read_query(SENTENCE)
    assert reading.node == parse(SENTENCE.replace("(", "").replace('"', ""))
    assert reading.doubts == (Doubt(position=SENTENCE.index("("), written="(", meant=""),)


@pytest.mark.parametrize(
    "text",
    [
        'how do "the cells of the brain and the eye grow',
        "how * do the cells of the brain and the eye grow",
        "how do the cells of the brain) and the eye grow",
    ],
)
def test_each_sign_may_stand_alone_in_a_sentence(text: str) -> None:
    reading = read_query(text)
    assert [doubt.written for doubt in reading.doubts] == [next(sign for sign in text if sign in '"*()')]


@pytest.mark.parametrize(
    "text",
    [
        'a short "query with a slip',
        'a long query AND nothing of the kind "but with an operator in it',
        'a long query title:cells of the kind "with a field in it',
        "how do the cells of the brain and the eye grow a* lot",
    ],
)
def test_a_query_with_a_slip_stays_an_error(text: str) -> None:
    with pytest.raises(QueryError):
        parse(text)


def test_words_alone_are_not_counted_so_that_an_abstract_can_be_pasted() -> None:
    assert parse("cell " * 400) is not None
