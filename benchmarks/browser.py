"""Write tunes with the page of examples/browser in Chromium; count the valid ones, and the characters a second.

    npm install onnxruntime-web@1.30.0
    python examples/browser/make.py --out site
    python benchmarks/browser.py site [--tunes 200] [--json]

Each tune has a title and a seed, and the model's own rhythm and key. Valid is a tune that ends by itself and in which
`abclm check` finds nothing. The same seeds are written with bars that don't fit drawn again, as the page does, and with
bars as they come. It needs Playwright (the extra `test`) and Chromium."""

import argparse
import functools
import http.server
import json
import shutil
import statistics
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import abclm

LOAD = """async () => {
    const begun = performance.now();
    const ort = await import("./ort/ort.wasm.min.mjs");
    ort.env.wasm.numThreads = 1;
    window.writer = await (await import("./writer.js")).Writer.load(ort);
    return (performance.now() - begun) / 1000;
}"""
WRITE = """async ([seed, redraws]) => {
    const begun = performance.now();
    const tune = await window.writer.write({ title: `Tune ${seed + 1}`, seed, redraws });
    return { ...tune, seconds: (performance.now() - begun) / 1000 };
}"""
WAYS = {"bars drawn again": 200, "bars as they come": 0}
ARGUMENTS = ["--no-sandbox", "--headless", "--disable-gpu"]


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        pass


@contextmanager
def served(folder: str) -> Iterator[str]:
    """Serve a folder; gives its address."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=folder))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def written(page: Any, tunes: int, redraws: int) -> dict[str, float]:
    """Write tunes, and count."""
    found = [page.evaluate(WRITE, [seed, redraws]) for seed in range(tunes)]
    valid = [each["ended"] and not abclm.Tune.parse(each["text"]).check() for each in found]
    return {
        "tunes": tunes,
        "valid": sum(valid),
        "redraws": sum(each["redraws"] for each in found),
        "characters_per_second": statistics.median(len(each["text"]) / each["seconds"] for each in found),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("site", help="folder that make.py has written")
    parser.add_argument("--tunes", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("browser.py: there is no Chromium; apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with served(given.site) as address, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        page = browser.new_page()
        page.goto(f"{address}/writer.js")  # any page of the folder
        figures: dict[str, Any] = {"browser": browser.version, "seconds_to_load": page.evaluate(LOAD)}
        figures |= {way: written(page, given.tunes, redraws) for way, redraws in WAYS.items()}
        browser.close()
    if given.json:
        print(json.dumps(figures, indent=2))
        return
    print(f"Chromium {figures['browser']}, loaded in {figures['seconds_to_load']:.1f} s")
    for way in WAYS:
        row = figures[way]
        print(
            f"{way}: {row['valid']} of {row['tunes']} valid, {row['redraws']} bars drawn again, "
            f"{row['characters_per_second']:.0f} characters/s"
        )


if __name__ == "__main__":
    main()
