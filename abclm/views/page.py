"""Turn tunes into one page of HTML that needs nothing else: scores, players, ABC, and how they were made.

Whatever a tune says is text on it, never markup: everything is escaped, and a content security policy lets no
script run but the page's own, and nothing be fetched from anywhere.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from html import escape, unescape
from pathlib import Path
from typing import Any

from abclm.errors import AbclmError
from abclm.midi.file import MidiFile
from abclm.midi.instruments import timbre_name
from abclm.midi.performance import Performance, play
from abclm.notation.tune import Tune
from abclm.score.heading import heading_of
from abclm.score.left_out import say_left_out
from abclm.score.svg import NARROWEST, Staves, engrave_incipit, engrave_tune, placed
from abclm.sound.timbres import TIMBRES
from abclm.system.files import file_name
from abclm.system.words import counted

Progress = Callable[[int, int], object]

_NARROW_SEED = 1_000_000  # of the scores for phones
_INCIPIT_SEED = 2_000_000
_HERE = Path(__file__).parent


def format_page(
    tunes: Sequence[Tune],
    *,
    performance: Performance | None = None,
    made: Mapping[str, str] | None = None,
    title: str | None = None,
    incipits: bool | None = None,
    progress: Progress | None = None,
) -> tuple[str, list[tuple[Tune, AbclmError]]]:
    """Write a page.

    Args:
        tunes: one or more; two or more get an index.
        performance: how the players play them.
        made: how the tunes came about, such as `{"Model": "session", "Seed": "7"}`, where that is known.
        title: of a page of several tunes; else it says how many there are.
        incipits: whether the index has the first bars of each tune.
        progress: called before each tune with the number of those that are done, and that of all.

    Returns:
        The text of the HTML file, and the tunes that could not be engraved or played, which are left out.

    Raises:
        ConvertError: there is none that could be.
    """
    articles: list[str] = []
    shown: list[Tune] = []
    failed: list[tuple[Tune, AbclmError]] = []
    left_out: list[str] = []
    for number, tune in enumerate(tunes):
        if progress:
            progress(number, len(tunes))
        try:
            head = "h1" if len(tunes) == 1 else "h2"
            article, missing = _article(tune, len(shown) + 1, head, performance, made)
            articles.append(article)
            shown.append(tune)
            left_out += missing
        except AbclmError as error:
            failed.append((tune, error))
    if not shown:
        raise failed[0][1] if failed else ValueError("a page has one tune or more")
    titles = [heading_of(tune).title for tune in shown]
    name = titles[0] if len(shown) == 1 else title or counted(len(shown), "tune")
    say_left_out(name, left_out)
    first_bars = [_incipit(tune, number) for number, tune in enumerate(shown, 1)] if incipits else ()
    return whole_page(name, titles, articles, first_bars), failed


def whole_page(
    name: str, titles: Sequence[str], articles: Sequence[str], incipits: Sequence[str] = ()
) -> str:
    """Write a page of articles, each of a tune or a piece with a player.

    Args:
        name: of the page.
        titles: of the articles; two or more get an index.
        articles: HTML; each has the id `tune-1`, `tune-2`, ...
        incipits: HTML to show below each title of the index; empty for none.
    """
    script = (_HERE / "page.js").read_text(encoding="utf-8")
    style = (_HERE / "page.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; media-src blob:; "
        "base-uri 'none'; form-action 'none'"
    )
    index = f"<header><h1>{escape(name)}</h1></header>\n" if articles[0].count("<h2") else ""
    if len(titles) > 1:
        entries = "\n".join(
            f'<li><a href="#tune-{number}">{escape(title)}</a>{incipit}</li>'
            for number, (title, incipit) in enumerate(
                zip(titles, incipits or [""] * len(titles), strict=True), 1
            )
        )
        index += f'<nav aria-label="Tunes"><ol>\n{entries}\n</ol></nav>\n'
    return f"""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(name)}</title>
<style>
{style}</style>
</head>
<body>
{index}<main>
{"".join(articles)}</main>
<script type="application/json" id="timbres">{_json(_timbres())}</script>
<script>{script}</script>
</body>
</html>
"""


def _article(
    tune: Tune, number: int, head: str, performance: Performance | None, made: Mapping[str, str] | None
) -> tuple[str, tuple[str, ...]]:
    """An article about a tune, and what its score leaves out."""
    heading = heading_of(tune)
    title = escape(heading.title)
    known = (*heading.subtitles, heading.composer, heading.rhythm, tune.meter or "", f"in {tune.key}")
    facts = " · ".join(escape(fact) for fact in known if fact)
    staves = engrave_tune(tune, seed=number)
    narrow = engrave_tune(tune, seed=number + _NARROW_SEED, width=NARROWEST)
    words = "<br>\n".join(map(escape, (*heading.words, *heading.about)))
    article = f"""\
