"""Suggestions, "did you mean" and the thesaurus over HTTP, in both deployments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from indexer.search.thesaurus import Term
from indexer.storage.ranking_rules import RankingRules
from indexer.storage.said import Signed
from indexer.storage.thesaurus import ThesaurusTable, make_entry
from search_api.app import make_app
from search_api.library import Library, open_library
from search_api.settings import Settings
from tests.integration.journals import ONLINE, OTHER, PRINT, doaj_article, receive
from tests.unit.web.records import Dublin, put

Json = dict[str, Any]
TOKEN = "a-token-that-nobody-guesses"
DESK = {"Authorization": f"Bearer {TOKEN}"}
BY = Signed(who="Li Ming", note="Asked for at the desk.")


def article(number: int, title: str, journal: str, creator: str, *subjects: str, language: str = "en") -> Dublin:
    elements = [
        ("title", title),
        ("creator", creator),
        ("source", f"{journal}, Vol 1, Iss 2, Pp {number}-{number + 1} (2020)"),
        ("identifier", f"https://repository.example/{number}"),
        ("language", language),
        *(("subject", one) for one in subjects),
    ]
    return Dublin(identifier=f"oai:campus:{number}", elements=elements)


RECORDS = [
    article(1, "Membrane proteins of yeast", "Journal of Food Research", "Müller, Ann", "Deep Learning", "membranes"),
    article(2, "Membrane transport in roots", "Journal of Food Research", "Wang, Xiaoming", "deep learning"),
    article(3, "Cheese", "Research Letters", "Wang, Xiaoming", "dairy"),
    article(4, "图像分割方法", "图书馆学报", "王小明", "深度学习", "图像分割", language="zh"),
    article(5, "圖像處理", "图书馆学报", "王小明", "深度學習", language="zh"),
    article(6, "Silence in libraries", "Silent Letters", "Zhou, Li", '"odd" -OR (term)'),
]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"desk_token": SecretStr(TOKEN)})


@pytest.fixture
def client(library: Library) -> Iterator[TestClient]:
    put(library, *RECORDS)
    with TestClient(make_app(library), raise_server_exceptions=False) as opened:
        yield opened


def get(client: TestClient, path: str, **parameters: Any) -> Json:
    answer = client.get(path, params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


def suggested(client: TestClient, q: str, **parameters: Any) -> list[tuple[str, str, int]]:
    results = get(client, "/v1/suggest", q=q, **parameters)["results"]
    return [(one["kind"], one["text"], one["count"]) for one in results]


# --- suggestions -----------------------------------------------------------------------------------


def test_subjects_of_any_case_and_script_are_one_counted_in_works(client: TestClient) -> None:
    assert suggested(client, "deep l", kinds="subject") == [("subject", "Deep Learning", 2)]
    (chinese,) = get(client, "/v1/suggest", q="深度")["results"]
    assert (chinese["count"], chinese["highlights"]) == (2, [[0, 2]])
    assert get(client, "/v1/works", q=chinese["query"])["meta"]["count"] >= 2


@pytest.mark.parametrize("typed", ["sdxx", "shendux", "shen du xue xi", "shendxx", "深度xue", "深度x", "sdxuexi"])
def test_chinese_is_found_by_pinyin_first_letters_and_half_way(client: TestClient, typed: str) -> None:
    (one,) = get(client, "/v1/suggest", q=typed)["results"]
    assert (one["kind"], one["count"]) == ("subject", 2)
    assert one["highlights"][0][0] == 0


def test_what_begins_so_comes_before_what_has_a_word_that_does(client: TestClient) -> None:
    assert suggested(client, "rese", kinds="container") == [
        ("container", "Research Letters", 1),
        ("container", "Journal of Food Research", 2),
    ]


def test_a_journal_leads_to_exactly_its_works(client: TestClient) -> None:
    (one,) = get(client, "/v1/suggest", q="food rese")["results"]
    assert one["text"][slice(*one["highlights"][0])] == "Food Rese"
    assert get(client, "/v1/works", container=one["container"])["meta"]["count"] == one["count"] == 2
    assert client.get(one["url"]).status_code == 200


@pytest.mark.parametrize("typed", ["wang x", "xiaoming wan", "Wang, Xiao", "WANG XIAOMING", "author:wa", "作者：wang"])
def test_an_author_is_found_in_either_order(client: TestClient, typed: str) -> None:
    found = [one for one in suggested(client, typed) if one[1] == "Xiaoming Wang"]
    assert found == [("author", "Xiaoming Wang", 2)]


def test_diacritics_make_no_difference(client: TestClient) -> None:
    assert suggested(client, "muller") == [("author", "Ann Müller", 1)]
    assert suggested(client, "MÜLL") == [("author", "Ann Müller", 1)]


def test_titles_that_have_the_words_lead_to_their_works(client: TestClient) -> None:
    (one,) = get(client, "/v1/suggest", q="transport membr")["results"]
    assert (one["kind"], one["text"]) == ("title", "Membrane transport in roots")
    assert one["highlights"] == [[0, 5], [9, 18]]
    assert client.get(f"/v1/works/{one['work']}").json()["title"] == one["text"]
    assert client.get(one["url"]).status_code == 200


def test_no_two_kinds_suggest_the_same_words(client: TestClient) -> None:
    put(client.app.state.library, article(9, "A", "Dairy", "Dairy, D.", "dairy"))  # type: ignore[attr-defined]
    assert [text.casefold() for _, text, _ in suggested(client, "dairy")].count("dairy") == 1


def test_what_stands_before_is_kept_and_signs_mean_nothing(client: TestClient) -> None:
    results = get(client, "/v1/suggest", q='yeast "old phrase" AND deep l')["results"]
    assert [one["query"] for one in results] == ['yeast "old phrase" AND "Deep Learning"']
    assert suggested(client, '"deep l') == [("subject", "Deep Learning", 2)]
    (odd,) = get(client, "/v1/suggest", q="odd", kinds="subject")["results"]
    assert get(client, "/v1/works", q=odd["query"])["meta"]["count"] == 1


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        '"',
        "x",
        "lang:en",
        "year:20",
        "doi:10.1",
        "\x00\x1f\u202e",
        "-",
        "((((",
        "a" * 2_000,
        "是" * 300,
        "🙂",
        "\ud83d",
    ],
)
def test_noise_suggests_nothing_and_is_no_error(client: TestClient, typed: str) -> None:
    answer = client.get("/v1/suggest?q=" + "".join(f"%{byte:02x}" for byte in typed.encode("utf-8", "surrogatepass")))
    assert answer.status_code in {200, 400}
    assert answer.json().get("results", []) == []


def test_half_a_field_suggests_its_kind_only(client: TestClient) -> None:
    assert {kind for kind, _, _ in suggested(client, "journal:re")} == {"container"}
    assert suggested(client, "subject:wang") == []
    assert suggested(client, "author:wa", kinds="title") == []


@pytest.mark.parametrize(
    "wrong", ["kinds=person", "kinds=", "limit=0", "limit=21", "x=1", "q=a&q=b", "q=" + "a" * 2_001]
)
def test_wrong_parameters_are_refused(client: TestClient, wrong: str) -> None:
    answer = client.get(f"/v1/suggest?{wrong}" + ("" if "q=" in wrong else "&q=deep"))
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


def test_hidden_works_and_journals_are_not_suggested(client: TestClient, library: Library) -> None:
    rules: RankingRules = library.store.ranking_rules
    container = get(client, "/v1/suggest", q="silent l")["results"][0]["container"]
    assert ("title", "Silence in libraries", 1) in suggested(client, "silence libr")
    rules.add("container", container, "hide", BY)
    assert suggested(client, "silence libr") == []
    assert suggested(client, "silent l") == []


def test_each_journal_of_one_name_is_suggested_with_its_own_title_and_its_facets_count(library: Library) -> None:
    receive(
        library,
        [
            doaj_article(1, PRINT, journal="圖書館季刊"),
            doaj_article(2, PRINT, journal="圖書館季刊(英文)"),  # a work that bears another name counts too
            doaj_article(3, OTHER, journal="图书馆季刊"),
        ],
    )
    library.bring_up_to_date()
    client = TestClient(make_app(library), raise_server_exceptions=False)
    facet = get(client, "/v1/facets", facet="container")["results"]
    expected = {(one["value"], one["label"], one["count"]) for one in facet}
    assert {(label, count) for _, label, count in expected} == {("圖書館季刊", 2), ("图书馆季刊", 1)}
    for typed in ("图书馆", "圖書館", "tsgjk"):
        found = get(client, "/v1/suggest", q=typed, kinds="container")["results"]
        assert {(one["container"], one["text"], one["count"]) for one in found} == expected, typed
        assert len(found) == 2


def test_a_journal_without_a_title_is_called_by_its_issn(library: Library) -> None:
    receive(library, [doaj_article(1, PRINT, ONLINE, journal="")])
    library.bring_up_to_date()
    client = TestClient(make_app(library), raise_server_exceptions=False)
    (one,) = get(client, "/v1/facets", facet="container")["results"]
    assert one["label"] == min(PRINT, ONLINE)
    assert [one["label"] for one in get(client, "/v1/facets", facet="container", facet_q=ONLINE)["results"]] == [ONLINE]


def test_what_was_retracted_is_not_suggested(client: TestClient, library: Library) -> None:
    put(library, article(8, "RETRACTED: Kinetics of quinine uptake", "Letters", "Adams, A.", "quinine"))
    assert get(client, "/v1/works", q="status:retracted")["meta"]["count"] == 1
    assert suggested(client, "kinetics quin") == []
    assert suggested(client, "quinine") == []


# --- did you mean ----------------------------------------------------------------------------------


def meant(client: TestClient, q: str, **parameters: Any) -> list[tuple[str, int, str]]:
    found = get(client, "/v1/works", q=q, **parameters)["meta"]["query"]["did_you_mean"]
    return [(one["query"], one["count"], one["reason"]) for one in found]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("membrnae", ("membrane", 2, "spelling")),
        ("membrnae yeast", ("membrane yeast", 1, "spelling")),
        ("membraneproteins", ("membrane proteins", 1, "split")),
        ("ьуьикфту", ("membrane", 2, "keyboard")),
        ("图象分割", ("图像分割", 1, "sound")),
        ("shenduxuexi", ("深度学习", 4, "pinyin")),
    ],
)
def test_another_query_is_offered_with_what_it_really_brings(
    client: TestClient, asked: str, expected: tuple[str, int, str]
) -> None:
    assert meant(client, asked) == [expected]
    assert get(client, "/v1/works", q=expected[0], match="all")["meta"]["count"] == expected[1]


@pytest.mark.parametrize("asked", ["membrane", '"membrnae"', "zzzz", "yeast -membrnae", ""])
def test_nothing_is_offered_where_nothing_is_better(client: TestClient, asked: str) -> None:
    assert meant(client, asked) == []


def test_filters_count_for_what_is_offered(client: TestClient) -> None:
    assert meant(client, "membrnae", lang="zh") == []


# --- thesaurus -------------------------------------------------------------------------------------


def ids(client: TestClient, q: str, **parameters: Any) -> set[str]:
    return {one["id"] for one in get(client, "/v1/works", q=q, **parameters)["results"]}


def test_a_term_finds_what_its_translation_finds_and_says_so(client: TestClient) -> None:
    both = ids(client, "deep learning")
    assert len(both) == 4
    assert both == ids(client, "深度学习") == ids(client, "深度學習")
    expansions = get(client, "/v1/works", q="deep learning")["meta"]["query"]["expansions"]
    added = {"text": "深度学习", "language": "zh", "origin": "builtin"}
    assert expansions[0] == {"written": "deep learning", "position": 0, "added": [added]}
    plain = get(client, "/v1/works", q="deep learning", expand="off", facets="lang")
    assert plain["meta"]["count"] == 2
    assert {one["origin"] for told in plain["meta"]["query"]["expansions"] for one in told["added"]} == {"stem"}
    assert (
        sum(one["count"] for one in get(client, "/v1/works", q="deep learning", facets="lang")["facets"]["lang"]) == 4
    )
    assert len(ids(client, '"deep learning"')) == 2


def test_the_desk_adds_and_takes_back_terms_for_all_processes(client: TestClient, library: Library) -> None:
    entry = {"kind": "synonym", "terms": [{"text": "cheese"}, {"text": "membrane"}], "reason": "A test.", "who": "Li"}
    assert client.post("/v1/desk/thesaurus", json=entry).status_code == 401
    added = client.post("/v1/desk/thesaurus", json=entry, headers=DESK)
    assert (added.status_code, added.json()["created"]) == (201, True)
    again = client.post("/v1/desk/thesaurus", json=entry, headers=DESK)
    assert (again.status_code, again.json()["created"]) == (200, False)
    assert len(ids(client, "cheese")) == 3
    other = ThesaurusTable(library.store.database)
    assert other.current(builtin=False).added("chees")[0].text == "membrane"
    listed = client.get("/v1/desk/thesaurus", headers=DESK).json()["results"]
    assert [(one["who"], one["reason"], one["state"]) for one in listed] == [("Li", "A test.", "in_force")]
    path = f"/v1/desk/thesaurus/{listed[0]['id']}/undo"
    assert client.post(path, json={"reason": "No."}, headers=DESK).json()["state"] == "undone"
    assert client.post(path, json={"reason": "No."}, headers=DESK).status_code == 409
    assert client.post("/v1/desk/thesaurus/e0/undo", json={"reason": "No."}, headers=DESK).status_code == 404
    assert len(ids(client, "cheese")) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "synonym", "terms": [{"text": "alone"}]},
        {"kind": "synonym", "terms": [{"text": "alone"}, {"text": "alone"}]},
        {"kind": "synonym", "terms": [{"text": "!!"}, {"text": "word"}]},
        {"kind": "synonym", "terms": [{"text": "a\x00b"}, {"text": "word"}]},
        {"kind": "synonym", "terms": [{"text": "one"}, {"text": "two", "language": "4!"}]},
        {"kind": "other", "terms": [{"text": "one"}, {"text": "two"}]},
        {"kind": "block", "terms": []},
    ],
)
def test_entries_that_cannot_be_used_are_refused(client: TestClient, wrong: Json) -> None:
    answer = client.post("/v1/desk/thesaurus", json={**wrong, "reason": "A test."}, headers=DESK)
    assert answer.status_code == 400
    assert answer.json()["errors"]


def test_a_walk_goes_on_with_the_terms_it_began_with(client: TestClient, library: Library) -> None:
    table = library.store.thesaurus
    entry, _ = table.add(make_entry("synonym", [Term(text="cheese"), Term(text="membrane")]), BY)
    first = get(client, "/v1/works", q="cheese", limit=1, sort="title")
    table.undo(entry.id, BY)
    seen = [one["id"] for one in first["results"]]
    cursor = first["meta"]["next_cursor"]
    while cursor:
        page = get(client, "/v1/works", q="cheese", limit=1, sort="title", cursor=cursor)
        seen += [one["id"] for one in page["results"]]
        cursor = page["meta"]["next_cursor"]
    assert len(seen) == len(set(seen)) == 3
    other = ThesaurusTable(library.store.database)
    assert len(other.as_of("1.0", builtin=False)) == 2
    assert len(other.as_of("1.1", builtin=False)) == len(other.as_of("0.0", builtin=False)) == 0
    assert len(other.as_of("no version", builtin=False)) == 0
    assert get(client, "/v1/works", q="cheese")["meta"]["count"] == 1


def test_the_terms_of_the_program_can_be_switched_off(settings: Settings, client: TestClient) -> None:
    assert len(ids(client, "deep learning")) == 4
    quiet = settings.model_copy(update={"thesaurus_builtin": False})
    with open_library(quiet, sources=[]) as library, TestClient(make_app(library)) as other:
        assert len(ids(other, "deep learning")) == 2


def test_a_term_that_is_blocked_finds_itself_only(client: TestClient, library: Library) -> None:
    library.store.thesaurus.add(make_entry("block", [Term(text="deep learning")]), BY)
    assert len(ids(client, "deep learning")) == 2
