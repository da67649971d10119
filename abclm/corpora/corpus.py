"""Turn names, files, folders and globs into corpora: tunes to train on, deduplicated and split by tune."""

import hashlib
import logging
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from glob import has_magic
from pathlib import Path

from abclm.analysis.similarity import TuneIndex
from abclm.corpora import built_in
from abclm.corpora.counts import Statistics, count_corpus
from abclm.corpora.holdout import RULE, choose, held_out_count
from abclm.corpora.origin import Origin, Source
from abclm.corpora.problems import CorpusProblem, Kind, not_strict
from abclm.corpora.sources import AbcFile, find_files
from abclm.errors import ConfigError, ConvertError, CorpusError, NotationError
from abclm.midi.complaints import complaints
from abclm.midi.to_tune import midi_to_tune
from abclm.notation.tunebook import decode, parse_tunebook
from abclm.show.picture import Picture
from abclm.tokenizers.characters import whole_tune
from abclm.tune import Tune

_log = logging.getLogger(__name__)
_RELATED = 0.5  # share of bars in common


@dataclass(frozen=True)
class Corpus:
    """Tunes, where they came from, and what was left out of them.

    Attributes:
        name: of the corpus, or of the files it was read from.
        tunes: in the order of the files.
        problems: what was left out so far, and why.
        origin: what it was read from, with checksums, and what was done to it since.
        places: for each tune, its file, and its number and title there.
        is_canonical: whether `normalize` made it.

    Example:
        >>> tunes = Corpus.load("oldTunes")
        >>> train, validation = tunes.split(validation=0.25, seed=1)
        >>> len(tunes), len(train), len(validation), tunes.tunes[0].title
        (56, 42, 14, 'Speed the Plough')
    """

    name: str
    tunes: tuple[Tune, ...]
    problems: tuple[CorpusProblem, ...] = ()
    origin: Origin = field(default=Origin(), compare=False)
    places: tuple[str, ...] = ()
    is_canonical: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "tunes", tuple(self.tunes))
        if len(self.places) != len(self.tunes):
            places = (f"{self.name}, X:{tune.reference_number} {tune.title}".rstrip() for tune in self.tunes)
            object.__setattr__(self, "places", tuple(places))

    def __len__(self) -> int:
        return len(self.tunes)

    def __iter__(self) -> Iterator[Tune]:
        return iter(self.tunes)

    def __repr__(self) -> str:
        left_out = f", {len(self.problems):,} left out" if self.problems else ""
        return f"Corpus({self.name[:100]!r}, {len(self):,} tunes{left_out})"

    def _repr_html_(self) -> str:
        """What a notebook shows: counts, the first tunes, and pictures of them all."""
        from abclm.corpora.view import corpus_html

        return corpus_html(self.name, self.tunes, self.problems, self.is_canonical)

    @classmethod
    def load(cls, name: str) -> "Corpus":
        """Read a built-in corpus.

        Args:
            name: `oneills1850`, `ryansMammoth`, `airdsAirs`, `essenFolksong` (non-commercial use only; a
                warning says so) or `oldTunes`.

        Raises:
            CorpusError: there is no built-in corpus of that name, or its files are not installed.
        """
        card = built_in.find_card(name)
        files = built_in.find_files(card)
        contents = [AbcFile(str(file), is_named=True).read() for file in files]
        found = checksum_of(contents)
        if found != card.sha256:
            _log.warning("%s: not the files of its data card (%s has changed them)", name, card.kept_in)
        if card.non_commercial:
            _log.warning("%s: %s; abclm corpus list %s shows the licence", name, card.terms, name)
        parts = [_parse(file.name, data) for file, data in zip(files, contents, strict=True)]
        return _join(name, parts, [Source(name, found)])

    @classmethod
    def read(cls, *paths: str | os.PathLike[str]) -> "Corpus":
        """Read tunebooks and MIDI files of your own.

        Args:
            paths: files (ABC in UTF-8 or Latin-1 with any line ends, or `.mid` and `.midi`), folders (every
                such file in them and below, but MIDI only where no `.abc` file of the same name is beside it),
                globs (`**` goes down) and `-`, standard input. Of a MIDI file, the melody is a tune.

        Returns:
            Each file's tunes, once. A tune that can't be read is a problem and does not stop the others;
            neither does a file without a tune in a folder.

        Raises:
            CorpusError: a path leads to nothing, a file named here is empty, binary or without a tune, or
                there is no tune at all.
        """
        contents: dict[str, bytes] = {}
        parts: list[Corpus] = []
        for file in find_files(paths, midi=True):
            try:
                data = file.read()
                parts.append(_transcribe(file.path, data) if file.is_midi else _parse(file.path, data))
                contents[os.path.realpath(file.path)] = data
            except CorpusError as error:
                if file.is_named:
                    raise
                reason = str(error).removeprefix(f"{file.path}: ")
                parts.append(Corpus(file.path, (), (CorpusProblem(file.path, "unreadable", reason),)))
        names = [os.fspath(path) for path in paths]
        name = name_of(names)
        if not contents:
            reason = f"; {parts[0].problems[0]}" if parts else "; give files, folders or globs"
            raise CorpusError(f"{name or 'no path'}: there is no tune{reason}")
        found = checksum_of(contents[path] for path in sorted(contents))
        return _join(name, parts, [Source(name, found, tuple(names))])

    def normalize(self) -> "Corpus":
        """Bring every tune to the canonical form.

        Returns:
            A corpus of canonical tunes; those that can't be brought there are among its problems.
        """
        if self.is_canonical:
            return self
        kept: list[tuple[Tune, str]] = []
        problems: list[CorpusProblem] = []
        for tune, place in self._rows():
            try:
                kept.append((tune.normalize(), place))
            except NotationError as error:
                problems.append(CorpusProblem(place, "not canonical", str(error)))
        return replace(self._keep(kept, problems), is_canonical=True, origin=self.origin.then("normalize"))

    def as_canonical(self) -> "Corpus":
        """Take the tunes as canonical, without a look at them, but for their numbers: each becomes `X:1`."""
        texts = (re.sub(r"\AX:\d+", "X:1", tune.text) for tune in self.tunes)
        tunes = tuple(Tune.parse(text) for text in texts)
        return replace(self, tunes=tunes, is_canonical=True, origin=self.origin.then("as_canonical"))

    def strict(self) -> "Corpus":
        """Keep the tunes whose canonical form `abc2midi` plays with no error and no warning.

        Returns:
            A corpus of canonical tunes; those it complains of are among its problems, as `not strict`. Its
            notes on repeats that it assumes are no complaints.

        Raises:
            ConvertError: there is no `abc2midi` that can play.
        """
        whole = self.normalize()
        said = complaints(whole.tunes)
        kept = [row for row, found in zip(whole._rows(), said, strict=True) if not found]
        problems = [
            not_strict(place, found) for place, found in zip(whole.places, said, strict=True) if found
        ]
        return replace(whole._keep(kept, problems), origin=whole.origin.then("strict"))

    def deduplicate(self) -> "Corpus":
        """Keep the first of the tunes that have the same canonical body, whatever their titles.

        Returns:
            A corpus with the others among its problems; `count("duplicate")` counts them.
        """
        return replace(self._deduplicate()[0], origin=self.origin.then("deduplicate"))

    def split(
        self, validation: float = 0.1, seed: int = 0, *, relatives_together: bool = False
    ) -> tuple["Corpus", "Corpus"]:
        """Split by tune into training and validation, after deduplication.

        Tunes of one title stand on the same side. Which side that is depends on the title and the seed, not
        on the order of the files, so a split is the same everywhere, whether or not the corpus was
        normalised; few tunes change sides when others are added.

        Args:
            validation: the share of tunes to hold out, from 0 to less than 1. Above 0 at least one is held
                out, and at least one is always left.
            seed: a random seed.
            relatives_together: tunes that share half of the different bars of the one with fewer, in any key,
                stand on the same side too. A family too large to be held out is trained on.

        Raises:
            ConfigError: the share is out of range.
        """
        if not 0 <= validation < 1:
            raise ConfigError(f"validation is a share of at least 0 and less than 1; received {validation}")
        whole, bodies = self._deduplicate()
        wanted = held_out_count(len(whole), validation)
        found = TuneIndex(whole.tunes).near_copies(_RELATED) if relatives_together else []
        pairs = [(one, other) for one, other, _ in found]
        held_out = choose([tune.title for tune in whole], bodies, wanted, seed, pairs)
        train = whole._keep([row for index, row in enumerate(whole._rows()) if index not in held_out])
        rest = whole._keep([row for index, row in enumerate(whole._rows()) if index in held_out])
        settings = {"validation": validation, "seed": seed, "relatives_together": relatives_together}
        origin = partial(self.origin.then, "split", rule=RULE, **settings)
        return (
            replace(train, origin=origin(side="training")),
            replace(rest, origin=origin(side="validation"), problems=()),
        )

    @property
    def text(self) -> str:
        """The texts of the tunes, one after another, an empty line after each: what is trained on."""
        return "".join(whole_tune(tune.text) for tune in self.tunes)

    @property
    def checksums(self) -> dict[str, str]:
        """For each built-in corpus, and for the user's files together, the SHA-256 of the contents."""
        return {source.name: source.sha256 for source in self.origin.sources}

    @property
    def checksum(self) -> str:
        """The SHA-256 of the files it was read from, whatever was left out of them since."""
        return self.origin.checksum if self.origin.sources else checksum_of([self.text.encode()])

    def count(self, kind: Kind) -> int:
        """How many tunes or files were left out for one kind of reason."""
        return sum(problem.kind == kind for problem in self.problems)

    def statistics(self) -> Statistics:
        """Counts of tunes, characters, keys, meters, rhythms, lengths and problems (see `count_corpus`)."""
        return count_corpus(self.tunes, self.problems)

    def pitch_class_histogram(self) -> Picture:
        """Draw how much of their time the tunes spend on each degree of the scale, mode by mode.

        Returns:
            A picture that a notebook shows, and that `save` writes; of more than 3,000 tunes so many, evenly
            spread, are drawn.
        """
        from abclm.corpora.view import corpus_pitch_classes

        return corpus_pitch_classes(self.name, self.tunes)

    def _deduplicate(self) -> tuple["Corpus", list[str]]:
        """The corpus without repeated bodies, and for each tune that stays what its body was compared by."""
        first: dict[str, str] = {}
        kept: list[tuple[Tune, str]] = []
        problems: list[CorpusProblem] = []
        for tune, place in self._rows():
            key = _body_key(tune, self.is_canonical)
            if key in first:
                problems.append(CorpusProblem(place, "duplicate", f"has the same tune body as {first[key]}"))
            else:
                first[key] = place
                kept.append((tune, place))
        return self._keep(kept, problems), list(first)

    def _rows(self) -> Iterator[tuple[Tune, str]]:
        return zip(self.tunes, self.places, strict=True)

    def _keep(self, kept: Sequence[tuple[Tune, str]], problems: Sequence[CorpusProblem] = ()) -> "Corpus":
        return replace(
            self,
            tunes=tuple(tune for tune, _ in kept),
            places=tuple(place for _, place in kept),
            problems=(*self.problems, *problems),
        )


