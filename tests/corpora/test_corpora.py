import hashlib
import io
import json
import logging
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from abclm.corpora import built_in
from abclm.corpora.corpus import Corpus, read_corpora
from abclm.errors import ConfigError, CorpusError
from abclm.formats.save import to_bytes
from abclm.midi.abc2midi import run_abc2midi
from abclm.tokenizers.characters import DEFAULT_SYMBOLS
from abclm.tune import Tune

KESH = "X:1\nT:The Kesh\nM:6/8\nL:1/8\nK:G\nGBG GAB|A2B ABd|ege dBc|AGF G3|]\n"
POLKA = "X:2\nT:A Polka\nM:2/4\nL:1/8\nK:D\nAd fd|ef ge|fd ec|d2 d2|]\n"
BUILT_IN = ["oneills1850", "ryansMammoth", "airdsAirs", "essenFolksong", "oldTunes"]


def write(folder, name, text, encoding="utf-8"):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode(encoding))
    return str(path)


def titles(corpus):
    return [tune.title for tune in corpus]


# Files, folders, globs and standard input


def test_a_file_gives_its_tunes_in_order(tmp_path):
    corpus = Corpus.read(write(tmp_path, "two.abc", KESH + "\n" + POLKA))
    assert titles(corpus) == ["The Kesh", "A Polka"]
    assert len(corpus) == 2
    assert corpus.problems == ()


def test_a_file_may_have_any_suffix_and_be_a_path_object(tmp_path):
    write(tmp_path, "tunes.txt", KESH)
    assert titles(Corpus.read(tmp_path / "tunes.txt")) == ["The Kesh"]


def test_a_folder_gives_the_abc_files_in_it_and_below_in_the_order_of_their_paths(tmp_path):
    write(tmp_path, "b.abc", KESH)
    write(tmp_path, "a/deep/c.ABC", POLKA)
    write(tmp_path, "notes.txt", "no tune")
    write(tmp_path, ".hidden/d.abc", KESH)
    write(tmp_path, "._b.abc", "\0")
    assert titles(Corpus.read(tmp_path)) == ["A Polka", "The Kesh"]


def test_a_glob_gives_what_it_leads_to(tmp_path):
    write(tmp_path, "b/one.abc", KESH)
    write(tmp_path, "a/two.abc", POLKA)
    assert titles(Corpus.read(str(tmp_path / "*" / "*.abc"))) == ["A Polka", "The Kesh"]
    assert titles(Corpus.read(str(tmp_path / "**" / "o*.abc"))) == ["The Kesh"]
    assert titles(Corpus.read(str(tmp_path / "[ab]"))) == ["A Polka", "The Kesh"]


def test_a_file_that_two_paths_lead_to_is_read_once(tmp_path):
    path = write(tmp_path, "one.abc", KESH)
    assert len(Corpus.read(path, tmp_path, str(tmp_path / "*.abc"), path)) == 1


def test_a_hyphen_is_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(KESH.encode())))
    assert titles(Corpus.read("-")) == ["The Kesh"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends_make_no_difference(tmp_path, encoding, line_end):
    text = KESH.replace("The Kesh", "Père Máirtín's").replace("\n", line_end)
    corpus = Corpus.read(write(tmp_path, "one.abc", text, encoding))
    assert titles(corpus) == ["Père Máirtín's"]
    assert "\r" not in corpus.text


# Bad input


def refusal(*paths):
    with pytest.raises(CorpusError) as caught:
        Corpus.read(*paths)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_a_missing_path_says_so():
    assert refusal("nowhere/tunes.abc").startswith("nowhere/tunes.abc: there is no such file or folder")


def test_a_folder_and_a_glob_without_abc_files_say_so(tmp_path):
    assert "no .abc file" in refusal(tmp_path)
    assert "no .abc file" in refusal(str(tmp_path / "*.abc"))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b" \r\n\n", "is empty"),
        (b"MThd\0\0\0\6\0\1", "is not text"),
        (bytes(range(1, 32)) * 9, "is not text"),
        (b"Dear all,\nno tunes today.\n", "holds no tune"),
        (b"X:1\nT:Only a header\n", "holds no tune"),
    ],
)
def test_an_empty_binary_or_tuneless_file_says_so_in_one_line(tmp_path, content, reason):
    path = tmp_path / "bad.abc"
    path.write_bytes(content)
    assert refusal(path).startswith(f"{path}: {reason}")


