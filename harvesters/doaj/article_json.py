"""Make a raw record of one article's or journal's JSON, known by the same identifier as in DOAJ's OAI-PMH."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from harvesters.errors import FormatError
from harvesters.formats.json import child, parse_object, text
from harvesters.records import RawRecord

Describes = Literal["articles", "journals"]
_LONGEST_ID = 200


def read_json_record(
    body: bytes, *, source: str, describes: Describes, received_at: datetime, datestamp: str = ""
) -> RawRecord:
    """Return the record, its bytes as sent.

    ``datestamp`` stands in where the record has no ``last_updated``.

    Raises:
        FormatError: it is no JSON object, has no id, or is the other thing (a journal among articles).
    """
    value = parse_object(body)
    value = child(value, "_source") or value  # as Elasticsearch exports it
    identifier = text(value.get("id"))
    if identifier is None or len(identifier) > _LONGEST_ID:
        raise FormatError("It has no usable id.", remedy="Ask DOAJ to mend it, or take it out of the file.")
    bibjson = child(value, "bibjson")
    if not bibjson:
        raise FormatError("It has no bibjson.", remedy="Check that the source's kind fits what it reads.")
    # Only articles stand in a journal; that holds in every version of the format.
    is_journal = "journal" not in bibjson and ("pissn" in bibjson or "eissn" in bibjson or "publisher" in bibjson)
    if is_journal != (describes == "journals"):
        raise FormatError(
            f"It is {'a journal' if is_journal else 'an article'}, and this source is one of {describes}.",
            remedy='Keep journals in a source of their own, with describes = "journals".',
        )
    kind = "journal" if is_journal else "article"
    return RawRecord(
        source=source,
        identifier=f"oai:doaj.org/{kind}:{identifier.strip().lower()}",
        metadata_prefix="doaj_json",
        datestamp=text(value.get("last_updated")) or text(value.get("created_date")) or datestamp,
        body=body,
        received_at=received_at,
    )
