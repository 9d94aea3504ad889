"""Fixtures for conftest files to import."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.repository.recorded import RecordedRepository
from tests.repository.synthetic import ListRepository


@pytest.fixture
def list_repository() -> Iterator[ListRepository]:
    """An empty repository to put items into."""
    with ListRepository() as repository:
        yield repository


@pytest.fixture
def pmc_pages(recorded: Path) -> Iterator[RecordedRepository]:
    """The 17 chained pages of PMC, 844 records."""
    with RecordedRepository(pmc_page_files(recorded)) as repository:
        yield repository


@pytest.fixture
def doaj_page(recorded: Path) -> Iterator[RecordedRepository]:
    """The one recorded page of DOAJ, 100 records; its token leads nowhere."""
    with RecordedRepository(
        [recorded / "doaj" / "vufindharvest_oai_doaj_ListRecords.xml"],
        granularity="YYYY-MM-DDThh:mm:ssZ",
        earliest="2002-01-01T00:00:00Z",
        deleted_record="transient",
    ) as repository:
        yield repository


def pmc_page_files(recorded: Path) -> list[Path]:
    """List the chained pages in their order."""
    return [recorded / "pmc" / f"scrapi_pubmedcentral_oai_dc_{place:02d}.xml" for place in range(17)]
