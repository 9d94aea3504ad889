"""The record store: the truth of a library, in SQLite or PostgreSQL, behind one door."""

from __future__ import annotations

import functools
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import select

from indexer import ids
from indexer.storage import schema
from indexer.storage.catalogue import Catalogue
from indexer.storage.codes import CodeTable
from indexer.storage.counting import Census
from indexer.storage.database import Database
from indexer.storage.dated_works import DatedWorks
from indexer.storage.feed import ChangeFeed
from indexer.storage.harvests import HarvestLedger
from indexer.storage.kept_answers import KeptAnswers
from indexer.storage.links import LinkTable
from indexer.storage.logins import LoginTable
from indexer.storage.people import PeopleTable
from indexer.storage.personal_data import PersonalData
from indexer.storage.quarantine import QuarantineTable
from indexer.storage.raw import RawTable
from indexer.storage.sessions import SessionTable
from indexer.storage.sign_in_failures import FailureTable
from indexer.storage.sources import SourceTable
from indexer.storage.subject_queue import SubjectQueue
from indexer.storage.tokens import TokenTable
from indexer.storage.wants import Wants

if TYPE_CHECKING:
    from indexer.storage.ranking_rules import RankingRules
    from indexer.storage.subjects import SubjectTable
    from indexer.storage.thesaurus import ThesaurusTable

FILE_NAME = "records.db"
_LIBRARY_ID = "library_id"


class RecordStore:
    """Sources, harvests, raw records, works and their feed; one library per store."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.sources = SourceTable(database)
        self.raw = RawTable(database)
        self.quarantine = QuarantineTable(database, self.raw.compression)
        self.wants = Wants(database)
        self.harvests = HarvestLedger(database, self.raw, self.quarantine)
        self.catalogue = Catalogue(database)
        self.feed = ChangeFeed(database)
        self.dated_works = DatedWorks(database, self.catalogue)
        self.links = LinkTable(database)
        self.census = Census(database)
        self.tokens = TokenTable(database)
        self.kept_answers = KeptAnswers(database)
        self.subject_queue = SubjectQueue(database)
        self.people = PeopleTable(database)
        self.logins = LoginTable(database)
        self.sessions = SessionTable(database)
        self.codes = CodeTable(database)
        self.failures = FailureTable(database)
        self.personal_data = PersonalData(database)

    @functools.cached_property
    def thesaurus(self) -> ThesaurusTable:
        """Return the library's terms that stand for each other."""
        from indexer.storage.thesaurus import ThesaurusTable  # noqa: PLC0415  # stems that a harvest does not need

        return ThesaurusTable(self.database)

    @functools.cached_property
    def subjects(self) -> SubjectTable:
        """Return the library's subject tree and where headings lead."""
        from indexer.storage.subjects import SubjectTable  # noqa: PLC0415  # tables that a harvest does not need

        return SubjectTable(self.database)

    @functools.cached_property
    def ranking_rules(self) -> RankingRules:
        """Return what the library hides or lifts in searches."""
        from indexer.storage.ranking_rules import RankingRules  # noqa: PLC0415  # as above

        return RankingRules(self.database, self.catalogue)

    @classmethod
    def embedded(cls, folder: Path) -> RecordStore:
        """Open (or make) the store of the embedded deployment in a folder."""
        return cls(Database.sqlite(folder / FILE_NAME))

    @classmethod
    def cluster(cls, url: str) -> RecordStore:
        """Connect to the store of the cluster deployment."""
        return cls(Database.postgresql(url))

    def close(self) -> None:
        """Release all connections."""
        self.database.close()

    def secret(self, name: str) -> str:
        """Return a secret of this library, made at first use (such as the key that signs cursors)."""
        return self._made_once(f"secret:{name}", secrets.token_urlsafe(32))

    @functools.cached_property
    def library_id(self) -> str:
        """Return this library's own id, minted at first use; a backup that is put back brings it along."""
        return self.fact(_LIBRARY_ID) or self._made_once(_LIBRARY_ID, ids.mint(ids.LIBRARY))

    def _made_once(self, name: str, value: str) -> str:
        """Write a fact down unless it is known, and return what is known: the first of several processes decides."""
        table = schema.facts
        with self.database.write() as connection:
            insert = self.database.insert(table).values(name=name, value=value)
            connection.execute(insert.on_conflict_do_nothing(index_elements=["name"]))
            return str(connection.execute(select(table.c.value).where(table.c.name == name)).scalar_one())

    def fact(self, name: str) -> str | None:
        """Return a fact about the store, such as the version of the normaliser that wrote its manifestations."""
        with self.database.read() as connection:
            return connection.scalar(select(schema.facts.c.value).where(schema.facts.c.name == name))

    def set_fact(self, name: str, value: str) -> None:
        """Write a fact down."""
        with self.database.write() as connection:
            insert = self.database.insert(schema.facts).values(name=name, value=value)
            connection.execute(insert.on_conflict_do_update(index_elements=["name"], set_={"value": value}))
