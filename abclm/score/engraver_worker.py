"""Turn MusicXML into SVG by verovio, in the process that `abclm.score.engraver` starts."""

from typing import Any

from abclm.system.worker import Answer, serve


def main() -> None:
    """Answer requests until there are no more."""
    serve(_engrave)


def _engrave(request: dict[str, Any]) -> Answer:
    import verovio

    verovio.enableLog(verovio.LOG_OFF)
    # A new toolkit for each tune, so that identifiers don't depend on earlier tunes.
    toolkit = verovio.toolkit()
    toolkit.setOptions(request["options"])
    if not toolkit.loadData(request["musicxml"]):
        return Answer({"error": "verovio can't read it"})
    pages = [toolkit.renderToSVG(number) for number in range(1, toolkit.getPageCount() + 1)]
    return Answer({"pages": pages, "version": toolkit.getVersion()})
