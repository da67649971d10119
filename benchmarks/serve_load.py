"""Send requests of many clients to `abclm serve` at the same time, and count the results.

    python benchmarks/serve_load.py [--model session] [--clients 50] [--seconds 60] [--max-length N] [--json]

The server runs in a separate process. During the given time, each client requests a tune like the page, then its
score, and for every fourth tune its sound and a WAV file. Every tenth client reads slowly. A client that gets a 429
tries again after the time in `Retry-After`. The output has the numbers of requests that were answered, refused, and
lost (anything else, such as an incomplete response). Memory is that of the server and all its processes (Linux);
shared memory counts once."""

import argparse
import asyncio
import json
import os
import random
import re
import signal
import statistics
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx2

PATIENCE_SECONDS = 120


class Load:
    """What many clients do and see.

    Args:
        address: of the server.
        process: its number.
        wishes: for every tune.
    """

    def __init__(self, address: str, process: int, wishes: dict[str, int]) -> None:
        self.address = address
        self.wishes = wishes
        self.process = process
        self.came: Counter[str] = Counter()
        self.lost: Counter[str] = Counter()
        self.seconds: dict[str, list[float]] = {}
        self.memory: list[float] = []  # MB, once a second

    async def run(self, clients: int, seconds: float) -> None:
        """Let so many clients ask for so long."""
        limits = httpx2.Limits(max_connections=None)
        async with httpx2.AsyncClient(
            base_url=self.address, timeout=PATIENCE_SECONDS, limits=limits, trust_env=False
        ) as client:
            (await client.post("/api/generate", json={})).raise_for_status()
            watching = asyncio.create_task(self._watch())
            end = time.monotonic() + seconds
            await asyncio.gather(*(self._ask(client, number, end) for number in range(clients)))
            watching.cancel()

    async def _ask(self, client: httpx2.AsyncClient, number: int, end: float) -> None:
        choice = random.Random(number)
        done = 0
        while time.monotonic() < end:
            rhythm = choice.choice(["jig", "reel", "waltz", "hornpipe"])
            wishes = {"title": f"Load {number}", "key": choice.choice("GDA"), "rhythm": rhythm, **self.wishes}
            lines = await self._request(client, "/api/generate/stream", wishes, slow=number % 10 == 9)
            if lines is None:
                continue
            last = json.loads(lines.rstrip().rpartition(b"\n")[2])
            if last["event"] != "written":
                self.lost[f"failed: {last['error'][:60]}"] += 1
                continue
            done += 1
            abc = last["tune"]["abc"]
            await self._request(client, "/api/score", {"abc": abc})
            if done % 4 == 0:
                await self._request(client, "/api/sound", {"abc": abc})
                await self._request(client, "/api/convert", {"abc": abc, "format": "wav"})

    async def _request(
        self, client: httpx2.AsyncClient, path: str, body: dict[str, Any], slow: bool = False
    ) -> bytes | None:
        """Send a request, note what becomes of it; gives the answer, if there is one."""
        begun = time.monotonic()
        try:
            async with client.stream("POST", path, json=body) as response:
                content = b""
                async for piece in response.aiter_raw():
                    content += piece
                    if slow:
                        await asyncio.sleep(0.1)
        except httpx2.HTTPError as error:
            self.lost[f"{path}: {type(error).__name__} {error}"[:100]] += 1
            return None
        name = body.get("format", path.removeprefix("/api/"))
        if response.status_code == 429:
            self.came["refused"] += 1
            await asyncio.sleep(int(response.headers["Retry-After"]))
            return None
        if response.status_code != 200:
            self.lost[f"{path}: {response.status_code} {content[:60]!r}"] += 1
            return None
        self.came["answered"] += 1
        self.came[name] += 1
        self.seconds.setdefault(name, []).append(time.monotonic() - begun)
        return content

    async def _watch(self) -> None:
        while True:
            if memory := megabytes(self.process):
                self.memory.append(memory)
            await asyncio.sleep(1)

    def figures(self) -> dict[str, object]:
        """What was counted."""
        half = self.memory[len(self.memory) // 2 :]
        return {
            "answered": self.came.pop("answered", 0),
            "refused": self.came.pop("refused", 0),
            "lost": self.lost.total(),
            "lost_as": dict(self.lost),
            "kinds": dict(sorted(self.came.items())),
            "median_seconds": {
                name: round(statistics.median(each), 2) for name, each in self.seconds.items()
            },
            "longest_seconds": {name: round(max(each), 2) for name, each in self.seconds.items()},
            "megabytes_first": round(self.memory[0]) if self.memory else None,
            "megabytes_middle": round(half[0]) if half else None,
            "megabytes_last": round(self.memory[-1]) if self.memory else None,
            "megabytes_most": round(max(self.memory)) if self.memory else None,
        }


def megabytes(process: int) -> float:
    """The memory of a process and those that it started, each page counted once; 0 where that is not known."""
    total = 0
    for number in [process, *children(process)]:
        try:
            rollup = Path(f"/proc/{number}/smaps_rollup").read_text()
        except OSError:  # it has ended, or this is no Linux
            continue
        total += int(re.search(r"(?m)^Pss: +(\d+) kB", rollup)[1])
    return total / 1024


def children(process: int) -> list[int]:
    found = []
    try:
        for thread in Path(f"/proc/{process}/task").iterdir():
            for number in (thread / "children").read_text().split():
                found += [int(number), *children(int(number))]
    except OSError:
        pass
    return found


def start(model: str) -> tuple[subprocess.Popen[str], str]:
    """Start the server; gives it and its address."""
    path = os.pathsep.join([str(Path(__file__).resolve().parent.parent), os.environ.get("PYTHONPATH", "")])
    process = subprocess.Popen(
        [sys.executable, "-m", "abclm", "serve", "--model", model, "--port", "0"],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path.rstrip(os.pathsep)},
    )
    said = ""
    for line in process.stderr:
        said += line
        if found := re.search(r"http://[\d.:]+", line):
            return process, found[0]
    sys.exit(said)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="session")
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--max-length", type=int, help="characters that a tune has at most")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    process, address = start(given.model)
    load = Load(address, process.pid, {"max_length": given.max_length} if given.max_length else {})
    try:
        asyncio.run(load.run(given.clients, given.seconds))
        is_alive = process.poll() is None
    finally:
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=30)[1]
    figures = {"clients": given.clients, "seconds": given.seconds, **load.figures()}
    figures |= {"alive": is_alive, "exit_code": process.returncode, "said": said}
    if given.json:
        print(json.dumps(figures, indent=2))
        return
    for name, value in figures.items():
        print(f"{name.replace('_', ' '):>18}: {value}")


if __name__ == "__main__":
    main()
