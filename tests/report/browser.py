"""A headless Chromium that looks at pages, and what it did behind them."""

from __future__ import annotations

import io
import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")
_ARGUMENTS: Final = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-dev-shm-usage", "--hide-scrollbars"),
)
_PATIENCE: Final = 20.0


class Browser:
    """One browser; pages are opened one after another."""

    def __init__(self, driver: Any) -> None:
        self._driver = driver

    def open(
        self,
        page: Path,
        link: str = "",
        *,
        width: int = 1280,
        height: int = 860,
        dark: bool = False,
        scale: int = 1,
    ) -> None:
        """Open a page anew and wait until all of its samples are unpacked; sizes in CSS pixels."""
        self._driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {
                "width": width,
                "height": height,
                "deviceScaleFactor": scale,
                "mobile": width < 600,
            },
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        self._driver.get("about:blank")
        self._logs("performance"), self._logs("browser")
        self._driver.get(f"{page.resolve().as_uri()}{link}")
        self.until("return document.documentElement.dataset.ready === 'true'")

    def run(self, script: str, *given: Any) -> Any:
        """Return what a script gives back."""
        return self._driver.execute_script(script, *given)

    def until(self, script: str) -> None:
        """Wait until a script gives back what is true."""
        end = time.monotonic() + _PATIENCE
        while not self.run(script):
            assert time.monotonic() < end, f"not within {_PATIENCE:g} seconds: {script}"
            time.sleep(0.02)

    def press(self, *keys: str) -> None:
        """Press keys where the focus is, as a person does, and wait until the page has followed."""
        from selenium.webdriver.common.action_chains import ActionChains

        for key in keys:
            ActionChains(self._driver).send_keys(key).perform()
            # The page hears of its own address in a later turn of its loop, late on a busy machine.
            self.until("return document.documentElement.dataset.at === location.hash")

    def search(self, text: str) -> int:
        """Search, and return how many samples are found."""
        self.run(
            "const field = document.getElementById('query'); field.value = arguments[0];"
            "field.dispatchEvent(new Event('input'))",
            text,
        )
        return self.found()

    def found(self) -> int:
        """Return how many samples are found now."""
        said = str(self.run("return document.querySelector('#found span').textContent"))
        return int(said.split(" of ")[0].replace(",", ""))

    def choose(self, label: str, value: str) -> int:
        """Choose in a filter by its label, and return how many samples are found."""
        self.run(
            "const label = [...document.querySelectorAll('#choices label')].find((each) =>"
            " each.firstChild.textContent === arguments[0]);"
            "label.lastChild.value = arguments[1];"
            "label.lastChild.dispatchEvent(new Event(label.lastChild.tagName === 'SELECT' ?"
            " 'change' : 'input'))",
            label,
            value,
        )
        return self.found()

    def text(self, selector: str) -> str:
        """Return the text of an element, as it stands in the page."""
        return str(self.run("return document.querySelector(arguments[0]).textContent", selector))

    def picture(self, target: Path) -> None:
        """Write what is seen now as a small PNG."""
        from PIL import Image

        seen = Image.open(io.BytesIO(self._driver.get_screenshot_as_png()))
        seen.convert("RGB").save(target, optimize=True)

    def requests(self) -> list[str]:
        """Return every address that was asked for since the page was opened."""
        messages = [json.loads(each["message"])["message"] for each in self._logs("performance")]
        return [
            each["params"]["request"]["url"]
            for each in messages
            if each["method"] == "Network.requestWillBeSent"
        ]

    def complaints(self) -> list[str]:
        """Return what the browser complained of since the page was opened."""
        return [each["message"] for each in self._logs("browser")]

    def _logs(self, kind: str) -> list[dict[str, Any]]:
        logs: list[dict[str, Any]] = self._driver.get_log(kind)
        return logs


@contextmanager
def opened_browser(profile: Path) -> Iterator[Browser]:
    """Start a browser; skips the test where none is installed."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    program = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    driver = shutil.which("chromedriver")
    if program is None or driver is None:
        pytest.skip("no chromium with its chromedriver is installed")
    options = webdriver.ChromeOptions()
    options.binary_location = program
    for argument in (*_ARGUMENTS, f"--user-data-dir={profile}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    service = webdriver.ChromeService(executable_path=driver)
    browser = webdriver.Chrome(options=options, service=service)
    try:
        yield Browser(browser)
    finally:
        browser.quit()
