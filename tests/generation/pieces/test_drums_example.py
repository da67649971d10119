"""Drums for a bass line: the example does what it says."""

import runpy
import sys
from pathlib import Path

import pytest
import symusic

SCRIPT = Path(__file__).resolve().parents[3] / "examples" / "drums_from_bass.py"
KICK, SNARE = 36, 38


def song(path, onsets, with_drums=True):
    """A bass line of four bars, a kick where a bass note begins, and a snare on the other beats."""
    score = symusic.Score(96)
    score.tracks.append(symusic.Track("Bass", program=33))
    score.tracks.append(symusic.Track("Piano", program=0))
    score.tracks[1].notes.append(symusic.Note(0, 96, 72, 80))
    for at in onsets:
        score.tracks[0].notes.append(symusic.Note(at * 24, 24, 40, 80))
    if with_drums:
        drums = symusic.Track("Drums", is_drum=True)
        for at in range(0, 64, 4):
            drums.notes.append(symusic.Note(at * 24, 24, KICK if at in onsets else SNARE, 90))
        score.tracks.append(drums)
    score.dump_midi(path)


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Run the script in a folder."""
    monkeypatch.chdir(tmp_path)

    def write(*arguments):
        monkeypatch.setattr(sys, "argv", ["drums_from_bass.py", *arguments])
        runpy.run_path(str(SCRIPT), run_name="__main__")

    return write


def test_the_drums_follow_the_bass(write, tmp_path, capsys):
    lines = {"a": [*range(0, 64, 8)], "b": [*range(4, 64, 8)], "c": [*range(0, 32, 4), *range(32, 64, 8)]}
    for name, onsets in lines.items():
        song(tmp_path / f"{name}.mid", onsets)
    song(tmp_path / "line.mid", lines["b"], with_drums=False)
    write("a.mid", "b.mid", "--bass", "line.mid", "--held-out", "c.mid", "--out", "out/with.mid")
    said = capsys.readouterr().out
    both, alone = (float(each.split()[0]) for each in (said.split(": ")[1], said.split(", ")[1]))
    assert both < alone
    (drums,) = [track for track in symusic.Score(tmp_path / "out" / "with.mid").tracks if track.is_drum]
    kicks = {note.time // 24 for note in drums.notes if note.pitch == KICK}
    assert len(kicks & set(lines["b"])) > len(kicks) / 2


def test_files_without_drums_or_bass_are_said(write, tmp_path):
    song(tmp_path / "line.mid", [0, 4], with_drums=False)
    with pytest.raises(SystemExit, match="no drum is struck"):
        write("line.mid", "--bass", "line.mid")
    symusic.Score(96).dump_midi(tmp_path / "none.mid")
    with pytest.raises(SystemExit, match="there is no bass line"):
        write("none.mid", "--bass", "line.mid")