def test_a_bad_file_in_a_folder_is_a_problem_and_the_others_stay(tmp_path):
    write(tmp_path, "good.abc", KESH)
    bad = write(tmp_path, "empty.abc", "")
    corpus = Corpus.read(tmp_path)
    assert titles(corpus) == ["The Kesh"]
    assert [str(problem).split(";")[0] for problem in corpus.problems] == [f"{bad}: is empty"]


def test_a_folder_of_bad_files_only_says_why(tmp_path):
    write(tmp_path, "empty.abc", "")
    assert "is empty" in refusal(tmp_path)


def test_no_path_at_all_says_what_to_give():
    assert "give files" in refusal()


def test_one_bad_tune_does_not_stop_a_tunebook_and_the_problem_says_where(tmp_path):
    path = write(tmp_path, "book.abc", KESH + "\nX:9\nT:No key\nABc\n\n" + POLKA)
    corpus = Corpus.read(path)
    assert titles(corpus) == ["The Kesh", "A Polka"]
    assert corpus.count("unreadable") == 1
    place, line, _ = str(corpus.problems[0]).removeprefix(path).split(":", 2)
    assert place == ""
    assert 8 <= int(line) <= 11


# Canonical tunes, deduplication, splitting


def test_normalize_says_which_tune_of_which_file_was_left_out_and_why(tmp_path):
    path = write(tmp_path, "book.abc", KESH + "\n" + POLKA.replace("K:D", "K:H"))
    corpus = Corpus.read(path).normalize()
    assert titles(corpus) == ["The Kesh"]
    assert corpus.is_canonical
    assert corpus.count("not canonical") == 1
    assert str(corpus.problems[0]).startswith(f"{path}, X:2 A Polka: ")
    assert "'H'" in str(corpus.problems[0])


def test_the_text_is_every_canonical_tune_with_an_empty_line_after_it():
    corpus = Corpus("mine", (Tune.parse(KESH.replace("X:1", "X:7")), Tune.parse(KESH))).normalize()
    assert corpus.text == KESH + "\n" + KESH + "\n"


def test_the_same_body_under_two_titles_is_a_duplicate_and_the_first_stays():
    again = KESH.replace("The Kesh", "Kerrigan's").replace("GBG GAB", "~GBG  {a}GAB").replace("X:1", "X:5")
    corpus = Corpus("mine", (Tune.parse(KESH), Tune.parse(POLKA), Tune.parse(again))).deduplicate()
    assert titles(corpus) == ["The Kesh", "A Polka"]
    assert corpus.count("duplicate") == 1
    assert str(corpus.problems[0]) == "mine, X:5 Kerrigan's: has the same tune body as mine, X:1 The Kesh"


def test_tunes_without_a_canonical_form_are_deduplicated_as_they_stand():
    odd = Tune.parse(KESH.replace("K:G", "K:H"))
    assert len(Corpus("mine", (odd, Tune.parse(POLKA), odd)).deduplicate()) == 2


def test_strict_keeps_the_tunes_that_abc2midi_plays_without_a_complaint(tmp_path):
    path = write(
        tmp_path, "book.abc", KESH + "\n" + POLKA.replace("ge|", "geg|") + "\n" + KESH.replace("K:G", "K:H")
    )
    corpus = Corpus.read(path).strict()
    assert titles(corpus) == ["The Kesh"]
    assert corpus.is_canonical
    assert [problem.kind for problem in corpus.problems] == ["not canonical", "not strict"]
    said = str(corpus.problems[1])
    assert said.startswith(f"{path}, X:2 A Polka: abc2midi on the canonical tune: line 7, column ")
    assert "has 5/2 time units while the time signature has 2" in said


def test_of_tunes_with_one_body_strict_leaves_the_one_with_the_right_meter():
    wrong = KESH.replace("M:6/8", "M:4/4")
    corpus = Corpus("mine", (Tune.parse(wrong), Tune.parse(KESH))).strict().deduplicate()
    assert [tune.meter for tune in corpus] == ["6/8"]


def test_our_own_tunebook_is_strict():
    corpus = Corpus.load("oldTunes")
    assert corpus.strict().tunes == corpus.normalize().tunes


