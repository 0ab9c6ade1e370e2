"""The pages of a report in a real browser: they do what they promise, with a keyboard alone, and ask nobody."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from corinpaint.archive.reporting.folder import Folder
from corinpaint.archive.reporting.make import make_report

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
from selenium.webdriver.chrome.service import Service  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402
from selenium.webdriver.support.ui import Select, WebDriverWait  # noqa: E402

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None or DRIVER is None, reason="no chromium and chromedriver"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

FLAGS = (
    "--headless --no-sandbox --disable-dev-shm-usage --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
).split()


class Browser:
    """Chromium with one page; what it asks for and complains of is on record."""

    def __init__(self, profile: Path) -> None:
        options = webdriver.ChromeOptions()
        options.binary_location = str(BROWSER)
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(DRIVER))

    def open(self, page: Path) -> None:
        self.driver.get("about:blank")
        self.driver.get(page.as_uri())

    def find(self, identity: str):
        return self.driver.find_element(By.ID, identity)

    def ask(self, script: str, *arguments):
        return self.driver.execute_script(f"return {script}", *arguments)

    def wait(self, condition: Callable[[], object]):
        return WebDriverWait(self.driver, 30).until(lambda _: condition())

    def media(self, **features: str) -> None:
        values = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": values})

    def style(self, selector: str, name: str) -> str:
        return self.ask("getComputedStyle(document.querySelector(arguments[0]))[arguments[1]]", selector, name)

    def numbers(self) -> list[str]:
        return self.ask("[...document.querySelectorAll('#rows th')].map((cell) => cell.textContent)")

    def check(self, folder: Path) -> None:
        """No complaint, and no request that leaves the folder."""
        assert self.driver.get_log("browser") == []
        requested = list(self.requests())
        assert requested
        for address in requested:
            parts = urlsplit(address)
            assert parts.scheme == "file", address
            assert Path(unquote(parts.path)).is_relative_to(folder), address

    def requests(self) -> Iterator[str]:
        """Addresses that pages from the disk have asked for since the last call; not the browser's own."""
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent" and message["params"]["documentURL"].startswith(
                "file:"
            ):
                address = message["params"]["request"]["url"]
                if not address.startswith("data:"):  # icons of the browser in its own controls
                    yield address


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    found = Browser(tmp_path_factory.mktemp("profile"))
    yield found
    found.driver.quit()


@pytest.fixture
def report(folder, browser):
    """A report of two products; afterwards the browser has asked for nothing else."""
    (folder / "35000003.fits").write_bytes(b"cut off")
    made = make_report(folder).folder.path
    browser.media(prefers_color_scheme="light", prefers_reduced_motion="no-preference")
    yield made
    browser.check(made)


@pytest.fixture
def frame(report, browser):
    """The page of the first frame."""
    (page,) = report.glob("frames/35000001-*/index.html")
    browser.open(page)
    return page


def cut(browser: Browser) -> str:
    return browser.style("#before", "clip-path")


@pytest.mark.usefixtures("frame")
def test_the_slider_moves_the_cut_between_before_and_after(browser):
    slider, at_first = browser.find("slider"), cut(browser)
    slider.send_keys(Keys.ARROW_RIGHT)
    assert cut(browser) != at_first
    assert browser.find("slider-value").text == "51"
    slider.send_keys(Keys.HOME)
    assert "100%" in cut(browser)
    assert browser.ask("document.getElementById('before').naturalWidth") == 256


@pytest.mark.usefixtures("frame")
def test_blinking_starts_and_stops_and_keeps_still_where_motion_is_unwelcome(browser):
    blink = browser.find("blink")
    assert blink.get_attribute("aria-pressed") == "false"
    blink.send_keys(Keys.ENTER)
    for hidden in ("hidden", "visible", "hidden"):
        browser.wait(lambda hidden=hidden: browser.style("#before", "visibility") == hidden)
    blink.send_keys(Keys.SPACE)
    assert (blink.get_attribute("aria-pressed"), browser.style("#before", "visibility")) == ("false", "visible")
    browser.media(prefers_reduced_motion="reduce")
    blink.click()
    time.sleep(1.5)  # two blinks, if it did
    assert browser.style("#before", "visibility") == "visible"
    blink.click()
    assert browser.style("#before", "visibility") == "hidden"


@pytest.mark.usefixtures("frame")
def test_outlines_of_flags_are_shown_and_hidden(browser):
    box = browser.find("show-flag-1")
    assert browser.style("#flag-1", "display") != "none"
    box.send_keys(Keys.SPACE)
    assert browser.style("#flag-1", "display") == "none"
    box.click()
    assert browser.style("#flag-1", "display") != "none"
    assert browser.style("#flag-1 .line", "strokeDasharray") != browser.style("#flag-16 .line", "strokeDasharray")