<article id="tune-{number}" aria-labelledby="title-{number}">
<{head} id="title-{number}">{title}</{head}>
<p class="facts">{facts}</p>
<figure class="score wide" tabindex="0">{_picture(title, staves)}</figure>
<figure class="score narrow">{_picture(title, narrow)}</figure>
{f"<p>{words}</p>" if words else ""}
{player(title, play(tune, performance))}\
<details><summary>ABC</summary><pre tabindex="0"><code>{escape(str(tune).rstrip())}</code></pre></details>
{story(made)}</article>
"""
    return article, staves.left_out


def _incipit(tune: Tune, number: int) -> str:
    """The staff of a tune's first bars, for the index; it is not read out."""
    staff = engrave_incipit(tune, seed=number + _INCIPIT_SEED)
    if staff is None:
        return ""
    picture = placed(staff.pages[0], staff.sizes[0])
    return f'<figure class="incipit" aria-hidden="true">{picture}</figure>'


def _picture(title: str, staves: Staves) -> str:
    # A page of staves is a picture; its letters are not read out one by one.
    return "\n".join(
        placed(page, size).replace("<svg ", f'<svg role="img" aria-label="Score of {title}" ', 1)
        for page, size in zip(staves.pages, staves.sizes, strict=True)
    )


def player(title: str, midi: MidiFile) -> str:
    """The player of a MIDI file's pitched notes; the title is HTML already."""
    notes = _json(_notes(midi))
    name = file_name(unescape(title))
    file = base64.b64encode(midi.to_bytes()).decode()
    timbres = "".join(f"<option>{escape(each)}</option>" for each in TIMBRES)
    return f"""\
<div class="player">
<button type="button" hidden>Play {title}</button>
<audio controls hidden aria-label="{title}"></audio>
<label hidden>Speed <select class="speed"><option value="0.5">half</option><option value="0.75">three quarters</option>\
<option value="1" selected>full</option></select></label>
<label hidden>Sound <select class="timbre"><option value="">as written</option>{timbres}</select></label>
<label hidden><input type="checkbox" class="loop"> loop</label>
<a download="{name}.mid" href="data:audio/midi;base64,{file}">MIDI</a>
<noscript>The player needs JavaScript, which this browser does not run.</noscript>
<script type="application/json">{notes}</script>
</div>
"""


def story(made: Mapping[str, str] | None) -> str:
    """How a tune or a piece came about, folded away; nothing where that is not known."""
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in (made or {}).items())
    return f"<details><summary>How it was made</summary><dl>{rows}</dl></details>\n" if rows else ""


def _notes(file: MidiFile) -> list[list[float | str]]:
    """Each note's start and length in seconds, its pitch, its loudness and its timbre."""
    notes = file.pitched_notes
    starts = file.seconds([note.start_ticks for note in notes])
    ends = file.seconds([note.end_ticks for note in notes])
    return [
        [
            round(start, 3), round(end - start, 3), note.pitch, round((note.velocity / 127) ** 1.3, 2),
            timbre_name(file.program_at(note.channel, note.start_ticks)),
        ]
        for note, start, end in zip(notes, starts, ends, strict=True)
    ]  # fmt: skip


def _timbres() -> dict[str, dict[str, Any]]:
    """The timbres for the page's script, with the harmonics that they have at 440 Hz."""
    described = {}
    for name, timbre in TIMBRES.items():
        loud = [timbre.loudness(number, 440.0 * number) for number in range(1, timbre.harmonics + 1)]
        level = sum(each**2 for each in loud) ** 0.5
        described[name] = {
            "harmonics": [round(each / level, 4) for each in loud], "attack": timbre.attack_seconds,
            "release": timbre.release_seconds, "decay": timbre.decay, "damping": timbre.damping,
            "vibrato": timbre.vibrato_cents, "gain": timbre.gain,
        }  # fmt: skip
    return described


def _json(value: object) -> str:
    """Write JSON that can stand inside a script element."""
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")
