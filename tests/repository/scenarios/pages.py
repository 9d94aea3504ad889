"""What goes wrong inside one page: characters, mark-up, namespaces, errors, entities."""

from __future__ import annotations

import base64
import dataclasses

from tests.repository import faults
from tests.repository.scenarios.scenario import SIZE, SPOILED, got_round, stopped
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
        got_round(
            f"illegal character {name}",
            f"has {name} in a title",
            everything(faults.with_bytes(_TITLE, b"Study" + text + b" 017.")),
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
    got_round(
        "illegal character and & in tokens",
        "has 0x0B in a title, and &amp; in the tokens of its pages",
        everything(faults.together(faults.with_bytes(_TITLE, b"Study\x0b 017."), faults.token_reads(_in_clear))),
    ),
    *(
        got_round(name, does, everything(_in_title(text)), at_least=SIZE - 1, set_aside=_ONE_ASIDE, again="full")
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
    got_round("HTML instead of XML, twice", "answers 200 with a web page twice in mid-list", twice(faults.html)),
    stopped(
        "HTML instead of XML",
        "answers 200 with a web page to everything from the third request on",
        later(faults.html),
        "is an HTML page",
    ),
    stopped(
        "nothing at all",
        "answers 200 with an empty body to everything from the third request on",
        later(faults.empty),
        "is empty",
    ),
    got_round("page cut, lengths agree", "sends half of the second page twice as if it were all", twice(faults.cut())),
    stopped(
        "page cut for ever, lengths agree",
        "sends half of each page from the third request on as if it were all",
        later(faults.cut()),
        "not well-formed",
    ),
    got_round(
        "wrong end tag in a record",
        "ends a title with </dc:titel>",
        everything(faults.with_bytes(_TITLE + b"</dc:title>", _TITLE + b"</dc:titel>")),
        at_least=SIZE - 1,
        set_aside=_ONE_ASIDE,
        again="full",
    ),
    got_round(
        "record without an end tag",
        "forgets a </record>, and states no list size",
        everything(
            faults.together(
                faults.with_bytes(_RECORD_END, _RECORD_END.replace(b"</record>", b"")),
                faults.states_size(lambda _: None),
            )
        ),
        at_least=SIZE - 1,
        set_aside=_ONE_ASIDE,
        again="full",
    ),
    got_round(
        "wrong end tag of the list",
        "ends a list with </ListRecord>",
        always(faults.with_bytes(b"</ListRecords>", b"</ListRecord>")),
    ),
    got_round(
        "text after </OAI-PMH>",
        "lets PHP write a notice behind each page",
        everything(faults.followed_by(b"\n<br /><b>Notice</b>: Undefined index: x in /var/www/oai.php")),
    ),
    got_round(
        "text before <?xml",
        "lets PHP write a warning before each page",
        everything(faults.with_bytes(b"<?xml", b"\nWarning: mysql_connect(): x in oai.php on line 3\n<?xml")),
    ),
    got_round(
        "blank lines and a byte-order mark before <?xml",
        "begins each page with a byte-order mark and blank lines",
        everything(faults.with_bytes(b"<?xml", b"\xef\xbb\xbf\r\n\r\n<?xml")),
    ),
    got_round("UTF-16", "sends its pages in UTF-16, and says so", everything(faults.encoded("UTF-16")), again="full"),
)

_NAMESPACES = (
    *(
        got_round(f"namespace: {name}", f"puts its pages into {does}", everything(faults.with_bytes(_OAI, namespace)))
        for name, does, namespace in (
            ("another", "the namespace of version 1.1", b'xmlns="http://www.openarchives.org/OAI/1.1/"'),
            ("none", "no namespace", b""),
            ("https", "the namespace with https instead of http", _OAI.replace(b"http:", b"https:")),
        )
    ),
    got_round(
        "namespace: prefixed", "puts a prefix on every OAI-PMH element", everything(faults.prefixed), again="full"
    ),
)

_ENTITIES = (
    *(
        stopped(
            name,
            does,
            later(faults.together(fault, _in_title(text, _LATER_TITLE))),
            "declares a document type or entities",
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
        stopped(
            f"entity bomb in {encoding}",
            f"declares entities that grow to 200 MB in an attribute, in {encoding}, from the third page on",
            later(
                faults.together(
                    faults.with_bytes(b"<OAI-PMH ", _BOMB.replace(b"<OAI-PMH ", b'<OAI-PMH x="&i;" ')),
                    faults.encoded(encoding),
                )
            ),
            says,
        )
        for encoding, says in (("UTF-16", "declares a document type or entities"), ("UTF-7", "UTF-7"))
    ),
)

SCENARIOS = tuple(
    dataclasses.replace(scenario, theme="pages") for scenario in (*_CHARACTERS, *_MARKUP, *_NAMESPACES, *_ENTITIES)
)
