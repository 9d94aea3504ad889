"""One MARC record, whatever it came in: ISO 2709 in any of its encodings, or MARCXML; MARC 21 or UNIMARC.

Leaders lie about the encoding, and many systems count lengths in characters where bytes are meant: what the bytes
themselves say goes first, and what cannot be decoded strictly is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from harvesters.errors import FormatError
from harvesters.formats.charset import decodes, looks_chinese
from harvesters.formats.xml import local_name, parse_document, plain_text
from harvesters.records import RawRecord

NAMESPACE = "http://www.loc.gov/MARC21/slim"
RECORD_END = b"\x1d"
_FIELD_END = b"\x1e"
_SUBFIELD = b"\x1f"
_ESCAPE = b"\x1b"
_LEADER = 24
_ENTRY = 12
_INDICATORS = 2
_EXPORT = "Export the record again from the library system, as MARC (ISO 2709) in UTF-8 or as MARCXML, and harvest."
_Element = etree._Element  # noqa: SLF001 - lxml's only name for the type


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field: ``data`` of a control field, indicators and ``subfields`` (code, value) of the others."""

    tag: str
    data: str = ""
    indicators: str = "  "
    subfields: tuple[tuple[str, str], ...] = ()

    def all(self, codes: str) -> list[str]:
        """Return the values of these subfields in order, without white space around them."""
        return [text for code, value in self.subfields if code in codes and (text := value.strip())]

    def first(self, codes: str) -> str | None:
        """Return the first value of any of these subfields."""
        return next(iter(self.all(codes)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class MarcRecord:
    """A decoded record."""

    leader: str
    fields: tuple[Field, ...]

    def all(self, *tags: str) -> Iterator[Field]:
        """Yield the fields with these tags, in the record's order."""
        return (field for field in self.fields if field.tag in tags)

    def first(self, *tags: str) -> Field | None:
        """Return the first field with any of these tags."""
        return next(self.all(*tags), None)

    def control(self, tag: str) -> str:
        """Return a control field's data, or an empty text."""
        field = self.first(tag)
        return field.data.strip() if field else ""

    @property
    def is_unimarc(self) -> bool:
        """Tell whether it is UNIMARC (CNMARC): its title is in 200, not in 245."""
        return self.first("200") is not None and self.first("245") is None


def read_marc(record: RawRecord) -> MarcRecord:
    """Read a MARC record of either form; raise ``FormatError`` where it cannot be read in full."""
    if record.body.lstrip()[:1] != b"<":
        return read_iso2709(record.body)
    try:
        root = parse_document(record.document())
    except FormatError as error:  # whose remedy is to ask a repository
        raise FormatError(str(error), remedy=_EXPORT) from error
    return read_element(root)


def read_element(root: _Element) -> MarcRecord:
    """Read the first MARC record at or below an element."""
    for element in root.iter("{*}record"):
        if any(local_name(child) in {"leader", "controlfield", "datafield"} for child in element):
            return _from_element(element)
    raise FormatError("The document holds no MARC record.", remedy=_EXPORT)


def _from_element(element: _Element) -> MarcRecord:
    leader = ""
    fields: list[Field] = []
    for child in element:
        match local_name(child):
            case "leader":
                leader = plain_text(child)
            case "controlfield":
                fields.append(Field(tag=child.get("tag", ""), data=plain_text(child)))
            case "datafield":
                subfields = tuple(
                    (one.get("code", ""), plain_text(one)) for one in child if local_name(one) == "subfield"
                )
                indicators = (child.get("ind1") or " ")[:1] + (child.get("ind2") or " ")[:1]
                fields.append(Field(tag=child.get("tag", ""), indicators=indicators, subfields=subfields))
    return MarcRecord(leader=leader.ljust(_LEADER), fields=tuple(fields))


def read_iso2709(data: bytes) -> MarcRecord:
    """Read a record in transmission format (ISO 2709)."""
    fields = cut_fields(data)
    decode = _Decoder(data)
    return MarcRecord(
        leader=data[:_LEADER].decode("ascii", "replace"),
        fields=tuple(_decoded(tag, content, decode) for tag, content in fields),
    )


def cut_fields(data: bytes) -> list[tuple[str, bytes]]:
    """Cut a record into (tag, bytes of the field); raise ``FormatError`` where directory and fields do not agree."""
    base = data[12:17]
    end = data.find(_FIELD_END, _LEADER)
    directory = data[_LEADER:end] if end > 0 else b""
    if len(data) < _LEADER or not directory or len(directory) % _ENTRY or not base.isdigit():
        raise FormatError("It is no MARC record: leader or directory is broken.", remedy=_EXPORT)
    entries = [directory[start : start + _ENTRY] for start in range(0, len(directory), _ENTRY)]
    if not all(entry[3:].isdigit() for entry in entries):
        raise FormatError("The directory of the MARC record is broken.", remedy=_EXPORT)
    contents = _by_directory(data, entries, int(base)) or _by_ends(data, entries, end + 1)
    return [(entry[:3].decode("ascii", "replace"), content) for entry, content in zip(entries, contents, strict=True)]


def _by_directory(data: bytes, entries: list[bytes], base: int) -> list[bytes] | None:
    """Cut the fields where the directory says; ``None`` where they do not end there."""
    contents: list[bytes] = []
    last = 0
    for entry in entries:
        start = base + int(entry[7:])
        field = data[start : start + int(entry[3:7])]
        if not field.endswith(_FIELD_END) or _FIELD_END in field[:-1]:
            return None
        contents.append(field[:-1])
        last = max(last, start + len(field))
    if data[last:].strip(RECORD_END + b" \t\r\n\0"):
        raise FormatError("Something follows its last field, perhaps a record after a lost end mark.", remedy=_EXPORT)
    return contents


def _by_ends(data: bytes, entries: list[bytes], base: int) -> list[bytes]:
    """Cut the fields at their end marks: for records whose lengths were counted in characters."""
    *pieces, rest = data[base:].rstrip(RECORD_END).split(_FIELD_END)
    if rest.strip():
        raise FormatError("The MARC record ends in the middle of a field.", remedy=_EXPORT)
    if len(pieces) != len(entries):
        raise FormatError(
            f"The directory names {len(entries)} fields, but the MARC record has {len(pieces)}.", remedy=_EXPORT
        )
    order = sorted(range(len(entries)), key=lambda place: int(entries[place][7:]))
    found = dict(zip(order, pieces, strict=True))
    return [found[place] for place in range(len(entries))]


class _Decoder:
    """Decodes a record's texts in the one encoding that the whole record is in."""

    def __init__(self, data: bytes) -> None:
        self._is_marc8 = False
        self._charset = "utf-8"
        if decodes(data, "utf-8") and _ESCAPE not in data:
            return
        if _ESCAPE not in data and looks_chinese(data) and decodes(data, "gb18030"):
            self._charset = "gb18030"
        elif data[9:10] == b"a":
            raise FormatError("Its leader says UTF-8, but it has bytes that are not.", remedy=_EXPORT)
        else:
            self._is_marc8 = True

    def __call__(self, data: bytes) -> str:
        if data.isascii() and _ESCAPE not in data:
            return data.decode("ascii")
        if not self._is_marc8:
            return data.decode(self._charset)
        from pymarc.marc8 import marc8_to_unicode  # noqa: PLC0415  # its tables take 60 MB, and few files need them

        try:
            return marc8_to_unicode(data, hide_utf8_warnings=True)
        except (UnicodeDecodeError, ValueError, KeyError) as error:
            raise FormatError("It has characters that are not MARC-8.", remedy=_EXPORT) from error


def _decoded(tag: str, content: bytes, decode: _Decoder) -> Field:
    if tag.startswith("00"):
        return Field(tag=tag, data=decode(content))
    first, *rest = content.split(_SUBFIELD)
    indicators = decode(first[:_INDICATORS]).ljust(_INDICATORS)
    pairs = ((decode(one[:1]) if one[:1].isascii() else "?", decode(one[1:])) for one in rest if one)
    return Field(tag=tag, indicators=indicators, subfields=tuple(pairs))
