"""How long report pages take: making one of a product, and filtering and sorting a table of many frames in Chromium.

    python benchmarks/report_page.py PRODUCTS [--rows 10000]

PRODUCTS is a folder of Level 1 products. Needs selenium, chromium and chromedriver for the second part.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from corinpaint.archive.reporting.entries import Entry
from corinpaint.archive.reporting.folder import Folder
from corinpaint.archive.reporting.make import make_report

FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync")

TIMED = """
const done = arguments[arguments.length - 1], [id, value, event] = arguments;
const start = performance.now(), element = document.querySelector(id);
if (value !== null) element.value = value;
element.dispatchEvent(new Event(event, {bubbles: true}));
document.body.offsetHeight;
done(performance.now() - start);
"""


def pages(products: Path) -> None:
    """Time to make the pages of a folder, and to find that nothing has changed."""
    with tempfile.TemporaryDirectory() as folder:
        for what in ("made", "kept"):
            started = time.perf_counter()
            report = make_report(products, Path(folder) / "report")
            seconds, count = time.perf_counter() - started, max(getattr(report, what), 1)
            print(f"{count} pages {what}: {1e3 * seconds / count:.1f} ms each")
        size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
        print(
            f"{size / count / 1024:.0f} KiB a page; {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB"
        )


def table(rows: int) -> None:
    """Time until a table of many frames is there, and that of a filter and of sorting, in the browser."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.support.ui import WebDriverWait

    taken = np.datetime64("2002-01-01T00:00:00") + np.arange(rows) * np.timedelta64(20, "m")
    entries = [
        Entry(f"{i}.fits", f"{i:08}-0", f"{i:08}", str(when), "C2" if i % 2 else "C3", "Orange", "Clear", missing=i % 7)
        for i, when in enumerate(taken)
    ]
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as profile:
        started = time.perf_counter()
        Folder(Path(folder)).write_index(entries)
        print(f"index of {rows} rows: written in {time.perf_counter() - started:.2f} s")
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium") or ""
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
        try:
            started = time.perf_counter()
            driver.get((Path(folder) / "index.html").as_uri())
            status = "return document.getElementById('status').textContent"
            WebDriverWait(driver, 60, 0.02).until(lambda _: f"{rows} in all" in driver.execute_script(status))
            print(f"opened in {time.perf_counter() - started:.2f} s")
            for what, words in (
                ("text filter", ("#text", "0000777", "input")),
                ("date filter", ("#from", "2002-02-01", "input")),
                ("sorting", ("[data-sort=missing]", None, "click")),
            ):
                times = [driver.execute_async_script(TIMED, *words) for _ in range(7)]
                print(f"{what}: median {statistics.median(times):.0f} ms, at most {max(times):.0f} ms")
        finally:
            driver.quit()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("products", type=Path)
    parser.add_argument("--rows", type=int, default=10_000)
    given = parser.parse_args()
    pages(given.products)
    table(given.rows)
