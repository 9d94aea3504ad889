"""What may be sent about people, and what is answered; what is not named here cannot be set."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from fastapi import Depends
from langcodes import tag_is_valid
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from search_api.account_settings import Level
from search_api.bodies import limited_body
from search_api.people.devices import LONGEST_DEVICE
from search_api.people.errors import AccountError
from search_api.people.names import LONGEST_NAME, clean_line
from search_api.people.passwords import LONGEST as LONGEST_PASSWORD
from search_api.people.roles import RoleName
from search_api.people.wechat import LONGEST_CODE
from search_api.problems import Problem

MAX_BODY = 16 * 1024
LONGEST_REASON = 500
MOST_ROLES = 50
FIX = "See /docs and docs/accounts.md for what may be sent."
PROBLEM: dict[str, Any] = {"model": Problem}
ANSWERS: dict[int | str, dict[str, Any]] = {**dict.fromkeys((400, 401, 403, 503), PROBLEM), "default": PROBLEM}
WRITES: dict[int | str, dict[str, Any]] = {**ANSWERS, **dict.fromkeys((404, 409, 413, 415, 429), PROBLEM)}
BodyDep = Annotated[bytes, Depends(limited_body(MAX_BODY))]

#: Longer than any that may be: what is wrong with it is told by our own rules, in our own words.
Password = Annotated[SecretStr, Field(max_length=4 * LONGEST_PASSWORD, description="10 to 256 characters.")]
LoginName = Annotated[str, Field(max_length=LONGEST_NAME, description="2 to 64 letters, digits and . _ - @.")]
DeviceField = Annotated[
    str | None, Field(max_length=LONGEST_DEVICE, description="What this device is called in the list of devices.")
]
Reason = Annotated[
    str, Field(min_length=1, max_length=LONGEST_REASON, description="Why; the person concerned can read it.")
]
Code = Annotated[str, Field(min_length=1, max_length=LONGEST_CODE, description="From wx.login.")]
OneTime = Annotated[str, Field(min_length=1, max_length=100, description="XXXXX-XXXXX-XXXXX-XXXXX.")]


class In(BaseModel):
    """A body; what it does not know is refused."""

    model_config = ConfigDict(extra="forbid")


class SignInIn(In):
    """A name and its password."""

    name: LoginName
    password: Password
    device: DeviceField = None


class WeChatIn(In):
    """A code of WeChat's."""

    code: Code
    device: DeviceField = None


class CodeIn(In):
    """A one-time code; with name and password of an account that is to be, unless somebody is signed in."""

    code: OneTime
    name: LoginName | None = None
    password: Password | None = None
    device: DeviceField = None


class ProfileIn(In):
    """What people say of themselves; null takes it back, what is left out stays."""

    faculty: Annotated[str | None, Field(max_length=LONGEST_NAME)] = None
    level: Level | None = None
    field: Annotated[str | None, Field(max_length=LONGEST_NAME, description="What one works on.")] = None
    card_number: Annotated[str | None, Field(max_length=LONGEST_NAME, description="Of the library card.")] = None
    language: Annotated[str | None, Field(max_length=35, description="A language tag, such as zh or en.")] = None
    time_zone: Annotated[str | None, Field(max_length=64, description="Such as Asia/Shanghai.")] = None

    def changes(self) -> dict[str, Any]:
        """Return what is to be another, cleaned; ``None`` where it is to be nothing.

        Raises:
            AccountError: ``bad_text``, with the parameter.
        """
        return {name: self._clean(name, getattr(self, name)) for name in self.model_fields_set}

    def _clean(self, name: str, value: str | None) -> str | None:
        if value is None or not value.strip():
            return None
        cleaned = clean_line(value, name)
        is_wrong_language = name == "language" and not tag_is_valid(cleaned)
        if is_wrong_language or (name == "time_zone" and cleaned not in available_timezones()):
            raise AccountError("bad_text", parameter=name)
        return cleaned


class MeIn(In):
    """What is to be another of a person's name and profile."""

    name: Annotated[str | None, Field(max_length=LONGEST_NAME, description="What one wants to be called.")] = None
    profile: ProfileIn | None = None