def test_near_copies_stand_on_one_side_where_that_is_asked_for():
    corpus = Corpus.load("oldTunes")
    # In another key, under another title, the last bar another one.
    copies = []
    for number, tune in enumerate(corpus):
        text = tune.normalize().transpose(2).text
        copies.append(Tune.parse(re.sub("T:.*", f"T:Other {number}", text).replace("|]", "|G2 G2|]")))
    both = Corpus("both", (*corpus.tunes, *copies))

    def apart(parts):
        numbers = [
            {titles(corpus).index(tune.title) if tune.title in titles(corpus) else int(tune.title.split()[1])
             for tune in part}
            for part in parts
        ]  # fmt: skip
        return len(numbers[0] & numbers[1])

    together = both.split(0.3, relatives_together=True)
    assert [len(part) for part in together] == [78, 34]
    assert apart(together) == 0
    assert apart(both.split(0.3)) > 10


def test_relatives_change_nothing_unless_asked_for():
    corpus = Corpus.load("oldTunes")
    assert corpus.split(0.2, relatives_together=False) == corpus.split(0.2)
    # No two tunes of it are relatives.
    assert corpus.split(0.2, relatives_together=True) == corpus.split(0.2)


def test_a_split_shares_the_tunes_out_and_keeps_their_order():
    corpus = Corpus.load("oldTunes")
    train, validation = corpus.split(validation=0.25, seed=3)
    assert (len(train), len(validation)) == (42, 14)
    assert sorted(titles(train) + titles(validation)) == sorted(titles(corpus))
    assert titles(train) == [title for title in titles(corpus) if title in titles(train)]


def test_a_split_depends_on_the_seed_and_not_on_the_order_or_on_normalising():
    corpus = Corpus.load("oldTunes")
    held_out = set(titles(corpus.split(0.2, seed=5)[1]))
    backwards = Corpus("backwards", corpus.tunes[::-1])
    assert set(titles(backwards.split(0.2, seed=5)[1])) == held_out
    assert set(titles(corpus.normalize().split(0.2, seed=5)[1])) == held_out
    assert set(titles(corpus.split(0.2, seed=6)[1])) != held_out


def test_a_split_is_the_same_on_every_machine():
    # Figures in the documentation and a model's metadata rest on it; a change is a change of behaviour.
    held_out = Corpus.load("oldTunes").split(0.06, seed=0)[1]
    assert titles(held_out) == ["The Mason's Apron", "The Irish Washerwoman", "Merrily Kiss the Quaker"]


def test_settings_of_one_tune_stand_on_the_same_side():
    corpus = Corpus.load("oldTunes")
    again = [Tune.parse(tune.text.replace("T:", "T:A ").replace("|\n", "|z|\n", 1)) for tune in corpus]
    both = Corpus("both", (*corpus.tunes, *again))
    train, validation = both.split(0.3)
    assert len(train) + len(validation) == 2 * len(corpus)
    assert not {title.removeprefix("A ").removeprefix("The ") for title in titles(train)} & {
        title.removeprefix("A ").removeprefix("The ") for title in titles(validation)
    }


def test_tunes_that_all_have_one_title_or_none_are_split_by_their_bodies():
    corpus = Corpus.load("oldTunes")
    for line in ("T:Untitled\n", ""):
        same = Corpus("same", tuple(Tune.parse(re.sub("T:.*\n", line, tune.text)) for tune in corpus))
        assert [len(part) for part in same.split(0.25)] == [42, 14]


def test_few_tunes_change_sides_when_others_are_added():
    corpus = Corpus.load("oldTunes")
    fewer = Corpus("fewer", corpus.tunes[:50])
    held_out = set(titles(fewer.split(0.2)[1]))
    assert len(held_out & set(titles(corpus.split(0.2)[1]))) >= len(held_out) - 3


def test_a_duplicate_is_never_on_both_sides():
    corpus = Corpus.load("oldTunes")
    twice = Corpus("twice", corpus.tunes + corpus.tunes)
    train, validation = twice.split(0.3)
    assert len(train) + len(validation) == len(corpus)
    assert train.count("duplicate") == len(corpus)


@pytest.mark.parametrize(("tunes", "share", "sizes"), [(1, 0.5, (1, 0)), (2, 0.1, (1, 1)), (2, 0, (2, 0))])
def test_a_split_leaves_at_least_one_tune_to_learn_from(tunes, share, sizes):
    corpus = Corpus("few", (Tune.parse(KESH), Tune.parse(POLKA))[:tunes])
    assert tuple(len(part) for part in corpus.split(share)) == sizes


