"""What the page of the subject tree shows: classes with their works, the way up, and the search they are counted in."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urlencode

from indexer.subjects.tables import SubjectClass
from indexer.subjects.tree import SubjectTree
from search_api.subjects import ClassCounts
from search_api.web.addresses import SearchAddress
from search_api.web.i18n import UiLanguage

#: What of a search makes no difference to its classes.
_NOT_COUNTED = ("clc", "sort", "limit", "cursor")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassView:
    """A class: where it is browsed, where its works are, and what is below it."""

    code: str
    name: str
    count: int
    url: str
    works_url: str
    below: tuple[ClassView, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectViews:
    """Makes views of classes in one language, for the search of one address."""

    tree: SubjectTree
    counts: ClassCounts
    address: SearchAddress
    ui: UiLanguage

    def below(self, code: str | None, levels: int = 2) -> tuple[ClassView, ...]:
        """Return the classes right below one that are shown; what is below them only where there are works."""
        return tuple(self.view(one, levels - 1) for one in self.tree.children(code) if not one.hidden)

    def view(self, one: SubjectClass, levels: int = 0) -> ClassView:
        """Return one class."""
        lower = self.below(one.code, levels) if levels else ()
        return ClassView(
            code=one.code,
            name=one.name(self.ui),
            count=self.counts.by_code.get(one.code, 0),
            url=self.page(one.code),
            works_url=str(self.address.without(_NOT_COUNTED).adding("clc", one.code)),
            below=tuple(view for view in lower if view.count),
        )

    def path(self, code: str) -> tuple[ClassView, ...]:
        """Return the classes above one, the top first."""
        return tuple(self.view(found) for step in self.tree.path(code)[:-1] if (found := self.tree.get(step)))

    def page(self, code: str | None = None) -> str:
        """Return the address of a class's page, or of the whole tree, within the same search."""
        kept = self.address.without(_NOT_COUNTED).pairs
        path = f"/subjects/{quote(code, safe='')}" if code else "/subjects"
        return f"{path}?{urlencode(kept)}" if kept else path
