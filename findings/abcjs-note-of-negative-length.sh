#!/usr/bin/env bash
# abcjs gives a note of a tune a length below zero: the last of a triplet in Scotch snap, (3A<Bc.
#
# Library:   abcjs 6.7.2 (npm).
# Guess:     a triplet of eighths fills a quarter however its notes are dotted among themselves: (3A<Bc is 1/6 + 1/2 + 1/3 of a quarter.
# Seen:      abcjs takes the first note times three for the length of the whole, and the last note gets what is left of it:
#            -1/6 of a quarter in (3A<Bc, 5/6 in (3A>Bc. With it the rest of the tune comes half a quarter too early or
#            too late. So it is with each triplet whose first note is not a third of it, (3A2Bc too. It is in the sound and
#            the timings, and reported as issue 1117 of paulrosen/abcjs.
# Matters:   these are not made up: "If a Body meet a Body" in Aird's Airs (in music21's corpus) has (3d<dB, strathspeys are full of them.
#            Who takes timings from abcjs (highlighting, pairs of ABC and audio, note lists) gets a bar that is half a beat short,
#            and code that takes a logarithm of a length, or puts it in a table by size, fails far from the cause.
# Do:        check that lengths are above 0 and that bars add up, before the timings are used.
# Exit:      0: as recorded. 1: it has changed.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init --yes > /dev/null
npm install --silent --no-audit --no-fund abcjs@6.7.2
cat > read.cjs <<'JS'
const abcjs = require("abcjs");
console.log("abcjs", require("abcjs/package.json").version);
const tune = (triplet) => `X:1\nT:probe\nM:2/4\nL:1/8\nQ:1/4=120\nK:C\n${triplet}z2|d4|]\n`;
const quarter = (number) => Math.round(number * 4 * 1000) / 1000;
function read(triplet) {
  const text = tune(triplet);
  const tracks = abcjs.parseOnly(text)[0].setUpAudio({ chordsOff: true }).tracks;
  const notes = tracks.flat().filter((event) => event.cmd === "note");
  return { lengths: notes.slice(0, 3).map((note) => quarter(note.duration)), next: quarter(notes[3].start) };
}
const expected = { "(3ABc": [0.333, 0.333, 0.333], "(3A<Bc": [0.167, 0.5, 0.333], "(3A>Bc": [0.5, 0.167, 0.333], "(3A2Bc": [0.667, 0.333, 0.333] };
const found = {};
for (const [triplet, lengths] of Object.entries(expected)) {
  const each = (found[triplet] = read(triplet));
  console.log(`  ${triplet}: expected ${lengths}; lengths ${each.lengths}, the d of the next bar begins at ${each.next}`);
}
const recorded = found["(3ABc"].next === 2 && found["(3A<Bc"].lengths[2] < 0 && found["(3A>Bc"].lengths[2] > 0.8;
console.log(recorded ? "as recorded: a note of negative length" : "CHANGED");
process.exit(recorded ? 0 : 1);
JS
node read.cjs
