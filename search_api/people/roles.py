"""Who may do what: one table of permissions and the roles that have them.

A role may be for one class of the subject tree; it then holds for that class and all below it, and for nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, get_args

from indexer.storage.people import Role
from indexer.subjects.tree import SubjectTree
from search_api.people.errors import AccountError

RoleName = Literal["reader", "student_librarian", "subject_expert", "editor", "moderator", "librarian", "administrator"]
Permission = Literal[
    "desk.read",
    "desk.judge",
    "desk.thesaurus",
    "desk.subjects",
    "desk.ranking",
    "people.manage",
]
ROLES: tuple[RoleName, ...] = get_args(RoleName)
_STAFF: frozenset[RoleName] = frozenset(ROLES) - {"reader"}
#: Everybody who signs in is a reader and has what is theirs; the role need not be given.
PERMISSIONS: Mapping[Permission, frozenset[RoleName]] = {
    "desk.read": _STAFF,
    "desk.judge": frozenset({"subject_expert", "editor", "librarian", "administrator"}),
    "desk.thesaurus": frozenset({"subject_expert", "editor", "librarian", "administrator"}),
    "desk.subjects": frozenset({"subject_expert", "librarian", "administrator"}),
    "desk.ranking": frozenset({"librarian", "administrator"}),
    "people.manage": frozenset({"administrator"}),
}
#: What may be had for one class. Reading is never by class: no list is cut into classes.
SCOPED: frozenset[Permission] = frozenset({"desk.subjects", "desk.read"})
#: Roles that would mean nothing for one class.
_EVERYWHERE: frozenset[str] = frozenset({"reader", "moderator", "administrator"})


def may(roles: Iterable[Role], permission: Permission) -> bool:
    """Tell whether roles give a permission, be it for one class only where such a permission may be."""
    return any(role.name in PERMISSIONS[permission] and (not role.subject or permission in SCOPED) for role in roles)


def may_for(roles: Iterable[Role], permission: Permission, classes: Sequence[str | None], tree: SubjectTree) -> bool:
    """Tell whether roles give a permission for all of these classes; ``None`` is no class, and none of anybody's."""
    held = {role.subject for role in roles if role.name in PERMISSIONS[permission]}
    if "" in held:
        return True
    return bool(held) and all(code is not None and not held.isdisjoint(tree.path(code)) for code in classes)


def read_role(name: str, subject: str, tree: SubjectTree) -> Role:
    """Return a role.

    Raises:
        AccountError: ``wrong_role``: there is no such role or class, or the role is not for one class.
    """
    if name not in ROLES or (subject and (name in _EVERYWHERE or subject not in tree)):
        raise AccountError("wrong_role", parameter="role")
    return Role(name, subject)
