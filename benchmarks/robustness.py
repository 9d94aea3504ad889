"""Play every scenario of the hostile repository with kaijuan, sickle and oaipmh-scythe, and write docs/robustness.md.

usage: python benchmarks/robustness.py [--only TEXT] [--print]

Each client meets a fresh repository on loopback. kaijuan harvests into a new embedded library, and a second time when
the fault is gone. The peers are iterated to the end as their documentation shows, with their retries on, each in a
process of its own with limits of time and memory.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from lxml import etree

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.repository.scenarios import SCENARIOS, Held, Scenario, truth  # noqa: E402  # the tests are not installed
from tests.repository.scenarios.playing import Played, play  # noqa: E402

PAGE = ROOT / "docs" / "robustness.md"
PEERS = ("sickle", "oaipmh-scythe")
_SECONDS = 30
_MEMORY = 3 << 29
_ADDRESS = re.compile(r"(?:https?://)?127\.0\.0\.1:\d+(?:/\S*)?")
_HEAD = b'<r xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
_THEMES = {
    "transport": "Statuses, connections, compression, redirects",
    "pages": "Characters, mark-up, namespaces, entities",
    "tokens": "Resumption tokens",
    "lists": "Doubles, moving records, list sizes, windows",
    "records": "Identifiers, datestamps, clocks, deletions",
}

_PEER = """
import json, re, resource, sys
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[5]), int(sys.argv[5])))
name, url, since, until = sys.argv[1:5]
CODES = (429, 500, 502, 503, 504)

def records():
    if name == "sickle":
        from sickle import Sickle
        client = Sickle(url, max_retries=3, retry_status_codes=CODES, default_retry_after=1, timeout=5)
        window = {name: date for name, date in (("from", since), ("until", until)) if date}
        return client.ListRecords(metadataPrefix="oai_dc", **window)
    from oaipmh_scythe import Scythe
    from oaipmh_scythe.config import HTTPConfig, RetryConfig
    retries = RetryConfig(
        max_retries=3,
        retry_status_codes=CODES,
        default_retry_after=1,
        retry_on_transport_error=True,
        initial_backoff=0.1,
    )
    return Scythe(url, http_config=HTTPConfig(timeout=5), retry_config=retries).list_records(
        metadata_prefix="oai_dc", from_=since or None, until=until or None
    )

try:
    for record in records():
        text = re.sub(r"\\s+", "", "".join(record.xml.itertext()))
        print(json.dumps([record.header.identifier, text]), flush=True)
except MemoryError:
    print(json.dumps({"end": "runs out of memory"}), flush=True)
except BaseException as error:
    print(json.dumps({"end": f"raises {type(error).__name__}"}), flush=True)
else:
    print(json.dumps({"end": "ends normally"}), flush=True)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a client had in the end, and what it said."""

    got: int
    of: int
    end: str
    verdict: str

    def cell(self) -> str:
        """Write it for the table; what is lost in silence stands out."""
        text = f"{self.got:,} of {self.of:,}, {self.end}"
        return f"**{text}**" if self.verdict in {_SILENT, _NEVER} else text


_ALL, _LOUD = "brings everything and ends well", "stops or stays short, and says so"
_SILENT, _NEVER = "misses or alters records, and says nothing", "does not end"


def text_of(held: Held) -> str:
    """Return a record's text without white space, as the peers' records are compared."""
    root = etree.fromstring(_HEAD + (held.body or b"") + b"</r>", etree.XMLParser(huge_tree=True))
    return re.sub(r"\s+", "", "".join(str(text) for text in root.itertext()))


def ask_peer(name: str, scenario: Scenario) -> Outcome:
    """Let a peer list everything, and compare with what there is."""
    with scenario.open() as repository, tempfile.TemporaryFile("w+") as output:
        scenario.prepare(repository)
        arguments = [name, repository.url, scenario.since or "", scenario.until or "", str(_MEMORY)]
        command = [sys.executable, "-W", "ignore", "-c", _PEER, *arguments]
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.DEVNULL)
        try:
            code = process.wait(_SECONDS)
            if code > 0:
                raise SystemExit(f"{name}: the script that runs it ended with {code}.")
            end = f"is ended by signal {-code}"
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            end = f"does not end in {_SECONDS} s"
        there = truth(repository)
        output.seek(0)
        lines = output.read().splitlines()
    got: dict[str, str] = {}
    for line in lines:
        if not line.endswith(("]", "}")):
            continue  # killed in mid-line
        said = json.loads(line)
        if isinstance(said, dict):
            end = said["end"]
        else:
            got[(said[0] or "").strip()] = said[1]
    return _judged(got, there, end)


def _judged(got: dict[str, str], there: dict[str, Held], end: str) -> Outcome:
    present = [name for name in there if name in got]
    altered = sum(
        not (there[name].is_late or there[name].deleted) and got[name] != text_of(there[name]) for name in present
    )
    nameless = int("" in got)
    missing = sum(not held.is_late and name not in got for name, held in there.items()) - nameless
    gone = len(set(got) - set(there)) - nameless
    if "does not end" in end:
        verdict = _NEVER
    elif end == "ends normally":
        verdict = _SILENT if missing or altered or gone else _ALL
    else:
        verdict = _LOUD
    notes = [
        f"{count} {what}"
        for count, what in ((altered, "altered"), (gone, "gone since"), (nameless, "without identifier"))
        if count
    ]
    return Outcome(got=len(present), of=len(there), end=", ".join([*notes, end]), verdict=verdict)


def ours(scenario: Scenario) -> tuple[Outcome, str]:
    """Harvest with a library of its own; return the first harvest's outcome and what the second one came to."""
    with tempfile.TemporaryDirectory() as folder:
        played = play(scenario, Path(folder))
    return _first(played), _second(scenario, played)


