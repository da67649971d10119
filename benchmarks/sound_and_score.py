"""Check the sound, the scores and the MIDI transcription of generated tunes and of corpus tunes.

    python benchmarks/sound_and_score.py [--tunes 200] [--model session] [--corpus NAME ...] [--seed 0]
                                         [--only sound score midi] [--hostile] [--json]

The model writes `--tunes` tunes, and the same number is drawn from the corpora. The script counts

- sound, made by the built-in synthesizer and, if it is installed, by FluidSynth: files in which 90 % of the notes
  that are longer than 0.1 s and not in a chord have the pitch of the MIDI file (read by pretty_midi) to half a
  semitone, in any octave; which are as long as the MIDI file plus the last note's release, to 0.01 s; whose peak is
  below full scale in both channels, without three equal samples in a row at the peak; and whose last 5 ms are below a
  hundredth of the peak. It also prints the seconds to make a minute of sound;
- score: tunes whose SVG has a note head for each written note (for each letter in the text; a length without a single
  note value counts as its tied notes), and tunes whose MusicXML music21 reads with the same pitches, onsets and
  durations, with repeats expanded; for comparison, the same for music21's own reading of the ABC;
- midi: tunes that are transcribed from MIDI and played again with the same pitches, and with onsets equal to a
  sixteenth; for comparison, the same for `midi2abc`.

`--hostile` instead gives nine hostile inputs to the engraver, the page and abc2midi.
"""

import argparse
import io
import json
import random
import re
import subprocess
import sys
import tempfile
import time
import warnings
import wave
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pretty_midi
from numpy.typing import NDArray

import abclm
from abclm.corpora.corpus import read_corpora
from abclm.errors import AbclmError, ConvertError
from abclm.midi.abc2midi import abc_to_midi, played_notes
from abclm.midi.file import MidiFile
from abclm.midi.instruments import timbre_name
from abclm.midi.performance import play
from abclm.midi.to_tune import midi_to_tune
from abclm.notation.symbols import Chord, Note
from abclm.notation.timing import quarters
from abclm.score.musicxml import format_musicxml
from abclm.score.svg import format_svg
from abclm.sound import synthesis
from abclm.sound.fluidsynth import TAIL_SECONDS
from abclm.sound.timbres import TIMBRES
from abclm.sound.wav import midi_to_wav
from abclm.system.programs import find_abc_program
from abclm.tune import Tune
from abclm.views.page import format_page

CORPORA = ("oneills1850", "ryansMammoth", "airdsAirs")
SHOWN = 5
SIXTEENTH = Fraction(1, 4)


def given_tunes(given: argparse.Namespace) -> Iterator[tuple[str, list[Tune]]]:
    lm = abclm.load(given.model)
    yield given.model, lm.generate(n=given.tunes, seed=given.seed)
    corpus = read_corpora(given.corpus).normalize().deduplicate()
    count = min(given.tunes, len(corpus))
    yield ", ".join(given.corpus), random.Random(given.seed).sample(list(corpus.tunes), count)


def read_wav(data: bytes) -> tuple[NDArray[np.float64], int]:
    """Samples between -1 and 1, shape (samples, channels), and the rate."""
    with wave.open(io.BytesIO(data)) as file:
        sound = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, file.getnchannels())
        return sound / 32768, file.getframerate()


def read_notes(midi: MidiFile) -> list[pretty_midi.Note]:
    """The notes of a MIDI file, percussion aside, as another library reads them."""
    instruments = pretty_midi.PrettyMIDI(io.BytesIO(midi.to_bytes())).instruments
    return sorted(
        (note for each in instruments if not each.is_drum for note in each.notes), key=lambda note: note.start
    )


