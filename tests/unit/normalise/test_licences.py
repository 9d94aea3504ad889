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
        # DOAJ's word for what is no Creative Commons licence; 97 of 5,000 journals
        ("Publisher's own license", "publisher", "publisher terms", None),
        ("版权所有，未经许可不得转载", "publisher", "publisher terms", None),
        # recorded: PMC, Dove; SciELO; Wiley; Zenodo
        (
            "Creative Commons Attribution – Non Commercial (unported, v3.0) License",
            "cc-by-nc",
            "CC BY-NC 3.0",
            "licenses/by-nc/3.0/",
        ),
        (
            "Attribution-NonCommercial-NoDerivitives 3.0 License under Creative Commons by-nc-nd",
            "cc-by-nc-nd",
            "CC BY-NC-ND",
            None,
        ),
        ("sob a licença Creative Commons Attribution, que permite uso", "cc-by", "CC BY", None),
        (
            "This is distributed under the terms of the CC-BY 3.0 Unported license.",
            "cc-by",
            "CC BY 3.0",
            "licenses/by/3.0/",
        ),
        (
            "Creative Commons License [CC BY-NC-ND] http://creativecommons.org/licenses/by-nc-nd/3.0/de/",
            "cc-by-nc-nd",
            "CC BY-NC-ND 3.0 DE",
            "licenses/by-nc-nd/3.0/de/",
        ),
        ("Creative Commons Zero v1.0 Universal", "cc0", "CC0 1.0", "publicdomain/zero/1.0/"),
        (
            "Creative Commons Attribution Non Commercial Share Alike 4.0 International",
            "cc-by-nc-sa",
            "CC BY-NC-SA 4.0",
            "licenses/by-nc-sa/4.0/",
        ),
        # ports: of versions before 4.0 only; the deed's language is none
        ("CC BY 3.0 IGO", "cc-by", "CC BY 3.0 IGO", "licenses/by/3.0/igo/"),
        ("CC BY-SA 2.5 CN", "cc-by-sa", "CC BY-SA 2.5 CN", "licenses/by-sa/2.5/cn/"),
        ("CC BY 3.0 AND OTHERS", "cc-by", "CC BY 3.0", "licenses/by/3.0/"),
        ("https://creativecommons.org/licenses/by/4.0/fr", "cc-by", "CC BY 4.0", "licenses/by/4.0/"),
        (
            "https://creativecommons.org/licenses/by/2.5/scotland/",
            "cc-by",
            "CC BY 2.5 SCOTLAND",
            "licenses/by/2.5/scotland/",
        ),
        # in other languages
        ("本文采用CC BY-NC 4.0许可协议", "cc-by-nc", "CC BY-NC 4.0", "licenses/by-nc/4.0/"),
        (
            "知识共享署名-非商业性使用-禁止演绎 4.0 国际许可协议",
            "cc-by-nc-nd",
            "CC BY-NC-ND 4.0",
            "licenses/by-nc-nd/4.0/",
        ),
        ("採用創用CC 姓名標示-相同方式分享 3.0 台灣授權條款", "cc-by-sa", "CC BY-SA 3.0", "licenses/by-sa/3.0/"),
        (
            "Licencia Creative Commons Atribución-NoComercial-CompartirIgual 4.0",
            "cc-by-nc-sa",
            "CC BY-NC-SA 4.0",
            "licenses/by-nc-sa/4.0/",
        ),
        (
            "Creative Commons Reconocimiento-NoComercial-SinObraDerivada 3.0 España",
            "cc-by-nc-nd",
            "CC BY-NC-ND 3.0",
            "licenses/by-nc-nd/3.0/",
        ),
        (
            "Creative Commons Atribuição-NãoComercial 4.0 Internacional",
            "cc-by-nc",
            "CC BY-NC 4.0",
            "licenses/by-nc/4.0/",
        ),
        (
            "Creative Commons Namensnennung - Weitergabe unter gleichen Bedingungen 4.0",
            "cc-by-sa",
            "CC BY-SA 4.0",
            "licenses/by-sa/4.0/",
        ),
        (
            "Creative Commons Paternité - Pas d'Utilisation Commerciale 2.0",
            "cc-by-nc",
            "CC BY-NC 2.0",
            "licenses/by-nc/2.0/",
        ),
        (
            "クリエイティブ・コモンズ 表示 - 改変禁止 4.0 国際 ライセンス",
            "cc-by-nd",
            "CC BY-ND 4.0",
            "licenses/by-nd/4.0/",
        ),
        ("Creative Commons BY-NC-SA 4.0", "cc-by-nc-sa", "CC BY-NC-SA 4.0", "licenses/by-nc-sa/4.0/"),
        ("Creative Commons Attribution, Non-Commercial, Share Alike", "cc-by-nc-sa", "CC BY-NC-SA", None),
        # several at once: the strictest
        ("CC BY, CC BY-NC-ND", "cc-by-nc-nd", "CC BY-NC-ND", None),
        ("CC BY-NC, Publisher's own license", "publisher", "publisher terms", None),
        # software and data; Zenodo, recorded
        ("MIT", "other-open", "MIT", None),
        ("Apache License 2.0", "other-open", "Apache License 2.0", None),
        ("GPL-3.0", "other-open", "GPL-3.0", None),
        ("GNU General Public License v3.0 or later", "other-open", "GNU General Public License v3.0 or later", None),
        ("MIT Press, all rights reserved", "publisher", "publisher terms", None),
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
        "The metadata are available under CC0 1.0.", "none stated", "unknown", "N/A", "未说明", "开放获取",
        "Access granted from 2011-02-14",
    ],
)  # fmt: skip
def test_access_is_no_licence(statement: str) -> None:
    assert license_of([statement]) is None


def test_a_licence_of_software_has_its_own_address() -> None:
    found = license_of(["http://www.apache.org/licenses/LICENSE-2.0"])
    assert found is not None
    assert (found.code, found.name, found.url) == (
        *("other-open", "Apache-2.0"),
        "http://www.apache.org/licenses/LICENSE-2.0",
    )


def test_the_most_definite_of_several_statements_counts() -> None:
    found = license_of(["© X", "CC BY", "http://creativecommons.org/licenses/by/3.0/", "CC BY-NC"])
    assert found is not None
    assert found.name == "CC BY 3.0"
    assert license_of([]) is None


@settings(deadline=None)
@given(st.text())
def test_no_statement_breaks_it(text: str) -> None:
    license_of([text, "CC " + text, "creative commons " + text])
