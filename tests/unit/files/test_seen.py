from __future__ import annotations

from harvesters.files.seen import SeenIdentifiers


def test_each_identifier_is_known_with_its_first_place() -> None:
    seen = SeenIdentifiers()
    assert [seen.first(f"id {number}", file=number % 7, row=number) for number in range(50_000)] == [None] * 50_000
    assert [seen.first(f"id {number}", file=9, row=1) for number in range(50_000)] == [
        (number % 7, number) for number in range(50_000)
    ]
    assert len(seen) == 50_000


def test_a_million_rows_take_less_memory_than_their_texts() -> None:
    seen = SeenIdentifiers()
    for number in range(50_000):
        seen.first(str(number), file=0, row=number)
    assert seen.nbytes <= 50_000 * 50
