"""Where a work belongs in the subject tree: its headings, class marks and keywords, looked up one by one.

The library's own word comes first; then, for the two classifications with notations (LCC and CLC), the most specific
class that a notation falls into; then what the term says, whole or by the steps of its path, the last one first.
Headings of journals' sections ("Research Article") say nothing and are passed over. All is pure and remembered: most
works ask what others have asked before.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from indexer.models import Subject, Work
from indexer.search.document import Classified
from indexer.subjects.tables import (
    base_terms,
    fold_term,
    lcc_letters,
    lcc_ranges,
    section_headings,
    split_notation,
)
from indexer.subjects.tree import SubjectTree

#: The scheme under which free keywords are looked up and listed.
KEYWORD = "keyword"
#: Schemes whose notations are cut from behind until a class is known.
NOTATIONS = frozenset({"LCC", "CLC"})
LONGEST_VALUE = 200
#: Classes of one work, without those above them; more would be a list of words, not a place.
MOST_CLASSES = 12
MOST_UNMAPPED = 30
_BETWEEN = " | "
_MOST_REMEMBERED = 200_000
#: Steps of a path: DOAJ's and arXiv's, MARC's subdivisions, MeSH's qualifiers.
_STEPS = re.compile(r": | - |--|/")
_GENERAL = " (general)"
_NOTHING = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectMapping:
    """The library's word on a heading, class mark or keyword; ``code`` is ``None`` for "belongs to no class"."""

    scheme: str
    value: str
    code: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnmappedSubject:
    """A subject that leads to no class, as the index lists it."""

    scheme: str
    code: str | None
    term: str

    @classmethod
    def read(cls, value: str) -> UnmappedSubject:
        """Read what stands in the index."""
        scheme, code, term = [*value.split(_BETWEEN, 2), "", ""][:3]
        return cls(scheme=scheme, code=code or None, term=term)

    def __str__(self) -> str:
        """Write it for the index: scheme, code and term."""
        return _BETWEEN.join((self.scheme, self.code or "", self.term[:LONGEST_VALUE]))


def subject_key(scheme: str, value: str) -> str:
    """Return what stands in the index for a heading or class mark, by which its works are found."""
    return f"{scheme.casefold()}:{fold_term(value)}"


def keys_of(scheme: str, code: str | None, term: str) -> tuple[str, ...]:
    """Return what a subject's works are found by: class mark and term; those of keywords by their words."""
    return tuple(subject_key(scheme, value) for value in (code, term) if value)


