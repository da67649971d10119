"""Say what is known of each format that a tune can be saved as, by the suffix of its files.

A new format is a function and a row of `FORMATS`. `Tune.save`, the command line, the API and the web page read the
rows and name no format themselves.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import Any

from abclm.errors import AbclmError
from abclm.notation.tune import Tune


@dataclass(frozen=True, kw_only=True)
class Format:
    """A format of files. Functions are given as `module:name` and imported when they are first needed.

    Attributes:
        media_type: its name in HTTP.
        label: the text of its button on the web page.
        place: of that button among the others, the smallest number first.
        write: the function that turns a tune into the file's content, text or bytes; None where `write_book` does it.
        write_book: the function that turns several tunes into one file. It takes a list of tunes and returns the
            content and a list of the tunes left out, each with its error. Without it, each tune gets a file.
        from_midi: whether `write` takes the tune's MIDI file, as the tune is played, instead of the tune.
        options: which of `performance` (how the tune is played), `made` (how it was made), `title` (of a book),
            `incipits` (whether its index has the first bars of each tune) and `progress` (called with the number of
            tunes that are done and that of all) the functions take by name.
    """

    media_type: str
    label: str
    place: int = 9
    write: str | None = None
    write_book: str | None = None
    from_midi: bool = False
    options: tuple[str, ...] = ()

    @property
    def has_sound(self) -> bool:
        """Whether the tune can be heard, so that it matters how it is played."""
        return self.from_midi or "performance" in self.options

    def format(self, source: Any, **options: Any) -> bytes:
        """Turn a tune, or where `from_midi` is true a MIDI file, into a file's content."""
        if self.write is None:
            return self.format_book([source], **options)[0]
        return _encoded(resolve_name(self.write)(source, **self._taken(options)))

    def format_book(
        self, tunes: Sequence["Tune"], **options: Any
    ) -> tuple[bytes, list[tuple["Tune", "AbclmError"]]]:
        """Turn several tunes into the content of one file; also returns those left out, with the errors."""
        assert self.write_book
        content, failed = resolve_name(self.write_book)(tunes, **self._taken(options))
        return _encoded(content), failed

    def _taken(self, options: dict[str, Any]) -> dict[str, Any]:
        return {name: options.get(name) for name in self.options}


FORMATS: dict[str, Format] = {
    ".abc": Format(
        media_type="text/vnd.abc; charset=utf-8", label="ABC", place=6,
        write="abclm.notation.tunebook:as_file", write_book="abclm.formats.save:format_book",
    ),
    ".mid": Format(
        media_type="audio/midi", label="MIDI", place=3,
        write="abclm.midi.file:MidiFile.to_bytes", from_midi=True,
    ),
    ".wav": Format(
        media_type="audio/wav", label="Sound .wav", place=2,
        write="abclm.sound.wav:midi_to_wav", from_midi=True,
    ),
    ".mp3": Format(
        media_type="audio/mpeg", label="Sound .mp3", place=2,
        write="abclm.sound.mp3:midi_to_mp3", from_midi=True,
    ),
    ".svg": Format(
        media_type="image/svg+xml", label="Drawing .svg", place=8,
        write="abclm.score.svg:format_svg",
    ),
    ".png": Format(
        media_type="image/png", label="Picture .png", place=4,
        write="abclm.score.pdf:format_png",
    ),
    ".pdf": Format(
        media_type="application/pdf", label="Sheet .pdf", place=1,
        write_book="abclm.score.pdf:format_pdf", options=("title", "incipits", "progress"),
    ),
    ".musicxml": Format(
        media_type="application/vnd.recordare.musicxml+xml", label="MusicXML", place=7,
        write="abclm.score.musicxml:format_musicxml",
    ),
    ".html": Format(
        media_type="text/html; charset=utf-8", label="Page .html", place=5,
        write_book="abclm.views.page:format_page", options=("performance", "made", "title", "incipits", "progress"),
    ),
}  # fmt: skip


def suffixes_of(condition: str) -> str:
    """The suffixes of the formats for which an attribute is true, for a message or a help text.

    Example:
        >>> suffixes_of("has_sound")
        '.mid, .wav, .mp3, .html'
    """
    return ", ".join(suffix for suffix, row in FORMATS.items() if getattr(row, condition))


def _encoded(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content
