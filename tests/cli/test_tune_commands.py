"""abclm play, transpose, info and convert with all that others take, as they are typed."""

import json
import stat

import pytest

import abclm
from abclm.cli import run
from abclm.errors import ConvertError
from abclm.score.from_musicxml import musicxml_to_tune
from abclm.score.musicxml import format_musicxml
from abclm.sound import player

TUNE = "X:1\nT:Test\nR:reel\nM:4/4\nL:1/8\nK:G\n|:G2 B>d (3gfe d2|c4 =f4:|\n"
OLD = abclm.Corpus.load("oldTunes").normalize()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tunes").mkdir()
    (tmp_path / "tunes" / "a.abc").write_text(TUNE, encoding="utf-8")
    (tmp_path / "tunes" / "b.abc").write_text(TUNE.replace("Test", "Other"), encoding="utf-8")
    return tmp_path


def titles(path):
    return [tune.title for tune in abclm.Corpus.read(path)]


# convert


@pytest.mark.parametrize(
    ("sources", "found"),
    [
        (["tunes"], ["Test", "Other"]),
        (["tunes/*.abc"], ["Test", "Other"]),
        (["tunes/b.abc", "tunes/a.abc"], ["Other", "Test"]),
        (["oldTunes"], [tune.title for tune in abclm.Corpus.load("oldTunes")]),
        (["tunes/a.abc", "oldTunes"], ["Test", *(tune.title for tune in abclm.Corpus.load("oldTunes"))]),
    ],
    ids=["folder", "glob", "files", "name", "both"],
)
def test_convert_takes_what_all_others_take(sources, found, folder, capsys):
    assert run(["convert", *sources, "book.abc"]) == 0
    assert capsys.readouterr().out == "book.abc\n"
    assert sorted(titles("book.abc")) == sorted(found)


def test_convert_writes_to_standard_output(folder, capsysbinary):
    assert run(["convert", "tunes/a.abc", "-", "--format", "mid"]) == 0
    assert capsysbinary.readouterr().out.startswith(b"MThd")
    assert run(["convert", "tunes", "-"]) == 0
    assert capsysbinary.readouterr().out.count(b"X:") == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["tunes", "-", "--format", "wav"], "2 tunes become 2 files, and standard output is one"),
        (["tunes", "x.abc", "--format", "abc"], "--format is for standard output"),
        (["tunes", "-", "--format", "doc"], "--format is one of .abc"),
        (["empty", "x.abc"], "no .abc file is there"),
        (["tunes", "x.doc"], "x.doc: tunes can be converted to .abc"),
        (["tunes/a.abc", "x"], ".html, not without a suffix"),
    ],
)
def test_what_convert_can_not_do_is_one_line_and_writes_nothing(arguments, said, folder, capsys):
    (folder / "empty").mkdir()
    before = sorted(folder.rglob("*"))
    assert run(["convert", *arguments]) in (1, 2)
    captured = capsys.readouterr()
    assert said in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""
    assert sorted(folder.rglob("*")) == before


def test_a_file_of_tunes_that_is_there_is_replaced_only_when_asked(folder, capsys):
    """`abclm convert *.abc` names the last of the user's files as the one to write."""
    before = (folder / "tunes" / "b.abc").read_text(encoding="utf-8")
    assert run(["convert", "tunes/a.abc", "tunes/b.abc"]) == 2
    said = "abclm: error: tunes/b.abc is there already; give another name, or --overwrite to replace it\n"
    assert capsys.readouterr() == ("", said)
    assert (folder / "tunes" / "b.abc").read_text(encoding="utf-8") == before
    assert run(["convert", "tunes/a.abc", "tunes/b.abc", "--overwrite"]) == 0
    assert titles("tunes/b.abc") == ["Test"]
    for _ in range(2):
        assert run(["convert", "tunes/a.abc", "score.svg"]) == 0


def test_musicxml_is_read_with_the_notes_that_were_written(folder, capsys):
    for tune in OLD.tunes[:12]:
        again = musicxml_to_tune("tune.musicxml", _encoded(format_musicxml(tune)))
        assert again.notes() == tune.notes(), tune.title
        assert (again.title, again.normalize().key if hasattr(again, "normalize") else again.key) == (
            tune.title,
            tune.key,
        )
    assert run(["convert", "tunes/a.abc", "a.musicxml"]) == 0
    assert run(["convert", "a.musicxml", "again.abc"]) == 0
    (again,) = abclm.Corpus.read("again.abc")
    assert again.notes() == abclm.Tune.parse(TUNE).notes()
    assert [tune.title for tune in abclm.Corpus.read("a.musicxml")] == ["Test"]


def _encoded(text):
    return text.encode() if isinstance(text, str) else text


def test_a_score_of_two_staves_or_none_or_no_music_is_one_line(folder, capsys):
    score = format_musicxml(abclm.Tune.parse(TUNE))
    text = score if isinstance(score, str) else score.decode()
    part = text[text.index("<part id=") : text.index("</part>") + len("</part>")]
    name = text[text.index("<score-part ") : text.index("</score-part>") + len("</score-part>")]
    ident = text.split('<part id="')[1].split('"')[0]
    two = text.replace(name, name + name.replace(ident, "P9")).replace(part, part + part.replace(ident, "P9"))
    none = text.replace(part, "").replace(name, "")
    for content, said in (
        (two, "has 2 staves"),
        (none, "staves"),
        ("<html/>", "MusicXML"),
        ("X:1", "no MusicXML"),
    ):
        with pytest.raises(ConvertError, match=said) as caught:
            musicxml_to_tune("score.musicxml", content.encode())
        assert str(caught.value).startswith("score.musicxml: ")
        assert "\n" not in str(caught.value)


