#!/usr/bin/env bash
# @tonejs/midi turns one sharp into fifteen: a MIDI file in G that it reads and writes again can't be opened by mido.
#
# Library:   @tonejs/midi 2.0.28 (npm, the newest release); read back by mido 1.3.3 and symusic 0.6.0 (PyPI).
# Guess:     new Midi(bytes).toArray() gives the same key signature. The library says of key signatures that it reads and
#            writes them.
# Seen:      in memory it is right ("G"). On writing it adds 7 where it should take 7 off: G major goes out as 15 sharps, C
#            major as 14, F as 13. A key signature of the Standard MIDI File format has -7 to 7. mido, and all that stands on
#            it (pretty_midi, miditoolkit), raises KeySignatureError for the whole file; symusic loads it and
#            hands the 15 on. The one key whose number is allowed, C flat, becomes C sharp. The report in its tracker (issue 173)
#            was closed as fixed in 2023, but no release has followed since.
# Matters:   a web page that lets people edit or cut tunes with this library makes files that the Python half of the
#            field drops as broken, and only those that name their key. A filter "skip what can't be read" then
#            takes just these out of a data set.
# Do:        empty header.keySignatures before writing, or mend the byte behind FF 59 02.
# Exit:      0: as recorded. 1: it has changed.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check mido==1.3.3 symusic==0.6.0
npm init --yes > /dev/null
npm install --silent --no-audit --no-fund @tonejs/midi@2.0.28
cat > make.py <<'PY'
import mido

for key in ("G", "C", "F", "Em", "Cb"):
    file = mido.MidiFile(type=0)
    file.tracks.append(
        mido.MidiTrack(
            [
                mido.MetaMessage("key_signature", key=key),
                mido.Message("note_on", note=67, velocity=80),
                mido.Message("note_off", note=67, time=480),
            ]
        )
    )
    file.save(f"{key}.mid")
PY
cat > pass.cjs <<'JS'
const fs = require("fs");
const { Midi } = require("@tonejs/midi");
for (const key of ["G", "C", "F", "Em", "Cb"]) {
  const midi = new Midi(fs.readFileSync(`${key}.mid`));
  const read = midi.header.keySignatures.map((each) => `${each.key} ${each.scale}`).join();
  fs.writeFileSync(`${key}.out.mid`, Buffer.from(midi.toArray()));
  console.log(`  ${key}: in memory ${read}`);
}
JS
cat > check.py <<'PY'
import sys

import mido
import symusic

sharps = {}
refused = []
for key in ("G", "C", "F", "Em", "Cb"):
    with open(f"{key}.out.mid", "rb") as file:
        data = file.read()
    place = data.index(b"\xff\x59\x02") + 3
    sharps[key] = int.from_bytes(data[place : place + 1], signed=True), data[place + 1]
    try:
        mido.MidiFile(f"{key}.out.mid")
        said = "reads it"
    except Exception as error:
        said = f"{type(error).__name__}: {error}"
        refused.append(key)
    print(f"  {key}: written with {sharps[key][0]} sharps; mido {said}; symusic: {symusic.Score(f'{key}.out.mid').key_signatures[0].key} sharps")
recorded = sharps == {"G": (15, 0), "C": (14, 0), "F": (13, 0), "Em": (15, 1), "Cb": (7, 0)} and refused == ["G", "C", "F", "Em"]
print("as recorded: seven is added, not taken off" if recorded else "CHANGED")
sys.exit(not recorded)
PY
echo "@tonejs/midi $(node -p 'require("@tonejs/midi/package.json").version')"
echo "expected: G stays 1 sharp, C 0, F -1, Em 1, Cb -7"
venv/bin/python make.py
node pass.cjs
venv/bin/python check.py
