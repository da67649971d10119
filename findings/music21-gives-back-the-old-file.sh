#!/usr/bin/env bash
# music21.converter.parse(path) gives the tune that was in the file before, when the new one has an older date.
#
# Library:   music21 10.5.1 (PyPI).
# Guess:     parse(path) reads the file. If there is a cache, it knows a file by what is in it, or at least by its date and size.
# Seen:      a pickle of each parsed file is kept in the system's temporary folder under a name made of the *path*, and is used
#            when the pickle is newer than the file. The file's content, size and date are not stored. So a file that is replaced by
#            one with an earlier date of change is never read: the old score comes, in this process and in every later one, until the
#            pickle goes. Such dates are ordinary: cp -p, mv, rsync -a, tar and unzip keep the date that the file had
#            elsewhere.
# Matters:   unpack a corpus of tunes into data/, look at it, unpack the mended or the other edition over it: music21 goes on
#            with the first one. Two programs that use the same path (/data/tune.abc in two containers with one /tmp) get
#            each other's scores. Figures look plausible, and another machine gives others.
# Do:        forceSource=True, or TMPDIR of its own for each run.
# Exit:      0: as recorded. 1: it has changed.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check music21==10.5.1
mkdir "$work/tmp" "$work/first" "$work/second" "$work/data"
printf 'X:1\nT:First\nM:4/4\nL:1/4\nK:C\nCDEF|]\n' > "$work/first/tune.abc"
printf 'X:1\nT:Second, longer\nM:4/4\nL:1/4\nK:C\nGABc|dcBA|]\n' > "$work/second/tune.abc"
touch -d '2020-01-01' "$work/first/tune.abc" "$work/second/tune.abc"
cat > "$work/read.py" <<'PY'
import sys

import music21

score = music21.converter.parse(sys.argv[1], **({"forceSource": True} if len(sys.argv) > 2 else {}))
print("".join(note.name for note in score.recurse().notes))
PY
export HOME="$work" TMPDIR="$work/tmp"
read_it() { "$work/venv/bin/python" -W ignore "$work/read.py" "$@"; }
echo "music21 $("$work/venv/bin/python" -W ignore -c 'import music21; print(music21.__version__)')"
cp -p "$work/first/tune.abc" "$work/data/tune.abc"
one=$(read_it "$work/data/tune.abc")
cp -p "$work/second/tune.abc" "$work/data/tune.abc"
two=$(read_it "$work/data/tune.abc")
forced=$(read_it "$work/data/tune.abc" force)
echo "first file:                       $one"
echo "replaced by cp -p, new process:   $two   (expected GABCDCBA)"
echo "the same with forceSource=True:   $forced"
if [ "$one" = CDEF ] && [ "$two" = CDEF ] && [ "$forced" = GABCDCBA ]; then
    echo "as recorded: the score of a file that is no longer there"
else
    echo "CHANGED"
    exit 1
fi
