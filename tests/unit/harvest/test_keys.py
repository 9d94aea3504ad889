"""A key is hidden however an answer writes it."""

from __future__ import annotations

import pytest

from harvesters.errors import PageError
from harvesters.keys import HiddenKey

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


def test_without_a_key_nothing_is_hidden() -> None:
    assert HiddenKey(None).hide("…") == HiddenKey("").hide("…") == "…"
