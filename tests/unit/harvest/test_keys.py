"""A key is hidden however an answer writes it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from harvesters.errors import PageError
from harvesters.keys import HiddenKey
from harvesters.records import DamagedRecord, Page, RawRecord

KEY = "a&b/c d+é-0123456789"
WRITTEN = [
    KEY,
    "a%26b%2Fc%20d%2B%C3%A9-0123456789",
    "a%26b/c+d%2b%c3%a9-0123456789",
    "a%2526b%252Fc%2520d%252B%25C3%25A9-0123456789",
    "a&amp;b/c d+é-0123456789",
]


@pytest.mark.parametrize("written", WRITTEN)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
def test_a_key_is_hidden_however_it_is_written(written: str, encoding: str) -> None:
    if encoding != "utf-8" and "é" in written:
        pytest.skip("no byte of a key beyond ASCII is the same in UTF-16")
    hidden = HiddenKey(KEY).hide_bytes(f"<request api_key='{written}'>x".encode(encoding))
    assert b"6789" not in hidden.replace(b"\0", b"")
    assert hidden.replace(b"\0", b"").startswith(b"<request api_key='")
    assert hidden.replace(b"\0", b"").endswith(b">x")


def test_a_key_that_was_cut_is_hidden_from_its_eighth_byte_on() -> None:
    key = HiddenKey("0123456789abcdef")
    assert key.hide("api_key=0123456789ab…; x") == "api_key=… x"
    assert key.hide("api_key=01234567") == "api_key=…"
    assert key.hide("in the year 01234") == "in the year 01234"


def test_an_error_that_passes_loses_the_key_and_nothing_else() -> None:
    key = HiddenKey("0123456789abcdef")
    raised = PageError("x 0123456789abcdef y", url="http://h/?k=0123456789abcdef", body=b"\xff0123456789abcdef\xfe")
    with pytest.raises(PageError) as caught, key.hidden_in_errors():
        raise raised
    assert caught.value is raised
    assert (str(raised), raised.url, raised.body) == ("x … y", "http://h/?k=…", "…".encode().join((b"\xff", b"\xfe")))


def a_record(body: bytes, head: bytes) -> RawRecord:
    return RawRecord(
        source="x", identifier="1", metadata_prefix="oai_dc", datestamp="", body=body, head=head,
        received_at=datetime(2026, 1, 1, tzinfo=UTC),
    )  # fmt: skip


@pytest.mark.parametrize("written", WRITTEN)
def test_what_is_kept_of_a_page_is_without_the_key_and_its_token_as_it_was(written: str) -> None:
    echo = written.encode()
    page = Page(
        url="http://h/", token=f"t {written}", list_size=None, bytes_received=1,
        records=(a_record(b"<record>" + echo + b"</record>", b"<?x " + echo + b"?><r k='" + echo + b"'>"),),
        damaged=(DamagedRecord(url="u", body=b"<" + echo, reason=f"It has {written}.", remedy=""),),
    )  # fmt: skip
    kept = HiddenKey(KEY).hidden_in(page)
    assert (kept.records[0].head, kept.records[0].body) == (b"<?x ...?><r k='...'>", b"<record>...</record>")
    assert (kept.damaged[0].body, kept.damaged[0].reason) == ("<…".encode(), "It has ….")
    assert kept.token == page.token


def test_a_word_that_begins_like_the_key_stays_in_the_record() -> None:
    made = a_record(b"openaccess, library='library'", b"<OAI-PMH xmlns='http://www.openarchives.org/'>")
    assert HiddenKey("openaccess-0123").hidden_in(made) is made
    assert HiddenKey("library").hidden_in(made).body == b"openaccess, library='...'"
    assert HiddenKey(None).hidden_in(made) is made


def test_without_a_key_nothing_is_hidden() -> None:
    assert HiddenKey(None).hide("…") == HiddenKey("").hide("…") == "…"