class Classifier:
    """Classifies works by one state of the tree and of the library's mappings."""

    def __init__(self, tree: SubjectTree, mappings: Iterable[SubjectMapping] = ()) -> None:
        self._tree = tree
        #: A mapping to a class that is not there (any more) says nothing.
        self._said = {
            (one.scheme.casefold(), fold_term(one.value)): one.code or _NOTHING
            for one in mappings
            if one.code is None or one.code in tree
        }
        self._subjects: dict[tuple[str, str | None, str], tuple[str | None, tuple[str, ...]]] = {}
        self._keywords: dict[str, str | None] = {}

    def __call__(self, work: Work) -> Classified:
        """Return the classes of a work with all above them, and what leads to none.

        Keywords that lead nowhere are listed only of works that are in no class at all: there are as many as works.
        """
        found: dict[str, None] = {}
        unmapped: dict[str, None] = {}
        keys: dict[str, None] = {}
        broad = _broad(work.subjects)
        for subject in work.subjects:
            code, own_keys = self._subject(subject.scheme or KEYWORD, subject.code, subject.term)
            keys.update(dict.fromkeys(own_keys))
            if code is None:
                one = UnmappedSubject(scheme=subject.scheme or KEYWORD, code=subject.code, term=subject.term)
                unmapped[str(one)] = None
            elif code and subject.code not in broad:
                found[code] = None
        for keyword in work.keywords:
            if code := self.class_of_keyword(keyword):
                found[code] = None
        if not found:
            unknown = (word for word in work.keywords if self.class_of_keyword(word) is None)
            unmapped |= {str(UnmappedSubject(scheme=KEYWORD, code=None, term=word)): None for word in unknown}
        codes = dict.fromkeys(step for code in list(found)[:MOST_CLASSES] for step in self._tree.path(code))
        return Classified(codes=tuple(codes), unmapped=tuple(unmapped)[:MOST_UNMAPPED], keys=tuple(keys))

    def class_of(self, scheme: str, code: str | None, term: str) -> str | None:
        """Return the class of a subject; ``""`` where it belongs to none, ``None`` where nobody knows."""
        return self._subject(scheme, code, term)[0]

    def _subject(self, scheme: str, code: str | None, term: str) -> tuple[str | None, tuple[str, ...]]:
        asked = (scheme, code, term)
        known = self._subjects.get(asked)
        if known is None:
            if len(self._subjects) >= _MOST_REMEMBERED:
                self._subjects.clear()
            known = self._subjects[asked] = self._look_up(scheme, code, term), keys_of(scheme, code, term)
        return known

    def class_of_keyword(self, keyword: str) -> str | None:
        """Return the class of a keyword, as :meth:`class_of` does."""
        if keyword in self._keywords:
            return self._keywords[keyword]
        if len(self._keywords) >= _MOST_REMEMBERED:
            self._keywords.clear()
        answer = self._keywords[keyword] = self._look_up(KEYWORD, None, keyword)
        return answer

    def _look_up(self, scheme: str, code: str | None, term: str) -> str | None:
        folded = scheme.casefold()
        for value in (code, term):
            if value and (said := self._said.get((folded, fold_term(value)))) is not None:
                return said
        notation = scheme.upper()
        if code and notation in NOTATIONS:
            found = self._by_lcc(code) if notation == "LCC" else self._by_clc(code)
            if found is not None:
                return found
        # MeSH's qualifiers say from which side, not of what.
        return self._by_term(term.partition("/")[0] if folded == "mesh" else term)

    # --- notations ---------------------------------------------------------------------------

    def _by_lcc(self, code: str) -> str | None:
        """Look up a class mark: the library's word on its beginning, then its range, then the same of fewer letters."""
        letters, number = split_notation(code)
        for size in range(len(letters), 0, -1):
            part, is_whole = letters[:size], size == len(letters)
            if is_whole and (said := self._said_of_beginning("lcc", part, number)) is not None:
                return said
            if is_whole and number:
                at = float(number)
                ranges = lcc_ranges().get(part, ())
                known = next(
                    (row.code for row in ranges if row.first <= at <= row.last and row.code in self._tree), None
                )
                if known is not None:
                    return known
            if (said := self._said.get(("lcc", part.casefold()))) is not None:
                return said
            if (whole := lcc_letters().get(part)) is not None and whole in self._tree:
                return whole
        return None

    def _said_of_beginning(self, scheme: str, letters: str, number: str) -> str | None:
        for size in range(len(number), 0, -1):
            if (said := self._said.get((scheme, f"{letters}{number[:size]}".casefold()))) is not None:
                return said
        return None

    def _by_clc(self, code: str) -> str | None:
        """Cut a class mark (``TP391.4``, ``R73-3``) from behind until a class is known."""
        mark = re.split(r"[\s,;:+/()（）{}=\"]", code.strip().lstrip("[").upper(), maxsplit=1)[0]
        for size in range(len(mark), 0, -1):
            part = mark[:size]
            if (said := self._said.get(("clc", part.casefold()))) is not None:
                return said
            if part in self._tree:
                return part
        return None

    # --- terms -------------------------------------------------------------------------------

    def _by_term(self, term: str) -> str | None:
        terms, headings = base_terms(), section_headings()
        whole = fold_term(term).lstrip("*")
        if whole in headings:
            return _NOTHING
        steps = [whole, *reversed([step.strip() for step in _STEPS.split(whole)])]
        for form in (form for step in steps for form in _forms(step)):
            code = terms.get(form)
            if code is not None and code in self._tree:
                return code
        return _NOTHING if headings.intersection(_last_words(whole)) else None


def _last_words(term: str) -> Iterator[str]:
    """Yield a term and its last words, two at least: one word alone may mean another thing (teaching *materials*)."""
    words = term.split(" ")
    return (" ".join(words[start:]) for start in range(max(len(words) - 1, 1)))


def _forms(term: str) -> Iterator[str]:
    """Yield a folded term and its last words, each in the other number too: ``type 2 diabetes mellitus``."""
    yield term
    yield term.removesuffix(_GENERAL)
    for last in _last_words(term):
        yield last
        yield last.removesuffix("s") if last.endswith("s") else f"{last}s"


def _broad(subjects: Iterable[Subject]) -> frozenset[str]:
    """Return the LCC letters that say less than other class marks of the same work do: Q beside QH301-705.5.

    DOAJ gives each article the classes above its own as well.
    """
    marks = [subject.code for subject in subjects if subject.code and (subject.scheme or "").upper() == "LCC"]
    if len(marks) < 2:  # noqa: PLR2004  # one mark alone is not broader than another
        return frozenset()
    return frozenset(
        mark for mark in marks if mark.isalpha() and any(other != mark and other.startswith(mark) for other in marks)
    )
