"""Make the pictures of the README: the score of a tune, and the web page.

python docs/make_pictures.py

This needs playwright (in the extra `test`) and the program Chromium on the `PATH`.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

import abclm

PICTURES = Path(__file__).with_name("pictures")
SIZE = {"width": 1120, "height": 856}  # of the page, in pixels
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
IS_DONE = "document.querySelector('#score .note') && !document.querySelector('.engraving, .writing')"


def make_score(path: Path) -> None:
    """Write the score of the tune that the README's first `abclm generate` prints."""
    (tune,) = abclm.load("session").generate(title="The Lost Badger", rhythm="jig", key="G", seed=1)
    tune.save(path)


def make_page(path: Path) -> None:
    """Write a screenshot of the page, with the first tune of the README's Python example."""
    command = [sys.executable, "-m", "abclm", "serve", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server, sync_playwright() as driver:
        assert server.stderr is not None
        words = (word for line in server.stderr for word in line.split())  # a warning may come first
        address = next(word for word in words if word.startswith("http://"))
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = browser.new_page(viewport=SIZE, color_scheme="light", reduced_motion="reduce")
        page.goto(address)
        page.locator("#title").fill("The Lost Badger")
        for name, value in {"rhythm": "jig", "meter": "6/8", "key": "G"}.items():
            page.locator(f"#{name}").select_option(value)
        page.locator("#seed").fill("7")
        page.get_by_role("button", name="Write a tune").click()
        while not page.evaluate(IS_DONE):
            page.wait_for_timeout(100)
        page.evaluate("window.scrollTo(0, 0)")
        page.wait_for_timeout(500)  # until the score has faded in
        page.screenshot(path=path)
        browser.close()
        server.terminate()


def reduce(path: Path, colors: int, width: int) -> None:
    """Scale a picture to a width in pixels, and write it again with few colors."""
    with Image.open(path) as picture:
        height = round(picture.height * width / picture.width)
        small = picture.convert("RGB").resize((width, height), Image.Resampling.LANCZOS)
    small.quantize(colors, dither=Image.Dither.NONE).save(path, optimize=True)


def main() -> None:
    """Make both, in a folder aside, so that a failure leaves the old pictures."""
    with tempfile.TemporaryDirectory() as folder:
        for name, make, colors, width in [
            ("score.png", make_score, 16, 1000),
            ("page.png", make_page, 64, SIZE["width"]),
        ]:
            path = Path(folder) / name
            make(path)
            reduce(path, colors, width)
            shutil.copyfile(path, PICTURES / name)
            print(f"docs/pictures/{name}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