def share_in_tune(sound: NDArray[np.float64], rate: int, notes: list[pretty_midi.Note]) -> float:
    """The share of notes longer than 0.1 s at whose pitch the sound's autocorrelation is highest, octaves folded.

    A tune that has no such note counts as out of tune, so that it is looked at.
    """
    good = total = 0
    together = Counter(note.start for note in notes)
    for note in notes:
        part = sound[round((note.start + 0.03) * rate) : round(note.end * rate)]
        if together[note.start] > 1 or note.end - note.start < 0.1 or len(part) < 2000:
            continue
        total += 1
        part = part - part.mean()
        if not part.any():
            continue
        alike = np.fft.irfft(np.abs(np.fft.rfft(part, 1 << 17)) ** 2)
        shortest, longest = rate // 2000, rate // 80
        lag = shortest + int(alike[shortest:longest].argmax())
        before, here, after = alike[lag - 1 : lag + 2]
        period = lag + 0.5 * (before - after) / (before - 2 * here + after)
        off = 12 * np.log2(rate / period / 440) + 69 - note.pitch
        good += abs((off + 6) % 12 - 6) < 0.5
    return good / total if total else 0.0


def is_clipped(sound: NDArray[np.float64]) -> bool:
    """Whether three samples in a row are equal and the loudest: a wave that was cut off, at whatever level."""
    loudest = np.abs(sound) == np.abs(sound).max()
    return bool((loudest[:-2] & loudest[1:-1] & loudest[2:]).any())