def _first(played: Played) -> Outcome:
    first = played.spoiled
    missing = {name for name in first.missing if not first.repository[name].is_late}
    end = f"{first.report.status}"
    verdict = _LOUD
    if first.report.status == "complete":
        named = min(first.report.quarantined, len(first.quarantine))
        end += f", {named} named in quarantine" if named else ""
        verdict = _ALL if not missing else _LOUD if len(missing) <= named else _SILENT
    else:
        end += f": “{_plain(first.report.error or '')}”"
    return Outcome(got=first.got, of=len(first.repository), end=end, verdict=verdict)


def _second(scenario: Scenario, played: Played) -> str:
    second = played.mended
    same = sum(
        name in second.store
        and (second.store[name].body or held.body) == held.body
        and second.store[name].datestamp == held.datestamp
        for name, held in second.repository.items()
    )
    how = " (`--full`)" if scenario.again == "full" else ""
    return f"{second.report.status}{how}, {same:,} of {len(second.repository):,}"


def _plain(text: str) -> str:
    """Shorten an error, without the addresses of this machine."""
    said = re.sub(r"\d{9,} s", "… s", _ADDRESS.sub("…", text)).replace("|", "\\|").replace("\n", " ")
    return said if len(said) <= 110 else f"{said[:109]}…"


def play_all(scenarios: list[Scenario]) -> list[tuple[Scenario, Outcome, str, list[Outcome]]]:
    """Play every scenario with every client; the peers of one scenario run side by side."""
    rows = []
    with ThreadPoolExecutor(len(PEERS)) as pool:
        for number, scenario in enumerate(scenarios, 1):
            waiting = [pool.submit(ask_peer, name, scenario) for name in PEERS]
            first, second = ours(scenario)
            rows.append((scenario, first, second, [one.result() for one in waiting]))
            print(f"{number}/{len(scenarios)} {scenario.name}: {first.end}; {second}", file=sys.stderr, flush=True)
    return rows


def written(rows: list[tuple[Scenario, Outcome, str, list[Outcome]]]) -> str:
    """Write the page."""
    versions = ", ".join(f"{name} {version(name)}" for name in ("kaijuan", *PEERS))
    when = f"{datetime.now(UTC).date().isoformat()} · Python {platform.python_version()} · {versions}"
    verdicts = [Counter(row[1].verdict for row in rows)]
    verdicts += [Counter(row[3][place].verdict for row in rows) for place in range(len(PEERS))]
    lines = [_INTRODUCTION.format(when=when, count=len(rows), seconds=_SECONDS, memory=f"{_MEMORY / (1 << 30):g}")]
    lines += ["| | kaijuan | sickle | oaipmh-scythe |", "|---|---|---|---|"]
    for verdict in (_ALL, _LOUD, _SILENT, _NEVER):
        lines.append(f"| {verdict} | " + " | ".join(str(counts[verdict]) for counts in verdicts) + " |")
    again = sum(row[2].startswith("complete") for row in rows)
    lines.append(
        f"\nAfter the fault was gone, kaijuan's next harvest was complete in {again} of {len(rows)} scenarios."
    )
    for theme, title in _THEMES.items():
        chosen = [row for row in rows if row[0].theme == theme]
        if not chosen:
            continue
        lines += [
            f"\n## {title}\n",
            "| the repository … | kaijuan | then | sickle | oaipmh-scythe |",
            "|---|---|---|---|---|",
        ]
        for scenario, first, second, peers in chosen:
            does = scenario.does.replace("|", "\\|").replace("<", "&lt;")
            cells = [does, first.cell(), second, *(peer.cell() for peer in peers)]
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join([*lines, _END])


_INTRODUCTION = """# Robustness

{when}

A repository with 60 records on six pages (unless said otherwise) misbehaves in {count} ways; each is a scenario of
`tests/repository/scenarios` and a test in `tests/integration/test_hostile.py`. Three clients harvest it:

- **kaijuan** as `kaijuan harvest` does: a new embedded library, four attempts, waits of hundredths of a second. *Then*
  is its second harvest, when the fault is gone and the repository has one new record: how it ended, and how many
  records the store then held exactly as the repository has them (identifier, datestamp, bytes).
- **sickle**: `Sickle(url, max_retries=3, retry_status_codes=…, default_retry_after=1, timeout=5).ListRecords(…)`.
- **oaipmh-scythe**: `list_records` with `RetryConfig(max_retries=3, retry_on_transport_error=True, …)`, time-out 5 s.

Both peers are iterated once to the end, in a process that may take {seconds} s and {memory} GB. They are clients, not
harvesters: they keep no state, so there is nothing to take up again, and they leave it to the caller to compare a
list's stated size. What they hand out counts where the repository has such a record, and is *altered* where its text is
not the repository's. Numbers are different records; one that changed while it was being harvested may also come with
the next harvest. **Bold** is what the user is not told: records missing or altered after a normal end, or no end at
all.

Run it again with `python benchmarks/robustness.py`; it needs the test dependencies and some minutes.
"""
_END = """
## What nobody can notice

A list that ends early with an empty token, states no size anywhere and sends no record twice looks like a whole one. So
do records that left a list behind the reader's back where no size is stated. `kaijuan harvest --full` from time to
time, and the comparison of identifiers where the repository keeps no deletions, find such records later.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="play only scenarios whose name contains this, and print")
    parser.add_argument("--print", action="store_true", help="print the page instead of writing it")
    options = parser.parse_args()
    rows = play_all([scenario for scenario in SCENARIOS if options.only in scenario.name])
    page = written(rows)
    if options.only or options.print:
        print(page)
    else:
        PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
