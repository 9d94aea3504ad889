"""What ``kaijuan doctor`` examines: settings, store, index, sources; each finding with what to do."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from harvesters.errors import HarvestError, ServerFaultError
from harvesters.http import Client
from harvesters.oai.fetch import Fetcher
from harvesters.oai.repository import Repository
from harvesters.oalib.robots import ask_robots, require_allowed
from harvesters.pace import Pace
from harvesters.sources.definition import Source
from harvesters.wording import counted
from indexer.errors import IndexerError, StoreBusyError
from search_api.cli.cluster_checks import examine_following, examine_servers
from search_api.cli.findings import Check
from search_api.cli.settings_checks import examine_variables
from search_api.errors import SettingsError
from search_api.library import Library, open_library
from search_api.settings import ClusterStorage, Settings, read_settings

_LEAST_FREE = 1 << 30
#: Without these a library cannot be opened.
_NEEDED = frozenset(("database", "schema"))


def examine() -> list[Check]:
    """Examine everything; what fails does not keep the rest from being examined."""
    try:
        settings = read_settings()
    except SettingsError as error:
        return [
            Check(name="settings", state="failed", found=str(error), remedy="Correct the environment variable named."),
            *examine_variables(os.environ),
        ]
    found = [
        Check(name="settings", state="ok", found=f"{settings.storage.kind} deployment, data in {settings.data_dir}"),
        *examine_variables(os.environ),
    ]
    if isinstance(settings.storage, ClusterStorage):
        servers = [*examine_servers(settings.storage)]
        found += servers
        if any(check.state == "failed" and check.name in _NEEDED for check in servers):
            return found
    try:
        with open_library(settings) as library:
            if isinstance(settings.storage, ClusterStorage):
                found += examine_following(library)
            found += [*_names(library), _disk(settings), *_store(library), *_index(library), *_sources(library)]
    except IndexerError as error:
        found.append(Check(name="store", state="failed", found=error.reason, remedy=error.remedy))
    except HarvestError as error:
        found.append(Check(name="sources file", state="failed", found=str(error), remedy="Correct the file."))
    return found


def _names(library: Library) -> Iterator[Check]:
    """Warn where harvesters and feed readers get identifiers that name no place."""
    if not (library.settings.repository_id or library.settings.public_url):
        yield Check(
            name="repository",
            state="warning",
            found=f"identifiers in /oai and feeds are kaijuan-{library.store.library_id}.invalid",
            remedy="Set KAIJUAN_PUBLIC_URL or KAIJUAN_REPOSITORY_ID before others harvest or follow this library.",
        )


def _disk(settings: Settings) -> Check:
    free = shutil.disk_usage(settings.data_dir if settings.data_dir.exists() else settings.data_dir.anchor or "/").free
    if free < _LEAST_FREE:
        return Check(
            name="disk",
            state="warning",
            found=f"{free >> 20:,} MiB free",
            remedy="Make room: the store and a rebuild need it.",
        )
    return Check(name="disk", state="ok", found=f"{free >> 30:,} GiB free")


def _store(library: Library) -> Iterator[Check]:
    wrong = library.store.database.check()
    counts = library.store.catalogue.counts()
    if wrong:
        yield Check(
            name="store",
            state="failed",
            found="; ".join(wrong),
            remedy="Stop kaijuan, keep a copy, restore the last backup.",
        )
    else:
        yield Check(
            name="store",
            state="ok",
            found=f"{counted(counts['works'], 'work')} from {counted(counts['manifestations'], 'record')}",
        )
    if library.pipeline.is_outdated():
        found = "another version of the normaliser made the works"
        yield Check(name="normaliser", state="warning", found=found, remedy="Run kaijuan rebuild; ids stay.")
    pending = library.store.raw.count_pending()
    if pending:
        yield Check(
            name="pending",
            state="warning",
            found=f"not indexed yet: {counted(pending, 'record')}",
            remedy="Run kaijuan index.",
        )
    waiting = sum(library.store.quarantine.counts().values())
    if waiting:
        yield Check(
            name="quarantine",
            state="warning",
            found=f"what could not be used: {counted(waiting, 'row')}",
            remedy="See the reasons with kaijuan quarantine.",
        )


def _index(library: Library) -> Iterator[Check]:
    try:
        library.pipeline.require_same_history(library.index)
        stats = library.index.stats()
    except IndexerError as error:
        yield Check(name="index", state="failed", found=error.reason, remedy=error.remedy)
        return
    behind = library.store.feed.horizon() - stats.position
    works = library.store.catalogue.counts()["works"]
    if behind < 0 or (behind == 0 and stats.documents != works):
        yield Check(
            name="index",
            state="failed",
            found=f"{counted(stats.documents, 'document')} for {counted(works, 'work')}",
            remedy="Build it anew with kaijuan rebuild --index-only.",
        )
    elif behind:
        yield Check(
            name="index",
            state="warning",
            found=f"{counted(behind, 'change')} behind the store",
            remedy="Run kaijuan index.",
        )
    else:
        yield Check(name="index", state="ok", found=f"{counted(stats.documents, 'work')} in {stats.name}")


def _sources(library: Library) -> Iterator[Check]:
    for source in library.store.sources.all():
        if source.enabled:
            yield reach(library, source)
    for unusable in library.store.sources.unusable():
        yield Check(name=f"source {unusable.id}", state="failed", found=unusable.reason, remedy=unusable.remedy)


def reach(library: Library, source: Source) -> Check:
    """Ask a source to identify itself, once and briefly; a crawled site for its robots.txt, others just to answer.

    A host that another process is asking is not disturbed: it is being harvested.
    """
    name = f"source {source.id}"
    if source.is_file:
        if Path(source.endpoint).exists():
            return Check(name=name, state="ok", found=f"{source.endpoint} is there")
        remedy = f"Put it back, or run: kaijuan sources set {source.id} endpoint=PATH"
        return Check(name=name, state="warning", found=f"{source.endpoint} is not there", remedy=remedy)
    try:
        with library.alone_at(source):
            return _asked(source)
    except StoreBusyError:
        return Check(name=name, state="ok", found=f"another process is asking {source.host}, so it was not asked")


def _asked(source: Source) -> Check:
    name = f"source {source.id}"
    brief = dataclasses.replace(source, attempts=1, timeout_seconds=min(source.timeout_seconds, 10.0))
    client = Fetcher(brief, Pace()) if source.kind == "oai" else Client(brief, Pace())
    try:
        said = _said(client)
    except HarvestError as error:
        return Check(name=name, state="warning", found=str(error), remedy="Check the network and the source's address.")
    finally:
        client.close()
    return Check(name=name, state="ok", found=f"{said} at {source.endpoint}")


def _said(client: Client) -> str:
    if isinstance(client, Fetcher):
        return f"{Repository(client).identify().name} answers"
    if client.source.kind == "oalib":
        require_allowed(ask_robots(client, home_only=True), client)
        return "robots.txt allows what is asked for"
    with contextlib.suppress(ServerFaultError):  # a service that was asked nothing; it answers
        client.ask({})
    return "the service answers"
