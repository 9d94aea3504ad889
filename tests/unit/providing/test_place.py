"""Where a library is reached: by its settings, else by the address that was asked; its name never follows that."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from search_api.repository.provider import place_of
from search_api.settings import Settings


@pytest.mark.parametrize(
    ("public_url", "repository_id", "asked", "base_url", "identifier"),
    [
        ("", "", "http://lib.example.edu/", "http://lib.example.edu/oai", "oai:kaijuan-l0.invalid:w1"),
        ("", "", "http://127.0.0.1:8000/", "http://127.0.0.1:8000/oai", "oai:kaijuan-l0.invalid:w1"),
        ("", "", "http://[::1]:8000/", "http://[::1]:8000/oai", "oai:kaijuan-l0.invalid:w1"),
        ("https://x.example/kj/", "", "http://10.0.0.1/", "https://x.example/kj/oai", "oai:x.example:w1"),
        ("https://x.example", "old.example", "http://x/", "https://x.example/oai", "oai:old.example:w1"),
    ],
)  # fmt: skip
def test_settings_come_before_the_address_that_was_asked(
    tmp_path: Path, public_url: str, repository_id: str, asked: str, base_url: str, identifier: str
) -> None:
    settings = Settings(data_dir=tmp_path, public_url=public_url, repository_id=repository_id)
    place = place_of(settings, asked, "l0")
    assert (place.base_url, place.identifier("w1")) == (base_url, identifier)


@pytest.mark.parametrize(
    "wrong",
    [
        *(
            {"public_url": one}
            for one in ("lib.example.edu", "ftp://x.example", "https://", "https://x/?q", "https://u@x/")
        ),
        *({"public_url": one} for one in ("https://x.example/\n", "https://x.example/a b", "https://x.example/#a")),
        *(
            {"repository_id": one}
            for one in ("localhost", "10.0.0.1", "a b.example", "x.example:1", "例.example", "a..b")
        ),
    ],
)
def test_what_would_make_unusable_addresses_or_identifiers_is_refused(tmp_path: Path, wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="must be"):
        Settings(data_dir=tmp_path, **wrong)  # type: ignore[arg-type]