@pytest.mark.usefixtures("frame")
def test_the_header_is_searched(browser):
    browser.find("header-search").send_keys("nmissing")
    shown = browser.ask(
        "[...document.querySelectorAll('#header-cards tbody tr:not([hidden]) th')].map((x) => x.textContent)"
    )
    assert shown == ["NMISSING"]


@pytest.mark.usefixtures("frame")
def test_frames_are_linked_in_the_order_of_time(browser):
    assert browser.find("place").text == "Frame 1 of 2"
    assert browser.find("previous").get_attribute("href") is None
    browser.find("next").click()
    browser.wait(lambda: "35000002" in browser.driver.title)
    product = Path(unquote(urlsplit(browser.find("product").get_attribute("href")).path))
    assert product.is_file()
    browser.find("all").click()
    browser.wait(lambda: browser.numbers() == ["35000001", "35000002", "35000003"])


def test_the_table_is_filtered_and_sorted(report, browser):
    browser.open(report / "index.html")
    browser.wait(lambda: len(browser.numbers()) == 3)
    head = browser.driver.find_element(By.CSS_SELECTOR, "[data-sort=number]")
    head.click()
    head.click()
    assert browser.numbers() == ["35000003", "35000002", "35000001"]
    assert head.find_element(By.XPATH, "..").get_attribute("aria-sort") == "descending"
    Select(browser.find("state")).select_by_value("failed")
    browser.wait(lambda: browser.numbers() == ["35000003"])
    assert "not a FITS" in browser.find("rows").text or "cannot be read" in browser.find("rows").text
    Select(browser.find("state")).select_by_value("")
    browser.ask("(document.getElementById('from').value = '2002-01-09', "
                "document.getElementById('from').dispatchEvent(new Event('input', {bubbles: true})))")  # fmt: skip
    browser.wait(lambda: browser.numbers() == ["35000002"])
    browser.driver.find_element(By.CSS_SELECTOR, "#filter [type=reset]").click()
    browser.wait(lambda: len(browser.numbers()) == 3)
    browser.find("text").send_keys("nothing like it")
    browser.wait(lambda: browser.find("status").text == "No frame fits; 3 in all")


@pytest.mark.usefixtures("frame")
def test_a_keyboard_reaches_everything(browser):
    browser.ask("document.body.focus()")
    reached = []
    for _ in range(40):
        browser.driver.switch_to.active_element.send_keys(Keys.TAB)
        element = browser.driver.switch_to.active_element
        reached.append(element.get_attribute("id") or element.get_attribute("class") or element.tag_name)
        if len(reached) == 1:
            assert element.rect["x"] >= 0  # the skip link shows when it has the focus
        assert browser.style(":focus", "outlineStyle") != "none"
        if reached[-1] == "header-search":
            break
    wanted = ["skip", "all", "next", "product", "slider", "blink", "show-flag-1", "show-flag-16", "header-search"]
    assert [one for one in reached if one in wanted] == wanted


def luminance(colour: str) -> float:
    parts = [float(part) / 255 for part in colour.removeprefix("rgb(").removesuffix(")").split(",")[:3]]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.usefixtures("frame")
def test_texts_have_contrast_in_light_and_in_dark(browser, scheme):
    browser.media(prefers_color_scheme=scheme)
    back = luminance(browser.style("body", "backgroundColor"))
    assert (back < 0.1) == (scheme == "dark")
    for selector in ("body", "a[href]", ".help", "caption", ".warnings li"):
        high, low = sorted((luminance(browser.style(selector, "color")), back), reverse=True)
        assert (high + 0.05) / (low + 0.05) >= 4.5, selector


@pytest.mark.parametrize("width", [400, 1280])
def test_pages_fit_the_screen(frame, browser, width):
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    for page in (frame, frame.parents[2] / "index.html"):
        browser.open(page)
        assert browser.ask("document.documentElement.scrollWidth <= innerWidth")
    browser.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_ten_thousand_rows_are_filtered_and_few_are_shown(tmp_path, browser, make_entries):
    Folder(tmp_path).write_index(make_entries(10_000))
    browser.driver.execute_cdp_cmd("Network.enable", {})
    browser.open(tmp_path / "index.html")
    browser.wait(lambda: "of 10000; 10000 in all" in browser.find("status").text)
    assert len(browser.numbers()) == 50
    browser.find("last").click()
    assert browser.numbers()[-1] == "00009999"
    browser.find("text").send_keys("00007777")
    browser.wait(lambda: browser.numbers() == ["00007777"])
    Select(browser.find("detector")).select_by_value("C3")
    browser.wait(lambda: browser.find("status").text.startswith("No frame fits"))
    browser.driver.get_log("browser")  # pictures of frames that are not there
