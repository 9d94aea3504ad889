"""Take a picture of the page in a phone-sized window: ``python tests/browser/screenshot.py OUT.png [ADDRESS]``.

Without an address it harvests the demonstration repositories into a folder of its own and serves them meanwhile.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.browser.chromium import PHONE, chromium
from tests.browser.demonstration import demonstration_library, serving

_COUNT = 3500
_PATH = "/?q=太阳能电池&ui=zh"


def take(target: Path, address: str) -> None:
    """Write the picture."""
    with chromium() as browser:
        page = browser.new_page(viewport=PHONE, device_scale_factor=2, locale="zh-CN")
        page.goto(address + _PATH)
        page.screenshot(path=target)


@contextlib.contextmanager
def _demonstration() -> Iterator[str]:
    with (
        tempfile.TemporaryDirectory() as folder,
        demonstration_library(Path(folder), _COUNT) as library,
        serving(library) as address,
    ):
        yield address


def main(arguments: list[str]) -> int:
    """Run the command line."""
    if len(arguments) not in {1, 2}:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    with contextlib.nullcontext(arguments[1]) if len(arguments) == 2 else _demonstration() as address:
        take(Path(arguments[0]), address)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