# transpose


def test_transpose_says_what_of_the_tunes_is_left_out(tmp_path, capsys):
    (tmp_path / "a.abc").write_text("X:1\nT:A\nM:4/4\nL:1/8\nK:C\n~C4 {d}E4|]\nw:la la\n", encoding="utf-8")
    assert run(["transpose", str(tmp_path / "a.abc"), "--semitones", "2"]) == 0
    said = capsys.readouterr().err
    assert said.count("abclm: left out: grace notes, decorations, lyrics; the canonical form has none\n") == 1


def test_transpose_moves_by_semitones_or_to_a_key(folder, capsys):
    assert run(["transpose", "tunes/a.abc", "--semitones", "2"]) == 0
    (up,) = abclm.notation.tunebook.parse_tunebook(capsys.readouterr().out).tunes
    assert up.key == "A"
    assert [note.pitch for note in up.notes()] == [note.pitch + 2 for note in abclm.Tune.parse(TUNE).notes()]
    assert run(["transpose", "tunes", "--key", "F", "--out", "in-f.abc"]) == 0
    assert [tune.key for tune in abclm.Corpus.read("in-f.abc")] == ["F", "F"]
    (down, _) = abclm.Corpus.read("in-f.abc")
    assert down.notes()[0].pitch == abclm.Tune.parse(TUNE).notes()[0].pitch - 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "give one of them"),
        (["--semitones", "2", "--key", "D"], "give one of them"),
        (["--semitones", "99"], "from -48 to 48; received 99"),
        (["--semitones", "two"], "--semitones is an integer; received 'two'. See abclm transpose --help."),
        (["--semitones=1.5"], "--semitones is an integer; received '1.5'."),
        (["--key", "H"], "'H' is no key"),
    ],
)
def test_wrong_moves_are_one_line(arguments, said, folder, capsys):
    assert run(["transpose", "tunes", *arguments]) == 2
    printed = capsys.readouterr().err
    assert printed.count("\n") == 1
    assert said in printed


# info


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("sesion", "did you mean session?"),
        ("", "no model '': it is not a folder"),
        ("tunes/a.abc", "it is not a folder"),
        ("tunes", "tunes/config.json is missing"),
        ("hf:x", "'hf:x' is no model on the hub"),
    ],
)
def test_what_is_no_model_is_one_line(model, said, folder, capsys):
    assert run(["info", model]) == 1
    printed = capsys.readouterr()
    assert said in printed.err
    assert (printed.err.count("\n"), printed.out) == (1, "")


def test_info_says_what_a_model_is(capsys):
    assert run(["info", "small", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    lm = abclm.load("small")
    assert facts["parameters"] == lm.config.parameters(len(lm.tokenizer))
    assert facts["training_tunes"] == lm.metadata["training"]["corpus"]["tunes"]
    assert facts["bits_per_character"] == lm.metadata["stored_as"]["held_out"]["bits_per_character"]
    assert facts["licence"] == "MIT"
    assert any("O'Neill" in each for each in facts["terms_of_the_tunes"])
    assert run(["info", "small"]) == 0
    said = capsys.readouterr().out
    assert f"parameters           {facts['parameters']:,}\n" in said
    assert "licence              MIT\n" in said


def test_a_saved_model_has_a_card_and_keeps_that_of_the_user(tmp_path):
    lm = abclm.LanguageModel.create(abclm.ModelConfig(units=4, embedding_dimension=4))
    lm.metadata |= {"licence": "MIT", "name": "mine"}
    lm.save(tmp_path)
    card = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert card.startswith("---\nlicense: mit\nlibrary_name: abclm\n")
    assert "# mine\n" in card
    assert "| parameters | 890 |" in card or "| parameters |" in card
    lm.metadata["name"] = "other"
    lm.save(tmp_path, overwrite=True)
    assert "# other\n" in (tmp_path / "README.md").read_text(encoding="utf-8")
    (tmp_path / "README.md").write_text("my own words", encoding="utf-8")
    lm.save(tmp_path, overwrite=True)
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == "my own words"


# play


@pytest.fixture
def heard(folder, monkeypatch):
    """What a stand-in for a player of sound was given."""
    program = folder / "player"
    program.write_text(f'#!/bin/sh\ncat "$1" >> {folder}/heard.wav\n', encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv(player.VARIABLE, str(program))
    return folder / "heard.wav"


def test_play_plays_each_tune(heard, capsys):
    assert run(["play", "tunes"]) == 0
    assert capsys.readouterr().err == "abclm: playing Test\nabclm: playing Other\n"
    assert heard.read_bytes().count(b"WAVEfmt") == 2


def test_play_leaves_out_what_can_not_be_played(heard, folder, capsys):
    (folder / "tunes" / "aa.abc").write_text("X:3\nT:Rests\nM:4/4\nL:1/8\nK:G\nz8|]\n", encoding="utf-8")
    assert run(["play", "tunes"]) == 1
    said = capsys.readouterr().err.splitlines()
    assert [line for line in said if "playing" in line] == ["abclm: playing Test", "abclm: playing Other"]
    assert any(line.startswith("abclm: left out: tunes/aa.abc, X:3 Rests: ") for line in said)


def test_play_says_where_nothing_can_be_played_with(folder, monkeypatch, capsys):
    monkeypatch.delenv(player.VARIABLE, raising=False)
    monkeypatch.setenv("PATH", "")
    assert run(["play", "tunes/a.abc"]) == 1
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith("abclm: error: no program that plays sound is here (afplay, ")
    monkeypatch.setenv(player.VARIABLE, "/nowhere/player")
    assert run(["play", "tunes/a.abc"]) == 1
    assert "/nowhere/player can't be run" in capsys.readouterr().err