def read_corpora(arguments: Sequence[str]) -> Corpus:
    """Read the corpora of a command line as one.

    Args:
        arguments: each the name of a built-in corpus, or a path as `Corpus.read` takes it. A file that is
            called like a built-in corpus is reached as `./name`.

    Raises:
        CorpusError: there is none, or one can't be read.
    """
    names = [card.name for card in built_in.cards()]
    named = [name for name in dict.fromkeys(arguments) if name in names]
    own = [path for path in arguments if path not in names]
    missing = [path for path in own if path != "-" and not os.path.exists(path) and not has_magic(path)]
    if missing:
        raise CorpusError(f"{missing[0]}: is no file or folder, nor a built-in corpus ({', '.join(names)})")
    parts = [Corpus.load(name) for name in named] + ([Corpus.read(*own)] if own else [])
    if not parts:
        raise CorpusError(f"no corpus was given; give files, folders, or some of {', '.join(names)}")
    name = ", ".join(part.name for part in parts)
    return _join(name, parts, [source for part in parts for source in part.origin.sources])


def name_of(paths: Sequence[str]) -> str:
    """What the tunes of some paths are called: there are hundreds, where a shell made them from a glob."""
    return ", ".join(paths) if len(paths) <= 3 else f"{paths[0]} and {len(paths) - 1} more"


