"""Signing in, signing up, and changing how one signs in: the same for programs, pages and the command line."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog

from indexer import clock
from indexer.errors import LoginTakenError, PersonError
from indexer.storage.logins import Login, LoginKind, NewLogin
from indexer.storage.people import ADMINISTRATOR, Person, Role
from indexer.storage.sessions import Session
from indexer.storage.sign_in_failures import Patience
from indexer.storage.sources import COMMAND_LINE, Actor
from search_api.library import Library
from search_api.people.campus import Campus, Identity
from search_api.people.errors import AccountError
from search_api.people.names import clean_line, fold_login
from search_api.people.passwords import Passwords, require_good
from search_api.people.wechat import open_id

#: A person's password is guessed ten times a day, then once in up to 15 minutes. A campus is one address to us: what
#: comes from one is slowed down only where it cannot be people any more.
_OF_A_NAME = Patience(free=10, first=60, most=900, window=24 * 3600)
_OF_AN_ADDRESS = Patience(free=1_000, first=1, most=5, window=3600)
_SIGN_UPS = Patience(free=500, first=5, most=60, window=3600)
#: How long after signing in it is taken as sure who it is.
FRESH = timedelta(minutes=10)
ADMIN_CODE_LASTS, PASSWORD_CODE_LASTS = timedelta(minutes=15), timedelta(days=7)
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Who came in; ``secret`` is told this once."""

    session: Session
    secret: str
    is_new: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Comer:
    """From where somebody comes, and on what."""

    address: str
    device: str


