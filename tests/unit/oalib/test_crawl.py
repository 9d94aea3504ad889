"""The crawl without a network: its order, what it does about pages that fail, and where it goes on after any end."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from harvesters.errors import HarvestError, PageError, ServerFaultError, ThrottledError, UnreachableError
from harvesters.oalib.crawl import Crawl, DisallowedError
from harvesters.oalib.messages import PART_PAPERS, Part
from harvesters.oalib.places import Place, read_queries

SITE = "http://site.example/"
GOOD = b"<div class='contents'><h1>Title</h1></div>"
BLANK = b"<html><head><title>OALib</title></head><body>Moved</body></html>"


class _KilledError(Exception):
    """The process ends here."""


class World:
    """A site of journals by number, with pages that fail; notes what is asked for and what is handed over."""

    def __init__(self, journals: Mapping[int, list[int]], *, per_page: int = 4) -> None:
        self.journals = journals
        self.per_page = per_page
        self.failing: dict[str, bytes | HarvestError] = {}
        self.asked: list[str] = []
        self.parts: list[Part] = []
        self.place = Place()
        self.killed_after = -1

    async def fetch(self, url: str) -> bytes:
        path = url.removeprefix(SITE.rstrip("/"))
        self.asked.append(path)
        answer = self.failing.get(path) or self.answer(path)
        if isinstance(answer, HarvestError):
            raise answer
        return answer

    def answer(self, path: str) -> bytes:
        kind, *numbers = path.strip("/").split("/")
        if kind == "lib":
            rows = "".join(f"<a href='/journal/{number}/1'>J</a>" for number in self.journals)
            return f"<html><body>{rows}</body></html>".encode()
        if kind == "paper":
            return GOOD
        papers, page = self.journals[int(numbers[0])], int(numbers[1])
        shown = papers[(page - 1) * self.per_page : page * self.per_page]
        rows = "".join(f"<h4><a href='/paper/{number}'><span>T</span></a></h4>" for number in shown)
        pages = -(-len(papers) // self.per_page)
        pager = f"new Pager('', 'x//www.oalib.com',{self.per_page},{pages},{page},{len(papers)})"
        return f"<div class='paperlist'>{rows}</div><script>{pager}</script>".encode()

    async def emit(self, part: Part) -> None:
        if self.killed_after == len(self.parts):
            raise _KilledError
        self.parts.append(part)
        if part.place is not None:
            self.place = part.place

    def crawl(self, *queries: str, start: Place | None = None) -> None:
        crawl = Crawl(SITE, read_queries(queries or ("journals",)), fetch=self.fetch, emit=self.emit)
        # In a thread of its own: the browser tests leave a running loop in the main one.
        with ThreadPoolExecutor(1) as pool:
            pool.submit(lambda: asyncio.run(crawl.run(start or Place()))).result()

    @property
    def papers(self) -> list[int]:
        return [paper.number for part in self.parts for paper in part.papers]

    @property
    def named(self) -> set[str]:
        return {damaged.url.removeprefix(SITE.rstrip("/")) for part in self.parts for damaged in part.damaged}


def test_journals_come_by_number_and_papers_in_their_order() -> None:
    world = World({30: [9, 8, 7, 6, 5], 4: [1, 2]})
    world.crawl()
    assert world.papers == [1, 2, 9, 8, 7, 6, 5]
    assert world.parts[-1].place is None
    assert all(part.place is not None for part in world.parts[:-1])


def test_no_paper_is_asked_for_twice() -> None:
    world = World({1: [1, 2, 3], 2: [3, 2, 4]})
    world.crawl("journals", "journal:2")
    assert world.papers == [1, 2, 3, 4]
    assert sum(path.startswith("/paper/") for path in world.asked) == 4


def test_a_long_page_is_handed_over_in_parts() -> None:
    world = World({1: list(range(1, 36))}, per_page=35)
    world.crawl()
    assert [len(part.papers) for part in world.parts] == [PART_PAPERS] * 3 + [5]
    assert [part.place.after for part in world.parts if part.place] == [10, 20, 30]


def test_killed_after_any_part_and_whatever_fails_nothing_is_lost() -> None:
    chance = random.Random(4)  # noqa: S311
    journals = {number: list(range(number * 100, number * 100 + chance.randint(0, 30))) for number in range(1, 12)}
    everything = {paper for papers in journals.values() for paper in papers}
    kinds = (
        ServerFaultError("broken", status=500),
        UnreachableError("no answer"),
        ServerFaultError("gone", status=404),
        DisallowedError("no"),
        BLANK,
    )
    ends = 0
    for _ in range(120):
        broken = {f"/paper/{paper}": chance.choice(kinds) for paper in everything if chance.random() < 0.06}
        found, named, place = set[int](), set[str](), Place()
        per_page = chance.choice((4, 7, 25))
        for _attempt in range(400):
            world = World(journals, per_page=per_page)
            world.failing = {**broken} if chance.random() < 0.7 else {}
            world.killed_after = chance.choice((-1, 0, 1, 2, 5))
            world.place = place
            try:
                world.crawl(start=place)
                is_done = True
            except (_KilledError, HarvestError):
                is_done = False
                ends += 1
            found.update(world.papers)
            named |= world.named
            place = world.place
            if is_done:
                break
        else:
            pytest.fail("the crawl never came to its end")
        assert everything <= found | {int(path.rpartition("/")[2]) for path in named if path.startswith("/paper/")}
    assert ends > 100


def test_no_place_is_handed_over_twice_in_a_crawl() -> None:
    world = World({number: [number * 10, number * 10 + 1] for number in range(1, 9)})
    for path in ("/journal/2/1", "/paper/31", "/paper/41", "/journal/6/1"):
        world.failing[path] = UnreachableError("no answer")
    with pytest.raises(HarvestError, match="2 listing pages"):
        world.crawl()
    places = [part.place for part in world.parts]
    assert len(set(places)) == len(places)


@pytest.mark.parametrize("error", [ThrottledError("429"), ServerFaultError("refused", status=403)])
@pytest.mark.parametrize("path", ["/paper/12", "/journal/1/2", "/lib/showJournalList"])
def test_a_refusal_ends_the_crawl_with_the_request_that_met_it(error: HarvestError, path: str) -> None:
    world = World({1: [11, 12, 13, 14, 15, 16]})
    world.failing[path] = error
    with pytest.raises(type(error)):
        world.crawl()
    assert world.asked[-1] == path
    assert world.named == set()


def test_three_failures_in_a_row_end_it_before_the_first_of_them() -> None:
    world = World({1: [1, 2, 3, 4, 5]}, per_page=5)
    for paper in (3, 4, 5):
        world.failing[f"/paper/{paper}"] = UnreachableError("no answer")
    with pytest.raises(UnreachableError):
        world.crawl()
    assert (world.papers, world.named, world.place.after) == ([1, 2], set(), 2)


def test_failures_that_a_good_answer_parts_are_those_pages_own() -> None:
    world = World({1: [1, 2, 3, 4, 5]}, per_page=5)
    for paper in (1, 2, 4, 5):
        world.failing[f"/paper/{paper}"] = UnreachableError("no answer")
    world.crawl()
    assert (world.papers, world.named) == ([3], {"/paper/1", "/paper/2", "/paper/4", "/paper/5"})


def test_titles_missing_three_times_in_a_row_are_drift_over_pages_and_journals_too() -> None:
    world = World({1: [1, 2], 2: [3, 4]})
    for paper in (2, 3, 4):
        world.failing[f"/paper/{paper}"] = BLANK
    with pytest.raises(PageError, match="3 papers in a row"):
        world.crawl()
    assert (world.papers, world.named) == ([1], {"/paper/2", "/paper/3", "/paper/4"})


@pytest.mark.parametrize(("missing", "is_drift"), [((2,), False), ((2, 4), True)])
def test_a_fifth_of_a_listing_page_is_drift(missing: tuple[int, ...], is_drift: bool) -> None:  # noqa: FBT001
    world = World({1: list(range(1, 10))}, per_page=9)
    for paper in missing:
        world.failing[f"/paper/{paper}"] = BLANK
    if is_drift:
        with pytest.raises(PageError, match="2 of 9 papers"):
            world.crawl()
    else:
        world.crawl()
    assert len(world.papers) == 9 - len(missing)


def test_two_of_four_papers_are_too_few_to_judge_a_page_by() -> None:
    world = World({1: [1, 2, 3, 4]})
    for paper in (1, 3):
        world.failing[f"/paper/{paper}"] = BLANK
    world.crawl()
    assert world.papers == [2, 4]


def test_a_journal_that_is_gone_or_forbidden_is_named_and_the_others_come() -> None:
    world = World({1: [1], 2: [2], 3: [3]})
    world.failing["/journal/1/1"] = ServerFaultError("gone", status=404)
    world.failing["/journal/2/1"] = DisallowedError("robots.txt does not allow it")
    world.crawl()
    assert (world.papers, world.named) == ([3], {"/journal/1/1", "/journal/2/1"})


def test_a_list_of_journals_that_is_forbidden_leaves_the_other_queries() -> None:
    world = World({1: [1]})
    forbidden = DisallowedError("robots.txt does not allow it", url=SITE + "lib/showJournalList")
    world.failing["/lib/showJournalList"] = forbidden
    world.crawl("journals", "journal:1")
    assert (world.papers, world.named) == ([1], {"/lib/showJournalList"})


def test_a_page_in_the_middle_of_a_journal_that_fails_costs_only_its_own_papers() -> None:
    world = World({1: list(range(1, 13))})
    world.failing["/journal/1/2"] = ServerFaultError("broken", status=500)
    with pytest.raises(HarvestError, match="listing pages"):
        world.crawl()
    assert world.papers == [1, 2, 3, 4, 9, 10, 11, 12]


def test_a_place_in_a_page_that_has_changed_begins_the_page_anew() -> None:
    world = World({1: [1, 2, 3, 4]})
    world.crawl(start=Place(journal=1, after=99))
    assert world.papers == [1, 2, 3, 4]
    world = World({1: [1, 2, 3, 4]})
    world.crawl(start=Place(journal=1, after=2))
    assert world.papers == [3, 4]


def test_what_was_lost_before_a_kill_is_not_forgotten_after_it() -> None:
    world = World({1: [1]})
    with pytest.raises(HarvestError, match="2 listing pages"):
        world.crawl(start=Place(lost=2))
    assert world.parts[-1].place is None


def test_an_error_between_two_lists_goes_on_at_the_second() -> None:
    world = World({1: [1, 2]})
    world.failing["/lib/showJournalList"] = ThrottledError("429")
    with pytest.raises(ThrottledError):
        world.crawl("journal:1", "journals")
    assert [part.place for part in world.parts] == [Place(query=1)]