def checksum_of(contents: Iterable[bytes]) -> str:
    """The SHA-256 of contents one after another: what `cat FILES | sha256sum` prints."""
    digest = hashlib.sha256()
    for content in contents:
        digest.update(content)
    return digest.hexdigest()


def _parse(place: str, data: bytes) -> Corpus:
    """The tunes of one file; a CorpusError where there is none."""
    book = parse_tunebook(decode(data))
    if not book.tunes:
        reason = book.problems[0].message if book.problems else "no line begins with X:"
        raise CorpusError(f"{place}: holds no tune ({reason}); give a file in ABC notation")
    problems = [CorpusProblem(f"{place}:{one.line}", "unreadable", one.message) for one in book.problems]
    return Corpus(place, tuple(map(Tune.of, book.tunes)), tuple(problems))


def _transcribe(place: str, data: bytes) -> Corpus:
    """The melody of a MIDI file; a CorpusError where there is none."""
    try:
        return Corpus(place, (Tune.of(midi_to_tune(data, title=Path(place).stem)),))
    except ConvertError as error:
        raise CorpusError(f"{place}: {error}") from error


def _join(name: str, parts: Sequence[Corpus], sources: Iterable[Source]) -> Corpus:
    return Corpus(
        name=name,
        tunes=tuple(tune for part in parts for tune in part.tunes),
        problems=tuple(problem for part in parts for problem in part.problems),
        origin=Origin(tuple(sources)),
        places=tuple(place for part in parts for place in part.places),
    )


def _body_key(tune: Tune, is_canonical: bool) -> str:
    """What tunes are compared by: the canonical body, or the body as it is where there is none; no spaces."""
    if not is_canonical:
        # A tune that has no canonical form is still told from its exact copies.
        with suppress(NotationError):
            tune = tune.normalize()
    return "".join(tune.body.split())
