"""Finds the notebooks in files, folders and zip files that come from outside, and takes nothing else out of them.

Such a file may be a bomb, or hold paths that lead elsewhere. So nothing is written under the name that it gives itself,
and what is read is counted. All that is there is listed before anything is taken out: so it is known who has how much,
and the large files of some take no room from the others.
"""

import os
import stat
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from operator import attrgetter
from pathlib import Path, PurePosixPath

from autograder.classroom.lms.file_names import named

MAX_ENTRIES = 50_000  # of one zip file, or of one folder in a folder
MAX_TOTAL = 2 * 1024**3  # bytes that are taken out of all that is named in one call
LEFT_ALONE = {"__MACOSX", ".ipynb_checkpoints", ".DS_Store"}


@dataclass(frozen=True)
class Taken:
    """Holds a notebook that was taken out, or the reason why it was not."""

    name: PurePosixPath  # as it was called where it came from
    path: Path | None  # where its contents are now
    time: datetime | None = None  # when it was written, as far as is known, in UTC
    reason: str = ""  # why there is no path


@dataclass(eq=False)
class Listed:
    """Holds a notebook that was found and is not read yet, or the reason why it will not be."""

    source: Path  # what was named: the notebook, or the folder or zip file that it is in
    name: PurePosixPath
    reason: str = ""
    place: Path | zipfile.ZipInfo | None = None
    size: int = 0
    time: datetime | None = None


def unpacked(paths: Iterable[Path], folder: Path, max_bytes: int) -> list[Taken]:
    """Take the notebooks that are in notebooks, folders and zip files out into a folder. Return them, and what is left
    out.

    max_bytes  of one notebook
    """
    listed = [one for path in paths for one in _listed(path)]
    for one in listed:
        if not str(one.name).isprintable():
            one.reason = "its name is not printable"
        elif one.size > max_bytes:
            one.reason = f"it is too large: it has more than {max_bytes:,} bytes"
    _share([one for one in listed if not one.reason])
    taken: list[Taken] = []
    for source, group in groupby(listed, key=attrgetter("source")):
        found = list(group)
        zipped = any(isinstance(one.place, zipfile.ZipInfo) and not one.reason for one in found)
        with zipfile.ZipFile(source) if zipped else nullcontext() as archive:
            for one in found:
                taken.append(_taken(one, archive, folder / f"{len(taken):06}.ipynb"))
    return taken


def _share(listed: list[Listed]) -> None:
    """Leave out those for which there is no room. The small ones of each student come first, and so do the students,
    files and folders with little: who has much comes last, and loses only what is their own."""
    turns = sorted(listed, key=attrgetter("size"))
    for whose in (_student, attrgetter("source")):
        turns = _in_turn(turns, whose)
    left = MAX_TOTAL
    for one in turns:
        if one.size > left:
            one.reason = (
                f"there is no room for it: all have more than {MAX_TOTAL:,} bytes. Take it in with another call"
            )
        else:
            left -= one.size


def _in_turn(listed: list[Listed], whose: Callable[[Listed], Hashable]) -> list[Listed]:
    """Order notebooks by how much their owner has with them and with those of the owner's that stand before them."""
    used: Counter[Hashable] = Counter()
    with_it = {}
    for one in listed:
        used[whose(one)] += one.size
        with_it[one] = used[whose(one)]
    return sorted(listed, key=with_it.__getitem__)


def _student(one: Listed) -> Hashable:
    """Return who has handed in a notebook, as far as is known before it is read: its file or folder stands for them."""
    name = named(one.name)
    return (name.kind, name.person) if name.kind else one.name.parts[:2]


def _listed(path: Path) -> Iterator[Listed]:
    if path.is_symlink():
        yield Listed(path, PurePosixPath(path.name), "it is a link, and not followed")
    elif path.is_dir():
        yield from _in_folder(path)
    elif path.suffix.lower() == ".ipynb":
        yield _file(path, path, PurePosixPath(path.parent.name, path.name))
    elif path.is_file() and zipfile.is_zipfile(path):
        yield from _in_zip(path)
    else:
        yield Listed(path, PurePosixPath(path.name), "it is no notebook, no folder and no zip file")


def _in_folder(folder: Path) -> Iterator[Listed]:
    seen: Counter[PurePosixPath] = Counter()  # of each folder in it: who fills up one takes nothing from the others
    for at, folders, files in os.walk(folder):
        folders[:] = sorted(set(folders) - LEFT_ALONE)
        inside = PurePosixPath(folder.name, Path(at).relative_to(folder).as_posix())
        top = PurePosixPath(*inside.parts[:2])
        for name in sorted(files):
            seen[top] += 1
            if seen[top] == MAX_ENTRIES + 1:
                why = f"it holds more than {MAX_ENTRIES:,} files: {inside / name} and those after it are not looked at"
                yield Listed(folder, top, why)
            elif seen[top] <= MAX_ENTRIES and name.lower().endswith(".ipynb"):
                yield _file(folder, Path(at, name), inside / name)


def _file(source: Path, path: Path, name: PurePosixPath) -> Listed:
    about = path.lstat()
    if not stat.S_ISREG(about.st_mode):
        return Listed(source, name, "it is no plain file")
    return Listed(source, name, "", path, about.st_size, datetime.fromtimestamp(about.st_mtime, UTC))


def _in_zip(path: Path) -> Iterator[Listed]:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        yield Listed(path, PurePosixPath(path.name), f"it is a damaged zip file: {error}")
        return
    if len(entries) > MAX_ENTRIES:
        yield Listed(path, PurePosixPath(path.name), f"it holds more than {MAX_ENTRIES:,} files")
        return
    for entry in entries:
        name = PurePosixPath(path.stem, *PurePosixPath(entry.filename.replace("\\", "/")).parts)
        if not entry.is_dir() and not set(name.parts) & LEFT_ALONE and name.suffix.lower() in (".ipynb", ".zip"):
            yield Listed(path, name, _wrong(entry, name), entry, entry.file_size, _time(entry))


def _wrong(entry: zipfile.ZipInfo, name: PurePosixPath) -> str:
    """Return why an entry of a zip file is not taken out, or ""."""
    if name.suffix.lower() == ".zip":
        return "a zip file in a zip file is not opened: unpack it into a folder STUDENT"
    if stat.S_ISLNK(entry.external_attr >> 16):
        return "it is a link, and not followed"
    if ".." in name.parts or PurePosixPath(entry.filename).is_absolute():
        return "its path leads out of the zip file"
    if entry.flag_bits & 1 or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "it is encrypted, or compressed in an unusual way"
    return ""


def _taken(one: Listed, archive: zipfile.ZipFile | None, to: Path) -> Taken:
    """Take a notebook out. No more is read than it was said to have: so much room there is."""
    if one.reason:
        return Taken(one.name, None, reason=one.reason)
    try:
        with archive.open(one.place) if archive else one.place.open("rb") as file:
            to.write_bytes(file.read(one.size))
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError) as error:
        return Taken(one.name, None, reason=f"it cannot be read: {error}")
    return Taken(one.name, to, one.time)


def _time(entry: zipfile.ZipInfo) -> datetime | None:
    """Return when an entry was written. A zip file says it in the time of the place where it was made: ours."""
    try:
        return datetime(*entry.date_time).astimezone(UTC) if entry.date_time[0] > 1980 else None
    except (ValueError, OverflowError, OSError):
        return None
