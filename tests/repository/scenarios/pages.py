"""What goes wrong inside one page: characters, mark-up, namespaces, errors, entities."""

from __future__ import annotations

import base64
import dataclasses

from tests.repository import faults
from tests.repository.scenarios.scenario import SIZE, SPOILED, Scenario
from tests.repository.scenarios.transport import always, everything, later, twice

_TITLE = b"Study 017."
_LATER_TITLE = b"Study 025."
_OAI = b'xmlns="http://www.openarchives.org/OAI/2.0/"'
_ONE_ASIDE = frozenset((SPOILED,))
_BOMB = (
    '<!DOCTYPE OAI-PMH [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in zip("abcdefgh", "bcdefghi", strict=True))
    + "]>\n<OAI-PMH "
).encode()
_OUTSIDE = b'<!DOCTYPE OAI-PMH [<!ENTITY a SYSTEM "file:///etc/hostname">]>\n<OAI-PMH '
_RECORD_END = b"Study 017.</dc:title></oai_dc:dc></metadata></record>"


def _in_clear(token: str) -> str:
    """Undo the base64 of a token."""
    return base64.urlsafe_b64decode(token).decode()


def _in_title(text: bytes, title: bytes = _TITLE) -> faults.Fault:
    return faults.with_bytes(title, b"Study " + text + title[5:])


_CHARACTERS = (
    *(
        Scenario(
            name=f"illegal character {name}",
            does=f"has {name} in a title",
            prepare=everything(faults.with_bytes(_TITLE, b"Study" + text + b" 017.")),
        )
        for name, text in (
            ("0x0B", b"\x0b"),
            ("0x03", b"\x03"),
            ("0x00", b"\x00"),
            ("0x1F", b"\x1f"),
            ("&#11;", b"&#11;"),
            ("&#x3;", b"&#x3;"),
            ("&#0;", b"&#0;"),
            ("U+FFFF", b"\xef\xbf\xbf"),
        )
    ),
    Scenario(
        name="illegal character and & in tokens",
        does="has 0x0B in a title, and &amp; in the tokens of its pages",
        prepare=everything(
            faults.together(faults.with_bytes(_TITLE, b"Study\x0b 017."), faults.token_reads(_in_clear))
        ),
    ),
    *(
        Scenario(
            name=name,
            does=does,
            prepare=everything(_in_title(text)),
            at_least=SIZE - 1,
            set_aside=_ONE_ASIDE,
            again="full",
        )
        for name, does, text in (
            ("undefined entity", "has &nosuch; in a title", b"&nosuch;"),
            ("HTML entity", "has &eacute; in a title, which XML does not know", b"&eacute;"),
            ("bare ampersand", "has a bare & in a title", b"&"),
            ("wrong encoding", "sends Latin-1 bytes in a page that says UTF-8", "é".encode("latin-1")),
            ("wrong nesting", "has an element in a title that never ends", b"<i>"),
        )
    ),
)

