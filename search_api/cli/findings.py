"""What ``kaijuan doctor`` finds."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One finding; ``failed`` needs doing, ``warning`` wants knowing."""

    name: str
    state: Literal["ok", "warning", "failed"]
    found: str
    remedy: str = ""

    def values(self) -> dict[str, Any]:
        """Return the finding as plain values for JSON."""
        return asdict(self)
