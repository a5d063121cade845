"""What is said of an error: its type and where it was raised, never its message, which may quote a page."""

from __future__ import annotations

import logging
import sqlite3
import sysconfig
import traceback
from pathlib import Path

OURS = Path(__file__).parents[1]  # the package
LIBRARIES = tuple(Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib"))
MOST_CAUSES = 10  # cost


class StageError(Exception):
    """A stage failed on one page: the error's type, and in `frames` where it was, without a word of the page."""

    def __init__(self, said: str, frames: str) -> None:
        super().__init__(said, frames)
        self.frames = frames

    def __str__(self) -> str:
        return str(self.args[0])

    @classmethod
    def of(cls, error: BaseException) -> StageError:
        """The same of any error, which may quote the page."""
        return error if isinstance(error, cls) else cls(in_brief(error), frames_of(error))


def in_brief(error: BaseException) -> str:
    """What an error is and where in our code it was raised: its message may quote a page, and is left out.

    >>> in_brief(KeyError("x"))
    'KeyError'
    """
    one: BaseException | None = error
    while one is not None:  # what was raised over a first error, by a library that was not ready for it, says little
        if own := _own_frame(one):
            return f"{type(one).__name__} in {own}"
        one = one.__cause__ or one.__context__
    frames = traceback.extract_tb(error.__traceback__)
    where = f" in {Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""
    return type(error).__name__ + where


def is_of_ours(error: BaseException) -> bool:
    """Whether an error came through our code, or the user's."""
    return bool(_own_frame(error))


def _own_frame(error: BaseException) -> str:
    """The file and line of our code, or the user's, that came nearest to where the error was raised; "" for none."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        file = Path(frame.filename)
        if _is_own(file):
            return f"{file.relative_to(OURS) if file.is_relative_to(OURS) else file.name}, line {frame.lineno}"
    return ""


def _is_own(file: Path) -> bool:
    """Whether a file is ours, or the user's: it says more than the library that it called."""
    if file.is_relative_to(OURS):
        return True
    return file.is_absolute() and not any(file.is_relative_to(folder) for folder in LIBRARIES)


def frames_of(error: BaseException) -> str:
    """The traceback of an error and of those that led to it, without their messages."""
    told: list[str] = []
    one: BaseException | None = error
    while one is not None and len(told) < MOST_CAUSES:
        said = f": {one}" if isinstance(one, OSError | sqlite3.Error | StageError) else ""
        told.append("".join(traceback.format_tb(one.__traceback__)) + type(one).__name__ + said)
        one = one.__cause__ or one.__context__
    return "\nafter\n".join(told)


class WithoutWords(logging.Formatter):
    """A log's lines, with tracebacks that keep the messages of SQLite and the file system only."""

    def format(self, record: logging.LogRecord) -> str:
        if not record.exc_info:
            return super().format(record)
        plain = logging.makeLogRecord({**record.__dict__, "exc_info": None, "exc_text": None})
        error = record.exc_info[1]
        return super().format(plain) + ("" if error is None else f"\n{frames_of(error)}")
