"""abclm play: tunes on the loudspeakers."""

from pathlib import Path
from typing import Annotated

import typer

from abclm.cli.activity import doing
from abclm.cli.options import Corpora, takes
from abclm.errors import AbclmError

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
    from abclm.sound.player import find_player, play_sound
    from abclm.sound.wav import midi_to_wav

    performance = Performance.asked(instrument, tempo, chords)
    player = find_player()
    doing("reading tunes")
    corpus = read_corpora(corpora)
    played = 0
    for tune, place in zip(corpus.tunes, corpus.places, strict=True):
        try:
            sound = midi_to_wav(play(tune, performance))
        except AbclmError as error:
            typer.echo(f"abclm: left out: {place}: {error}", err=True)
            continue
        doing("")
        typer.echo(f"abclm: playing {tune.title or Path(corpora[0]).name}", err=True)
        play_sound(sound, player)
        played += 1
    if played < len(corpus):
        raise typer.Exit(1)