@pytest.mark.parametrize("share", [-0.1, 1, 1.5, float("nan")])
def test_a_share_out_of_range_is_refused(share):
    with pytest.raises(ConfigError, match="received"):
        Corpus("one", (Tune.parse(KESH),)).split(share)


def test_statistics_count_the_commonest_first():
    corpus = Corpus("mine", tuple(Tune.parse(text) for text in (KESH, POLKA, POLKA)))
    figures = corpus.statistics()
    assert figures["tunes"] == 3
    assert list(figures["keys"].items()) == [("D", 2), ("G", 1)]
    assert figures["rhythms"] == {"none": 3}


# Checksums


def test_the_checksum_is_that_of_the_files_whatever_the_order_of_the_paths(tmp_path):
    one, two = write(tmp_path, "1.abc", KESH), write(tmp_path, "2.abc", POLKA)
    corpus = Corpus.read(one, two)
    assert corpus.checksum == hashlib.sha256((KESH + POLKA).encode()).hexdigest()
    assert Corpus.read(two, one).checksum == corpus.checksum
    assert corpus.normalize().split(0.5)[0].checksum == corpus.checksum
    write(tmp_path, "2.abc", POLKA + "\n")
    assert Corpus.read(one, two).checksum != corpus.checksum


# Built-in corpora


def test_the_built_in_corpora_are_those_that_the_documentation_names():
    assert [card.name for card in built_in.cards()] == BUILT_IN


@pytest.mark.parametrize("name", ["ryansMammoth", "airdsAirs", "oneills1850", "oldTunes"])
def test_a_built_in_corpus_is_what_its_card_says(name, caplog):
    card = built_in.find_card(name)
    corpus = Corpus.load(name)
    if (
        card.kept_in == "music21"
        and corpus.checksum != card.sha256
        and metadata.version("music21") != "10.5.1"
    ):
        pytest.skip(
            "the figures are those of music21 10.5.1; this one has other files, and a warning says so"
        )
    assert corpus.checksum == card.sha256
    assert len(corpus) + corpus.count("unreadable") == card.tunes
    assert not caplog.records


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_card_for_people_has_the_same_figures_as_the_one_for_machines(name):
    card = built_in.find_card(name)
    for figure in (f"{card.files:,}", f"{card.tunes:,}", f"{card.characters:,}", f"`{card.sha256}`"):
        assert f"| {figure} |" in card.text
    for transcriber in card.transcribers:
        assert (
            transcriber.split(" (")[0].removeprefix("the ").casefold()
            in " ".join(card.text.split()).casefold()
            or name == "essenFolksong"
        )


def test_an_unknown_name_says_which_there_are():
    with pytest.raises(CorpusError, match="'oneills'; built in are oneills1850, ryansMammoth"):
        Corpus.load("oneills")


def test_music21_without_its_corpora_and_no_music21_say_what_to_do(monkeypatch, tmp_path):
    card = built_in.find_card("airdsAirs")
    monkeypatch.setattr(built_in.util, "find_spec", lambda name: None)
    with pytest.raises(CorpusError, match="pip install music21"):
        built_in.find_files(card)
    spec = type("Spec", (), {"submodule_search_locations": [str(tmp_path)]})
    monkeypatch.setattr(built_in.util, "find_spec", lambda name: spec)
    with pytest.raises(CorpusError, match="came without its corpora"):
        built_in.find_files(card)


def test_files_other_than_those_of_the_card_are_warned_of(monkeypatch, tmp_path, caplog):
    write(tmp_path, "corpus/airdsAirs/book1.abc", KESH)
    spec = type("Spec", (), {"submodule_search_locations": [str(tmp_path)]})
    found = built_in.util.find_spec
    monkeypatch.setattr(built_in.util, "find_spec", lambda name: spec if name == "music21" else found(name))
    assert titles(Corpus.load("airdsAirs")) == ["The Kesh"]
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "airdsAirs: not the files of its data card" in caplog.text


def test_essen_is_loaded_with_its_licence_said(caplog):
    with caplog.at_level(logging.WARNING):
        corpus = Corpus.load("essenFolksong")
    assert len(corpus) > 8000
    assert "non-commercial" in caplog.text
    assert "non-commercial" in built_in.find_card("essenFolksong").text


