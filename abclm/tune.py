"""Turn ABC text into a tune that can be checked, normalised, transposed, saved, seen and heard: the public `Tune`.

Reading is `abclm.notation.tune`'s; what a tune becomes is made by the packages below this module, each imported where
it is needed, so that a tune costs no more than what is done with it.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Self

from abclm.errors import ConvertError, NotationError
from abclm.notation import tune as core
from abclm.notation.problems import Problem
from abclm.notation.tunebook import Tunebook, decode, parse_tunebook
from abclm.show.picture import Picture
from abclm.system.files import MIDI_SUFFIXES

if TYPE_CHECKING:
    from music21.stream import Score


_log = logging.getLogger(__name__)
_SHOWN = 5  # each with its sound: more would make a notebook of megabytes


class Tune(core.Tune):
    r"""A tune in ABC notation.

    Make one with `Tune.parse`. What is read from the text: `reference_number`, `titles`, `rhythm`, `meter`,
    `unit_note_length`, `key` (as they are spelled there; None where the header has no such field) and `body`.

    Example:
        >>> tune = Tune.parse("X:1\nT:Scale\nM:4/4\nL:1/4\nK:G\nGABc|defg|]\n")
        >>> tune.title, tune.key, [note.pitch for note in tune.notes()]
        ('Scale', 'G', [67, 69, 71, 72, 74, 76, 78, 79])
    """

    @classmethod
    def of(cls, tune: core.Tune) -> Self:
        """The same tune with the methods of this class; nothing is read again."""
        face = object.__new__(cls)
        face.__dict__.update(tune.__dict__)
        return face

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read one tune; see `abclm.notation.tune.Tune.parse`. Where the text has several, a warning says so."""
        tune = super().parse(text)
        if (found := text.count("\nX:") + text.startswith("X:")) > 1:
            _log.warning(
                "the text holds %d tunes; the first is read, and read_tunebook or Corpus.read reads all",
                found,
            )
        return tune

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Self:
        """Read one tune from a file: ABC (in UTF-8 or Latin-1), or the melody of a MIDI file.

        Args:
            path: the file. Where a tunebook has several tunes, the first is read, and a warning says so.

        Raises:
            NotationError: the file holds no tune.
            ConvertError: a MIDI file can't be read.
            OSError: the file can't be read.
        """
        data = Path(path).read_bytes()
        try:
            if Path(path).suffix.lower() in MIDI_SUFFIXES:
                from abclm.midi.file import MidiFile
                from abclm.midi.to_tune import midi_to_tune

                return cls.of(midi_to_tune(MidiFile.parse(data), title=Path(path).stem))
            return cls.parse(decode(data))
        except (NotationError, ConvertError) as error:
            raise type(error)(f"{os.fspath(path)}: {error}") from None

    def check(self) -> list[Problem]:
        """Find what is wrong; see `abclm.notation.check`."""
        from abclm.notation.check import check

        return check(self)

    def normalize(self, chord_symbols: bool = False, keep_tempo: bool = False) -> Self:
        """Bring the tune to the canonical form; see `abclm.notation.canonical.normalize`."""
        from abclm.notation.canonical.normalize import normalize

        return normalize(self, chord_symbols=chord_symbols, keep_tempo=keep_tempo)

    def transpose(self, semitones: int) -> Self:
        """Move the tune by semitones, in canonical form; see `abclm.notation.canonical.normalize.transpose`."""
        from abclm.notation.canonical.normalize import transpose

        return transpose(self, semitones)

    def with_chords(self) -> Self:
        """Write chord symbols where sections have none; see `abclm.analysis.harmony.symbols.add_chords`."""
        from abclm.analysis.harmony.symbols import add_chords

        return add_chords(self)

    def save(
        self,
        path: str | os.PathLike[str],
        *,
        instrument: str | None = None,
        tempo: str | None = None,
        chords: bool = False,
        made: Mapping[str, str] | None = None,
    ) -> None:
        """Write the tune in the format that the file's suffix names, such as .abc, .mid, .wav, .pdf or .html.

        Args:
            path: the file to write. `abclm.formats.table.FORMATS` has all suffixes.
            instrument: such as `fiddle`; for formats with sound, as the next two (see `Performance`).
            tempo: beats a minute, or such as `1/4=120`; else the tune's own, or what is usual for its rhythm.
            chords: play the chord symbols, too.
            made: how the tune was made, for a page of HTML, such as `{"Model": "session"}`.

        Raises:
            ConvertError, ConfigError, OSError: see `abclm.formats.save.save`.
        """
        from abclm.formats.save import save
        from abclm.midi.performance import Performance

        save(self, path, Performance.asked(instrument, tempo, chords), made)

    def _repr_html_(self) -> str:
        """What a notebook shows: the score and a player."""
        from abclm.views.notebook import tune_html

        return tune_html(self)

    def piano_roll(self) -> Picture:
        """Draw the notes over time, as heard, sixteen bars to a row.

        Returns:
            A picture that a notebook shows, and that `save` writes.

        Raises:
            ConvertError: there is no note.
        """
        from abclm.views.piano_roll import piano_roll

        return piano_roll(self)

    def pitch_histogram(self) -> Picture:
        """Draw how much of the time each pitch sounds; what it returns and raises is as for `piano_roll`."""
        from abclm.views.pitches import pitch_histogram

        return pitch_histogram(self)

    def to_music21(self) -> Score:
        """The tune's canonical form as a music21 score, by way of MusicXML.

        Raises:
            ConvertError: the tune has no canonical form, or no note.
        """
        from music21 import converter

        from abclm.score.musicxml import format_musicxml

        return converter.parseData(format_musicxml(self), format="musicxml")


class Tunes(list[Tune]):
    """A list of tunes that a notebook shows with scores and players, the first five of them."""

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        more = f"<p>… and {len(self) - _SHOWN:,} more</p>" if len(self) > _SHOWN else ""
        return f"<div>{''.join(tune._repr_html_() for tune in self[:_SHOWN])}{more}</div>"


def read_tunebook(path: str | os.PathLike[str]) -> Tunebook[Tune]:
    """Read a file's tunes and its problems.

    Args:
        path: a tunebook in UTF-8 or Latin-1.

    Raises:
        OSError: the file can't be read.
    """
    book = parse_tunebook(decode(Path(path).read_bytes()))
    return Tunebook([Tune.of(tune) for tune in book.tunes], book.problems)
