"""Writes docs/images/ anew: the report of a sample as Chromium shows it, light and dark."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Literal

REPOSITORY = Path(__file__).resolve().parent.parent
IMAGES = REPOSITORY / "docs" / "images"
WIDTH, HEIGHT = 1000, 1532
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def main() -> int:
    """Run the samples, report the last run, and picture the top of its page in each theme."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        print("no Chromium here (Debian: apt-get install chromium)", file=sys.stderr)
        return 1
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        page_file = _report(Path(folder))
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for theme in THEMES:
            page = browser.new_page(color_scheme=theme, viewport={"width": WIDTH, "height": HEIGHT})
            page.goto(page_file.as_uri())
            image = IMAGES / f"report-{theme}.png"
            page.screenshot(path=image)
            print(f"{image.relative_to(REPOSITORY)}: {image.stat().st_size:,} bytes")
        browser.close()
    return 0


def _report(folder: Path) -> Path:
    page = folder / "report.html"
    for sample, *more in (("01",), ("02", "--report", str(page))):
        command = [sys.executable, "-m", "callcenter_etl", "validate"]
        command += [f"src_files/call_center_raw_2025{sample}.csv", "-c", "contracts/call_center.yaml"]
        command += ["-o", str(folder / "out"), "-q", "--force", "--log-level", "ERROR", *more]
        done = subprocess.run(command, cwd=REPOSITORY, stdout=subprocess.DEVNULL, check=False)  # noqa: S603  this program's own command line
        if done.returncode > 1:
            raise SystemExit(f"{' '.join(command)} ended with {done.returncode}")
    return page


if __name__ == "__main__":
    sys.exit(main())
