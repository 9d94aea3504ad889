"""JSON objects cut out of a stream as they were sent."""

from __future__ import annotations

from collections.abc import Iterator

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harvesters.doaj.json_pieces import KEPT, MAX_OBJECT, Piece, cut_objects, cut_results
from tests.repository.doaj_api import article

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.lists(st.dictionaries(st.text(max_size=8), JSON, max_size=4), max_size=6)


def is_article(body: bytes) -> bool:
    """Tell whether bytes are a whole article."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return False
    return isinstance(value, dict) and "id" in value and "bibjson" in value


def cut(data: bytes, size: int = 1 << 16) -> list[Piece]:
    """Cut bytes that arrive in pieces of a size."""
    chunks = (data[start : start + size] for start in range(0, len(data), size))
    return list(cut_objects(chunks, is_record=is_article))


@given(OBJECTS, st.sampled_from([b",", b" ,\n", b"\n", b""]), st.integers(1, 9), st.booleans())
def test_objects_are_cut_as_sent_however_they_arrive(
    values: list[object],
    between: bytes,
    size: int,
    in_array: bool,  # noqa: FBT001  # hypothesis draws it
) -> None:
    bodies = [orjson.dumps(one, option=orjson.OPT_INDENT_2 if place % 2 else 0) for place, one in enumerate(values)]
    data = between.join(bodies)
    pieces = cut(b"[" + data + b"]" if in_array else data, size)
    assert [piece.body for piece in pieces] == bodies
    assert [piece.index for piece in pieces] == list(range(len(bodies)))
    assert not any(piece.reason for piece in pieces)


def test_a_byte_order_mark_is_no_object() -> None:
    for size in (1, 2, 100):
        assert [piece.body for piece in cut(b"\xef\xbb\xbf[" + article(1) + b"]", size)] == [article(1)]


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (article(3)[:-1], "not valid JSON"),  # a brace is missing
        (article(3).replace(b"study", b'stu"dy'), "object is not closed"),
        (article(3)[:200], "object is not closed"),  # cut in a text
        (article(3)[:120], "object is not closed"),  # cut between two values
        (article(3).replace(b"lakes", b"la\x00kes"), "not valid JSON"),
        (article(3).replace(b"lakes", b"la\xffkes"), "not valid JSON"),
        (b"null", "no JSON object"),
        (b'"a text"', "no JSON object"),
        (b"<html>Busy</html>", "no JSON object"),
        (article(3)[1:], "no JSON object"),
    ],
)
@pytest.mark.parametrize("size", [7, 1 << 16])
def test_what_is_broken_is_named_and_no_neighbour_is_lost(broken: bytes, said: str, size: int) -> None:
    others = [article(number) for number in range(1, 8)]
    pieces = cut(b"[" + b",\n".join([*others[:3], broken, *others[3:]]) + b"]", size)
    good = [piece.body for piece in pieces if piece.reason is None]
    wrong = [piece for piece in pieces if piece.reason is not None]
    assert good == others
    assert said in (wrong[0].reason or "") or "not valid JSON" in (wrong[0].reason or "")
    assert wrong[0].index == 3


def test_a_stream_that_ends_in_an_object_says_so() -> None:
    *good, last = cut(b"[" + article(1) + b"," + article(2)[:90])
    assert [piece.body for piece in good] == [article(1)]
    assert (last.reason, last.body) == ("The object is not closed.", article(2)[:90])


@pytest.mark.parametrize("filling", [b"x", b"{", b"[", b'\\"'])
def test_a_giant_is_passed_over_in_bounded_memory(filling: bytes) -> None:
    held = 0

    def chunks() -> Iterator[bytes]:
        nonlocal held
        yield b'[{"id":"giant","text":"'
        for _ in range(5 * MAX_OBJECT // (1 << 18)):
            held += 1
            yield filling * ((1 << 18) // len(filling))
        yield b'"},' + article(1) + b"," + article(2) + b"]"

    pieces = list(cut_objects(chunks(), is_record=is_article))
    assert held == 5 * MAX_OBJECT // (1 << 18)
    assert len(pieces) < 5
    assert [piece.body for piece in pieces if piece.reason is None][-2:] == [article(1), article(2)]
    assert all(len(piece.body) <= KEPT for piece in pieces)


def test_the_results_of_an_answer_are_cut_as_sent_also_where_the_query_says_results() -> None:
    answer = b'{"total" : 2, "query" : "x", "results" : [' + article(1) + b" ,\n " + article(2) + b'], "page":1}'
    assert cut_results(answer) == (article(1), article(2))
    misleading = answer.replace(b'"x"', b'"the \\"results\\" [1]"')
    assert [orjson.loads(one) for one in cut_results(misleading)] == [orjson.loads(article(n)) for n in (1, 2)]
    assert cut_results(article(1)) == (article(1),)
    assert cut_results(b'{"results": 1}') == (b'{"results": 1}',)
