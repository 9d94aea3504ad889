"""Kinds of texts: notices and remarks from articles, headings from titles."""

from __future__ import annotations

import pytest

from indexer.identity.kinds import Kind, is_heading, read_title


@pytest.mark.parametrize(
    ("title", "kind", "about"),
    [
        ("Corrigendum: Decrease in social zeitgebers", "correction", "Decrease in social zeitgebers"),
        ("Erratum to “Lakes”", "correction", "Lakes"),
        ("Author Correction: Lakes", "correction", "Lakes"),
        ("Correction of refractive errors in children", "article", "Correction of refractive errors in children"),
        ("更正：水稻研究", "correction", "水稻研究"),
        ("Lakes (Erratum)", "correction", "Lakes"),
        ("Retraction notice to: Lakes", "retraction", "Lakes"),
        ("Withdrawal of care in intensive units", "article", "Withdrawal of care in intensive units"),
        ("Expression of Concern: Lakes", "concern", "Lakes"),
        ("Comment on “Lakes of the north”", "comment", "Lakes of the north"),
        ("Re: Lakes of the north", "comment", "Lakes of the north"),
        ("Reply to Comment on “Lakes of the north”", "reply", "Lakes of the north"),
        ("Lakes of the north: reply", "reply", "Lakes of the north"),
        ("Response to treatment in depression", "article", "Response to treatment in depression"),
        ("Data from: Lakes of the north", "dataset", "Lakes of the north"),
        ("Lakes of the north [Review] [87 refs]", "article", "Lakes of the north"),
        ("Lakes of the north (Tutorial)", "article", "Lakes of the north"),
        ("RETRACTED ARTICLE: Lakes of the north", "article", "Lakes of the north"),
        ("Retracted mutations in lake fish", "article", "Retracted mutations in lake fish"),
    ],
)
def test_a_title_tells_what_kind_of_text_it_is_and_what_it_is_about(title: str, kind: Kind, about: str) -> None:
    reading = read_title(title, "article")
    assert (reading.kind, reading.about) == (kind, about)


def test_the_type_tells_what_the_title_does_not() -> None:
    assert read_title("Lakes of the north", "correction").kind == "correction"
    assert read_title("Lakes of the north", "thesis").kind == "thesis"


def test_a_retracted_article_is_itself_with_a_mark_and_its_notice_is_not() -> None:
    assert read_title("RETRACTED: Lakes of the north", "article") == ("article", "Lakes of the north", True, False)
    assert not read_title("Retraction: Lakes of the north", "article").is_retracted


@pytest.mark.parametrize(
    "title",
    [
        "Editorial",
        "EDITORIAL.",
        "Editorial 2019",
        "Book review column",
        "Book reviews",
        "编者按",
        "卷首语",
        "Предисловие",
        "In this issue",
        "",
        "12",
        "Introduction to the special issue on lakes",
        "Acknowledgement to reviewers",
        "Corrigendum",
        "Carta al editor",
    ],
)
def test_headings_say_nothing_about_which_text_it_is(title: str) -> None:
    assert is_heading(title)
    assert read_title(title, "article").is_generic


@pytest.mark.parametrize(
    "title", ["Introduction to lakes", "水稻", "Editorial policies of medical journals", "Reviews of lakes"]
)
def test_titles_that_begin_like_headings_are_none(title: str) -> None:
    assert not is_heading(title)