def test_loading_a_corpus_imports_neither_music21_nor_tensorflow():
    code = (
        "import sys; from abclm.corpora.corpus import Corpus; Corpus.load('airdsAirs').split(); "
        "print([name for name in ('music21', 'tensorflow', 'keras', 'matplotlib') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "[]", done.stderr


# The corpora of a command line


def test_arguments_are_built_in_names_and_paths_together(tmp_path):
    path = write(tmp_path, "mine.abc", KESH)
    corpus = read_corpora([path, "oldTunes", "oldTunes"])
    assert len(corpus) == 57
    assert corpus.name == f"oldTunes, {path}"
    assert set(corpus.checksums) == {"oldTunes", path}
    assert corpus.checksum == read_corpora(["oldTunes", path]).checksum


def test_a_file_called_like_a_built_in_corpus_is_reached_with_a_dot(tmp_path, monkeypatch):
    write(tmp_path, "oldTunes", KESH)
    monkeypatch.chdir(tmp_path)
    assert len(read_corpora(["oldTunes"])) == 56
    assert len(read_corpora(["./oldTunes"])) == 1


def test_an_argument_that_is_neither_says_which_corpora_are_built_in():
    with pytest.raises(CorpusError, match=r"oneils: is no file or folder, nor .*\(oneills1850, "):
        read_corpora(["oneils"])
    with pytest.raises(CorpusError, match="no corpus was given"):
        read_corpora([])


# Our own tunebook


def test_the_tunebook_has_many_tunes_of_every_common_kind():
    corpus = Corpus.load("oldTunes")
    kinds = ["reel", "jig", "hornpipe", "polka", "waltz", "slide", "march", "air", "strathspey"]
    assert len(corpus) >= 36
    assert len(set(titles(corpus))) == len(corpus)
    assert {*kinds, "slip jig"} == set(corpus.statistics()["rhythms"])


@pytest.mark.parametrize("tune", Corpus.load("oldTunes").tunes, ids=lambda tune: tune.title)
def test_a_tune_of_the_tunebook_is_plain_and_flawless(tune):
    header = re.findall(r"(?m)^([A-Z]):", tune.text)
    assert header == ["X", "T", "R", "M", "L", "K"]
    assert set(tune.text) <= set(DEFAULT_SYMBOLS)
    assert not re.search(r'["!(){}\[]', tune.body.replace("|]", ""))
    assert tune.check() == []
    canonical = tune.normalize()
    assert canonical.notes() == tune.notes()
    assert (canonical.title, canonical.key, canonical.rhythm) == (tune.title, tune.key, tune.rhythm)


def test_abc2midi_finds_nothing_to_say_about_the_tunebook():
    said = {tune.title: run_abc2midi(tune).messages for tune in Corpus.load("oldTunes")}
    assert {title: lines for title, lines in said.items() if lines} == {}


def test_the_cards_file_is_what_its_loader_reads_back():
    entries = json.loads((built_in.folder() / "cards.json").read_text(encoding="utf-8"))
    assert json.loads(json.dumps([card.to_dict() for card in built_in.cards()])) == entries
    assert all(Path(built_in.folder() / f"{entry['name']}.md").is_file() for entry in entries)


# MIDI files


def test_midi_files_are_tunes_of_a_corpus(tmp_path):
    text = "X:1\nT:Played\nM:4/4\nL:1/8\nK:G\nGABc d2ef|g4 G4|]\n"
    tune = Tune.parse(text)
    for name in ("a.mid", "below/b.MIDI", "both.mid"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(to_bytes(tune, ".mid"))
    (tmp_path / "both.abc").write_text(text, encoding="utf-8")
    (tmp_path / "broken.mid").write_bytes(b"MThd no more")
    corpus = Corpus.read(tmp_path)
    # What stands there as both is one tune, and what can't be read is a problem.
    assert [Path(place.split(",")[0]).name for place in corpus.places] == ["a.mid", "b.MIDI", "both.abc"]
    assert [problem.place for problem in corpus.problems] == [str(tmp_path / "broken.mid")]
    assert len(corpus.deduplicate()) == 1
    assert [note.pitch for note in corpus.tunes[0].notes()] == [note.pitch for note in tune.notes()]
    assert len(Corpus.read(tmp_path / "*.mid")) == 2
    with pytest.raises(CorpusError, match=r"broken\.mid: the MIDI file is cut off"):
        Corpus.read(tmp_path / "broken.mid")