class PasswordIn(In):
    """The old password and the new."""

    old: Password
    new: Password


class LoginIn(In):
    """Another way in: a name and password, or a code of WeChat's; and a sign that it is the person who asks."""

    kind: Literal["local", "wechat"]
    name: LoginName | None = None
    new_password: Password | None = None
    code: Code | None = None
    password: Annotated[Password | None, Field(description="The present one; needed 10 minutes after signing in.")] = (
        None
    )


class ProofIn(In):
    """A sign that it is the person who asks: the password, or nothing within 10 minutes of signing in."""

    password: Password | None = None


class ConsentIn(In):
    """Whether one agrees."""

    given: bool


class RoleIn(In):
    """A role, for one class of the subject tree or for all."""

    role: RoleName
    subject: Annotated[str | None, Field(max_length=20, description="A class; it holds for all below as well.")] = None


class RolesIn(In):
    """The roles that somebody is to have, and no others."""

    roles: Annotated[list[RoleIn], Field(max_length=MOST_ROLES)]
    reason: Reason


class StateIn(In):
    """Whether somebody is shut out."""

    disabled: bool
    reason: Reason


class PersonIn(In):
    """An account that is to be; its password is chosen by its owner, with the code in the answer."""

    name: LoginName
    reason: Reason


class ReasonIn(In):
    """Why."""

    reason: Reason


# --- answers ---------------------------------------------------------------------------------


class RoleOut(BaseModel):
    """A role; without ``subject`` all over."""

    role: RoleName
    subject: str | None


class ProfileOut(BaseModel):
    """What people say of themselves."""

    faculty: str | None
    level: str | None
    field: str | None
    card_number: str | None
    language: str | None
    time_zone: str | None


class PersonOut(BaseModel):
    """A person."""

    id: str
    name: str
    profile: ProfileOut
    created_at: str
    updated_at: str | None
    version: int
    roles: list[RoleOut]


class SessionOut(BaseModel):
    """A device that is signed in; ``last_used`` is a day."""

    id: str
    device: str
    current: bool
    created_at: str
    expires_at: str
    last_used: str


class SignedInOut(BaseModel):
    """Who came in. The token is told this once: keep it, and send it as ``Authorization: Bearer …``."""

    token: str
    new: bool = Field(description="The account was made just now.")
    session: SessionOut
    person: PersonOut


class LoginOut(BaseModel):
    """A way in; ``name`` of local ones only."""

    id: str
    kind: Literal["local", "wechat", "campus"]
    name: str | None
    has_password: bool
    created_at: str
    last_used: str | None


class GivenOut(BaseModel):
    """When something was agreed to, and until when."""

    given_at: str
    withdrawn_at: str | None


class ConsentOut(BaseModel):
    """How a person stands to a purpose."""

    purpose: str
    given: bool
    history: list[GivenOut]


class LookOut(BaseModel):
    """Somebody of the staff saw or changed something; ``who`` is null for the command line and who has left."""

    who: str | None
    what: str
    why: str
    at: str


class ListOut(BaseModel):
    """A list."""

    meta: dict[str, Any]
    results: list[dict[str, Any]]


class SessionsOut(ListOut):
    """Devices."""

    results: list[SessionOut]  # type: ignore[assignment]


class LoginsOut(ListOut):
    """Ways in."""

    results: list[LoginOut]  # type: ignore[assignment]


class ConsentsOut(ListOut):
    """Consents."""

    results: list[ConsentOut]  # type: ignore[assignment]


class LooksOut(ListOut):
    """Looks of the staff's."""

    results: list[LookOut]  # type: ignore[assignment]


class ManagedOut(PersonOut):
    """A person as administrators see them."""

    disabled: bool
    login_kinds: list[Literal["local", "wechat", "campus"]]


class PeopleOut(ListOut):
    """People, the newest first."""

    results: list[ManagedOut]  # type: ignore[assignment]


class AddedOut(BaseModel):
    """An account, and the code with which its owner chooses a password: told this once."""

    person: ManagedOut
    code: str
    code_expires_in_days: int


def listing(results: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a list as it is answered."""
    return {"meta": {"count": len(results)}, "results": results}
