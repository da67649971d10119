"""The errors that abclm raises for input that it can't use.

AbclmError
├── NotationError      ABC text that can't be read or has no canonical form (line, column)
├── VocabularyError    a character that is not in the vocabulary
├── CorpusError        a corpus that can't be found or read
├── ModelError         a model folder that can't be loaded, or training that can't continue
├── ConfigError        options out of range or in conflict (also a ValueError)
├── ConvertError       a conversion to or from another format that failed
└── Cancelled          what was asked for was cancelled by its progress callback

Each message is one line: what was wrong, where, what was received, what to do next.
"""


class AbclmError(Exception):
    """Base of every error that abclm raises on purpose."""


class NotationError(AbclmError):
    """ABC text that can't be read, checked or normalized.

    Args:
        message: what was wrong.
        line: the line in the text, counted from 1, if known.
        column: the column in that line, counted from 1, if known.
    """

    def __init__(self, message: str, line: int | None = None, column: int | None = None) -> None:
        self.reason = message
        self.line = line
        self.column = column
        place = ":".join(str(number) for number in (line, column) if number is not None)
        super().__init__(f"{'line ' + place + ': ' if place else ''}{message}")


class VocabularyError(AbclmError):
    """A character that is not in the vocabulary, or a vocabulary that can't be read."""


class CorpusError(AbclmError):
    """A corpus that can't be found, read or used."""


class ModelError(AbclmError):
    """A model folder that can't be loaded, or a model that can't do the requested operation."""


class ConfigError(AbclmError, ValueError):
    """Options out of range or in conflict."""


class ConvertError(AbclmError):
    """A conversion to or from another format that failed."""


class Cancelled(AbclmError):
    """What was asked for was cancelled: its `progress` callback returned False."""
