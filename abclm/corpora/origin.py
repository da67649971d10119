"""Turn where a corpus' tunes were read, and what was done to them since, into a record in JSON and back."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from abclm.errors import CorpusError


@dataclass(frozen=True)
class Source:
    """Files that tunes were read from.

    Attributes:
        name: of the built-in corpus, or of the user's paths together.
        sha256: of the contents of all files, one after another.
        paths: files, folders and globs as the user gave them; none for a built-in corpus.
    """

    name: str
    sha256: str
    paths: tuple[str, ...] = ()


@dataclass(frozen=True)
class Origin:
    """Where tunes come from.

    Attributes:
        sources: what they were read from; none for tunes that were made in Python.
        steps: what was done to them, in order, each with its settings: `normalize`, `as_canonical`, `strict`,
            `deduplicate` or `split`, whose settings say the rule and the side, too.
    """

    sources: tuple[Source, ...] = ()
    steps: tuple[Mapping[str, Any], ...] = ()

    def then(self, step: str, **settings: Any) -> Self:
        """The origin of what a step with these settings makes of the tunes."""
        return replace(self, steps=(*self.steps, {"step": step, **settings}))

    @property
    def checksum(self) -> str:
        """The SHA-256 of what was read; where there are several sources, of their checksums."""
        if len(self.sources) == 1:
            return self.sources[0].sha256
        several = sorted(self.sources, key=lambda source: source.name)
        return hashlib.sha256("".join(source.sha256 for source in several).encode()).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """What JSON can hold: `corpora`, each with name, checksum and the user's paths, and `steps`."""
        return {
            "corpora": [
                {"name": source.name, "sha256": source.sha256}
                | ({"paths": list(source.paths)} if source.paths else {})
                for source in self.sources
            ],
            "steps": [dict(step) for step in self.steps],
        }

    @classmethod
    def from_dict(cls, about: Mapping[str, Any]) -> Self:
        """Read what `to_dict` gave; other entries beside its two are passed over.

        Raises:
            CorpusError: it is something else.
        """
        try:
            sources = tuple(
                Source(str(each["name"]), str(each["sha256"]), tuple(map(str, each.get("paths", ()))))
                for each in about["corpora"]
            )
            return cls(sources, tuple({**step, "step": str(step["step"])} for step in about["steps"]))
        except (KeyError, TypeError, AttributeError) as error:
            raise CorpusError(
                f"the record of the corpora is not one that abclm wrote ({type(error).__name__}: {error})"
            ) from None


def name_of(paths: Sequence[str]) -> str:
    """What the tunes of some paths are called: there are hundreds, where a shell made them from a glob."""
    return ", ".join(paths) if len(paths) <= 3 else f"{paths[0]} and {len(paths) - 1} more"


def checksum_of(contents: Iterable[bytes]) -> str:
    """The SHA-256 of the concatenated contents, as printed by `cat FILES | sha256sum`."""
    digest = hashlib.sha256()
    for content in contents:
        digest.update(content)
    return digest.hexdigest()
