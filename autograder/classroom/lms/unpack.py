"""Finds the notebooks in files, folders and zip files that come from outside, and takes nothing else out of them.

Such a file may be a bomb, or hold paths that lead elsewhere. So nothing is written under the name that it gives itself,
and what is read is counted.
"""

import os
import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

MAX_ENTRIES = 50_000  # of one folder or zip file
MAX_TOTAL = 2 * 1024**3  # bytes that are taken out of all that is named in one call
LEFT_ALONE = {"__MACOSX", ".ipynb_checkpoints", ".DS_Store"}


@dataclass(frozen=True)
class Taken:
    """Holds a notebook that was taken out, or the reason why it was not."""

    name: PurePosixPath  # as it was called where it came from
    path: Path | None  # where its contents are now
    time: datetime | None = None  # when it was written, as far as is known, in UTC
    reason: str = ""  # why there is no path


class Unpacked:
    """Takes notebooks out into a folder.

    max_bytes  of one notebook
    """

    def __init__(self, folder: Path, max_bytes: int):
        self._folder, self._max_bytes = folder, max_bytes
        self._left, self._number = MAX_TOTAL, 0

    def take(self, path: Path) -> Iterator[Taken]:
        """Yield what is in a notebook, a folder or a zip file."""
        if path.is_symlink():
            yield Taken(PurePosixPath(path.name), None, reason="it is a link, and not followed")
        elif path.is_dir():
            yield from self._in_folder(path)
        elif path.suffix.lower() == ".ipynb":
            yield self._file(path, PurePosixPath(path.parent.name, path.name))
        elif path.is_file() and zipfile.is_zipfile(path):
            yield from self._in_zip(path)
        else:
            yield Taken(PurePosixPath(path.name), None, reason="it is no notebook, no folder and no zip file")

    def _in_folder(self, folder: Path) -> Iterator[Taken]:
        seen = 0
        for at, folders, files in os.walk(folder):
            folders[:] = sorted(set(folders) - LEFT_ALONE)
            for name in sorted(files):
                if self._left < 0:
                    return  # the last one has said so
                seen += 1
                if seen > MAX_ENTRIES:
                    yield Taken(PurePosixPath(folder.name), None, reason=f"it holds more than {MAX_ENTRIES:,} files")
                    return
                if name.lower().endswith(".ipynb"):
                    path = Path(at, name)
                    yield self._file(path, PurePosixPath(folder.name, path.relative_to(folder).as_posix()))

    def _file(self, path: Path, name: PurePosixPath) -> Taken:
        about = path.lstat()
        if not stat.S_ISREG(about.st_mode):
            return Taken(name, None, reason="it is no plain file")
        with path.open("rb") as file:
            return self._copied(name, file, datetime.fromtimestamp(about.st_mtime, UTC))

    def _in_zip(self, path: Path) -> Iterator[Taken]:
        try:
            with zipfile.ZipFile(path) as archive:
                entries = archive.infolist()
                if len(entries) > MAX_ENTRIES:
                    yield Taken(PurePosixPath(path.name), None, reason=f"it holds more than {MAX_ENTRIES:,} files")
                    return
                for entry in entries:
                    if self._left < 0:
                        return  # the last one has said so
                    name = PurePosixPath(path.stem, *PurePosixPath(entry.filename.replace("\\", "/")).parts)
                    if not entry.is_dir() and not set(name.parts) & LEFT_ALONE:
                        yield from self._entry(archive, entry, name)
        except (zipfile.BadZipFile, OSError, ValueError) as error:
            yield Taken(PurePosixPath(path.name), None, reason=f"it is a damaged zip file: {error}")

    def _entry(self, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: PurePosixPath) -> Iterator[Taken]:
        if name.suffix.lower() == ".zip":
            yield Taken(name, None, reason="a zip file in a zip file is not opened: unpack it")
        if name.suffix.lower() != ".ipynb":
            return
        if stat.S_ISLNK(entry.external_attr >> 16):
            yield Taken(name, None, reason="it is a link, and not followed")
        elif ".." in name.parts or PurePosixPath(entry.filename).is_absolute():
            yield Taken(name, None, reason="its path leads out of the zip file")
        elif entry.flag_bits & 1 or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            yield Taken(name, None, reason="it is encrypted, or compressed in an unusual way")
        else:
            try:
                with archive.open(entry) as file:
                    yield self._copied(name, file, _time(entry))
            except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, RuntimeError) as error:
                yield Taken(name, None, reason=f"it is damaged: {error}")

    def _copied(self, name: PurePosixPath, file, time: datetime | None) -> Taken:
        if not str(name).isprintable():
            return Taken(name, None, reason="its name is not printable")
        text = file.read(self._max_bytes + 1)
        self._left -= len(text)
        if len(text) > self._max_bytes:
            return Taken(name, None, reason=f"it is too large: it has more than {self._max_bytes:,} bytes")
        if self._left < 0:
            return Taken(name, None, reason=f"all notebooks together have more than {MAX_TOTAL:,} bytes")
        self._number += 1
        path = self._folder / f"{self._number:06}.ipynb"
        path.write_bytes(text)
        return Taken(name, path, time)


def _time(entry: zipfile.ZipInfo) -> datetime | None:
    """Return when an entry was written. A zip file says it in the time of the place where it was made: ours."""
    try:
        return datetime(*entry.date_time).astimezone(UTC) if entry.date_time[0] > 1980 else None
    except (ValueError, OverflowError, OSError):
        return None
