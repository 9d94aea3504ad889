"""What can be suggested while somebody types: a work's journal, subjects and authors, by every way to begin them.

One keyword field, ``suggest``, holds for each the mark of its kind, the letters that may be typed, U+001F, and how it
is shown (empty where that is the letters themselves; for a journal its id, because journals get other names). So the
values that begin so are the suggestions, counted in works, and the index needs no other structure::

    sdeep learning␟Deep learning    slearning␟Deep learning    s深度学习␟    sshenduxuexi␟深度学习    ssdxx␟深度学习
    jjournal of food research␟c4tq0…    jfood research␟c4tq0…    awang xiaoming␟Xiaoming Wang

Works that were retracted or withdrawn suggest nothing.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from indexer.models import Contributor, Work
from indexer.search.analysis import query_words
from indexer.search.folding import fold
from indexer.search.pinyin import has_han, initials, syllables

Kind = Literal["subject", "container", "author"]
MARKS: dict[Kind, str] = {"subject": "s", "container": "j", "author": "a"}
SEPARATOR = "\x1f"
#: Letters of what is typed that are compared; more are no beginning but a title.
LONGEST_FORM = 48
_MOST_SUBJECTS, _MOST_AUTHORS = 12, 3
_LONGEST_TERM = 80
_MOST_INNER = 3
_WORDS = re.compile(r"[^\W_]+")
#: Words with which no suggestion begins inside a name.
_SMALL = frozenset(
    ["the", "of", "and", "in", "on", "for", "to", "a", "an", "de", "la", "el", "und", "der", "des", "et", "e", "y", "i"]
)
#: Headings of journals' sections, which are no subjects.
_NO_SUBJECTS = "PMC"
_UNSUGGESTED = frozenset({"retracted", "withdrawn"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestable:
    """A value read back: ``form`` is what may be typed, ``shown`` the display form or the journal's id."""

    form: str
    shown: str


def form_of(text: str) -> str:
    """Return what is compared: folded words with one blank between."""
    return " ".join(_WORDS.findall(fold(text)))[:LONGEST_FORM].rstrip()


def read_value(value: str) -> Suggestable:
    """Read a value of the index back."""
    form, _, shown = value[1:].partition(SEPARATOR)
    return Suggestable(form=form, shown=shown or form)


def suggest_values(work: Work) -> tuple[str, ...]:
    """Return the values of a work, each once: about 12, at most 64."""
    if work.status in _UNSUGGESTED:
        return ()
    return tuple(dict.fromkeys([*_subject_values(work), *_container_values(work), *_author_values(work)]))


def _subject_values(work: Work) -> Iterator[str]:
    terms = [subject.term for subject in work.subjects if subject.scheme != _NO_SUBJECTS]
    seen: set[str] = set()
    for term in [*work.keywords, *terms]:
        values = _term_values(term)
        if values and values[0].partition(SEPARATOR)[0] not in seen:
            seen.add(values[0].partition(SEPARATOR)[0])
            yield from values
            if len(seen) >= _MOST_SUBJECTS:
                return


@functools.lru_cache(maxsize=1 << 15)
def _term_values(term: str) -> tuple[str, ...]:
    term = " ".join(term.split())
    form = form_of(term)
    if len(form) <= 1 or len(term) > _LONGEST_TERM or form.replace(" ", "").isdigit():
        return ()
    return tuple(f"s{one}{SEPARATOR}{'' if one == term else term}" for one in _forms(form))


def _container_values(work: Work) -> tuple[str, ...]:
    container = work.container
    return _journal_values(container.title, container.id) if container and container.id and container.title else ()


@functools.lru_cache(maxsize=1 << 12)
def _journal_values(title: str, container_id: str) -> tuple[str, ...]:
    return tuple(f"j{one}{SEPARATOR}{container_id}" for one in _forms(form_of(title)) if len(one) > 1)


def _author_values(work: Work) -> Iterator[str]:
    for person in work.contributors[:_MOST_AUTHORS]:
        name = " ".join(person.name.split())
        if len(name) <= _LONGEST_TERM:
            for form in _name_forms(person):
                yield f"a{form}{SEPARATOR}{'' if form == name else name}"


def _name_forms(person: Contributor) -> Iterator[str]:
    """Yield a name with the family name first; Chinese also as it is read."""
    both = person.family and person.given and not person.is_group
    form = form_of(f"{person.family} {person.given}" if both and not has_han(person.name) else person.name)
    if len(form) <= 1:
        return
    yield form
    if has_han(form):
        read = syllables(form.replace(" ", ""))
        yield from dict.fromkeys(("".join(read)[:LONGEST_FORM], initials(read)[:LONGEST_FORM]))


def _forms(form: str) -> list[str]:
    """Return a term's letters from its beginning and from inner words; Chinese also as it is read."""
    if has_han(form):
        read = syllables(form.replace(" ", ""))
        spoken = ("".join(read)[:LONGEST_FORM], initials(read)[:LONGEST_FORM])
        return list(dict.fromkeys([form, *spoken, *_inner_chinese(form)]))
    words = form.split()
    inner = (at for at in range(1, len(words)) if words[at] not in _SMALL and len(words[at]) > 1)
    return list(dict.fromkeys(" ".join(words[at:]) for at in (0, *islice(inner, _MOST_INNER))))


def _inner_chinese(form: str) -> Iterator[str]:
    """Yield what a Chinese term is from its inner words on: 太阳能电池 of 钙钛矿太阳能电池."""
    at = 0
    for word in islice(query_words(form).words, _MOST_INNER):
        at = max(form.find(word.text, at), at)
        if 0 < at < len(form) - 1:
            yield form[at:]
        at += len(word.text)
