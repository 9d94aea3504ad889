from __future__ import annotations

import hashlib
import itertools
import re
import resource
import time
from collections import Counter

import pytest
from stdnum import issn

from harvesters.demo.articles import DemoArticle, article, articles
from harvesters.demo.journals import journal
from harvesters.demo.plan import houses_of, place_of, size_of, work_of, works_for
from harvesters.demo.vocabulary import LANGUAGES, disciplines, proses


def texts(made: DemoArticle) -> str:
    return " ".join((made.title, made.abstract, *(other.value for other in made.other_titles + made.other_abstracts)))


def test_the_first_articles_are_these_on_every_machine() -> None:
    told = "\n".join(repr(each) for each in articles(300)).encode()
    assert hashlib.sha256(told).hexdigest() == "4ea9692c5d2daf39652d24439ca532c1315129718bf769966e1a807a73e0e29b"


def test_another_seed_makes_other_articles() -> None:
    same = sum(article(number, 1).title == article(number, 2).title for number in range(100))
    assert same < 5


def test_an_article_is_the_same_alone_as_in_the_stream() -> None:
    stream = list(articles(120, seed=7))
    assert all(article(number, seed=7) == stream[number] for number in reversed(range(120)))


def test_all_languages_are_there_and_english_is_half() -> None:
    counts = Counter(each.language for each in articles(2900))
    assert set(counts) == set(LANGUAGES)
    assert min(counts.values()) >= 50
    assert 0.45 < counts["en"] / 2900 < 0.65


@pytest.mark.parametrize(
    ("language", "script"),
    [
        ("zh-Hans", r"[\u4e00-\u9fff]"),
        ("zh-Hant", r"[與為對學響綜國統來線業術種實從際於響應]"),
        ("ru", r"[а-я]"),
        ("ar", r"[\u0600-\u06ff]"),
    ],
)
def test_titles_are_in_the_script_of_their_language(language: str, script: str) -> None:
    made = [each.title for each in articles(1500) if each.language == language and each.article_type != "correction"]
    assert sum(bool(re.search(script, title)) for title in made) > 0.5 * len(made)
    assert len(made) > 20


def test_simplified_and_traditional_texts_do_not_mix() -> None:
    hans = "".join(texts(each) for each in articles(1500) if each.language == "zh-Hans")
    hant = "".join(texts(each) for each in articles(1500) if each.language == "zh-Hant")
    assert not re.search("[與學術為國]", hans)
    assert not re.search("[与学术为国]", hant)


def test_known_words_are_found_in_titles() -> None:
    titles = "\n".join(each.title.lower() for each in articles(2900))
    for words in ("钙钛矿", "perovskite", "stability", "educación", "乡村", "圖書館", "образования"):
        assert titles.count(words) >= 2, words


def test_titles_are_hardly_ever_alike() -> None:
    counts = Counter(each.title for each in articles(2900) if each.article_type != "editorial")
    assert len(counts) > 0.95 * counts.total()


def test_topics_come_as_words_do_some_often_and_most_seldom() -> None:
    first, last = disciplines()[1].objects[0][0], disciplines()[1].objects[-1][0]
    titles = "\n".join(each.title for each in articles(6000) if each.discipline.key == "medicine").lower()
    assert titles.count(first) > 3 * titles.count(last) > 0


def test_dois_are_test_dois_and_nothing_looks_like_an_orcid() -> None:
    for each in articles(2000):
        assert each.doi is None or each.doi.startswith("10.5555/kaijuan.demo.")
        assert not re.search(r"\d{4}-\d{4}-\d{4}-\d{3}[\dX]", repr(each))
        assert each.pmcid >= 90_000_000
        assert each.pmid is None or each.pmid >= 90_000_000


def test_issns_have_right_check_digits_are_unique_and_belong_to_no_block_in_use() -> None:
    found = [number for place in range(420) for number in (journal(place).issn, journal(place).eissn)]
    assert all(issn.is_valid(number) for number in found)
    assert len(set(found)) == 840
    assert all(number.startswith("555") for number in found)


def test_journals_titles_are_unique() -> None:
    assert len({journal(place).title for place in range(420)}) == 420


def test_no_pattern_slot_or_bare_contraction_is_left() -> None:
    for each in articles(2000):
        assert not re.search(r"[{}]| de el | de o | em a |لـ ", texts(each)), texts(each)


def test_every_phrase_is_told_in_every_language() -> None:
    for each in disciplines():
        for phrase in itertools.chain([each.name], each.objects, each.properties, each.methods, each.contexts):
            assert len(phrase) == len(LANGUAGES)
            assert all(phrase)
    assert [prose.language for prose in proses()] == list(LANGUAGES)


def test_nobody_signs_an_article_twice() -> None:
    for each in articles(2000):
        names = [(author.latin_family, author.latin_given) for author in each.authors]
        assert len(set(names)) == len(names) > 0


def test_corrections_name_another_article_and_have_their_own_doi() -> None:
    found = [each for each in articles(4000) if each.article_type == "correction"]
    assert len(found) > 10
    assert all(each.doi and each.doi != each.corrects and not each.abstract for each in found)


def test_places_and_works_lead_to_each_other() -> None:
    for house in ("doaj", "pmc", "university"):
        works = [work_of(house, place) for place in range(500)]
        assert works == sorted(set(works))
        assert [place_of(house, number) for number in works] == list(range(500))
        assert all(house in houses_of(number) for number in works)
    assert place_of("pmc", -1) is None


@pytest.mark.parametrize("count", [1, 17, 35, 3000, 3500, 1_000_000])
def test_works_make_the_records_that_were_asked_for(count: int) -> None:
    works = works_for(count)
    records = sum(size_of(house, works) for house in ("doaj", "pmc", "university"))
    assert count <= records <= count + 2


def test_a_hundred_thousand_articles_take_no_memory_and_little_time() -> None:
    for _ in articles(500):
        pass
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.process_time()
    for _ in articles(100_000):
        pass
    assert time.process_time() - started < 20  # 5,000 a second
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000  # kilobytes
