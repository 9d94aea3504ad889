from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.normalise.licences import license_of

SITE = "https://creativecommons.org/"


@pytest.mark.parametrize(
    ("statement", "code", "name", "path"),
    [
        ("http://creativecommons.org/licenses/by/2.0", "cc-by", "CC BY 2.0", "licenses/by/2.0/"),
        ("https://creativecommons.org/licenses/by/4.0/legalcode", "cc-by", "CC BY 4.0", "licenses/by/4.0/"),
        ("https://creativecommons.org/licenses/by/4.0/deed.en", "cc-by", "CC BY 4.0", "licenses/by/4.0/"),
        ("http://creativecommons.org/licenses/by/3.0/de/", "cc-by", "CC BY 3.0 DE", "licenses/by/3.0/de/"),
        ("(http://creativecommons.org/licenses/by-sa/4.0), which", "cc-by-sa", "CC BY-SA 4.0", "licenses/by-sa/4.0/"),
        ("cc_by", "cc-by", "CC BY", None),
        ("cc_by_nc_nd", "cc-by-nc-nd", "CC BY-NC-ND", None),
        ("CC BY-NC 4.0", "cc-by-nc", "CC BY-NC 4.0", "licenses/by-nc/4.0/"),
        ("the Creative Commons Attribution License (CC BY). The use", "cc-by", "CC BY", None),
        ("Creative Commons Attribution 4.0 International", "cc-by", "CC BY 4.0", "licenses/by/4.0/"),
        ("Creative Commons Attribution Non Commercial 4.0", "cc-by-nc", "CC BY-NC 4.0", "licenses/by-nc/4.0/"),
        ("Creative Commons Attribution-Noncommercial-NoDerivs License, which", "cc-by-nc-nd", "CC BY-NC-ND", None),
        ("Creative Commons Attribution License, which permits non-commercial use", "cc-by", "CC BY", None),
        ("Creative Commons Attribution-Share Alike 3.0", "cc-by-sa", "CC BY-SA 3.0", "licenses/by-sa/3.0/"),
        ("https://creativecommons.org/publicdomain/zero/1.0/", "cc0", "CC0 1.0", "publicdomain/zero/1.0/"),
        ("CC0", "cc0", "CC0 1.0", "publicdomain/zero/1.0/"),
        (
            "http://creativecommons.org/publicdomain/mark/1.0/",
            "public-domain",
            "public domain",
            "publicdomain/mark/1.0/",
        ),
        ("a work of the U.S. Government as defined", "public-domain", "public domain", "publicdomain/mark/1.0/"),
        ("© 2014 by The American Society of Hematology", "publisher", "publisher terms", None),
        ("Tous droits réservés © Institut d’histoire", "publisher", "publisher terms", None),
    ],
)
def test_a_licence_is_known_in_all_its_forms(statement: str, code: str, name: str, path: str | None) -> None:
    found = license_of([statement])
    assert found is not None
    assert (found.code, found.name, found.url) == (code, name, SITE + path if path else None)


@pytest.mark.parametrize(
    "statement",
    [
        "", "\n", "openAccess", "open", "info:eu-repo/semantics/openAccess", "info:eu-repo/semantics/restrictedAccess",
        "Metadata may be used without restrictions as long as the oai identifier remains attached to it.",
    ],
)  # fmt: skip
def test_access_is_no_licence(statement: str) -> None:
    assert license_of([statement]) is None


def test_the_most_definite_of_several_statements_counts() -> None:
    found = license_of(["© X", "CC BY", "http://creativecommons.org/licenses/by/3.0/", "CC BY-NC"])
    assert found is not None
    assert found.name == "CC BY 3.0"
    assert license_of([]) is None


@settings(deadline=None)
@given(st.text())
def test_no_statement_breaks_it(text: str) -> None:
    license_of([text, "CC " + text, "creative commons " + text])
