"""Turn MusicXML that comes in on standard input into SVG on standard output, in a process of its own.

Run by `abclm.score.engraver`, by its path, so it imports nothing of the package. A request and its answer are each
a JSON object behind four bytes that say how long it is.
"""

import json
import os
import struct
import sys
from typing import Any, BinaryIO


def main() -> None:
    """Answer requests until there are no more."""
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    # What the library prints must not get between the answers.
    os.dup2(2, 1)
    import verovio

    verovio.enableLog(verovio.LOG_OFF)
    while True:
        request = receive(requests)
        if request is None:
            return
        send(answers, _engrave(verovio, request))


def _engrave(verovio: Any, request: dict[str, Any]) -> dict[str, Any]:
    # A new toolkit for each tune: identifiers depend on nothing that came before.
    toolkit = verovio.toolkit()
    toolkit.setOptions(request["options"])
    if not toolkit.loadData(request["musicxml"]):
        return {"error": "verovio can't read it"}
    pages = [toolkit.renderToSVG(number) for number in range(1, toolkit.getPageCount() + 1)]
    return {"pages": pages, "version": toolkit.getVersion()}


def send(stream: BinaryIO, message: dict[str, Any]) -> None:
    """Write one message."""
    data = json.dumps(message).encode("utf-8")
    stream.write(struct.pack(">I", len(data)) + data)
    stream.flush()


def receive(stream: BinaryIO) -> dict[str, Any] | None:
    """Read one message; None where the other side has gone."""
    head = stream.read(4)
    if len(head) < 4:
        return None
    data = stream.read(*struct.unpack(">I", head))
    return dict(json.loads(data))


if __name__ == "__main__":
    main()
