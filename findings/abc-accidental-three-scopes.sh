#!/usr/bin/env bash
# "^C C c C," in one bar: five readers of ABC follow three different rules, and most don't obey the directive that would settle it.
#
# Tools:     abc2midi (the program in the wheel of symusic 0.6.0), music21 10.5.1, verovio 6.4.1 (PyPI), abcjs 6.7.2, abc2svg
#            1.22.1 (npm).
# Guess:     an accidental holds to the bar line; whether in other octaves too is a matter that the tools have agreed on, and
#            %%propagate-accidentals (ABC 2.1, section 11.3: not | octave | pitch; where it is missing, pitch) asks for another rule.
# Seen:      behind ^C, the notes C c C, are
#              in all octaves  abc2midi, and music21 where the file says %abc-2.1: the standard's rule;
#              in its octave   abcjs, abc2svg: the rule of printed music;
#              not at all      verovio's ABC reader: even the next C is natural.
#            The directive is obeyed by abc2midi and music21 (by abc2midi only behind X:, not in the file's header). The other
#            three pass over it in silence, so no header makes all five play the same notes. "pitch" or "octave" makes a
#            difference, by abc2midi, in 42 of the 4,248 tunes of three tune books in music21, 142 notes.
# Matters:   who makes training pairs (ABC and audio, ABC and MIDI, ABC and score) takes the notes of one of these tools for
#            "the" notes. Held against each other they differ in leading notes, as a model's mistakes would.
# Do:        write each accidental out where the bar or the octave is in doubt: ^C ^C ^c ^C, is the same for all.
# Exit:      0: as recorded. 1: it has changed. Takes a minute or two.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check symusic==0.6.0 music21==10.5.1 verovio==6.4.1
npm init --yes > /dev/null
npm install --silent --no-audit --no-fund abcjs@6.7.2 abc2svg@1.22.1
cat > probes.json <<'JSON'
{
  "no directive": "%abc-2.1\nX:1\nT:probe\nM:4/4\nL:1/4\nK:C\n^C C c C,|]\n",
  "pitch": "%abc-2.1\nX:1\n%%propagate-accidentals pitch\nT:probe\nM:4/4\nL:1/4\nK:C\n^C C c C,|]\n",
  "octave": "%abc-2.1\nX:1\n%%propagate-accidentals octave\nT:probe\nM:4/4\nL:1/4\nK:C\n^C C c C,|]\n",
  "not": "%abc-2.1\nX:1\n%%propagate-accidentals not\nT:probe\nM:4/4\nL:1/4\nK:C\n^C C c C,|]\n",
  "written out": "%abc-2.1\nX:1\nT:probe\nM:4/4\nL:1/4\nK:C\n^C ^C ^c ^C,|]\n"
}
JSON
cat > read.cjs <<'JS'
const fs = require("fs");
const vm = require("vm");
const abcjs = require("abcjs");
// abc2svg is made of scripts for a page: they share one global object, and its player looks for a document.
const page = vm.createContext({ console, setTimeout });
const load = (name) => vm.runInContext(fs.readFileSync(require.resolve(`abc2svg/${name}`), "utf8"), page);
load("abc2svg-1.js");
const nothing = () => {};
page.window = page;
page.document = { createElement: () => ({ appendChild: nothing }), createTextNode: () => ({}), head: { appendChild: nothing }, addEventListener: nothing };
load("snd-1.js");
delete page.document;
function byAbc2svg(text) {
  const user = { img_out: nothing, anno_stop: nothing, errmsg: nothing, read_file: () => "", imagesize: "" };
  const reader = new page.abc2svg.Abc(user);
  reader.tosvg("probe", text);
  const [first, voices, , format] = reader.tunes[0];
  page.ToAudio().add(first, voices, format);
  const notes = [];
  page.abc2svg.play_next({
    conf: { speed: 1 }, tgen: 3600, timouts: [], v_c: [], c_i: [], s_cur: first, s_end: null, repn: false, repv: 0, stop: false,
    get_time: () => 0, onend: nothing, onnote: nothing, midi_prog: nothing, midi_ctrl: nothing,
    note_run: (player, symbol, pitch, start) => notes.push([start, pitch]),
  });
  return notes.sort((a, b) => a[0] - b[0]).map((note) => note[1]);
}
function byAbcjs(text) {
  const tracks = abcjs.parseOnly(text)[0].setUpAudio({ chordsOff: true }).tracks;
  return tracks.flat().filter((event) => event.cmd === "note").map((event) => event.pitch);
}
const all = {};
for (const [name, text] of Object.entries(JSON.parse(fs.readFileSync("probes.json")))) all[name] = { abcjs: byAbcjs(text), abc2svg: byAbc2svg(text) };
fs.writeFileSync("read.json", JSON.stringify(all));
JS
node read.cjs
cat > read.py <<'PY'
import base64
import json
import re
import subprocess
import sys
from pathlib import Path