class Accounts:
    """The use cases of accounts over one library."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._store = library.store
        self._settings = library.settings
        self.passwords = Passwords()
        self._key = library.store.secret("logins").encode()
        self.campus = Campus(library.settings.campus, library.store.secret("campus"))

    # --- ways in -----------------------------------------------------------------------------

    def sign_in(self, name: str, password: str, comer: Comer) -> Entry:
        """Let somebody in by name and password; an unknown name takes as long, and counts as much, as a known one.

        Raises:
            AccountError: ``wrong_login``, ``too_many``, ``disabled``, ``busy``.
        """
        try:
            folded = fold_login(name)
        except AccountError:
            folded = ""
        self._take("address", comer.address, _OF_AN_ADDRESS)
        self._take("name", folded or name[:200].casefold(), _OF_A_NAME)
        found = self._store.logins.find("local", folded) if folded else None
        login, person = found or (None, None)
        if not self.passwords.check(login.secret if login else None, password) or login is None or person is None:
            _log.info("sign_in_failed", kind="local")
            raise AccountError("wrong_login")
        self._store.failures.forget(self._digest("name", folded))
        self._store.failures.give_back(self._digest("address", comer.address))
        if login.secret and self.passwords.is_outdated(login.secret):
            self._store.logins.set_secret(login.key, self.passwords.hash(password))
        return self._enter(login, person, comer)

    def sign_up(self, name: str, password: str, comer: Comer) -> Entry:
        """Make an account, where readers may, and let its owner in.

        Raises:
            AccountError: ``closed``, ``bad_name``, ``weak_…``, ``name_taken``, ``too_many``, ``busy``.
        """
        if not self._settings.accounts.open:
            raise AccountError("closed")
        self._take("sign-up", comer.address, _SIGN_UPS)
        person = self.add_local(name, password)
        return self._open(person, comer, is_new=True)

    def wechat(self, code: str, comer: Comer) -> Entry:
        """Let a user of the mini-program in; who comes for the first time gets an account."""
        self._take("wechat", comer.address, _OF_AN_ADDRESS)
        entry = self._enter_or_join(self._wechat_login(code), "", {}, comer)
        self._store.failures.give_back(self._digest("wechat", comer.address))
        return entry

    def from_campus(self, identity: Identity, comer: Comer) -> Entry:
        """Let somebody in whom the campus knows; who comes for the first time gets an account with what it says."""
        return self._enter_or_join(self._campus_login(identity), identity.name, identity.profile, comer)

    def use_code(
        self, code: str, comer: Comer, *, session: Session | None, name: str | None, password: str | None
    ) -> Entry | None:
        """Use a one-time code: become administrator, as who is signed in or anew; or choose the password of an account.

        Returns who came in; ``None`` where they were in already.

        Raises:
            AccountError: ``wrong_code``, and for what is wrong with name and password, which does not use the code up.
        """
        self._take("code", comer.address, _OF_AN_ADDRESS)
        known = self._store.codes.look(code)
        if known is None:
            raise AccountError("wrong_code", parameter="code")
        self._store.failures.give_back(self._digest("code", comer.address))
        if known.purpose == "password" and known.person_key is not None:
            return self._set_by_code(code, known.person_key, password or "", comer)
        if session is not None:
            self._use_up(code)
            self._store.people.add_role(
                session.person_key, Role(ADMINISTRATOR), reason="one-time code", actor=Actor(person_key=None)
            )
            return None
        folded = fold_login(name or "")
        require_good(password or "", folded)
        if self._store.logins.find("local", folded) is not None:
            raise AccountError("name_taken", parameter="name")
        self._use_up(code)
        person = self.add_local(name or "", password or "", role=Role(ADMINISTRATOR), reason="one-time code")
        return self._open(person, comer, is_new=True)

    # --- accounts ----------------------------------------------------------------------------

    def add_local(
        self,
        name: str,
        password: str | None,
        *,
        role: Role | None = None,
        reason: str = "",
        actor: Actor | None = None,
    ) -> Person:
        """Make an account with a local name; without a password, one can be chosen with a code only.

        Raises:
            AccountError: ``bad_name``, ``weak_…``, ``name_taken``, ``busy``.
        """
        folded = fold_login(name)
        if password is not None:
            require_good(password, folded)
        secret = None if password is None else self.passwords.hash(password)
        login = NewLogin(kind="local", subject=folded, secret=secret)
        try:
            return self._store.logins.add_person(
                login, name=clean_line(name, "name"), role=role, reason=reason, actor=actor
            )
        except LoginTakenError:
            raise AccountError("name_taken", parameter="name") from None

    def add_login(self, person: Person, login: NewLogin) -> Login:
        """Give a person another way in; one that belongs to somebody else is refused: accounts are never joined."""
        try:
            return self._store.logins.add(person.key, login)
        except LoginTakenError:
            raise AccountError("name_taken" if login.kind == "local" else "login_taken") from None

    def new_local(self, person: Person, name: str, password: str) -> NewLogin:
        """Return a way in by name and password for somebody who has none."""
        if self.local_login(person.key) is not None:
            raise AccountError("has_password")
        folded = fold_login(name)
        require_good(password, folded, person.name)
        return NewLogin(kind="local", subject=folded, secret=self.passwords.hash(password))

    def new_wechat(self, code: str) -> NewLogin:
        """Return a way in by WeChat."""
        return self._wechat_login(code)

    def new_campus(self, identity: Identity) -> NewLogin:
        """Return a way in by the campus."""
        return self._campus_login(identity)

    def change_password(self, person: Person, old: str, new: str, *, keep: str | None) -> None:
        """Change a password and sign all devices out but one (``keep``: its session).

        Raises:
            AccountError: ``no_password``, ``wrong_login``, ``weak_…``, ``too_many``.
        """
        login = self.local_login(person.key)
        if login is None or login.secret is None:
            raise AccountError("no_password")
        self._check_password(login, old)
        self.set_password(person, new)
        self._store.sessions.end_others(person.key, keep)

    def set_password(self, person: Person, new: str, *, actor: Actor | None = None, reason: str = "") -> None:
        """Keep a new password, whoever asks; the caller has made sure that they may. ``actor``: for somebody else."""
        login = self.local_login(person.key)
        if login is None:
            raise AccountError("no_password")
        require_good(new, login.subject, person.name)
        self._store.logins.set_secret(login.key, self.passwords.hash(new))
        self._store.failures.forget(self._digest("name", login.subject))
        if actor is not None:
            self._store.sessions.end_others(person.key, None)
            self._store.people.note_looks([person.key], actor, "password", reason)

    def prove(self, person: Person, session: Session, password: str | None) -> None:
        """Make sure that it is the person who asks, not who found the device: by password, or a fresh sign-in.

        Raises:
            AccountError: ``prove``, ``wrong_login``, ``too_many``.
        """
        login = self.local_login(person.key)
        if password is not None and login is not None and login.secret is not None:
            self._check_password(login, password)
        elif clock.now() - session.created_at > FRESH:
            raise AccountError("prove", parameter="password")

    def local_login(self, person_key: int) -> Login | None:
        """Return a person's way in by name and password, if there is one."""
        return next((one for one in self._store.logins.of(person_key) if one.kind == "local"), None)

    def admin_code(self) -> str:
        """Return a code that makes its bearer administrator; for whoever has the terminal."""
        return self._store.codes.add("administrator", lasts=ADMIN_CODE_LASTS, actor=COMMAND_LINE)

    def password_code(self, person: Person, *, actor: Actor) -> str:
        """Return a code with which a person chooses a password."""
        if self.local_login(person.key) is None:
            raise AccountError("no_password")
        return self._store.codes.add("password", lasts=PASSWORD_CODE_LASTS, actor=actor, person_key=person.key)

    # --- within ------------------------------------------------------------------------------

    def _set_by_code(self, code: str, person_key: int, password: str, comer: Comer) -> Entry:
        person = self._store.people.get(person_key)
        login = self.local_login(person_key)
        if login is None:
            raise AccountError("wrong_code", parameter="code")
        require_good(password, login.subject, person.name)
        self._use_up(code)
        self.set_password(person, password)
        self._store.sessions.end_others(person_key, None)
        return self._enter(login, person, comer)

    def _use_up(self, code: str) -> None:
        if self._store.codes.use(code) is None:  # another was faster
            raise AccountError("wrong_code", parameter="code")

    def _check_password(self, login: Login, password: str) -> None:
        self._take("name", login.subject, _OF_A_NAME)
        if not self.passwords.check(login.secret, password):
            raise AccountError("wrong_login", parameter="password")
        self._store.failures.forget(self._digest("name", login.subject))

    def _wechat_login(self, code: str) -> NewLogin:
        settings = self._settings.wechat
        return NewLogin(kind="wechat", subject=self._hashed("wechat", settings.app_id, open_id(settings, code)))

    def _campus_login(self, identity: Identity) -> NewLogin:
        issuer = self._settings.campus.issuer
        return NewLogin(kind="campus", subject=self._hashed("campus", issuer, identity.subject))

    def _enter_or_join(self, login: NewLogin, name: str, profile: dict[str, Any], comer: Comer) -> Entry:
        found = self._store.logins.find(login.kind, login.subject)
        if found is None:
            try:
                person = self._store.logins.add_person(login, name=name, profile=profile)
            except LoginTakenError:  # by another request of the same person's, a moment ago
                found = self._store.logins.find(login.kind, login.subject)
            else:
                return self._open(person, comer, is_new=True)
        if found is None:
            raise AccountError("busy", wait=1.0)
        return self._enter(*found, comer)

    def _enter(self, login: Login, person: Person, comer: Comer) -> Entry:
        if person.disabled_at is not None:
            raise AccountError("disabled")
        self._store.logins.note_use(login.key)
        return self._open(person, comer)

    def _open(self, person: Person, comer: Comer, *, is_new: bool = False) -> Entry:
        days = self._settings.accounts.session_days
        try:
            session, secret = self._store.sessions.open(person.key, comer.device, days=days)
        except PersonError:  # left, or shut out, this moment
            raise AccountError("disabled") from None
        return Entry(session=session, secret=secret, is_new=is_new)

    def _take(self, what: str, value: str, patience: Patience) -> None:
        wait = self._store.failures.take(self._digest(what, value), patience)
        if wait > 0:
            _log.warning("too_many_tries", what=what)
            raise AccountError("too_many", wait=wait)

    def _digest(self, what: str, value: str) -> bytes:
        return hmac.digest(self._key, f"{what}\0{value}".encode("utf-8", "surrogatepass"), "sha256")

    def _hashed(self, kind: LoginKind, realm: str, subject: str) -> str:
        """Return what is kept of others' name for a person: without our key nobody can tell whose it is."""
        return self._digest(kind, f"{realm}\0{subject}").hex()
