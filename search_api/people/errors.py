"""What can go wrong with accounts, each with its status and remedy; pages say it in words of their own (``i18n``)."""

from __future__ import annotations

from dataclasses import dataclass

from indexer.errors import (
    LastAdministratorError,
    LastLoginError,
    LoginTakenError,
    PersonError,
    StalePersonError,
    UnknownPersonError,
)
from search_api.errors import KaijuanError


@dataclass(frozen=True, slots=True)
class _Kind:
    status: int
    title: str
    detail: str
    fix: str


_WEAK = "The password cannot be used"
_CAMPUS = "The campus sign-in did not work"
#: By code; the texts of pages are ``account_error.CODE``.
KINDS: dict[str, _Kind] = {
    "wrong_login": _Kind(401, "Not signed in", "The name or the password is wrong.", "Try again, or ask the library."),
    "too_many": _Kind(429, "Too many tries", "There were too many tries.", "Wait as long as Retry-After says."),
    "busy": _Kind(503, "Busy", "Too many people are signing in at this moment.", "Try again in a few seconds."),
    "disabled": _Kind(403, "Account closed", "This account was closed by the library.", "Ask the library."),
    "closed": _Kind(403, "No sign-up", "Accounts are made by the library here.", "Ask the library for one."),
    "name_taken": _Kind(409, "Name taken", "There is an account of this name.", "Choose another name."),
    "login_taken": _Kind(
        409,
        "In use",
        "This way to sign in belongs to an account already, and accounts are not joined.",
        "Sign in with it; delete that account there if this one is to have it.",
    ),
    "bad_name": _Kind(
        400,
        "The name cannot be used",
        "A name to sign in with has 2 to 64 letters, digits and . _ - @.",
        "Choose another name.",
    ),
    "bad_text": _Kind(
        400,
        "A text cannot be used",
        "It is too long, empty, or has characters that cannot be seen.",
        "Write one line of visible characters.",
    ),
    "weak_short": _Kind(400, _WEAK, "It has less than 10 characters.", "Choose a longer one; words will do."),
    "weak_long": _Kind(400, _WEAK, "It has more than 256 characters.", "Choose a shorter one."),
    "weak_name": _Kind(400, _WEAK, "It contains the name.", "Choose another one."),
    "weak_common": _Kind(400, _WEAK, "It is one of the first that others try.", "Choose another one."),
    "has_password": _Kind(409, "There is one", "The account has a name and a password already.", "Change that one."),
    "no_password": _Kind(409, "There is none", "The account has no password.", "Add one: POST /v1/me/logins."),
    "wrong_code": _Kind(
        401, "The code is not good", "The code is wrong, was used, or is too old.", "Ask for a new one."
    ),
    "not_configured": _Kind(404, "Not offered", "This way to sign in is not offered here.", "See GET /v1/sign-in."),
    "wechat_code": _Kind(401, "Not signed in", "WeChat does not know this code.", "Call wx.login again."),
    "wechat_used": _Kind(401, "Not signed in", "This code of WeChat's was used.", "Call wx.login again."),
    "wechat_often": _Kind(429, "Too many tries", "WeChat wants this user to wait.", "Try again in a minute."),
    "wechat_refused": _Kind(403, "Not signed in", "WeChat refuses this user.", "Sign in another way."),
    "wechat_busy": _Kind(503, "WeChat does not answer", "WeChat could not be asked.", "Try again soon."),
    "campus_state": _Kind(400, _CAMPUS, "It was begun elsewhere, or too long ago.", "Begin again at /sign-in."),
    "campus_refused": _Kind(401, _CAMPUS, "The campus did not let you in.", "Begin again at /sign-in."),
    "campus_busy": _Kind(503, "The campus does not answer", "The campus could not be asked.", "Try again soon."),
    "foreign": _Kind(
        403, "From another site", "The request does not come from a page of ours.", "Send it from our own page."
    ),
    "not_signed_in": _Kind(
        401, "Not signed in", "Nobody is signed in.", "Sign in: POST /v1/sign-in, then Authorization: Bearer …."
    ),
    "not_allowed": _Kind(403, "Not allowed", "Your account may not do that.", "Ask an administrator for the role."),
    "prove": _Kind(
        403,
        "Sign in once more",
        "For this it must be sure that it is you.",
        "Send your password, or sign in again and do it within 10 minutes.",
    ),
    "no_version": _Kind(
        428, "Which version", "It is not said which version is to be changed.", "Send If-Match with the ETag you read."
    ),
    "wrong_role": _Kind(400, "No such role", "There is no such role, or no such class.", "See docs/accounts.md."),
    "who_is_you": _Kind(
        400, "Who decides is known", "Who is signed in is who decides.", "Leave who out of the request."
    ),
    "last_login": _Kind(
        409, "The last way in", "It is the only way to sign in to this account.", "Add another one first."
    ),
    "last_administrator": _Kind(
        409, "The last administrator", "Nobody would be left to manage accounts.", "Appoint somebody else first."
    ),
    "unknown": _Kind(404, "Not found", "There is no such thing.", "See the list that it would stand in."),
    "stale": _Kind(412, "Changed meanwhile", "It was changed since you read it.", "Read it again, then change it."),
}
_OF_STORE: dict[type[PersonError], str] = {
    UnknownPersonError: "unknown",
    LoginTakenError: "login_taken",
    LastLoginError: "last_login",
    LastAdministratorError: "last_administrator",
    StalePersonError: "stale",
}


class AccountError(KaijuanError):
    """An account cannot do, or be, what was asked; ``code`` names why, ``parameter`` what of the request is wrong."""

    def __init__(self, code: str, *, parameter: str | None = None, wait: float | None = None) -> None:
        kind = KINDS[code]
        super().__init__(f"{kind.detail} {kind.fix}")
        self.code = code
        self.parameter = parameter
        self.wait = wait
        self.kind = kind

    @classmethod
    def of(cls, error: PersonError) -> AccountError:
        """Return what the store said as an error of accounts."""
        return cls(_OF_STORE.get(type(error), "unknown"))
