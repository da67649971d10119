"""Say what the API takes and gives: the shapes of its JSON, with units and ranges, for checking and for its pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from abclm.formats.table import FORMATS
from abclm.generation.options import GenerationOptions
from abclm.midi.instruments import INSTRUMENTS
from abclm.score.svg import NARROWEST, PAGE_WIDTH

MEDIA_TYPES = {suffix.removeprefix("."): row.media_type for suffix, row in FORMATS.items()}
if TYPE_CHECKING:
    Format = str
else:
    Format = Literal[tuple(MEDIA_TYPES)]

MOST_CHARACTERS = 5_000  # of a tune that is sent
MOST_LENGTH = 4_000  # characters of a tune that is written
# The largest integer that every JSON reader keeps.
_MOST_SEED = 2**53 - 1
_DEFAULTS = GenerationOptions()

Abc = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MOST_CHARACTERS,
        description="One tune in ABC notation.",
        examples=["X:1\nT:Two Bars\nM:4/4\nL:1/8\nK:G\nGABc dedB|c2A2 G4|]\n"],
    ),
]


class _Asked(BaseModel):
    # An unknown name is an error, and so is a number in quotes.
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class TuneAsked(_Asked):
    """What to write and how; the options of `abclm generate`. What is left out is the model's own."""

    title: str | None = Field(
        None, max_length=200, description="1 to 60 symbols.", examples=["The Lost Badger"]
    )
    key: str | None = Field(None, max_length=40, description="Such as G, Em, Ador, Bb.", examples=["G"])
    meter: str | None = Field(None, max_length=20, description="Such as 6/8, C|.", examples=["6/8"])
    rhythm: str | None = Field(
        None, max_length=40, description="Such as jig, reel, slip jig.", examples=["jig"]
    )
    unit_note_length: str | None = Field(
        None, max_length=10, description="Length of a note without a number, such as 1/8."
    )
    opening: str | None = Field(
        None, max_length=MOST_LENGTH, description="Music code that the tune begins with, such as |:GAB c2d."
    )
    parts: int | None = Field(None, ge=1, le=8, description="How many parts, each repeated.")
    bars: int | None = Field(None, ge=1, le=64, description="Bars of each part; without parts, of the tune.")
    any_form: bool = Field(
        _DEFAULTS.any_form,
        description="Without parts and bars, leave the form to the model; else it is one usual among its tunes.",
    )
    seed: int | None = Field(
        None,
        ge=0,
        le=_MOST_SEED,
        description="The same seed writes the same tune. Drawn where it is left out.",
    )
    temperature: float = Field(
        _DEFAULTS.temperature, ge=0, le=100,
        description="Below 1 closer to what is usual, above 1 further from it; 0 is always the likeliest.",
    )  # fmt: skip
    top_k: int | None = Field(None, ge=1, le=1000, description="Draw from so many likeliest symbols.")
    top_p: float | None = Field(
        None, gt=0, le=1, description="Draw from the likeliest symbols that together reach this probability."
    )
    min_p: float | None = Field(
        None, ge=0, le=1, description="Draw from symbols at least this often as likely as the likeliest."
    )
    bar_repetition: float = Field(
        _DEFAULTS.bar_repetition, ge=0, le=1,
        description="How probably to keep a bar that the tune has already.",
    )  # fmt: skip
    bar_redraws: int = Field(
        _DEFAULTS.bar_redraws, ge=0, le=64,
        description="How often to draw a bar anew before the grammar has its way in it.",
    )  # fmt: skip
    ending_draws: int = Field(
        _DEFAULTS.ending_draws, ge=1, le=64,
        description="How often to draw the last bar at most, until the tune might well end there.",
    )  # fmt: skip
    max_length: int = Field(
        _DEFAULTS.max_length, ge=200, le=MOST_LENGTH, description="Characters that the tune has at most."
    )

    def options(self) -> GenerationOptions:
        """Check what was asked for as a whole, and draw a seed where there is none.

        Raises:
            ConfigError: it doesn't go together.
        """
        return GenerationOptions(**self.model_dump()).with_seed()


class Overlap(BaseModel):
    """How much of the tune stands in training tunes, whatever the key."""

    share: float = Field(
        description="Of its different bars, how many stand in the tune nearest to it; 0 to 1."
    )
    bars: int = Field(description="How many those are.")
    title: str = Field(description="Of that tune.")
    run: int = Field(description="The longest passage in common with any training tune, in bars.")
    run_title: str = Field(description="Of the tune that has it.")
    is_copy: bool = Field(description="Whether this is more than is usual between different tunes.")


class TuneWritten(BaseModel):
    """A tune, and how it came about."""

    abc: str = Field(description="The tune.")
    title: str
    rhythm: str | None
    meter: str | None
    unit_note_length: str | None
    key: str
    seed: int = Field(description="With the same options and model, it gives this tune again.")
    problems: list[str] = Field(description="What keeps it from being played; usually nothing.")
    overlap: Overlap | None = Field(description="Null where the model doesn't know its training tunes.")
    made: dict[str, str] = Field(description="How it came about, in words; `convert` puts it on pages.")


class AbcSent(_Asked):
    """A tune."""

    abc: Abc


class ScoreAsked(_Asked):
    """A tune, and how wide its score is to be."""

    abc: Abc
    width: int = Field(
        PAGE_WIDTH, ge=NARROWEST, le=PAGE_WIDTH,
        description="In tenths of a millimetre; on a narrow score, lines of music become several.",
    )  # fmt: skip


class SoundAsked(_Asked):
    """A tune, and how it is played."""

    abc: Abc
    instrument: str | None = Field(
        None, max_length=40, description=f"{', '.join(INSTRUMENTS)}.", examples=["fiddle"]
    )
    tempo: str | None = Field(
        None, max_length=20, description="Beats a minute, or such as 1/4=120.", examples=["110"]
    )
    chords: bool = Field(False, description="Play the chord symbols, too.")


class ConversionAsked(SoundAsked):
    """A tune, and what to turn it into; how it is played, for formats with sound."""

    format: Format
    made: dict[Annotated[str, Field(max_length=40)], Annotated[str, Field(max_length=MOST_LENGTH)]] | None = (
        Field(None, max_length=24, description="For html: how the tune came about.")
    )


class ProblemFound(BaseModel):
    """Something that is wrong in a tune."""

    line: int = Field(description="From 1.")
    column: int = Field(description="From 1.")
    severity: Literal["error", "warning"]
    message: str


class Checked(BaseModel):
    """What is in a tune, and what is wrong with it."""

    title: str
    rhythm: str | None
    meter: str | None
    unit_note_length: str | None
    key: str
    body: str = Field(description="The music, behind the header.")
    problems: list[ProblemFound]


class About(BaseModel):
    """What can be asked for."""

    version: str
    model: str
    rhythms: dict[str, list[str]] = Field(
        description="With the meters that go with each, the usual one first."
    )
    meters: list[str]
    keys: list[str]
    instruments: list[str]
    formats: list[str]
    limits: dict[str, Any] = Field(description="Of size, number and time.")


class Refusal(BaseModel):
    """Why something could not be done."""

    error: str = Field(description="One line: what was wrong, what was received, what to do.")
