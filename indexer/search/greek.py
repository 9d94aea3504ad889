"""Greek letters that stand alone or in pairs, by their names."""

from __future__ import annotations

import re

_GREEK = re.compile(r"(?<![\u0370-\u03ff])[\u03b1-\u03c9]{1,2}(?![\u0370-\u03ff])")
_MICRO = re.compile(r"μ(?=[a-z]{1,3}(?![^\W\d_]))")
_LETTER_NAMES = {
    "α": "alpha",
    "β": "beta",
    "γ": "gamma",
    "δ": "delta",
    "ε": "epsilon",
    "ζ": "zeta",
    "η": "eta",
    "θ": "theta",
    "ι": "iota",
    "κ": "kappa",
    "λ": "lambda",
    "μ": "mu",
    "ν": "nu",
    "ξ": "xi",
    "ο": "omicron",
    "π": "pi",
    "ρ": "rho",
    "σ": "sigma",
    "τ": "tau",
    "υ": "upsilon",
    "φ": "phi",
    "χ": "chi",
    "ψ": "psi",
    "ω": "omega",
}


def spell_greek(chunk: str) -> str:
    """Return a folded chunk with its Greek letters as words of their own; μ before a unit is u."""
    return _GREEK.sub(_name_letters, _MICRO.sub("u", chunk))


def _name_letters(match: re.Match[str]) -> str:
    return "".join(f"-{_LETTER_NAMES.get(letter, letter)}-" for letter in match[0])
