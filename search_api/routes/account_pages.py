"""Signing in and one's own page, for browsers, without any script.

Every form must come from our own page; those of somebody who is signed in carry the session's token as well.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Annotated, Any, get_args
from urllib.parse import parse_qsl, quote, urlencode

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute
from pydantic import ValidationError

from indexer.errors import PersonError, StalePersonError
from search_api.account_settings import Level
from search_api.bodies import whole_body
from search_api.deps import LibraryDep
from search_api.library import Library
from search_api.people.access import AccountsDep, MaybeMemberDep, Member, MemberDep, comer_of, member_of
from search_api.people.accounts import Accounts, Entry
from search_api.people.bodies import MAX_BODY, MeIn, ProfileIn
from search_api.people.campus import JOURNEY_SECONDS, Identity
from search_api.people.consents import PURPOSES
from search_api.people.errors import AccountError
from search_api.people.names import is_own_path
from search_api.people.profiles import changed_person
from search_api.people.told import consent_body, login_body, look_body, person_body, session_body
from search_api.people.visits import (
    clear_cookie,
    csrf_token,
    is_csrf_token,
    journey_of,
    set_cookie,
    set_journey,
    visit_of,
)
from search_api.routes.pages import PageRoute, frame_of
from search_api.same_origin import is_own_page
from search_api.web.i18n import Words
from search_api.web.rendering import Frame, render

_MOST_FIELDS, _MOST_LOOKS = 50, 50
_LEVELS = ("", *get_args(Level))
_DONE = frozenset(("saved", "password", "login_added", "login_removed", "ended", "role", "signed_out", "left"))


class _Told(APIRoute):
    """A route whose errors of accounts are told on the page that was used."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the handler."""
        handle = super().get_route_handler()

        async def told(request: Request) -> Response:
            try:
                response = await handle(request)
            except AccountError as error:
                response = _refused(request, error)
            except PersonError as error:
                response = _refused(request, AccountError.of(error))
            response.headers["Cache-Control"] = "no-store"
            return response

        return told


class AccountRoute(PageRoute, _Told):
    """A page about an account; what is unexpected is told as on every page."""


router = APIRouter(route_class=AccountRoute, include_in_schema=False)


async def _form(request: Request) -> dict[str, str]:
    """Return the fields of a form of ours.

    Raises:
        AccountError: ``foreign``: it is not, or it does not carry the token of who is signed in.
    """
    body = await whole_body(request, MAX_BODY)
    try:
        fields = dict(parse_qsl((body or b"").decode("utf-8", "replace"), max_num_fields=_MOST_FIELDS))
    except ValueError:
        fields = {}
    visit = visit_of(request)
    is_carried = visit is None or is_csrf_token(fields.get("csrf", ""), visit, request.app.state.library)
    if not is_own_page(request) or not (is_carried or request.url.path.startswith("/sign-in")):
        raise AccountError("foreign")
    return fields


FormDep = Annotated[dict[str, str], Depends(_form)]


@router.get("/sign-in")
def show_sign_in(request: Request, member: MaybeMemberDep) -> Response:
    """Show the ways in; who is in already goes on to where they wanted to go."""
    if member is not None and "code" not in request.query_params:
        return RedirectResponse(_following(request.query_params.get("next")), status_code=303)
    return _sign_in_page(request)


@router.post("/sign-in")
def sign_in(request: Request, library: LibraryDep, accounts: AccountsDep, fields: FormDep) -> Response:
    """Take the form with name and password."""
    entry = accounts.sign_in(fields.get("name", ""), fields.get("password", ""), comer_of(request))
    return _enter(request, library, entry, request.query_params.get("next"))


@router.post("/sign-up")
def sign_up(request: Request, library: LibraryDep, accounts: AccountsDep, fields: FormDep) -> Response:
    """Take the form that makes an account."""
    entry = accounts.sign_up(fields.get("name", ""), fields.get("password", ""), comer_of(request))
    return _enter(request, library, entry, request.query_params.get("next"))


@router.post("/sign-in/code")
def use_code(
    request: Request, library: LibraryDep, accounts: AccountsDep, member: MaybeMemberDep, fields: FormDep
) -> Response:
    """Take the form with a one-time code."""
    entry = accounts.use_code(
        fields.get("code", ""),
        comer_of(request),
        session=member.session if member else None,
        name=fields.get("name"),
        password=fields.get("password"),
    )
    return (
        _done(request, "role") if entry is None else _enter(request, library, entry, request.query_params.get("next"))
    )


@router.get("/sign-in/campus")
def go_to_campus(request: Request, library: LibraryDep, accounts: AccountsDep, member: MaybeMemberDep) -> Response:
    """Send the browser to the university's sign-in, and let it remember what it must bring back."""
    adds, session = request.query_params.get("add"), None
    if adds is not None:
        visit = visit_of(request)
        if member is None or visit is None or not is_csrf_token(adds, visit, library):
            raise AccountError("foreign")
        accounts.prove(member.person, member.session, None)
        session = member.session.id
    following = _following(request.query_params.get("next"))
    journey = accounts.campus.begin(_back(request, library), following=following, session=session)
    response = RedirectResponse(journey.address, status_code=303)
    set_journey(response, request, library, journey.cookie, seconds=JOURNEY_SECONDS)
    return response


