"""What a file is, judged by its name alone: enough to propose a kind, and to name what a source does not read."""

from __future__ import annotations

from harvesters.sources.definition import Kind

#: What the end of a file's name says of its kind, after ``.gz`` is taken off.
_ENDINGS: tuple[tuple[tuple[str, ...], Kind], ...] = (
    ((".csv", ".tsv", ".txt"), "csv"),
    ((".mrc", ".marc", ".mrk", ".marcxml"), "marc"),
    ((".ris",), "ris"),
    ((".bib", ".bibtex"), "bibtex"),
    ((".nxml", ".xml", ".tar", ".tgz", ".zip"), "jats"),
    ((".json", ".jsonl"), "doaj-dump"),
)
_TABLES = (".csv", ".tsv", ".txt")
_WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".ods", ".et")
#: Texts for people that lie beside the data.
_NOTES = ("readme", "read me", "license", "licence", "copying", "notice", "changelog", "说明", "自述", "必读")


def kind_by_name(name: str) -> Kind | None:
    """Guess what a file is from its name; ``None`` where it says nothing."""
    stem = name.rpartition("/")[2].lower().removesuffix(".gz")
    if stem.endswith(".txt") and stem.startswith(_NOTES):
        return None
    if "kbart" in stem and stem.endswith(_TABLES):
        return "kbart"
    if "doaj" in stem or "journalcsv" in stem:
        if stem.endswith(".csv"):
            return "doaj-journals"
        if stem.endswith((".tar", ".tgz", ".json")):
            return "doaj-dump"
    if "marc" in stem and stem.endswith(".xml"):
        return "marc"
    return next((kind for endings, kind in _ENDINGS if stem.endswith(endings)), None)


def is_workbook(name: str) -> bool:
    """Tell whether a file is named like a spreadsheet program's, which no kind of source reads."""
    return name.lower().endswith(_WORKBOOKS)
