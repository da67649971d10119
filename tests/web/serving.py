"""What the tests of the web page share: a tune, the application in this process, a server in one of its own."""

import os
import re
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import abclm
from abclm.web.limits import Limits

TUNE = "X:1\nT:Two Bars\nR:reel\nM:4/4\nL:1/8\nK:G\nGABc dedB|c2A2 G4|]\n"
MARKUP = "<img src=x onerror=alert(1)></textarea><script>alert(2)</script>"
# How a file of each format begins.
BEGINNINGS = {
    "abc": b"%abc-2.1\nX:1\n", "mid": b"MThd", "wav": b"RIFF", "mp3": b"\xff\xfb", "svg": b"<svg ", "png": b"\x89PNG",
    "pdf": b"%PDF", "musicxml": b"<?xml", "html": b"<!doctype html>",
}  # fmt: skip


@contextmanager
def client_of(lm, **limits):
    from fastapi.testclient import TestClient

    from abclm.web.app import create_app

    app = create_app(lm, "small", Limits(**{"workers": 1, **limits}))
    with TestClient(app, base_url="http://localhost") as client:
        yield client


class Server:
    """`abclm serve` as a user runs it."""

    def __init__(self, *arguments, code=None):
        path = os.pathsep.join([str(Path(abclm.__file__).parent.parent), os.environ.get("PYTHONPATH", "")])
        self.process = subprocess.Popen(
            [sys.executable, *(("-c", code) if code else ("-m", "abclm", "serve", "--port", "0", *arguments))],
            stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path.rstrip(os.pathsep)},
        )  # fmt: skip
        self.said = []
        self._ready = threading.Event()
        threading.Thread(target=self._listen, daemon=True).start()
        assert self._ready.wait(120), "the server did not start"
        found = re.search(r"http://([\d.]+):(\d+)/", "".join(self.said))
        assert found, "".join(self.said)
        self.address, self.host, self.port = found[0].rstrip("/"), found[1], int(found[2])

    def _listen(self):
        for line in self.process.stderr:
            self.said.append(line)
            if "Ctrl-C" in line:
                self._ready.set()
        self.process.stderr.close()
        self._ready.set()

    def stop(self):
        """Press Ctrl-C; gives the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(30)
        finally:
            self.process.kill()
            self.process.wait()