@router.get("/sign-in/campus/back")
def come_back(request: Request, library: LibraryDep, accounts: AccountsDep, member: MaybeMemberDep) -> Response:
    """Let in whom the campus let in, or add the campus to the account that asked for it."""
    given = request.query_params
    identity, following, session = accounts.campus.finish(
        _back(request, library),
        cookie=journey_of(request, library),
        state=given.get("state", ""),
        code=given.get("code", ""),
    )
    if session is None:
        response = _enter(request, library, accounts.from_campus(identity, comer_of(request)), following)
    else:
        response = _add_campus(request, accounts, member, identity, session)
    set_journey(response, request, library, "", seconds=0)
    return response


def _add_campus(
    request: Request, accounts: Accounts, member: Member | None, identity: Identity, session: str
) -> Response:
    if member is None or member.session.id != session:
        raise AccountError("campus_state")
    accounts.add_login(member.person, accounts.new_campus(identity))
    return _done(request, "login_added")


@router.post("/sign-out")
def sign_out(request: Request, library: LibraryDep, member: MemberDep, fields: FormDep) -> Response:  # noqa: ARG001
    """Sign this device out."""
    library.store.sessions.end(member.person.key, member.session.id)
    return _left(request, library, "signed_out")


@router.get("/me")
def show_me(request: Request, member: MemberDep) -> Response:
    """Show one's own page."""
    return _me_page(request, member)


@router.post("/me")
def save_me(library: LibraryDep, request: Request, member: MemberDep, fields: FormDep) -> Response:
    """Take the form with name and profile."""
    values = {name: fields.get(name) or None for name in ("faculty", "level", "field", "card_number")}
    try:
        given = MeIn(name=fields.get("name") or None, profile=ProfileIn.model_validate(values))
    except ValidationError:
        raise AccountError("bad_text") from None
    version = fields.get("version", "")
    name, profile = changed_person(member.person, given)
    wanted = int(version) if version.isascii() and version.isdecimal() and len(version) < 18 else -1  # noqa: PLR2004  # 64 bit
    try:
        library.store.people.change(member.person.key, wanted, name=name, profile=profile)
    except StalePersonError:
        raise AccountError("stale") from None
    return _done(request, "saved")


@router.post("/me/password")
def change_password(request: Request, accounts: AccountsDep, member: MemberDep, fields: FormDep) -> Response:
    """Take the form with the old and the new password."""
    accounts.change_password(member.person, fields.get("old", ""), fields.get("new", ""), keep=member.session.id)
    return _done(request, "password")


@router.post("/me/logins")
def add_local(request: Request, accounts: AccountsDep, member: MemberDep, fields: FormDep) -> Response:
    """Take the form that adds a name and password."""
    accounts.prove(member.person, member.session, None)
    login = accounts.new_local(member.person, fields.get("name", ""), fields.get("new", ""))
    accounts.add_login(member.person, login)
    return _done(request, "login_added")


@router.post("/me/logins/remove")
def remove_login(
    request: Request, library: LibraryDep, accounts: AccountsDep, member: MemberDep, fields: FormDep
) -> Response:
    """Take the form that removes a way in."""
    accounts.prove(member.person, member.session, None)
    library.store.logins.remove(member.person.key, fields.get("login", ""))
    return _done(request, "login_removed")


@router.post("/me/sessions")
def end_sessions(request: Request, library: LibraryDep, member: MemberDep, fields: FormDep) -> Response:
    """Take the form that signs out one device, or all others."""
    wanted = fields.get("session")
    if wanted is None:
        library.store.sessions.end_others(member.person.key, member.session.id)
    else:
        library.store.sessions.end(member.person.key, wanted)
    return _done(request, "ended")


@router.post("/me/consents")
def set_consent(request: Request, library: LibraryDep, member: MemberDep, fields: FormDep) -> Response:
    """Take the form that agrees to a purpose, or takes that back."""
    purpose = fields.get("purpose", "")
    if purpose not in PURPOSES:
        raise AccountError("unknown")
    library.store.people.consent(member.person.key, purpose, given=fields.get("given") == "1")
    return _done(request, "saved")


@router.post("/me/leave")
def leave(request: Request, library: LibraryDep, accounts: AccountsDep, member: MemberDep, fields: FormDep) -> Response:
    """Take the form that deletes the account."""
    accounts.prove(member.person, member.session, fields.get("password") or None)
    library.store.personal_data.delete(member.person.key)
    return _left(request, library, "left")


# --- pages and ways between them --------------------------------------------------------------


def _following(path: str | None) -> str:
    return path if path and is_own_path(path) else "/me"