def check_sound(tunes: list[Tune], fluidsynth: bool) -> dict[str, Any]:
    counts, shown = Counter[str](), []
    sound_seconds = taken = 0.0
    slowest = (0.0, 0.0)
    for tune in tunes:
        midi = play(tune)
        synthesis._kept_tone.cache_clear()  # as in a process that plays nothing else
        began = time.perf_counter()
        data = midi_to_wav(midi, fluidsynth=fluidsynth)
        seconds = time.perf_counter() - began
        sound, rate = read_wav(data)
        taken, slowest = taken + seconds, max(slowest, (seconds, len(sound) / rate))
        notes = read_notes(midi)
        end = max(note.end for note in notes)
        sound_seconds += len(sound) / rate
        share = share_in_tune(sound[:, 0], rate, notes)
        found = {
            "in tune": bool(share >= 0.9),
            "as long": bool(abs(len(sound) / rate - end - release_seconds(midi, fluidsynth)) < 0.01),
            "below full scale": bool(np.abs(sound).max() < 1),
            "unclipped": not is_clipped(sound[:, 0]) and not is_clipped(sound[:, -1]),
            "ends in silence": bool(np.abs(sound[-rate // 200 :]).max() < 0.01 * np.abs(sound).max()),
        }
        counts.update({name: int(right) for name, right in found.items()})
        if not all(found.values()):
            wrong = ", ".join(name for name, right in found.items() if not right)
            shown.append(
                f"{tune.title}: not {wrong}; {share:.0%} in tune, {len(sound) / rate:.2f} s for {end:.2f} s"
            )
    return {
        "tunes": len(tunes),
        **{name: counts[name] for name in found},
        "seconds for a minute of sound": round(60 * taken / sound_seconds, 2),
        "slowest": f"{slowest[0]:.2f} s for {slowest[1]:.0f} s of sound",
        "exceptions": shown[:SHOWN],
    }


def release_seconds(midi: MidiFile, fluidsynth: bool) -> float:
    """What the last note rings on: FluidSynth's is cut off there, the synthesis has one for each timbre."""
    if fluidsynth:
        return TAIL_SECONDS
    last = max(midi.notes, key=lambda note: note.end_ticks)
    return TIMBRES[timbre_name(midi.program_at(last.channel, last.start_ticks))].ring_seconds


def check_score(tunes: list[Tune]) -> dict[str, Any]:
    counts, shown = Counter[str](), []
    for tune in tunes:
        svg = format_svg(tune)
        heads = svg.count('class="notehead"')
        found = {
            "svg": True,
            "note heads": heads == written_signs(tune),
            "musicxml read back": is_read(format_musicxml(tune), "musicxml", tune),
            "music21 on the ABC": is_read(str(tune), "abc", tune),
        }
        counts.update({name: int(right) for name, right in found.items()})
        if not (found["note heads"] and found["musicxml read back"]):
            shown.append(f"{tune.title}: {heads} note heads, {written_signs(tune)} written")
    return {"tunes": len(tunes), **counts, "exceptions": shown[:SHOWN]}


NO_MUSIC = re.compile(r'"[^"]*"|\[[A-Za-z]:[^\]]*\]|%.*|^[A-Za-z]:.*', re.MULTILINE)


def written_signs(tune: Tune) -> int:
    """The notes that are written in a canonical tune, each counted as often as there are signs in its length.

    Notes are the letters of the music; only how long they are is taken from how abclm reads them.
    """
    letters = len(re.findall("[A-Ga-g]", NO_MUSIC.sub("", tune.body)))
    more = 0
    for symbol in tune.music.symbols:
        if isinstance(symbol, Note | Chord):
            notes = len(symbol.notes) if isinstance(symbol, Chord) else 1
            more += notes * (signs_of(quarters(symbol.duration)) - 1)
    return letters + more


def signs_of(duration: Fraction) -> int:
    """One for a plain, a dotted, a doubly dotted note and for one in a tuplet; five eighths are two."""
    above, below = duration.numerator, duration.denominator
    if below & (below - 1):
        return 1
    while above % 2 == 0:
        above //= 2
    if above in (1, 3, 7):
        return 1
    return 1 + signs_of(Fraction(above - (1 << (above.bit_length() - 1))))


def is_read(text: str, form: str, tune: Tune) -> bool:
    """Whether music21 reads the tune's pitches, onsets and durations, repeats played out."""
    from music21 import chord, converter, harmony
    from music21.exceptions21 import Music21Exception

    notes = []
    try:
        score = converter.parseData(text, format=form)
        for each in score.parts[0].expandRepeats().stripTies().flatten().notes:
            if isinstance(each, harmony.Harmony):
                continue
            for note in each.notes if isinstance(each, chord.Chord) else [each]:
                notes.append((each.offset, note.pitch.midi, each.quarterLength))
    except Music21Exception:
        return False
    heard = sorted((note.onset, note.pitch, note.duration) for note in tune.notes())
    return len(notes) == len(heard) and all(
        one[1] == other[1] and abs(one[0] - other[0]) < 0.01 and abs(one[2] - other[2]) < 0.01
        for one, other in zip(sorted(notes), heard, strict=True)
    )


def check_midi(tunes: list[Tune]) -> dict[str, Any]:
    counts, shown = Counter[str](), []
    for tune in tunes:
        midi = play(tune)
        wanted = played_notes(midi)
        written = midi_to_tune(midi)
        found = {
            "read back": alike(wanted, played_notes(play(written))),
            "midi2abc": alike(wanted, by_midi2abc(midi)),
            "key signature": tune.setting().key.sharps == written.setting().key.sharps,
            "key": tune.setting().key == written.setting().key,
            "meter": tune.setting().meter.bar_length == written.setting().meter.bar_length,
            "pick-up": tune.bars()[0].duration == written.bars()[0].duration,
        }
        counts.update({name: int(right) for name, right in found.items()})
        if not found["read back"]:
            shown.append(tune.title)
    return {
        "tunes": len(tunes), **{name: counts[name] for name in found}, "exceptions": shown[:SHOWN],
    }  # fmt: skip


Played = list[tuple[Fraction, Fraction, int]]


def alike(wanted: Played, found: Played) -> bool:
    """Whether the pitches are the same, and the onsets to a sixteenth from the first note's."""
    if [note[2] for note in wanted] != [note[2] for note in found]:
        return False
    late = found[0][0] - wanted[0][0]
    return all(abs(other[0] - late - one[0]) <= SIXTEENTH for one, other in zip(wanted, found, strict=True))


def by_midi2abc(midi: MidiFile) -> Played:
    """What midi2abc writes of a file, played."""
    program = find_abc_program("midi2abc", "ABCLM_MIDI2ABC")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "tune.mid")
        path.write_bytes(midi.to_bytes())
        done = subprocess.run(
            [program, "-f", path, "-gk", "-xa"], capture_output=True, timeout=20, check=False
        )
    try:
        text = done.stdout.decode("utf-8", errors="replace")
        return played_notes(abc_to_midi(text[text.index("X:") :]))
    except (ConvertError, ValueError):
        return []


HEAD = "X:1\nT:Hostile\nM:4/4\nL:1/8\nK:G\n"
HOSTILE = {
    "legacy line breaks": HEAD + "GABc dedB!dedB dedB!c2ec B2dB|]\n",
    "10,000 notes": HEAD + "GABc dedB|" * 1250 + "]\n",
    "10,000 notes in one bar": HEAD + "GABcdedB" * 1250 + "|]\n",
    "no notes": HEAD + "z8|z8|]\n",
    "a broken header": "X:1\nT:No key\nM:five\nGABc|]\n",
    "markup in the title": HEAD.replace("Hostile", "</title><script>alert(1)</script>&amp;<svg onload=a()>")
    + "GABc dedB|]\n",
    "a title of 100,000 letters": HEAD.replace("Hostile", "A" * 100_000) + "GABc dedB|]\n",
    "controls and nonsense": HEAD + "\x00\x01\x1b[31m\ufffe(99:99:99 G{{{[[[|:|:|:::\n",
    "lengths without end": HEAD + "G9999999999 A1/9999999 Z999999999|[GGGGGGGG]4096|]\n",
}


PLACES = {
    "engraver": lambda text: check_svg(format_svg(Tune.parse(text))),
    "page": lambda text: check_page(format_page([Tune.parse(text)])[0]),
    "abc2midi": abc_to_midi,  # the text as it is
}


def check_hostile() -> dict[str, dict[str, str]]:
    """What becomes of each input in each place: done, or the error; anything else ends the script."""
    results: dict[str, dict[str, str]] = {}
    for name, text in HOSTILE.items():
        results[name] = {}
        for place, use in PLACES.items():
            began = time.perf_counter()
            try:
                use(text)
                said = "done"
            except AbclmError as error:
                said = f"{type(error).__name__}: {str(error)[:90]}"
            results[name][place] = f"{said} ({time.perf_counter() - began:.1f} s)"
    return results


def check_svg(svg: str) -> None:
    """Make sure that nothing in a score can run."""
    for element in ElementTree.fromstring(svg).iter():
        tag = element.tag.rpartition("}")[2].lower()
        assert tag not in ("script", "foreignobject", "a", "image"), tag
        assert not any(name.lower().startswith("on") for name in element.attrib)


def check_page(page: str) -> None:
    """Make sure that nothing on a page can run but its own script, whatever its tune says."""
    elements = Elements()
    elements.feed(page)
    # The notes, the timbres, and the player; the policy lets a browser run none but the last.
    assert [dict(attributes).get("type") for tag, attributes in elements.found if tag == "script"] == [
        "application/json", "application/json", None,
    ]  # fmt: skip
    for tag, attributes in elements.found:
        assert tag not in ("iframe", "object", "embed", "img", "base", "form"), tag
        assert not any(name.startswith("on") for name, _ in attributes), (tag, attributes)


class Elements(HTMLParser):
    """Collects the elements of a page with their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, list[tuple[str, str | None]]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take note of one."""
        self.found.append((tag, attrs))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tunes", type=int, default=200)
    parser.add_argument("--model", default="session")
    parser.add_argument("--corpus", nargs="+", default=list(CORPORA))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--only", nargs="+", choices=["sound", "score", "midi"], default=["sound", "score", "midi"]
    )
    parser.add_argument("--hostile", action="store_true")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    warnings.simplefilter("ignore")  # music21's
    found: dict[str, Any] = {}
    if given.hostile:
        found["hostile"] = check_hostile()
        show(given, found)
    else:
        for name, tunes in given_tunes(given):
            found[name] = check(tunes, given.only)
            show(given, {name: found[name]})
    if given.json:
        print(json.dumps(found, indent=2))


def check(tunes: list[Tune], parts: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if "sound" in parts:
        found["sound, built in"] = check_sound(tunes, fluidsynth=False)
        try:
            found["sound, FluidSynth"] = check_sound(tunes, fluidsynth=True)
        except ConvertError as error:
            found["sound, FluidSynth"] = str(error)
    if "score" in parts:
        found["score"] = check_score(tunes)
    if "midi" in parts:
        found["midi"] = check_midi(tunes)
    return found


def show(given: argparse.Namespace, found: dict[str, Any]) -> None:
    if given.json:
        return
    for name, parts in found.items():
        print(name)
        for part, figures in parts.items():
            said = figures if isinstance(figures, str) else ", ".join(f"{k}: {v}" for k, v in figures.items())
            print(f"  {part}: {said}")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
