"""Archives are read within bounds, whatever they say of themselves."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from harvesters.errors import PageError
from harvesters.files import archives
from tests.unit.files.reading import read

ARTICLE = (
    "<article><front><article-meta><article-id pub-id-type='doi'>10.1000/{}</article-id><title-group>"
    "<article-title>T</article-title></title-group></article-meta></front></article>"
)


def a_zip(path: Path, articles: int) -> bytes:
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(articles):
            archive.writestr(f"{number}.xml", ARTICLE.format(number))
        archive.comment = b"a comment at the end"
    return path.read_bytes()


def test_a_zip_of_too_many_members_is_refused_before_its_directory_is_held_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = a_zip(tmp_path / "a.zip", 10)
    assert len(read(tmp_path / "a.zip", "jats", packed)[0]) == 10
    monkeypatch.setattr(archives, "MAX_DIRECTORY", 10 * (46 + len("0.xml")) - 1)
    with pytest.raises(PageError, match=r"more members than .* pack it as tar\.gz"):
        read(tmp_path / "a.zip", "jats", packed)
