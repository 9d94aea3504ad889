"""Ways in: local names, WeChat, the campus. Several may lead to one person; one leads to one person only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, delete, func, select, update

from indexer import clock, ids
from indexer.errors import LastLoginError, LoginTakenError, UnknownPersonError
from indexer.storage import schema
from indexer.storage.database import Database, retried
from indexer.storage.limits import storable_text
from indexer.storage.people import Person, Role, add_person, give_role, person_of
from indexer.storage.sources import Actor, record_audit

LoginKind = Literal["local", "wechat", "campus"]
_logins, _people = schema.logins, schema.people


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLogin:
    """A way in that is to be made; ``subject`` as ``people_tables`` says, ``secret`` a hash of the password."""

    kind: LoginKind
    subject: str
    secret: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A way in; ``subject`` is told of local ones only, what others call a person is kept as a hash."""

    key: int
    id: str
    person_key: int
    kind: LoginKind
    subject: str
    secret: str | None
    created_at: datetime
    last_used: str | None

    @property
    def name(self) -> str | None:
        """Return the name of a local login."""
        return self.subject if self.kind == "local" else None


class LoginTable:
    """Finding, making and removing ways in."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, kind: LoginKind, subject: str) -> tuple[Login, Person] | None:
        """Return a way in and whose it is."""
        statement = select(_logins).where(_logins.c.kind == kind, _logins.c.subject == storable_text(subject))
        with self._database.read() as connection:
            row = connection.execute(statement).one_or_none()
            if row is None:
                return None
            person = connection.execute(select(_people).where(_people.c.key == row.person_key)).one()
            return _login(row), person_of(person)

    def of(self, person_key: int) -> list[Login]:
        """Return a person's ways in, the oldest first."""
        statement = select(_logins).where(_logins.c.person_key == person_key).order_by(_logins.c.key)
        with self._database.read() as connection:
            return [_login(row) for row in connection.execute(statement)]

    @retried
    def add_person(
        self,
        login: NewLogin,
        *,
        name: str,
        profile: dict[str, Any] | None = None,
        role: Role | None = None,
        reason: str = "",
        actor: Actor | None = None,
    ) -> Person:
        """Make a person with this way in; of several who come with one at once, one gets it.

        ``actor`` is who does it for somebody else; who does it for themselves is not written into the audit.

        Raises:
            LoginTakenError: it leads to somebody already.
        """
        with self._database.write() as connection:
            key = add_person(connection, name, profile)
            self._insert(connection, key, login)  # or the person is undone with it
            person = person_of(connection.execute(select(_people).where(_people.c.key == key)).one())
            if role is not None:
                give_role(connection, key, role)
            if actor is not None or role is not None:
                details = {"reason": reason, "role": role.name if role else None}
                record_audit(connection, actor or Actor(person_key=key), "person.add", person.id, details)
            return person

    @retried
    def add(self, person_key: int, login: NewLogin) -> Login:
        """Give a person another way in.

        Raises:
            LoginTakenError: it leads to somebody already.
            UnknownPersonError: they have left.
        """
        with self._database.write() as connection:
            _lock(connection, person_key)
            self._insert(connection, person_key, login)
            found = select(_logins).where(_logins.c.kind == login.kind, _logins.c.subject == login.subject)
            return _login(connection.execute(found).one())

    @retried
    def remove(self, person_key: int, login_id: str) -> None:
        """Remove a way in.

        Raises:
            UnknownPersonError: the person has no such way in.
            LastLoginError: it is the only one.
        """
        with self._database.write() as connection:
            _lock(connection, person_key)
            own = _logins.c.person_key == person_key
            found = connection.execute(
                select(_logins.c.key).where(own, _logins.c.id == storable_text(login_id))
            ).one_or_none()
            if found is None:
                raise UnknownPersonError("There is no such way to sign in.", remedy="List them: GET /v1/me/logins.")
            if connection.execute(select(func.count()).select_from(_logins).where(own)).scalar_one() == 1:
                raise LastLoginError(
                    "It is the only way to sign in, and without it the account could never be opened again.",
                    remedy="Add another first, or delete the account.",
                )
            connection.execute(delete(_logins).where(_logins.c.key == found.key))

    @retried
    def set_secret(self, key: int, secret: str) -> None:
        """Keep the hash of a new password."""
        with self._database.write() as connection:
            connection.execute(update(_logins).where(_logins.c.key == key).values(secret=secret))

    @retried
    def note_use(self, key: int) -> None:
        """Write down that a way in was used today."""
        values = {"last_used": clock.now().date().isoformat()}
        with self._database.write() as connection:
            connection.execute(update(_logins).where(_logins.c.key == key).values(**values))

    def _insert(self, connection: Connection, person_key: int, login: NewLogin) -> None:
        insert = self._database.insert(_logins).values(
            id=ids.mint(ids.LOGIN),
            person_key=person_key,
            kind=login.kind,
            subject=login.subject,
            secret=login.secret,
            created_at=clock.now(),
        )
        made = insert.on_conflict_do_nothing(index_elements=["kind", "subject"]).returning(_logins.c.key)
        if connection.execute(made).first() is None:
            raise LoginTakenError("It belongs to an account already.", remedy="Sign in with it, or choose another.")


def _lock(connection: Connection, person_key: int) -> None:
    """Let changes of one person's ways in follow each other; SQLite has one writer anyway."""
    statement = select(_people.c.key).where(_people.c.key == person_key).with_for_update()
    if connection.execute(statement).first() is None:
        raise UnknownPersonError("There is no such person.", remedy="Sign in again.")


def _login(row: Row[Any]) -> Login:
    return Login(
        key=row.key,
        id=row.id,
        person_key=row.person_key,
        kind=row.kind,
        subject=row.subject,
        secret=row.secret,
        created_at=row.created_at,
        last_used=row.last_used,
    )
