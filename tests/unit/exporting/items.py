"""Works to be exported: known ones, and any whose texts were chosen to break a format."""

from __future__ import annotations

from hypothesis import strategies as st

from search_api.exporting.item import Item, Person, address, line

ENGLISH = Item(
    id="w1",
    type="article",
    title="Perovskite solar cells: a review of stability",
    people=(
        Person(name="Jörg A. Müller", family="Müller", given="Jörg A."),
        Person(name="Jane Smith", family="Smith", given="Jane"),
    ),
    container="Journal of Things",
    issns=("1234-5679",),
    volume="12",
    issue="3",
    pages="100-110",
    year=2021,
    month=5,
    day=3,
    identifiers=(("doi", "10.1000/x_1"), ("pmid", "123"), ("pmcid", "PMC9")),
    url="https://a.example/x",
    language="en",
)
CHINESE = Item(
    id="w2",
    type="article",
    title="钙钛矿太阳能电池的稳定性研究",
    people=tuple(
        Person(name=family + given, family=family, given=given)
        for family, given in (("王", "小明"), ("欧阳", "娜"), ("李", "四"), ("赵", "六"))
    ),
    container="物理学报",
    volume="70",
    issue="3",
    pages="e0123",
    year=2021,
    month=5,
    url="https://a.example/x",
    language="zh",
)

#: What some format takes for its own.
_HOSTILE = st.sampled_from(
    [
        "{", "}", "\\", "\n", "\r\n", "@article{x,", '"', "'", ",", ";", "%", "$", "#", "&", "_", "~", "^", "<b>",
        "=1+1", "+", "-", "@", "TY  - JOUR", "ER  - ", "\nER  - \n", "%0 Book", "{Title}: x", " and ", "others",
        "\u2028", "\x85", "\x00", "\x1d", "\ufeff", "\u202e", "مرحبا", "汉字", "👩‍👩‍👧", "é", "Ω",
        "--", "``", "''", "\\textbf{", "$x$", "‘", "－", "\t=",
    ]
)  # fmt: skip
_words = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
#: Clean lines that are not empty, made of anything.
texts = st.lists(_HOSTILE | _words, min_size=1, max_size=6).map(lambda parts: line(" ".join(parts))).filter(bool)
_maybe = st.just("") | texts


@st.composite
def _person(draw: st.DrawFn) -> Person:
    name, family, given = draw(texts), draw(_maybe), draw(_maybe)
    is_group = draw(st.booleans())
    return Person(
        name=name,
        family="" if is_group else family,
        given="" if is_group or not family else given,
        role=draw(st.sampled_from(["author", "author", "editor", "translator", "other"])),
        is_group=is_group,
    )


people = st.lists(_person(), max_size=5).map(tuple)
items: st.SearchStrategy[Item] = st.builds(
    Item,
    id=st.from_regex(r"[a-z0-9]{13}", fullmatch=True),
    type=st.sampled_from(
        ["article", "review", "book", "chapter", "conference-paper", "thesis", "preprint", "report", "dataset", "other"]
    ),
    title=texts,
    translated_titles=st.lists(texts, max_size=2).map(tuple),
    people=people,
    container=_maybe,
    publisher=_maybe,
    year=st.none() | st.integers(1, 9999),
    volume=_maybe,
    issue=_maybe,
    pages=_maybe | st.just("1-9"),
    identifiers=st.lists(st.tuples(st.sampled_from(["doi", "pmid", "arxiv"]), texts), max_size=3).map(tuple),
    url=_maybe.map(address),
    pdf=_maybe.map(address),
    language=st.sampled_from(["", "en", "zh", "ar"]),
    abstracts=st.lists(texts, max_size=2).map(tuple),
    keywords=st.lists(texts, max_size=3, unique=True).map(tuple),
    license_name=_maybe,
    status=st.sampled_from([None, None, "retracted", "corrected"]),
    notices=st.lists(texts, max_size=2).map(tuple),
)
