"""A loopback OAI-PMH repository for tests: recorded or made-up records, and every kind of misbehaviour on command."""

from tests.repository.faults import Faults
from tests.repository.recorded import RecordedRepository
from tests.repository.server import RepositoryServer
from tests.repository.synthetic import Item, ListRepository

__all__ = ["Faults", "Item", "ListRepository", "RecordedRepository", "RepositoryServer"]
