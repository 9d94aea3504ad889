from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harvesters.formats.description import RawDate
from harvesters.formats.oai_doaj import DATE_KIND
from indexer.normalise.dates import choose_date, parse_date

NEXT_YEAR = datetime.now(UTC).year + 1


@pytest.mark.parametrize(
    ("value", "date"),
    [
        ("2017-04-01", "2017-04-01"),
        ("2014-12", "2014-12"),
        ("2014", "2014"),
        ("2006-01-01T00:00:00Z", "2006-01-01"),
        ("20141225", "2014-12-25"),
        ("2014/12/25", "2014-12-25"),
        ("25/12/2014", "2014-12-25"),
        ("12/25/2014", "2014-12-25"),
        ("03/04/2014", "2014"),
        ("2014 Dec 25", "2014-12-25"),
        ("25 December 2014", "2014-12-25"),
        ("Aug 2011", "2011-08"),
        ("2023 Sep-Oct", "2023-09"),
        ("2019 May-Jun", "2019-05"),
        ("2011 8 2", "2011-08-02"),
        ("2010 11 02", "2010-11-02"),
        ("Spring 2020", "2020"),
        ("2014年12月", "2014-12"),
        ("12 марта 2014", "2014-03-12"),
        ("2014-00-00", "2014"),
        ("2014-13-01", "2014"),
        ("2014-02-31", "2014-02"),
        ("c2004", "2004"),
        ("1867 1", "1867-01"),
        ("August", None),
        ("0", None),
        ("02", None),
        ("", None),
        (None, None),
        ("0214-05-01", None),
        ("1499", None),
        (str(NEXT_YEAR), str(NEXT_YEAR)),
        (str(NEXT_YEAR + 1), None),
        ("9999-12-31", None),
    ],
)
def test_dates_say_no_more_than_was_written(value: str | None, date: str | None) -> None:
    found = parse_date(value)
    assert (None if found is None else str(found)) == date


@pytest.mark.parametrize(
    ("value", "date"), [("2017-04-01", "2017-04"), ("2017-01-01", "2017"), ("2017-04-15", "2017-04-15")]
)
def test_doaj_fills_unknown_days_and_months_with_01(value: str, date: str) -> None:
    assert str(choose_date([RawDate(value=value, kind=DATE_KIND)])) == date


@pytest.mark.parametrize(
    ("dates", "chosen"),
    [
        ([("2011", "collection"), ("2011 8 2", "epub")], "2011-08-02"),
        ([("2008 7", "ppub"), ("2007 7 10", "epub")], "2007-07-10"),
        ([("2013 3", "ppub"), ("2012 11 12", "epub"), ("2012 11 12", "pmc-release")], "2012-11-12"),
        ([("2012 11 12", "pmc-release"), ("2013", "ppub")], "2013"),
        ([("2012 11 12", "pmc-release")], "2012-11-12"),
        ([("2013-09-04", None), ("2013-12-24", None)], "2013-09-04"),
        ([("2013", None), ("2013-12-24", None)], "2013-12-24"),
        ([("1999", "received"), ("2001", "accepted")], "None"),
        ([("August", None), ("2001", None)], "2001"),
        ([], "None"),
    ],
)
def test_the_earliest_real_publication_is_chosen(dates: list[tuple[str, str | None]], chosen: str) -> None:
    assert str(choose_date([RawDate(value=value, kind=kind) for value, kind in dates])) == chosen


@settings(deadline=None)
@given(st.one_of(st.text(), st.from_regex(r"\d{1,4}[-/ .]\d{1,3}[-/ .]\d{1,4}", fullmatch=True)))
def test_any_text_gives_a_plausible_date_or_none(text: str) -> None:
    found = parse_date(text)
    assert found is None or (1500 <= found.year <= NEXT_YEAR and parse_date(str(found)) == found)
