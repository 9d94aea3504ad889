"""Measure how often the language of short texts is told rightly, and how fast.

usage: python benchmarks/languages.py [--detector light|lingua] [--wrong] FILE

FILE is a JSON list of ``[language, text, kind]`` (``kind`` may be left out). Each text goes through the product's own
function, ``indexer.normalise.languages.detect``, without anything declared; no answer counts as wrong. One JSON object
is printed: shares of right answers over all, by language and by kind, and texts per CPU second (models loaded before).
``--wrong`` prints each wrong answer to the error stream.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from indexer.normalise.languages import choose_detector, detect, known_codes

_WARM = ("The cells of the brain", "Клетки мозга", "خلايا الدماغ", "मस्तिष्क की कोशिकाएँ", "kontrola materiala")


def read_texts(body: bytes) -> list[tuple[str, str, str]]:
    """Return (language, text, kind) of each row, the language as ISO 639-1."""
    rows = [(*row, "text")[:3] for row in json.loads(body)]
    return [((known_codes((language,)) or (language,))[0], text, kind) for language, text, kind in rows]


def measure(texts: Sequence[tuple[str, str, str]]) -> tuple[list[str | None], float]:
    """Return the language told of each text and the CPU seconds it took."""
    for text in _WARM:
        detect(text)
    began = time.process_time()
    found = [detect(text) for _, text, _ in texts]
    return [one[0] if one else None for one in found], time.process_time() - began


def summarise(texts: Sequence[tuple[str, str, str]], told: Sequence[str | None]) -> dict[str, Any]:
    """Return the shares of right answers over all, by language and by kind."""
    count: Counter[tuple[str, str]] = Counter()
    right: Counter[tuple[str, str]] = Counter()
    for (language, _, kind), found in zip(texts, told, strict=True):
        for key in (("", ""), ("language", language), ("kind", kind)):
            count[key] += 1
            right[key] += found == language
    share = {key: round(right[key] / count[key], 4) for key in sorted(count)}
    return {
        "accuracy": share.pop(("", ""), None),
        "by_language": {name: value for (of, name), value in share.items() if of == "language"},
        "by_kind": {name: value for (of, name), value in share.items() if of == "kind"},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--detector", choices=("light", "lingua"), default="light")
    parser.add_argument("--wrong", action="store_true", help="print wrong answers to the error stream")
    options = parser.parse_args()
    choose_detector(options.detector)
    body = options.file.read_bytes()
    texts = read_texts(body)
    told, seconds = measure(texts)
    if options.wrong:
        for (language, text, kind), found in zip(texts, told, strict=True):
            if found != language:
                print(language, found, kind, repr(text), file=sys.stderr)
    result = {
        **summarise(texts, told),
        "texts": len(texts),
        "texts_per_cpu_second": round(len(texts) / seconds) if seconds else None,
        "detector": options.detector,
        "sha256": hashlib.sha256(body).hexdigest(),
    }
    print(json.dumps(result, ensure_ascii=False))


if __name__ == "__main__":
    main()
