"""Everything the indexer raises, by what the caller does about it; each message ends with the remedy.

::

    IndexerError
    ├── UnusableRecordError       a record cannot become a manifestation: quarantine it
    ├── JudgementError            a person's judgement cannot be taken: tell them why
    │   ├── UnknownWorkError      it is about a work that is not here
    │   ├── WrongJudgementError   a part of it cannot be used; ``parameter`` names it
    │   └── UnfitJudgementError   it does not fit how things stand (undone before, one work already)
    ├── EditError                 a librarian's change of subjects or ranking cannot be taken: tell them why
    │   ├── UnknownEditError      it is about what is not here
    │   ├── WrongEditError        a part of it cannot be used; ``parameter`` names it
    │   └── UnfitEditError        it does not fit how things stand (undone before, a class still in use)
    ├── UnknownTokenError         a token that is to be revoked is not there
    ├── PersonError               what is asked of an account cannot be: tell whoever asked
    │   ├── UnknownPersonError    there is no such person, login or session
    │   ├── LoginTakenError       the way in belongs to an account already
    │   ├── LastLoginError        without it the person could never sign in again
    │   ├── LastAdministratorError  without them nobody could manage accounts
    │   └── StalePersonError      it was changed since it was read; ``current`` is how it is now
    ├── QueryError                a query cannot be understood: show position and fix to its author
    ├── UnsupportedQueryError     this engine cannot do that: never answer differently in silence
    ├── StoreError                the record store cannot be used
    │   ├── StoreDamagedError     its file is damaged: restore it
    │   ├── StoreBusyError        another process holds the lock: wait or stop it
    │   └── StoreConflictError    the database ended this transaction in favour of another: do it again
    └── SearchIndexError          the search index cannot be used
        ├── IndexDamagedError     its files are damaged or missing: rebuild it from the store
        ├── SearchTooSlowError    a search takes longer than it may: narrow it
        ├── DocumentsRefusedError it takes some documents never, and has all others: go on without them
        └── IndexVersionError     made by another analyser or schema version: rebuild it
"""

from __future__ import annotations

from indexer.faults import Language, Told, told


class IndexerError(Exception):
    """Anything the indexer raises on purpose; ``remedy`` says what to do."""

    def __init__(self, message: str, *, remedy: str) -> None:
        super().__init__(f"{message} {remedy}")
        self.reason = message
        self.remedy = remedy


class UnusableRecordError(IndexerError):
    """A record says too little, or something impossible; it goes to quarantine, whole."""


class JudgementError(IndexerError):
    """A person's judgement cannot be taken."""


class UnknownWorkError(JudgementError):
    """A judgement is about a work that is not here, or not any more."""


class WrongJudgementError(JudgementError):
    """A part of a judgement cannot be used; ``parameter`` names it."""

    def __init__(self, message: str, *, remedy: str, parameter: str) -> None:
        super().__init__(message, remedy=remedy)
        self.parameter = parameter


class UnfitJudgementError(JudgementError):
    """A judgement does not fit how things stand."""


class EditError(IndexerError):
    """A librarian's change of the subject tree, its mappings or the ranking cannot be taken."""


class UnknownEditError(EditError):
    """A change is about what is not here, or not any more."""


class WrongEditError(EditError):
    """A part of a change cannot be used; ``parameter`` names it."""

    def __init__(self, message: str, *, remedy: str, parameter: str) -> None:
        super().__init__(message, remedy=remedy)
        self.parameter = parameter


class UnfitEditError(EditError):
    """A change does not fit how things stand."""


class UnknownTokenError(IndexerError):
    """There is no such token."""


class PersonError(IndexerError):
    """What is asked of an account cannot be done."""


class UnknownPersonError(PersonError):
    """There is no such person, or the person has no such login or session."""


class LoginTakenError(PersonError):
    """A way in belongs to an account already, this one or another."""


class LastLoginError(PersonError):
    """A person's last way in cannot be removed."""


class LastAdministratorError(PersonError):
    """Somebody must remain who may manage accounts."""


class StalePersonError(PersonError):
    """A person was changed since the version that a change is for; ``current`` is the person as it is now."""

    def __init__(self, current: object) -> None:
        super().__init__("It was changed meanwhile.", remedy="Read it again, and change what is there now.")
        self.current = current


class QueryError(IndexerError):
    """A query cannot be understood; ``position`` is the 0-based character in ``parameter``.

    ``code`` names its sentences in ``indexer.faults``, ``values`` are what they tell of.
    """

    def __init__(self, code: str, *, position: int | None = None, parameter: str = "q", **values: object) -> None:
        detail, fix = told(code, values, "en")
        super().__init__(detail, remedy=fix)
        self.code = code
        self.values = values
        self.position = position
        self.parameter = parameter

    def told(self, language: Language) -> Told:
        """Return what is wrong and what to do about it, in a reader's language."""
        return told(self.code, self.values, language)


class UnsupportedQueryError(QueryError):
    """The engine in use cannot answer this query."""


class StoreError(IndexerError):
    """The record store cannot be opened or used."""


class StoreDamagedError(StoreError):
    """The store's file is damaged."""


class StoreBusyError(StoreError):
    """Another process is doing the same thing."""


class StoreConflictError(StoreError):
    """Two transactions waited for each other, and the database undid this one; the same again will succeed."""


class SearchIndexError(IndexerError):
    """The search index cannot be opened or used."""


class SearchTooSlowError(SearchIndexError):
    """A search takes longer than it may; nothing is wrong with the index."""


class DocumentsRefusedError(SearchIndexError):
    """The index took all documents but some, which it will never take; ``keys`` are their works'."""

    def __init__(self, message: str, *, keys: tuple[int, ...]) -> None:
        super().__init__(
            f"The search index refused {len(keys)} of the documents for good, the first: {message}.",
            remedy="All others are written. Please report it with this message; a document's key is the work's.",
        )
        self.keys = keys


class IndexDamagedError(SearchIndexError):
    """The index's files are damaged or missing; the store still has everything."""


class IndexVersionError(SearchIndexError):
    """The index was made by another analyser or document schema; ``is_newer``: by those of a later kaijuan."""

    def __init__(self, message: str, *, remedy: str, is_newer: bool = False) -> None:
        super().__init__(message, remedy=remedy)
        self.is_newer = is_newer
