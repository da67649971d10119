#!/usr/bin/env bash
# After a line of music that ends in a backslash, abcjs reads the words below it as notes.
#
# Library:   abcjs 6.7.2 (npm).
# Guess:     a backslash at the end of a line of music continues it over the field lines between (standard 2.1, 6.1.1). M:, K:
#            and P: there are read as fields, and so is w:.
# Seen:      M:, K: and P: are. With w:, the letters a to g of the words become notes, z a rest, and the syllables are gone:
#            "w: do re mi fa" is d e f a, four notes in a bar of their own, and the bar after it begins late. Each other letter is a
#            warning, "Unknown character ignored"; words of these letters alone, such as "w: a bad cab", give three, all for the "w:".
#            The same words without the backslash are syllables.
# Matters:   long songs are written like this, two lines of text for one staff. Who counts notes, renders or plays them by abcjs gets
#            more notes than there are, and the warnings speak of characters, not of lyrics.
# Do:        take the backslash away before w: lines (the staff is then broken there), or look for "Unknown character" in the warnings.
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
function read(between) {
  const tune = abcjs.parseOnly(`X:1\nT:probe\nM:4/4\nL:1/4\nK:C\nCDEF|${between}\nGABc|]\n`)[0];
  const events = tune.lines.filter((line) => line.staff).flatMap((line) => line.staff[0].voices[0]);
  const notes = events.filter((event) => event.el_type === "note" && event.pitches);
  const found = {
    notes: notes.map((note) => note.pitches[0].name).join(" "),
    syllables: notes.flatMap((note) => (note.lyric || []).map((each) => each.syllable)).join(" "),
    warnings: (tune.warnings || []).length,
  };
  console.log(JSON.stringify(between).padEnd(28), JSON.stringify(found));
  return found;
}
console.log("expected in each: C D E F G A B c");
const plain = read("\nw: do re mi fa");
const others = ["M:4/4", "K:C", "P:B"].map((field) => read(`\\\n${field}`));
const lyrics = read("\\\nw: do re mi fa");
const quiet = read("\\\nw: a bad cab");
const right = "C D E F G A B c";
const recorded =
  plain.notes === right && plain.syllables === "do re mi fa" && others.every((each) => each.notes === right && !each.warnings) &&
  lyrics.notes === "C D E F d e f a G A B c" && lyrics.syllables === "" && quiet.notes === "C D E F a b a d c a b G A B c";
console.log(recorded ? "as recorded: the words are notes" : "CHANGED");
process.exit(recorded ? 0 : 1);
JS
HOME="$work" TMPDIR="$work" node read.cjs
