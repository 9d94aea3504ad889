"""lingua's opinion on a text in doubt, however short: an extra (``kaijuan[lingua]``), for up to 700 MB of memory."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from indexer.normalise.languages.classifier import Candidate

_NAMES = {"fil": "tl"}
_CODES = {name: code for code, name in _NAMES.items()}


def weigh(text: str, candidates: Sequence[Candidate]) -> Candidate:
    """Return the likeliest of some languages with its chance, given the chances that a first opinion left them.

    Where lingua does not know one of them the first opinion stands. Its own counts for more: it is the better one.
    """
    detector = _detector(tuple(sorted(code for code, _ in candidates)))
    if detector is None:
        return candidates[0]
    found = detector.compute_language_confidence_values(text)
    heard = {_CODES.get(name, name): one.value for one in found if (name := one.language.iso_code_639_1.name.lower())}
    weighed = {code: heard[code] * chance**0.5 for code, chance in candidates}
    best = max(weighed, key=weighed.__getitem__)
    total = sum(weighed.values())
    mass = sum(chance for _, chance in candidates)
    return (best, mass * weighed[best] / total) if total else candidates[0]


@lru_cache(maxsize=1024)
def _detector(among: tuple[str, ...]) -> Any:
    """Return a detector for some languages; all detectors share the languages' models, read when first needed."""
    import lingua  # noqa: PLC0415

    known = {one.iso_code_639_1.name.lower(): one for one in lingua.Language.all()}
    wanted = [known[name] for code in among if (name := _NAMES.get(code, code)) in known]
    if len(wanted) < len(among) or len(wanted) == 1:
        return None
    return lingua.LanguageDetectorBuilder.from_languages(*wanted).build()
