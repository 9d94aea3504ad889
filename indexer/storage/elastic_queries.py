"""Translate documents, token queries and views into Elasticsearch's JSON, and its answers back; nothing is sent here.

Only what the server's core has is used (no scripts, no percolator, no analysis plug-ins), so the smallest distribution
answers like the largest.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, assert_never

import orjson

from indexer.search.document import Document
from indexer.search.query import (
    FACET_FIELDS,
    AllOf,
    AtLeast,
    Clause,
    Exact,
    FacetValue,
    Flat,
    Hits,
    Keys,
    KeywordField,
    Sort,
    TextField,
    TokenPhrase,
    TokenPrefix,
    TokenQuery,
    Tokens,
    View,
    Weighted,
    Without,
    Years,
)
from indexer.storage.layout import (
    KEYWORD_FIELDS,
    NEVER,
    STRETCH_GAP,
    TEXT_FIELDS,
    choose_sort,
    cut_page,
    rank_of,
    start_of,
    stretches,
)

Json = dict[str, Any]

#: More values than any facet has: with several shards each must hand over all of its own.
_EVERY_SHARD = 1_000_000
_NOTHING: Json = {"match_none": {}}
_EVERYTHING: Json = {"constant_score": {"filter": {"match_all": {}}, "boost": 0}}
_SORT_COLUMNS: dict[Sort, dict[str, str]] = {
    "relevance": {"_score": "desc"},
    "newest": {"published": "desc"},
    "oldest": {"oldest": "asc"},
    "first_indexed": {"first_indexed": "desc"},
    "title": {"title_order": "asc"},
}
#: The server refuses to make more than 65,536 buckets in one request.
VALUES_AT_ONCE = 10_000
#: The server takes more in one request, but each is a search of its own.
MOST_FREQUENCIES = 500


def build_mapping(meta: Json) -> Json:
    """Return the mapping; strict, without sources (cards come from the record store)."""
    text = {"type": "text", "analyzer": "whitespace", "position_increment_gap": STRETCH_GAP}
    # Lucene refuses a whole document for one term above 32,766 bytes.
    keyword = {"type": "keyword", "ignore_above": 8_191}
    numbers = ("key", "year", "published", "oldest", "first_indexed")
    return {
        "dynamic": "strict",
        "_source": {"enabled": False},
        "_meta": meta,
        "properties": {
            **dict.fromkeys(TEXT_FIELDS, text),
            **dict.fromkeys(KEYWORD_FIELDS, keyword),
            "title_order": {"type": "keyword", "index": False},
            **{number: {"type": "long"} for number in numbers},
        },
    }


def encode_upsert(document: Document) -> bytes:
    """Return the two bulk lines that write a document, unless a newer version is there."""
    action = {"index": {"_id": str(document.key), "version": document.version, "version_type": "external_gte"}}
    source: Json = {text: stretches(document, text) for text in TEXT_FIELDS}
    source |= {keyword: values for keyword in KEYWORD_FIELDS if (values := document.keywords.get(keyword))}
    source |= {
        "key": document.key,
        "year": document.year,
        "published": document.published,
        "oldest": document.published or NEVER,
        "first_indexed": document.first_indexed,
        "title_order": document.title_order,
    }
    return orjson.dumps(action) + b"\n" + orjson.dumps(source) + b"\n"


def encode_delete(id_: str, version: int) -> bytes:
    """Return the bulk line that deletes a document of this version, unless a newer one is there."""
    return orjson.dumps({"delete": {"_id": id_, "version": version, "version_type": "external_gte"}}) + b"\n"


# --- questions ---------------------------------------------------------------------------------


def build_search(query: TokenQuery, view: View) -> Json:
    """Return the search request's body.

    Filters of facets that are counted go behind the counting (``post_filter``), and into each other's counts.
    """
    sort = choose_sort(query, view)
    late = {name: translate(clause) for name, clause in query.filters.items() if name in view.facets}
    early = [translate(clause) for name, clause in query.filters.items() if name not in view.facets]
    early += [translate(clause) for clause in query.restrictions]
    matching = _EVERYTHING if query.matching is None else translate(query.matching)
    boosts = [translate(boost) for boost in query.boosts]
    scored: Json = {"must": [matching], "filter": early, "should": boosts, "minimum_should_match": 0}
    body: Json = {
        "query": {"bool": scored if sort == "relevance" else {"filter": [matching, *early]}},
        "post_filter": {"bool": {"filter": list(late.values())}},
        "aggs": {
            name: {
                "filter": {"bool": {"filter": [other for owner, other in late.items() if owner != name]}},
                "aggs": {"values": _count_values(name, view.facet_size)},
            }
            for name in view.facets
        },
        "sort": [_SORT_COLUMNS[sort], {"key": "asc"}],
        "size": view.limit + 1,
        "track_total_hits": True,
        "source": False,
    }
    if (start := start_of(view, sort)) is not None:
        first = start[0] if isinstance(start[0], str) or sort == "oldest" else -start[0]
        body["search_after"] = [first, start[1]]
    return body


def _count_values(name: str, size: int) -> Json:
    return _count_terms(FACET_FIELDS[name], size)


def _count_terms(field: str, size: int) -> Json:
    return {"terms": {"field": field, "size": size, "shard_size": max(size, _EVERY_SHARD)}}


def build_values(query: TokenQuery, field: KeywordField, prefix: str, size: int) -> Json:
    """Return the body of a request that counts the values of a field that begin so."""
    counting = _count_terms(field, size)
    if prefix:
        counting["terms"]["include"] = re.sub(r"([.?+*|{}\[\]()\"\\#@&<>~^$-])", r"\\\1", prefix) + ".*"
    matching = _EVERYTHING if query.matching is None else translate(query.matching)
    filters = [translate(clause) for clause in (*query.filters.values(), *query.restrictions)]
    return {"query": {"bool": {"filter": [matching, *filters]}}, "aggs": {"values": counting}, "size": 0}


def build_values_after(query: TokenQuery, field: KeywordField, after: str | None) -> Json:
    """Return the body of a request that counts the next ``VALUES_AT_ONCE`` values in the order of their code points."""
    counting: Json = {"size": VALUES_AT_ONCE, "sources": [{"value": {"terms": {"field": field}}}]}
    if after is not None:
        counting["after"] = {"value": after}
    return {**build_values(query, field, "", 1), "aggs": {"values": {"composite": counting}}}


def read_values_after(answer: Json) -> list[FacetValue]:
    """Turn the server's answer into counted values, in order."""
    buckets = answer["aggregations"]["values"]["buckets"]
    return [FacetValue(value=bucket["key"]["value"], count=bucket["doc_count"]) for bucket in buckets]


