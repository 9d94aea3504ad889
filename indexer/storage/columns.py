"""What all tables are made of: keys, references, times, counts, and the one ``metadata`` they belong to."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, Dialect, ForeignKey, Integer, MetaData, text
from sqlalchemy.types import TypeDecorator, TypeEngine

Key = BigInteger().with_variant(Integer, "sqlite")


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC times on both databases; SQLite would hand back naive ones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Refuse naive times and store UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A naive time cannot be stored. Give it a zone.")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Hand back aware UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def key_column() -> Column[int]:
    """Make the integer primary key that the database counts up."""
    return Column("key", Key, primary_key=True, autoincrement=True)


def reference(target: str, name: str, *, nullable: bool = False, primary_key: bool = False) -> Column[Any]:
    """Make a column that holds the key of a row of another table."""
    return Column(name, Key, ForeignKey(f"{target}.key"), nullable=nullable, primary_key=primary_key)


def time_column(name: str, *, nullable: bool = False) -> Column[datetime]:
    """Make a column of aware UTC times."""
    kind: TypeEngine[datetime] = UtcDateTime()
    return Column(name, kind, nullable=nullable)


def count_column(name: str) -> Column[int]:
    """Make a column that counts from 0."""
    return Column(name, Key, nullable=False, server_default=text("0"))


NEVER_REUSED: dict[str, Any] = {"sqlite_autoincrement": True}
