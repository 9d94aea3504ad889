"""Write MARC records by hand: transmission format in any encoding, and MARCXML."""

from __future__ import annotations

from xml.sax.saxutils import escape

NAMESPACE = "http://www.loc.gov/MARC21/slim"
#: A control field is (tag, data); any other (tag, indicators, "a…", "b…").
Field = tuple[str, ...]


def iso2709(*fields: Field, leader: str = "cam a22", charset: str = "utf-8", end: bytes = b"\x1d") -> bytes:
    """Return a record with true lengths; ``leader`` is what stands at 05-11."""
    directory, data = b"", b""
    for tag, *parts in fields:
        if tag < "010":
            content = parts[0].encode(charset)
        else:
            subfields = b"".join(b"\x1f" + one[:1].encode() + one[1:].encode(charset) for one in parts[1:])
            content = parts[0].encode() + subfields
        content += b"\x1e"
        directory += tag.encode() + b"%04d%05d" % (len(content), len(data))
        data += content
    base = 24 + len(directory) + 1
    size = base + len(data) + 1
    return b"%05d" % size + leader.encode() + b"%05d" % base + b" a 4500" + directory + b"\x1e" + data + end


def marcxml(*fields: Field, leader: str = "cam a22", prefix: str = "", declare: bool = False) -> str:
    """Return a ``record`` element."""
    mark = f"{prefix}:" if prefix else ""
    declared = f' xmlns{":" + prefix if prefix else ""}="{NAMESPACE}"' if declare else ""
    inner = f"<{mark}leader>00000{leader}00000 a 4500</{mark}leader>"
    for tag, *parts in fields:
        if tag < "010":
            inner += f'<{mark}controlfield tag="{tag}">{escape(parts[0])}</{mark}controlfield>'
            continue
        subfields = "".join(f'<{mark}subfield code="{one[:1]}">{escape(one[1:])}</{mark}subfield>' for one in parts[1:])
        inner += f'<{mark}datafield tag="{tag}" ind1="{parts[0][0]}" ind2="{parts[0][1]}">{subfields}</{mark}datafield>'
    return f"<{mark}record{declared}>{inner}</{mark}record>"
