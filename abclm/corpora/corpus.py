"""Turn names, files, folders and globs into corpora: training tunes, deduplicated and split by tune."""

import logging
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from glob import has_magic
from typing import TYPE_CHECKING, overload

from abclm.analysis.similarity import TuneIndex
from abclm.corpora import built_in
from abclm.corpora.counts import Statistics, count_corpus
from abclm.corpora.file_tunes import read_book, read_file
from abclm.corpora.holdout import RULE, choose, held_out_count
from abclm.corpora.origin import Origin, Source, checksum_of, name_of
from abclm.corpora.problems import CorpusProblem, Kind, not_strict
from abclm.corpora.sources import AbcFile, find_files
from abclm.errors import ConfigError, ConvertError, CorpusError, NotationError
from abclm.midi.complaints import complaints
from abclm.notation import tune as core
from abclm.show.picture import Picture
from abclm.system.words import counted
from abclm.tokenizers.characters import whole_tune
from abclm.tune import Tune

if TYPE_CHECKING:
    import pandas

_log = logging.getLogger(__name__)
_RELATED = 0.5  # share of bars in common


@dataclass(frozen=True)
class Corpus:
    """Tunes with their sources, and the problems of the tunes that were left out.

    Attributes:
        name: name of the corpus, or of the files that were read.
        tunes: tunes in the order of the files.
        problems: tunes left out so far, with the reasons.
        origin: sources with their checksums, and the steps applied since.
        places: file of each tune, with its number and title there.
        is_canonical: whether `normalize` made the tunes canonical.

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

    @classmethod
    def of(cls, tunes: Iterable[core.Tune | str], name: str = "tunes") -> "Corpus":
        """Make a corpus of tunes.

        Args:
            tunes: tunes, or their texts.
            name: what the corpus is called.

        Raises:
            CorpusError: something else is among them.
            NotationError: a text is no tune.
        """
        if isinstance(tunes, str | core.Tune):
            raise CorpusError("a corpus is made of a list of tunes; received one, so put it into a list")
        made = []
        for each in tunes:
            if not isinstance(each, str | core.Tune):
                raise CorpusError(
                    f"a corpus is made of tunes or their texts; received {type(each).__name__}: {each!r:.60}"
                )
            made.append(Tune.parse(each) if isinstance(each, str) else Tune.of(each))
        return cls(name, tuple(made))

    def __len__(self) -> int:
        return len(self.tunes)

    @overload
    def __getitem__(self, index: int) -> Tune: ...
    @overload
    def __getitem__(self, index: slice) -> "Corpus": ...
    def __getitem__(self, index: int | slice) -> "Tune | Corpus":
        """A tune by its place, from 0; or for a slice, a corpus of these tunes."""
        if isinstance(index, slice):
            rows = list(self._rows())[index]
            return replace(self._keep(rows), origin=self.origin.then("slice", of=str(index)))
        return self.tunes[index]

    def __iter__(self) -> Iterator[Tune]:
        return iter(self.tunes)

    def __repr__(self) -> str:
        left_out = f", {len(self.problems):,} left out" if self.problems else ""
        return f"Corpus({self.name[:100]!r}, {counted(len(self), 'tune')}{left_out})"

    def _repr_html_(self) -> str:
        """The display in a notebook: counts, the first tunes, and charts of all tunes."""
        from abclm.corpora.view import corpus_html

        return corpus_html(self.name, self.tunes, self.problems, self.is_canonical)

    @classmethod
    def load(cls, name: str) -> "Corpus":
        """Read a built-in corpus.

        Args:
            name: `oneills1850`, `ryansMammoth`, `airdsAirs`, `essenFolksong` (for non-commercial use only, as
                a warning says) or `oldTunes`.

        Raises:
            CorpusError: no built-in corpus has this name, or its files are not installed.
        """
        card = built_in.find_card(name)
        files = built_in.find_files(card)
        contents = [AbcFile(str(file), is_named=True).read() for file in files]
        found = checksum_of(contents)
        if found != card.sha256:
            _log.warning("%s: not the files of its data card (%s has changed them)", name, card.kept_in)
        if card.non_commercial:
            _log.warning("%s: %s; abclm corpus list %s shows the licence", name, card.terms, name)
        parts = [
            cls(file.name, *read_book(file.name, data)) for file, data in zip(files, contents, strict=True)
        ]
        return _join(name, parts, [Source(name, found)])

    @classmethod
    def read(cls, *paths: str | os.PathLike[str]) -> "Corpus":
        """Read your own tunebooks and MIDI files.

        Args:
            paths: files (ABC in UTF-8 or Latin-1 with any line endings, `.mid` and `.midi`, a score of one staff in
                `.musicxml` or `.xml`, or the `tunes.json` and `tunes.csv` of thesession.org, see
                `abclm.corpora.thesession`), folders (all ABC and MIDI files in them and in subfolders, but a MIDI file
                only without an `.abc` file of the same name next to it), globs (`**` includes subfolders) and `-`,
                standard input. The melody of a MIDI file is a tune.

        Returns:
            The tunes of all files, each file once. A tune that can't be read, or a file without a tune in a folder,
            becomes a problem and does not stop the others.

        Raises:
            CorpusError: a path matches no file; a file named here is empty, binary or without a tune; or there
                is no tune at all.
        """
        contents: dict[str, bytes] = {}
        parts: list[Corpus] = []
        for file in find_files(paths, midi=True):
            try:
                data = file.read()
                parts.append(cls(file.path, *read_file(file, data)))
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

    def filter(self, wanted: Callable[[Tune], object]) -> "Corpus":
        """Keep the tunes for which a function returns something true.

        Args:
            wanted: gets each tune.

        Example:
            >>> len(Corpus.load("oldTunes").filter(lambda tune: tune.rhythm == "jig"))
            8
        """
        rows = [row for row in self._rows() if wanted(row[0])]
        name = getattr(wanted, "__name__", type(wanted).__name__)
        return replace(self._keep(rows), origin=self.origin.then("filter", wanted=name))

    def save(self, path: str | os.PathLike[str], *, title: str | None = None, incipits: bool = False) -> None:
        """Write all tunes into one file: a tunebook (`.abc`), or a book of scores or a page (`.pdf`, `.html`).

        Tunes that can't be engraved are left out, each with a warning.

        Args:
            path: the file to write.
            title: of a book or page; None for the name of the file.
            incipits: whether the index of a book or page has the first bars of each tune.

        Raises:
            CorpusError: there is no tune.
            ConvertError: the suffix is none of these, or no tune could be engraved.
            OSError: the file can't be written.
        """
        from abclm.formats.save import save_book

        if not self.tunes:
            raise CorpusError(f"{self.name}: there is no tune to write to {os.fspath(path)}")
        try:
            failed = save_book(self.tunes, path, title=title, incipits=incipits)
        except ConvertError as error:
            raise ConvertError(f"{self.name}: {error}") from error
        places = {id(tune): place for tune, place in self._rows()}
        for tune, reason in failed:
            _log.warning("%s: left out: %s", places[id(tune)], reason)

    def to_pandas(self) -> "pandas.DataFrame":
        """A table with a row for each tune: its header fields, place, counts of bars and notes, and ABC.

        Raises:
            CorpusError: pandas is not installed.
        """
        try:
            import pandas
        except ModuleNotFoundError:
            raise CorpusError("to_pandas needs pandas, which is not installed; pip install pandas") from None
        columns = ("title", "rhythm", "meter", "key", "bars", "notes", "place", "abc")
        rows = [
            (
                tune.title,
                tune.stated_rhythm,
                tune.meter,
                tune.key,
                len(tune.bars()),
                len(tune.notes()),
                place,
                tune.text,
            )
            for tune, place in self._rows()
        ]
        return pandas.DataFrame(rows, columns=list(columns))

    def normalize(self, *, keep_tempo: bool = False) -> "Corpus":
        """Convert every tune to the canonical form.

        Args:
            keep_tempo: keep tempos (`Q:`), which the canonical form leaves out.

        Returns:
            A corpus of canonical tunes; tunes without a canonical form become problems.
        """
        if self.is_canonical:
            return self
        kept: list[tuple[Tune, str]] = []
        problems: list[CorpusProblem] = []
        for tune, place in self._rows():
            try:
                kept.append((tune.normalize(keep_tempo=keep_tempo), place))
            except NotationError as error:
                problems.append(CorpusProblem(place, "not canonical", str(error)))
        origin = self.origin.then("normalize", **({"keep_tempo": True} if keep_tempo else {}))
        return replace(self._keep(kept, problems), is_canonical=True, origin=origin)

    def as_canonical(self) -> "Corpus":
        """Take the tunes as canonical, without a look at them, but for their numbers: each becomes `X:1`."""
        texts = (re.sub(r"\AX:\d+", "X:1", tune.text) for tune in self.tunes)
        tunes = tuple(Tune.parse(text) for text in texts)
        return replace(self, tunes=tunes, is_canonical=True, origin=self.origin.then("as_canonical"))

    def strict(self) -> "Corpus":
        """Keep the tunes whose canonical form `abc2midi` plays with no error and no warning.

        Returns:
            A corpus of canonical tunes; the other tunes become problems, as `not strict`. Messages about repeats
            that `abc2midi` assumes do not count.

        Raises:
            ConvertError: no working `abc2midi` was found.
        """
        whole = self.normalize()
        said = complaints(whole.tunes)
        kept = [row for row, found in zip(whole._rows(), said, strict=True) if not found]
        problems = [
            not_strict(place, found) for place, found in zip(whole.places, said, strict=True) if found
        ]
        return replace(whole._keep(kept, problems), origin=whole.origin.then("strict"))

    def deduplicate(self) -> "Corpus":
        """Keep the first of the tunes with the same canonical body, whatever their titles.

        Returns:
            A corpus without duplicates, which become problems; `count("duplicate")` counts them.
        """
        return replace(self._deduplicate()[0], origin=self.origin.then("deduplicate"))

    def split(
        self, validation: float = 0.1, seed: int = 0, *, relatives_together: bool = False
    ) -> tuple["Corpus", "Corpus"]:
        """Split by tune into training and validation, after deduplication.

        Tunes with the same title are not separated. The title and the seed decide on which side they are, not
        the order of the files. So a split is the same on every machine, with or without `normalize`, and few
        tunes change sides when others are added.

        Args:
            validation: the share of tunes to hold out, from 0 to less than 1. If it is above 0, at least one
                tune is held out; at least one tune always remains.
            seed: a random seed.
            relatives_together: also keep tunes together if they share half of the different bars of the tune
                with fewer bars, in any key. A family that is too large to be held out is in the training set.

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
        """The training text: the texts of all tunes, with an empty line after each."""
        return "".join(whole_tune(tune.text) for tune in self.tunes)

    @property
    def checksums(self) -> dict[str, str]:
        """For each built-in corpus, and for the user's files together, the SHA-256 of the contents."""
        return {source.name: source.sha256 for source in self.origin.sources}

    @property
    def checksum(self) -> str:
        """The SHA-256 of the files that were read, including tunes that were left out later."""
        return self.origin.checksum if self.origin.sources else checksum_of([self.text.encode()])

    def count(self, kind: Kind) -> int:
        """The number of tunes or files that were left out for one kind of reason."""
        return sum(problem.kind == kind for problem in self.problems)

    def statistics(self) -> Statistics:
        """Counts of tunes, characters, keys, meters, rhythms, lengths and problems (see `count_corpus`)."""
        return count_corpus(self.tunes, self.problems)

    def pitch_class_histogram(self) -> Picture:
        """Draw how much of the time the tunes spend on each degree of the scale, for each mode.

        Returns:
            A picture for a notebook, which `save` writes to a file. It shows at most 3,000 tunes, evenly spread
            over the corpus.
        """
        from abclm.corpora.view import corpus_pitch_classes

        return corpus_pitch_classes(self.name, self.tunes)

    def _deduplicate(self) -> tuple["Corpus", list[str]]:
        """The corpus without repeated bodies, and the compared key of each remaining tune's body."""
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
        arguments: names of built-in corpora, or paths for `Corpus.read`. For a file with the name of a
            built-in corpus, write `./name`.

    Raises:
        CorpusError: no corpus is given, or one can't be read.
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


def _join(name: str, parts: Sequence[Corpus], sources: Iterable[Source]) -> Corpus:
    return Corpus(
        name=name,
        tunes=tuple(tune for part in parts for tune in part.tunes),
        problems=tuple(problem for part in parts for problem in part.problems),
        origin=Origin(tuple(sources)),
        places=tuple(place for part in parts for place in part.places),
    )


def _body_key(tune: Tune, is_canonical: bool) -> str:
    """The key that tunes are compared by: the canonical body, or else the written body, without spaces."""
    if not is_canonical:
        # Exact copies are found even without a canonical form.
        with suppress(NotationError):
            tune = tune.normalize()
    return "".join(tune.body.split())
