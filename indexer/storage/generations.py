"""Names of index generations: ``works-d{schema}-a{analyser}-{time}``, built and parsed only here.

Both versions stand in the name, so that an index made under other rules is refused before it is searched: a query and a
document analysed differently miss each other in silence. Names are lower case because Elasticsearch asks for it.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from indexer.errors import IndexVersionError
from indexer.search.analysis import ANALYZER_VERSION
from indexer.search.document import SCHEMA_VERSION

REBUILD = "Run `kaijuan rebuild`: it makes the search index again from the record store."
#: Digits of a time of day to the microsecond.
_MICROSECONDS = 12
_NAME = re.compile(r"works-d(\d+)-a([a-z0-9.]+)-(\d{8}t\d{6,18})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """One set of documents; ``made`` sorts by time of making."""

    made: str
    schema_version: int = SCHEMA_VERSION
    analyzer_version: str = ANALYZER_VERSION

    @property
    def family(self) -> str:
        """What the names of all generations made by the same rules begin with."""
        return f"works-d{self.schema_version}-a{self.analyzer_version}"

    @property
    def name(self) -> str:
        """The generation's name, as a folder or the end of an index name."""
        return f"{self.family}-{self.made}"

    def require_this_version(self) -> None:
        """Refuse documents of another schema or analyser version.

        Raises:
            IndexVersionError: the versions are not this program's.
        """
        if (self.schema_version, self.analyzer_version) != (SCHEMA_VERSION, ANALYZER_VERSION):
            raise IndexVersionError(
                f"The search index {self.name} was made by document schema {self.schema_version} and analyser "
                f"{self.analyzer_version}; this program needs {SCHEMA_VERSION} and {ANALYZER_VERSION}.",
                remedy=REBUILD,
                is_newer=_order(self.schema_version, self.analyzer_version) > _order(SCHEMA_VERSION, ANALYZER_VERSION),
            )


def _order(schema_version: int, analyzer_version: str) -> tuple[int, list[int]]:
    """Sort versions by time: document schemas first, then analysers, by the numbers in them."""
    return schema_version, [int(part) for part in re.findall(r"\d+", analyzer_version)]


#: The empty generation that opening makes; its name is the same for every process, so that two cannot make two.
FIRST = Generation(made="19700101t000000")


def mint_generation(after: str = "") -> Generation:
    """Name a new generation, by the microsecond; later than ``after``, whatever this machine's clock says."""
    now = dt.datetime.now(dt.UTC).strftime("%Y%m%dt%H%M%S%f")
    if now > after:
        return Generation(made=now)
    day, _, rest = after.partition("t")
    digits = rest.ljust(_MICROSECONDS, "0")
    return Generation(made=f"{day}t{int(digits) + 1:0{len(digits)}d}")


def parse_generation(name: str) -> Generation | None:
    """Read a generation's name; ``None`` where it is not one."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    schema_version, analyzer_version, made = match.groups()
    return Generation(made=made, schema_version=int(schema_version), analyzer_version=analyzer_version)
