"""A second opinion on a text in doubt: the frequencies of one to three letters in langdetect's language profiles.

langdetect itself draws n-grams at random until it is sure, which takes milliseconds and needs a seed to say the same
twice; summing over all of them takes a fiftieth of that and has nothing to draw.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.normalise.languages import words as known
from indexer.normalise.languages.classifier import Candidate

#: What an n-gram counts that a language never showed, as langdetect has it.
_UNSEEN = 0.5 / 10_000
_LONGEST = 3
_WEIGHT = 0.2
_ENOUGH = 2
_CODES = {"no": "nb", "tl": "fil"}
_LETTERS = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Profiles:
    """The logarithm of each n-gram's frequency (rows) in each language (columns)."""

    columns: dict[str, int]
    rows: dict[str, int]
    logarithms: NDArray[np.float32]


def weigh(text: str, candidates: Sequence[Candidate]) -> Candidate:
    """Return the likeliest of some languages with its chance, given the chances that a first opinion left them.

    A language without a profile is neither helped nor hurt.
    """
    profiles = _profiles()
    columns = [profiles.columns.get(code, -1) for code, _ in candidates]
    if sum(one >= 0 for one in columns) < _ENOUGH:
        return candidates[0]
    spaced = f" {' '.join(_LETTERS.findall(text))} "
    grams = (spaced[at : at + size] for size in range(1, _LONGEST + 1) for at in range(len(spaced) - size + 1))
    rows = [row for gram in grams if (row := profiles.rows.get(gram)) is not None]
    if not rows:
        return candidates[0]
    sums = profiles.logarithms[rows].sum(axis=0) * (_WEIGHT / len(rows) ** 0.5)
    neutral = np.mean([sums[one] for one in columns if one >= 0])
    heard = np.array([sums[one] if one >= 0 else neutral for one in columns])
    chances = np.array([chance for _, chance in candidates])
    weighed = chances * np.exp(heard - heard.max())
    weighed *= chances.sum() / weighed.sum()
    best = int(weighed.argmax())
    return candidates[best][0], float(weighed[best])


@lru_cache(maxsize=1)
def _profiles() -> Profiles:
    """Read the profiles of the languages in question when they are first needed (0.1 s, 10 MB)."""
    from langdetect.detector_factory import PROFILES_DIRECTORY  # type: ignore[import-untyped]  # noqa: PLC0415

    wanted = {*known.LATIN, *known.CYRILLIC, *known.ARABIC, *known.DEVANAGARI, *_CODES}
    files = [path for path in sorted(Path(PROFILES_DIRECTORY).iterdir()) if path.name in wanted]
    found = [json.loads(path.read_bytes()) for path in files]
    rows: dict[str, int] = {}
    for one in found:
        for gram in one["freq"]:
            if gram.strip():
                rows.setdefault(gram, len(rows))
    frequencies = np.full((len(rows), len(found)), _UNSEEN, dtype="float32")
    for column, one in enumerate(found):
        for gram, count in one["freq"].items():
            if gram in rows:
                frequencies[rows[gram], column] += count / one["n_words"][len(gram) - 1]
    columns = {_CODES.get(path.name, path.name): column for column, path in enumerate(files)}
    return Profiles(columns=columns, rows=rows, logarithms=np.log(frequencies))
