"""The identifiers by which manifestations meet."""

from __future__ import annotations

from indexer.identity.keys import Key, keys_of
from indexer.models import Identifier, Manifestation, Text


def test_an_identifier_too_long_for_an_index_joins_nothing_and_the_others_do() -> None:
    one = Manifestation(
        source="x",
        record_identifier="oai:x:1",
        datestamp="2026-01-01",
        title=Text(value="A study of many lakes"),
        identifiers=(
            Identifier(scheme="doi", value="10.5555/" + "期" * 400),
            Identifier(scheme="pmid", value="123"),
        ),
    )
    assert keys_of(one) == {Key("pmid", "123")}