_MARKUP = (
    Scenario(
        name="HTML instead of XML, twice",
        does="answers 200 with a web page twice in mid-list",
        prepare=twice(faults.html),
    ),
    Scenario(
        name="HTML instead of XML",
        does="answers 200 with a web page to everything from the third request on",
        prepare=later(faults.html),
        ends=("incomplete",),
        says="is an HTML page",
        at_least=20,
    ),
    Scenario(
        name="nothing at all",
        does="answers 200 with an empty body to everything from the third request on",
        prepare=later(faults.empty),
        ends=("incomplete",),
        says="is empty",
        at_least=20,
    ),
    Scenario(
        name="page cut, lengths agree",
        does="sends half of the second page twice as if it were all",
        prepare=twice(faults.cut()),
    ),
    Scenario(
        name="page cut for ever, lengths agree",
        does="sends half of each page from the third request on as if it were all",
        prepare=later(faults.cut()),
        ends=("incomplete",),
        says="not well-formed",
        at_least=20,
    ),
    Scenario(
        name="wrong end tag in a record",
        does="ends a title with </dc:titel>",
        prepare=everything(faults.with_bytes(_TITLE + b"</dc:title>", _TITLE + b"</dc:titel>")),
        at_least=SIZE - 1,
        set_aside=_ONE_ASIDE,
        again="full",
    ),
    Scenario(
        name="record without an end tag",
        does="forgets a </record>, and states no list size",
        prepare=everything(
            faults.together(
                faults.with_bytes(_RECORD_END, _RECORD_END.replace(b"</record>", b"")),
                faults.states_size(lambda _: None),
            )
        ),
        at_least=SIZE - 1,
        set_aside=_ONE_ASIDE,
        again="full",
    ),
    Scenario(
        name="wrong end tag of the list",
        does="ends a list with </ListRecord>",
        prepare=always(faults.with_bytes(b"</ListRecords>", b"</ListRecord>")),
    ),
    Scenario(
        name="text after </OAI-PMH>",
        does="lets PHP write a notice behind each page",
        prepare=everything(faults.followed_by(b"\n<br /><b>Notice</b>: Undefined index: x in /var/www/oai.php")),
    ),
    Scenario(
        name="text before <?xml",
        does="lets PHP write a warning before each page",
        prepare=everything(faults.with_bytes(b"<?xml", b"\nWarning: mysql_connect(): x in oai.php on line 3\n<?xml")),
    ),
    Scenario(
        name="blank lines and a byte-order mark before <?xml",
        does="begins each page with a byte-order mark and blank lines",
        prepare=everything(faults.with_bytes(b"<?xml", b"\xef\xbb\xbf\r\n\r\n<?xml")),
    ),
    Scenario(
        name="UTF-16",
        does="sends its pages in UTF-16, and says so",
        prepare=everything(faults.encoded("UTF-16")),
        again="full",
    ),
)

_NAMESPACES = (
    *(
        Scenario(
            name=f"namespace: {name}",
            does=f"puts its pages into {does}",
            prepare=everything(faults.with_bytes(_OAI, namespace)),
        )
        for name, does, namespace in (
            ("another", "the namespace of version 1.1", b'xmlns="http://www.openarchives.org/OAI/1.1/"'),
            ("none", "no namespace", b""),
            ("https", "the namespace with https instead of http", _OAI.replace(b"http:", b"https:")),
        )
    ),
    Scenario(
        name="namespace: prefixed",
        does="puts a prefix on every OAI-PMH element",
        prepare=everything(faults.prefixed),
        again="full",
    ),
)

_ENTITIES = (
    *(
        Scenario(
            name=name,
            does=does,
            prepare=later(faults.together(fault, _in_title(text, _LATER_TITLE))),
            ends=("incomplete",),
            says="declares a document type or entities",
            at_least=20,
        )
        for name, does, fault, text in (
            (
                "entity bomb",
                "declares entities that grow to 200 MB from the third page on",
                faults.with_bytes(b"<OAI-PMH ", _BOMB),
                b"&i;",
            ),
            (
                "external entity",
                "declares an entity that reads a file of ours from the third page on",
                faults.with_bytes(b"<OAI-PMH ", _OUTSIDE),
                b"&a;",
            ),
        )
    ),
    *(
        Scenario(
            name=f"entity bomb in {encoding}",
            does=f"declares entities that grow to 200 MB in an attribute, in {encoding}, from the third page on",
            prepare=later(
                faults.together(
                    faults.with_bytes(b"<OAI-PMH ", _BOMB.replace(b"<OAI-PMH ", b'<OAI-PMH x="&i;" ')),
                    faults.encoded(encoding),
                )
            ),
            ends=("incomplete",),
            says=says,
            at_least=20,
        )
        for encoding, says in (("UTF-16", "declares a document type or entities"), ("UTF-7", "UTF-7"))
    ),
)

SCENARIOS = tuple(
    dataclasses.replace(scenario, theme="pages") for scenario in (*_CHARACTERS, *_MARKUP, *_NAMESPACES, *_ENTITIES)
)