def _enter(request: Request, library: Library, entry: Entry, following: str | None) -> Response:
    """Give a browser its session; one that it had before ends, so that nobody goes on with what they planted."""
    visit = visit_of(request)
    if visit is not None and visit.by_cookie:
        with contextlib.suppress(PersonError):
            library.store.sessions.end(visit.session.person_key, visit.session.id)
    response = RedirectResponse(_following(following), status_code=303)
    set_cookie(response, request, library, entry.secret, days=library.settings.accounts.session_days)
    return response


def _done(request: Request, what: str) -> Response:
    ui = request.query_params.get("ui")
    return RedirectResponse(f"/me?{urlencode([('done', what), *([('ui', ui)] if ui else [])])}", status_code=303)


def _left(request: Request, library: Library, what: str) -> Response:
    response = RedirectResponse(f"/sign-in?done={what}", status_code=303)
    clear_cookie(response, request, library)
    return response


def _back(request: Request, library: Library) -> str:
    base = library.settings.public_url or f"{request.url.scheme}://{request.url.netloc}"
    return f"{base}/sign-in/campus/back"


def _refused(request: Request, error: AccountError) -> Response:
    """Show the page that was used again, with what went wrong."""
    member = member_of(request)
    if error.code == "not_signed_in":
        wanted = request.url.path if request.method == "GET" else "/me"
        return RedirectResponse(f"/sign-in?next={quote(wanted)}", status_code=303)
    is_at_door = member is None or request.url.path.startswith("/sign-")
    response = _sign_in_page(request, error) if is_at_door or member is None else _me_page(request, member, error)
    if error.wait:
        response.headers["Retry-After"] = str(max(1, round(error.wait)))
    return response


def _sign_in_page(request: Request, error: AccountError | None = None) -> Response:
    library: Library = request.app.state.library
    following = request.query_params.get("next", "")
    query = f"?{urlencode([('next', following)])}" if is_own_path(following) else ""
    frame = _frame(request, "/sign-in", query)
    settings, visit = library.settings, visit_of(request)
    hidden = [*frame.carried]
    if visit is not None:
        hidden.append(("csrf", csrf_token(visit, library)))
    return render(
        "sign_in.html",
        frame,
        status=error.kind.status if error else 200,
        error=error.code if error else None,
        done=_told_done(request),
        campus=_campus_link(library, frame, f"/sign-in/campus{query}"),
        wechat=settings.wechat.is_on,
        sign_up=settings.accounts.open,
        signed_in=visit is not None,
        opened={"/sign-up": "sign-up", "/sign-in/code": "code"}.get(request.url.path),
        query=query,
        hidden_fields=hidden,
    )


def _me_page(request: Request, member: Member, error: AccountError | None = None) -> Response:
    library: Library = request.app.state.library
    frame, visit = _frame(request, "/me", ""), visit_of(request)
    words = Words(frame.ui)
    token = csrf_token(visit, library) if visit else ""
    store, key = library.store, member.person.key
    person = store.people.get(key) if error else member.person
    logins = [login_body(one) for one in store.logins.of(key)]
    logins = [one | {"label": words(f"login.{one['kind']}", name=one["name"])} for one in logins]
    has_campus = any(one["kind"] == "campus" for one in logins)
    history = store.people.consents(key)
    sessions = store.sessions.of(key, idle_days=library.settings.accounts.idle_days)
    named = [f"{words(f'role.{role.name}')}{f' ({role.subject})' if role.subject else ''}" for role in member.roles]
    return render(
        "me.html",
        frame,
        status=error.kind.status if error else 200,
        error=error.code if error else None,
        done=_told_done(request),
        person=person_body(person),
        roles=words("names_separator").join(named),
        levels=_LEVELS,
        logins=logins,
        has_local=any(one["kind"] == "local" for one in logins),
        campus=None if has_campus else _campus_link(library, frame, f"/sign-in/campus?add={token}"),
        sessions=[session_body(one, current=one.id == member.session.id) for one in sessions],
        consents=[consent_body(purpose, history) for purpose in PURPOSES],
        looks=[look_body(one) for one in store.people.looks(key, limit=_MOST_LOOKS)],
        hidden_fields=[*frame.carried, ("csrf", token)],
    )


def _frame(request: Request, path: str, query: str) -> Frame:
    """Return the frame of a page; the other language is on the page itself, not where its form was sent."""
    frame = frame_of(request)
    return replace(frame, switch_url=f"{path}{query}{'&' if query else '?'}ui={frame.other}")


def _campus_link(library: Library, frame: Frame, url: str) -> dict[str, str] | None:
    campus = library.settings.campus
    name = campus.name_zh if frame.ui == "zh" else campus.name_en
    return {"url": url, "name": name} if campus.is_on else None


def _told_done(request: Request) -> str | None:
    done = request.query_params.get("done")
    return done if done in _DONE and request.method == "GET" else None
