"""Turn a list of fields into the controls of the page with which a tune is asked for.

A control is a row of `CONTROLS`. Its name is that of an option of `GenerationOptions`, which gives its range; the page's
script sends the value of every control under its name.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from abclm.analysis.forms import MOST_PARTS
from abclm.generation.options import GenerationOptions
from abclm.notation.fields import RHYTHMS
from abclm.notation.grammar.tables import VALUES
from abclm.notation.keys import MODES
from abclm.system.options import Option, options_of
from abclm.web.schema import most_of

_MODE_NAMES = {"": "major", "m": "minor", "dor": "Dorian", "mix": "Mixolydian", "phr": "Phrygian", "lyd": "Lydian",
               "loc": "Locrian"}  # fmt: skip
# The keys of most tunes of the paper's reference corpus, the most frequent one first: for a model that counts no keys.
_MOST_USED = ("G", "D", "Ador", "Dmix", "Edor", "A", "Amix", "Em")
# Other tonics that players meet, in the order of how often they do.
_USUAL_TONICS = {
    "": ("G", "D", "A", "C", "F", "Bb", "E", "Eb"),
    "m": ("E", "A", "B", "D", "G", "F#", "C"),
    "dor": ("A", "E", "D", "G", "B"),
    "mix": ("D", "A", "G", "E"),
}


LONGEST_OPENING = 500


@dataclass(frozen=True)
class Control:
    """A control of the page.

    Attributes:
        name: of the option.
        label: in words; HTML.
        choices: the `<option>` elements of a list, after the one for "not asked for"; "" for a control that is no list.
        unset: the words for "not asked for", in a list or in an empty field.
        slider: the lowest value, the highest and the step of a slider, with the words at its two ends.
        hint: a line below it.
        after: what stands beside it; HTML.
        suggested: whether the page's script suggests values.
    """

    name: str
    label: str
    choices: str = ""
    unset: str = ""
    slider: tuple[str, str, str, str, str] | None = None
    hint: str = ""
    after: str = ""
    suggested: bool = False

    def html(self) -> str:
        """The control with its label."""
        option = options_of(GenerationOptions)[self.name]
        described = f' aria-describedby="{self.name}-help"' if self.slider or self.hint else ""
        kind = "text" if option.kind is str else "number"
        common = f'id="{self.name}" name="{self.name}" data-wish="{kind}"{described}'
        hint = f'<span class="hint" id="{self.name}-help">{self.hint}</span>' if self.hint else ""
        label = f'<label for="{self.name}">{self.label}</label>'
        if self.choices:
            made = f'<select {common}><option value="">{escape(self.unset)}</option>{self.choices}</select>'
        elif self.slider:
            low, high, step, *ends = self.slider
            words = "".join(f"<span>{escape(end)}</span>" for end in ends)
            made = (
                f'<input {common} type="range" min="{low}" max="{high}" step="{step}" value="{option.default:g}" '
                f'data-unset="{option.default:g}">'
            )
            hint = f'<span class="hint ends" id="{self.name}-help">{words}</span>'
        else:
            made = f'<input {common} {_field(option)} placeholder="{escape(self.unset)}"'
            made += (
                f' list="{self.name}-list"><datalist id="{self.name}-list"></datalist>'
                if self.suggested
                else ">"
            )
        if self.after:
            made = f'<span class="{"row" if not self.choices else "stack"}">{made}\n{self.after}</span>'
        return f'<div class="field">{label}\n{made}{hint}</div>'


def _field(option: Option) -> str:
    """The attributes of a field to type into."""
    if option.kind is str:
        longest = 60 if option.name == "title" else LONGEST_OPENING
        return f'maxlength="{longest}" spellcheck="false" enterkeyhint="go"'
    most = most_of(option)
    limits = f'min="{option.low:g}"' + (f' max="{most}"' if most is not None else "")
    return f'type="number" {limits} step="{1 if option.kind is int else "any"}" inputmode="numeric"'


def options_html(values: Iterable[str]) -> str:
    """Write the elements of a list."""
    return "".join(f"<option>{escape(value)}</option>" for value in values)


def _rhythms() -> str:
    return "".join(
        f'<option data-meters=" {escape(" ".join(meters))} ">{escape(name)}</option>'
        for name, meters in RHYTHMS.items()
    )


def keys_html(most_used: Sequence[str] = ()) -> str:
    """Write the elements of the list of keys.

    Args:
        most_used: the keys that stand first, in this order.
    """
    first = tuple(most_used) or _MOST_USED
    groups = [_key_group("Most used", first)]
    known = set(first)
    for mode, tonics in _USUAL_TONICS.items():
        keys = [tonic + mode for tonic in tonics if tonic + mode not in known]
        known.update(keys)
        groups.append(_key_group(_MODE_NAMES[mode].capitalize(), keys))
    return "".join([*groups, _key_group("Others", [key for key in VALUES["K"] if key not in known])])


def _key_group(name: str, keys: Iterable[str]) -> str:
    options = "".join(f'<option value="{escape(key)}">{escape(_key_name(key))}</option>' for key in keys)
    return f'<optgroup label="{escape(name)}">{options}</optgroup>'


def _key_name(key: str) -> str:
    """A key in words.

    Example:
        >>> _key_name("Bbmix"), _key_name("F#m"), _key_name("G")
        ('B♭ Mixolydian', 'F♯ minor', 'G major')
    """
    length = 2 if key[1:2] in ("#", "b") else 1
    tonic, mode = key[:length], key[length:]
    assert mode in MODES
    return f"{tonic.replace('#', '♯').replace('b', '♭')} {_MODE_NAMES[mode]}"


def _parts() -> str:
    forms = {1: "1: AA", 2: "2: AABB", 3: "3: AABBCC"}
    numbers = range(1, MOST_PARTS + 1)
    return "".join(f'<option value="{number}">{forms.get(number, number)}</option>' for number in numbers)


CONTROLS: tuple[tuple[Control, ...], ...] = (
    (Control("title", "Title", unset="The Lost Badger"),),
    (
        Control("rhythm", "Rhythm", choices=_rhythms(), unset="any"),
        Control(
            "meter",
            "Meter",
            choices=options_html(VALUES["M"]),
            unset="any",
            after='<span class="hint" id="meter-said" role="status"></span>',
        ),
    ),
    (Control("key", "Key", choices=keys_html(), unset="any"),),
)
"""What is always shown, line by line; the keys are those of a model that counts none."""

MORE: tuple[tuple[Control, ...], ...] = (
    (
        Control("parts", "Parts", choices=_parts(), unset="usual"),
        Control("bars", 'Bars <span id="bars-of">in all</span>', unset="usual", suggested=True),
    ),
    (
        Control(
            "opening",
            "Beginning",
            unset="open",
            hint="Music in ABC, such as |:GABc dedB. The model writes the rest.",
        ),
    ),
    (
        Control(
            "temperature",
            'Temperature <output id="temperature-said" for="temperature"></output>',
            slider=("0.5", "1.3", "0.05", "predictable", "surprising"),
        ),
    ),
    (
        Control(
            "seed",
            "Seed",
            unset="random",
            hint="The same seed and settings give the same tune.",
            after='<label class="check"><input type="checkbox" id="keep"> keep</label>',
        ),
    ),
)
"""What is shown on demand."""


def controls_html(lines: Iterable[tuple[Control, ...]]) -> str:
    """Write lines of controls; two in a line stand side by side."""
    written = ("".join(control.html() for control in line) for line in lines)
    return "\n".join(
        f'<div class="pair">\n{html}\n</div>' if len(line) > 1 else html
        for line, html in zip(lines, written, strict=True)
    )