def read_values(answer: Json) -> tuple[FacetValue, ...]:
    """Turn the server's answer into counted values."""
    return _read_buckets(answer["aggregations"]["values"])


def build_frequencies(field: TextField | KeywordField, tokens: Sequence[str]) -> Json:
    """Return the body of a request that counts the documents of each token, at most ``MOST_FREQUENCIES``."""
    filters: Json = {str(at): {"term": {field: token}} for at, token in enumerate(tokens)}
    return {"aggs": {"tokens": {"filters": {"filters": filters}}}, "size": 0}


def read_frequencies(answer: Json, tokens: Sequence[str]) -> dict[str, int]:
    """Turn the server's answer into a count for each token."""
    buckets = answer["aggregations"]["tokens"]["buckets"]
    return {token: buckets[str(at)]["doc_count"] for at, token in enumerate(tokens)}


def translate(clause: Clause) -> Json:  # noqa: C901, PLR0911 (one return per clause)
    """Turn a clause into the query language."""
    match clause:
        case Tokens():
            return _best([{"term": {clause.field: token}} for token in clause.alternatives])
        case TokenPhrase():
            return _best([_phrase(clause.field, row, clause.slop) for row in clause.alternatives if row])
        case TokenPrefix():
            return {"constant_score": {"filter": {"prefix": {clause.field: clause.prefix}}}}
        case Exact():
            return _unscored({"terms": {clause.field: list(clause.values)}})
        case Years():
            bounds = {"gte": clause.since, "lte": clause.until}
            return _unscored({"range": {"year": {name: year for name, year in bounds.items() if year is not None}}})
        case Keys():
            return _unscored({"terms": {"key": list(clause.keys)}})
        case AllOf():
            return {"bool": {"must": [_EVERYTHING, *map(translate, clause.clauses)]}}
        case AtLeast():
            return _at_least(clause.count, clause.clauses)
        case Without():
            kept = _EVERYTHING if clause.clause is None else translate(clause.clause)
            return {"bool": {"must": [kept], "must_not": [translate(clause.excluded)]}}
        case Weighted():
            return {"bool": {"must": [translate(clause.clause)], "boost": clause.weight}}
        case Flat():
            return {"constant_score": {"filter": translate(clause.clause), "boost": clause.score}}
        case _:
            assert_never(clause)


def _at_least(count: int, clauses: tuple[Clause, ...]) -> Json:
    if count > len(clauses):
        return _NOTHING
    optional = {"should": [translate(clause) for clause in clauses], "minimum_should_match": max(count, 0)}
    return {"bool": optional if count > 0 else {"must": [_EVERYTHING], **optional}}


def _phrase(field: TextField, row: tuple[str, ...], slop: int) -> Json:
    """Translate a row of tokens; with slop it scores as its words do (engines weigh distance differently)."""
    words: list[Json] = [{"term": {field: token}} for token in row]
    if len(row) == 1:
        return words[0]
    phrase = {"match_phrase": {field: {"query": " ".join(row), "slop": slop, "analyzer": "whitespace"}}}
    return {"bool": {"filter": [phrase], "must": words}} if slop else phrase


def _best(alternatives: list[Json]) -> Json:
    if not alternatives:
        return _NOTHING
    return alternatives[0] if len(alternatives) == 1 else {"dis_max": {"queries": alternatives}}


def _unscored(query: Json) -> Json:
    return {"bool": {"filter": [query]}}


# --- answers -----------------------------------------------------------------------------------


def read_answer(answer: Json, query: TokenQuery, view: View) -> Hits:
    """Turn the server's answer into hits and facets."""
    sort = choose_sort(query, view)
    hits = answer["hits"]
    ranked = [
        rank_of(value if isinstance(value, str) else float(value), int(key), sort)
        for value, key in (hit["sort"][:2] for hit in hits["hits"])  # a point in time adds a third
    ]
    facets = {name: _read_buckets(answer["aggregations"][name]["values"]) for name in view.facets}
    return cut_page(ranked, count=hits["total"]["value"], view=view, sort=sort, facets=facets)


def _read_buckets(counted: Json) -> tuple[FacetValue, ...]:
    return tuple(FacetValue(value=str(bucket["key"]), count=bucket["doc_count"]) for bucket in counted["buckets"])
