from __future__ import annotations

import pytest

from harvesters.errors import FormatError
from harvesters.formats import PREFIXES, ROOTS, describe
from tests.unit.pages import article, dublin_core, record


def test_every_known_prefix_has_a_parser() -> None:
    assert set(PREFIXES.values()) <= set(ROOTS)


@pytest.mark.parametrize("prefix", ["oai_dc", "dc", "oai_dc_full", "mods"])
def test_dublin_core_is_known_by_its_root_under_any_prefix(prefix: str) -> None:
    assert describe(dublin_core("<dc:title>T</dc:title>", metadata_prefix=prefix)).titles[0].value == "T"


@pytest.mark.parametrize("prefix", ["pmc", "pmc_fm", "jats", "nlm"])
def test_jats_is_known_by_its_root_under_any_prefix(prefix: str) -> None:
    front = article("<title-group><article-title>T</article-title></title-group>")
    assert describe(record(front.body, metadata_prefix=prefix)).titles[0].value == "T"


def test_an_unknown_format_is_a_format_error_that_names_it_and_a_remedy() -> None:
    with pytest.raises(FormatError, match=r"'mods' with root element <mods>") as caught:
        describe(record(b"<record><metadata><mods/></metadata></record>", metadata_prefix="mods"))
    assert "oai_dc" in caught.value.remedy


def test_the_head_of_a_page_gives_the_body_its_namespaces() -> None:
    head = (
        b'<?xml version="1.0"?><OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/" '
        b'xmlns:dc="http://purl.org/dc/elements/1.1/"><ListRecords>'
    )
    body = b"<record><metadata><dc:dc><dc:title>T</dc:title></dc:dc></metadata></record>"
    assert describe(record(body, head=head)).titles[0].value == "T"
