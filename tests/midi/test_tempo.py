import pytest

from abclm.errors import ConfigError
from abclm.midi.instruments import INSTRUMENTS, find_program, timbre_name
from abclm.midi.tempo import USUAL_TEMPOS, beat_length, parse_tempo, quarter_microseconds, usual_tempo
from abclm.notation.fields import RHYTHMS
from abclm.sound.timbres import TIMBRES


def test_every_rhythm_has_a_tempo_in_every_meter_it_goes_with():
    assert set(USUAL_TEMPOS) == set(RHYTHMS)
    for rhythm, meters in RHYTHMS.items():
        for meter in meters:
            # From ten eighths a second down to a slow air whose beat is an eighth.
            quarter_seconds = quarter_microseconds(usual_tempo(rhythm, meter)) / 1e6
            assert 0.2 < quarter_seconds < 1.6, (rhythm, meter)


@pytest.mark.parametrize(
    ("rhythm", "meter", "tempo"),
    [
        ("reel", "C|", "1/2=100"),
        ("reel", "4/4", "1/2=100"),
        ("reel", "2/4", "1/4=100"),
        ("slip jig", "9/8", "3/8=112"),
        ("waltz", "3/4", "1/4=132"),
        ("waltz", "3/8", "1/8=132"),
        (None, "C|", "1/2=90"),
        (None, None, "1/4=112"),
        ("reel", "nonsense", "1/4=100"),
    ],
)
def test_the_usual_tempo_counts_the_beats_of_the_meter(rhythm, meter, tempo):
    assert usual_tempo(rhythm, meter) == tempo


@pytest.mark.parametrize(
    ("meter", "length"),
    [
        ("6/8", "3/8"),
        ("3/8", "1/8"),
        ("C|", "1/2"),
        ("C", "1/4"),
        ("2/4", "1/4"),
        ("3/2", "1/2"),
        (None, "1/4"),
    ],
)
def test_a_number_alone_counts_the_beats_of_the_meter(meter, length):
    assert str(beat_length(meter)) == length
    assert parse_tempo(" 90 ", meter) == f"{length}=90"


@pytest.mark.parametrize(
    "text", ["", "fast", "0", "9", "1001", "1/0=100", "1/4=", "-100", "1/4=1e3", "9/2=100", "1.5"]
)
def test_what_is_no_tempo_is_named(text):
    with pytest.raises(ConfigError, match="tempo: "):
        parse_tempo(text)


def test_an_instrument_is_found_by_any_of_its_spellings():
    assert find_program("TIN_whistle") == find_program("penny whistle") == INSTRUMENTS["tin whistle"]
    with pytest.raises(ConfigError, match="'kazoo' is not known; give one of guitar, fiddle"):
        find_program("kazoo")


def test_every_program_has_a_timbre():
    assert {timbre_name(program) for program in range(128)} <= set(TIMBRES)