import music21
import symusic
import verovio

verovio.enableLog(verovio.LOG_OFF)
PROGRAM = Path(symusic.__file__).parent / "bin" / "abc2midi"


def midi_pitches(path):
    return [note.pitch for track in symusic.Score(path).tracks for note in sorted(track.notes, key=lambda each: each.time)]


def by_abc2midi(text):
    Path("probe.abc").write_text(text)
    subprocess.run([PROGRAM, "probe.abc", "-o", "probe.mid"], capture_output=True, timeout=20)
    return midi_pitches("probe.mid")


def by_music21(text):
    return [note.pitch.midi for note in music21.converter.parse(text, format="abc", forceSource=True).recurse().notes]


def by_verovio(text):
    toolkit = verovio.toolkit()
    toolkit.setOptions({"inputFrom": "abc"})
    toolkit.loadData(text)
    Path("verovio.mid").write_bytes(base64.b64decode(toolkit.renderToMIDI()))
    return midi_pitches("verovio.mid")


print(f"symusic {symusic.__version__}, music21 {music21.__version__}, verovio {verovio.toolkit().getVersion()}, abcjs 6.7.2, abc2svg 1.22.1")
ALL, OCTAVE, NONE = [61, 61, 73, 49], [61, 61, 72, 48], [61, 60, 72, 48]
RECORDED = {
    "no directive": {"abc2midi": ALL, "music21": ALL, "abcjs": OCTAVE, "abc2svg": OCTAVE, "verovio": NONE},
    "pitch": {"abc2midi": ALL, "music21": ALL, "abcjs": OCTAVE, "abc2svg": OCTAVE, "verovio": NONE},
    "octave": {"abc2midi": OCTAVE, "music21": OCTAVE, "abcjs": OCTAVE, "abc2svg": OCTAVE, "verovio": NONE},
    "not": {"abc2midi": NONE, "music21": NONE, "abcjs": OCTAVE, "abc2svg": OCTAVE, "verovio": NONE},
    "written out": dict.fromkeys(("abc2midi", "music21", "abcjs", "abc2svg", "verovio"), ALL),
}
EXPECTED = {"no directive": ALL, "pitch": ALL, "octave": OCTAVE, "not": NONE, "written out": ALL}
read = json.loads(Path("read.json").read_text())
same = True
for name, text in json.loads(Path("probes.json").read_text()).items():
    found = read[name]
    found.update({"abc2midi": by_abc2midi(text), "music21": by_music21(text), "verovio": by_verovio(text)})
    print(f"{name}: expected by ABC 2.1 {EXPECTED[name]}")
    for tool, pitches in sorted(found.items()):
        print(f"  {tool:9}{pitches}")
    same = same and found == RECORDED[name]

corpus = Path(music21.__file__).parent / "corpus"
tunes = []
for folder in ("oneills1850", "ryansMammoth", "airdsAirs"):
    for path in sorted((corpus / folder).glob("*.abc")):
        text = path.read_text(encoding="utf-8", errors="replace").replace("\r", "")
        tunes += [part.split("\n\n")[0] + "\n" for part in re.split(r"(?m)^(?=X:)", text)[1:]]
changed = notes = 0
for tune in tunes:
    tune = re.sub(r"(?m)^R:.*\n", "", tune)  # abc2midi swings a hornpipe
    pitch = by_abc2midi(tune)
    octave = by_abc2midi(re.sub(r"(X:.*\n)", r"\1%%propagate-accidentals octave\n", tune, count=1))
    count = sum(a != b for a, b in zip(pitch, octave))
    changed += count > 0
    notes += count
print(f"three tune books, by abc2midi: {changed} of {len(tunes)} tunes, {notes} notes, differ between pitch and octave")
same = same and changed > 20
print("as recorded: three rules" if same else "CHANGED")
sys.exit(not same)
PY
HOME="$work" TMPDIR="$work" venv/bin/python -W ignore read.py
