"""abclm play: tunes on the loudspeakers."""

from pathlib import Path
from typing import Annotated

import typer

from abclm.cli.activity import doing
from abclm.cli.options import Corpora, takes

EXAMPLES = ("abclm play my_tunes.abc --instrument fiddle", "abclm play oldTunes --tempo 100")


def command(
    corpora: Corpora,
    instrument: Annotated[
        str | None, takes("NAME", "Instrument, such as fiddle.", unset="the tune's own, or guitar")
    ] = None,
    tempo: Annotated[
        str | None, takes("TEMPO", "Beats per minute, or such as 1/4=120.", unset="the usual one")
    ] = None,
    chords: Annotated[bool, typer.Option("--chords", help="Play the chord symbols too.")] = False,
) -> None:
    """Play tunes and MIDI files one after another, until Ctrl-C."""
    from abclm.corpora.corpus import read_corpora
    from abclm.midi.performance import Performance, play
    from abclm.sound.player import play_sound
    from abclm.sound.wav import midi_to_wav

    performance = Performance.asked(instrument, tempo, chords)
    doing("reading tunes")
    for tune in read_corpora(corpora):
        doing("playing")
        typer.echo(f"abclm: playing {tune.title or Path(corpora[0]).name}", err=True)
        play_sound(midi_to_wav(play(tune, performance)))
