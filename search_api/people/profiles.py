"""What becomes of a person's name and profile by a change."""

from __future__ import annotations

from typing import Any

from indexer.storage.people import Person
from search_api.people.bodies import MeIn
from search_api.people.names import clean_line


def changed_person(person: Person, given: MeIn) -> tuple[str, dict[str, Any]]:
    """Return name and profile as they are to be.

    Raises:
        AccountError: ``bad_text``, with the parameter.
    """
    name = clean_line(given.name, "name") if given.name is not None else person.name
    changes = given.profile.changes() if given.profile is not None else {}
    profile = {key: value for key, value in {**person.profile, **changes}.items() if value is not None}
    return name, profile
