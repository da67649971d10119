#!/usr/bin/env bash
# verovio plays every jig that is marked "dotted quarter = 100" a ninth too slow: it takes the
# dotted quarter for one and a third quarters.
#
# Library:   verovio 6.4.1 (PyPI), MusicXML to MIDI and to the timemap; beside it music21 10.5.1.
# Guess:     a dot adds half a note's length. Dotted quarter = 100 is 150 quarters a minute.
# Seen:      133.33. Verovio lets the dot take a quarter off the number of the unit, 4 - 1 = 3, and divides by it: 100·4/3.
#            It would have to be 4/1.5 = 2.67. With two dots it is 160, not 175. Without dots all is right, and so it is where
#            the score has <sound tempo="150"/> as well, as files of MuseScore and music21 have. The way there is
#            curious: the dot once made the beat shorter; the report of it (issue 3214 of rism-digital/verovio) names 133.33 as the
#            correct figure for 100, and the change that came of it computes just that.
# Matters:   <metronome> without <sound> is valid MusicXML 4.0 (<sound> is optional), and what a small converter of tunes
#            writes: 6/8, 9/8 and 12/8 are then played 11 % slow, 2/4 and 4/4 right. Audio, timemaps for highlighting and
#            onset times in seconds all have the error, and a listener hardly hears it.
# Do:        write <sound tempo="…"/> in quarters a minute next to each <metronome>.
# Exit:      0: as recorded. 1: it has changed.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check verovio==6.4.1 music21==10.5.1
HOME="$work" TMPDIR="$work" "$work/venv/bin/python" -W ignore - <<'PY'
import json
import sys

import music21
import verovio

SCORE = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" "http://www.musicxml.org/dtds/partwise.dtd">
<score-partwise version="4.0">
 <part-list><score-part id="P1"><part-name>Fiddle</part-name></score-part></part-list>
 <part id="P1"><measure number="1">
  <attributes><divisions>2</divisions><key><fifths>1</fifths></key><time><beats>6</beats><beat-type>8</beat-type></time>
   <clef><sign>G</sign><line>2</line></clef></attributes>
  <direction placement="above"><direction-type><metronome><beat-unit>{unit}</beat-unit>{dots}<per-minute>{number}</per-minute></metronome></direction-type>{sound}</direction>
  <note><pitch><step>G</step><octave>4</octave></pitch><duration>3</duration><type>quarter</type><dot/></note>
  <note><pitch><step>B</step><octave>4</octave></pitch><duration>3</duration><type>quarter</type><dot/></note>
 </measure></part>
</score-partwise>"""
verovio.enableLog(verovio.LOG_OFF)
print("verovio", verovio.toolkit().getVersion(), "music21", music21.__version__)
found = []
for unit, dots, number, sound, right, seen in (
    ("quarter", 0, 100, "", 100, 100),
    ("quarter", 1, 100, "", 150, 133.333),
    ("quarter", 2, 100, "", 175, 160),
    ("half", 1, 60, "", 180, 160),
    ("quarter", 1, 100, '<sound tempo="150"/>', 150, 150),
):
    text = SCORE.format(unit=unit, dots="<beat-unit-dot/>" * dots, number=number, sound=sound)
    toolkit = verovio.toolkit()
    toolkit.loadData(text)
    timemap = toolkit.renderToTimemap()
    timemap = json.loads(timemap) if isinstance(timemap, str) else timemap
    quarters = timemap[0]["tempo"]
    other = music21.converter.parse(text, format="musicxml").recurse().getElementsByClass("MetronomeMark").first().getQuarterBPM()
    print(f"  {unit + '.' * dots} = {number}{' with <sound>' if sound else ''}: expected {right} quarters a minute, verovio {quarters:.2f}, music21 {other:.2f}")
    found.append(abs(quarters - seen) < 0.01 and abs(other - right) < 0.01)
print("as recorded: dotted beats are too slow" if all(found) else "CHANGED")
sys.exit(not all(found))
PY
