"""Turn the options into what the API takes, and say what it gives: shapes of JSON, for checking and for its pages."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from abclm.formats.table import FORMATS
from abclm.generation.options import GenerationOptions
from abclm.midi.instruments import INSTRUMENTS
from abclm.score.svg import NARROWEST, PAGE_WIDTH
from abclm.system.options import Option, options_of

MEDIA_TYPES = {suffix.removeprefix("."): row.media_type for suffix, row in FORMATS.items()}
BOOK_FORMATS = tuple(suffix.removeprefix(".") for suffix, row in FORMATS.items() if row.write_book)

if TYPE_CHECKING:
    Format = str
    BookFormat = str
else:
    Format = Literal[tuple(MEDIA_TYPES)]
    BookFormat = Literal[BOOK_FORMATS]

MOST_CHARACTERS = 5_000  # of a tune that is sent
MOST_FILE = 250_000  # of a file that is sent
MOST_BOOK = 200_000  # of tunes that become a book
MOST_LENGTH = 4_000  # characters of a tune that is written
# What the API does not take: it writes one tune at a time, under the grammar.
_NOT_ASKED = ("n", "batch_size", "constrained", "novel", "attempts")
# Where the API takes less than the library: numbers, of which 2**53 - 1 is the largest integer that every JSON reader
# keeps, and characters of a text.
_MOST = {"seed": 2**53 - 1, "top_k": 1000, "max_length": MOST_LENGTH, "best_of": 8}
_LONGEST = {
    "key": 40, "meter": 20, "rhythm": 40, "unit_note_length": 10, "opening": MOST_LENGTH, "part": 10,
    "like": MOST_CHARACTERS, "rewrite": MOST_CHARACTERS, "plan": MOST_CHARACTERS, "compass": 20,
}  # fmt: skip
_LONGEST_TEXT = 200
# Options that mean nothing without another one, or not to every model: an example of a request leaves them out.
_WITH_ANOTHER = ("part", "plan", "rewrite_bars")

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


def most_of(option: Option) -> int | None:
    """The largest number that the API takes for an option; None where there is no limit."""
    return _MOST.get(option.name, None if option.high is None else int(option.high))


def _entry(option: Option) -> tuple[Any, Any]:
    """Make a pydantic field of an option: its type, and its default, range and description."""
    limits: dict[str, Any] = dict(option.limits)
    kind: Any = option.kind
    if option.choices:
        kind = Literal[option.choices]
    elif kind is str:
        limits["max_length"] = _LONGEST.get(option.name, _LONGEST_TEXT)
    elif option.name in _MOST:
        limits["le"] = most_of(option)
    examples = None if option.example is None or option.name in _WITH_ANOTHER else [option.example]
    field = Field(option.default, description=option.help, examples=examples, **limits)
    return (kind | None if option.default is None else kind), field


_Options = create_model(
    "_Options",
    __base__=_Asked,
    **{name: _entry(each) for name, each in options_of(GenerationOptions).items() if name not in _NOT_ASKED},
)  # type: ignore[call-overload]


class TuneAsked(_Options):  # type: ignore[misc, valid-type]
    """What to write and how: the options of `abclm generate`. The seed is random if it is left out."""

    def options(self) -> GenerationOptions:
        """Check what was asked for as a whole, and draw a seed where there is none.

        Raises:
            ConfigError: it doesn't go together.
        """
        return GenerationOptions(**self.model_dump()).with_seed()


class Overlap(BaseModel):
    """What the tune has in common with training tunes, in any key."""

    share: float = Field(
        description="Share of its different bars that stand in the most similar training tune, 0 to 1."
    )
    bars: int = Field(description="Number of these bars.")
    title: str = Field(description="Title of that tune.")
    run: int = Field(description="Longest passage in common with any training tune, in bars.")
    run_title: str = Field(description="Title of the tune with that passage.")
    is_copy: bool = Field(description="Whether this is more than different tunes usually have in common.")


class TuneWritten(BaseModel):
    """A tune, and how it was made."""

    abc: str = Field(description="The tune.")
    title: str
    rhythm: str | None
    meter: str | None
    unit_note_length: str | None
    key: str
    seed: int = Field(description="With the same options and model, this seed gives the same tune.")
    problems: list[str] = Field(description="Problems that keep it from being played; usually none.")
    overlap: Overlap | None = Field(description="Null if the model has no index of its training tunes.")
    made: dict[str, str] = Field(description="How the tune was made, in words; `convert` prints it on pages.")


class AbcSent(_Asked):
    """A tune."""

    abc: Abc


class ScoreAsked(AbcSent):
    """A tune, and the width of its score."""

    width: int = Field(
        PAGE_WIDTH, ge=NARROWEST, le=PAGE_WIDTH,
        description="Width in tenths of a millimetre. A narrow score has more lines.",
    )  # fmt: skip


class SoundAsked(AbcSent):
    """A tune, and how it is played."""

    instrument: str | None = Field(
        None, max_length=40, description=f"Instrument: {', '.join(INSTRUMENTS)}.", examples=["fiddle"]
    )
    tempo: str | None = Field(
        None,
        max_length=20,
        description="Beats per minute, or a note length with its number per minute, such as 1/4=120.",
        examples=["110"],
    )
    chords: bool = Field(False, description="Play the chord symbols too.")


class TranspositionAsked(AbcSent):
    """A tune, and by how much it is moved."""

    semitones: int = Field(
        ge=-24, le=24, description="Up, or down if negative; 12 is an octave.", examples=[2]
    )


class FileSent(_Asked):
    """A file with tunes."""

    name: str = Field(
        min_length=1, max_length=200, description="Its name, which ends in .abc, .mid, .musicxml, .xml or .mxl.",
        examples=["tune.abc"],
    )  # fmt: skip
    content: str = Field(
        max_length=MOST_FILE, description="What it holds, as Base64.", examples=["WDoxCks6RwpHQUJjfF0K"]
    )


class BookAsked(_Asked):
    """Tunes, and what to turn them into."""

    abc: str = Field(
        min_length=1, max_length=MOST_BOOK, description="The tunes in ABC notation.",
        examples=["X:1\nT:One\nK:G\nGABc|]\n\nX:2\nT:Two\nK:D\ndefg|]\n"],
    )  # fmt: skip
    format: BookFormat = Field(examples=["pdf"])
    title: str = Field("Tunes", max_length=100, description="Title of the book.")


class ConversionAsked(SoundAsked):
    """A tune, and what to turn it into; how it is played, for formats with sound."""

    format: Format
    made: dict[Annotated[str, Field(max_length=40)], Annotated[str, Field(max_length=MOST_LENGTH)]] | None = (
        Field(None, max_length=24, description="For html: how the tune was made.")
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
    body: str = Field(description="The music, after the header.")
    problems: list[ProblemFound]


class Followed(BaseModel):
    """When each note of a tune's score sounds."""

    moments: list[tuple[float, float, str, str]] = Field(
        description="Beginning and end in seconds, `id` in the score, number of the bar; as they are heard."
    )
    beat_seconds: float = Field(description="Length of a beat.")
    beats: int = Field(description="Number of beats in a bar.")


class TunesRead(BaseModel):
    """The tunes of a file."""

    tunes: list[str] = Field(description="Each in ABC notation.")
    problems: list[str] = Field(description="What could not be read.")


class Transposed(BaseModel):
    """A tune in another key."""

    abc: str
    left_out: list[str] = Field(
        description="What the tune had and its canonical form has not, such as `slurs`."
    )


class About(BaseModel):
    """What the server offers."""

    version: str
    model: str
    rhythms: dict[str, list[str]] = Field(description="The meters of each rhythm, the usual one first.")
    meters: list[str]
    keys: list[str]
    instruments: list[str]
    formats: list[str]
    limits: dict[str, Any] = Field(description="Limits of size, number and time.")


class Refusal(BaseModel):
    """Why something could not be done."""

    error: str = Field(description="One line: what was wrong, what was received, what to do.")
