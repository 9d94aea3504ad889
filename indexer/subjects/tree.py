"""The subject tree as a library sees it: the classes that come with the program, and what the library changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from indexer.subjects.tables import SubjectClass, base_classes

#: Deeper trees are refused, and a circle is never walked longer than this.
DEEPEST = 8


class SubjectTree:
    """Classes by code; unchanging."""

    def __init__(self, changes: Iterable[SubjectClass] = ()) -> None:
        classes = {one.code: one for one in base_classes()}
        for one in changes:
            classes[one.code] = replace(one, own=one.code not in classes or classes[one.code].own)
        self._classes: Mapping[str, SubjectClass] = classes
        self._children: dict[str | None, list[str]] = {}
        for code in sorted(classes):
            self._children.setdefault(classes[code].parent, []).append(code)
        self._paths = {code: self._path(code) for code in classes}

    def _path(self, code: str) -> tuple[str, ...]:
        path = [code]
        parent = self._classes[code].parent
        while parent is not None and parent in self._classes and parent not in path and len(path) < DEEPEST:
            path.append(parent)
            parent = self._classes[parent].parent
        return tuple(reversed(path))

    def __contains__(self, code: object) -> bool:
        """Tell whether there is a class of this code, hidden or not."""
        return code in self._classes

    def __iter__(self) -> Iterator[SubjectClass]:
        """Walk all classes, hidden ones too, parents before what is below them."""
        return iter(sorted(self._classes.values(), key=lambda one: self._paths[one.code]))

    def get(self, code: str) -> SubjectClass | None:
        """Return a class, or ``None``."""
        return self._classes.get(code)

    def path(self, code: str) -> tuple[str, ...]:
        """Return the codes from the top down to a class, itself last; empty for an unknown one."""
        return self._paths.get(code, ())

    def children(self, code: str | None) -> tuple[SubjectClass, ...]:
        """Return the classes right below one (``None``: the top), by code."""
        return tuple(self._classes[child] for child in self._children.get(code, ()))

    def is_shown(self, code: str) -> bool:
        """Tell whether neither a class nor any above it is hidden."""
        path = self._paths.get(code, ())
        return bool(path) and not any(self._classes[one].hidden for one in path)

    def names(self, codes: Iterable[str], language: str) -> dict[str, str]:
        """Return the names of those classes that there are."""
        return {code: self._classes[code].name(language) for code in codes if code in self._classes}
