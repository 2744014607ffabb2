"""Collects submissions from nbgrader's exchange, one by one: what a student has put there hurts nobody else.

nbgrader itself follows links with the instructor's rights, takes a folder that another student owns with a warning,
collects nobody where one folder is not as it expects, and believes the time that a student writes.
"""

import os
import pwd
import stat
import tempfile
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from nbgrader.exchange.default import ExchangeCollect
from nbgrader.utils import parse_utc, temp_attrs
from traitlets import Bool

from autograder.running.read import TIME

MAX_FILES = 10_000  # files and folders of a submission
NEVER = parse_utc("1970-01-01 00:00:00 UTC")  # the time of what is refused
COPYING = timedelta(minutes=5)  # what nbgrader may need between the time that it writes down and the last file


class Refused(Exception):
    """Says why what lies in the exchange is not collected."""


class Collect(ExchangeCollect):
    """Is nbgrader's step of collecting. It copies plain files alone, each student's for itself."""

    believe_times = Bool(
        False, help="Whether the times that submissions name count, as where an exchange was copied from elsewhere."
    ).tag(config=True)

    def init_src(self) -> None:
        """Find the submissions. Stop if another account could have put them all there."""
        for folder in (Path(self.root, self.coursedir.course_id), Path(self.root, self.coursedir.course_id, "inbound")):
            if self.check_owner and folder.is_dir() and not self._is_an_instructors(folder):
                self.fail(
                    f"Nothing is collected: {folder} is owned by {_owner(folder.lstat())}, who can change all that is "
                    "in it. An instructor's account must make it, before students can: see deploy/README.md"
                )
        super().init_src()

    def _is_an_instructors(self, folder: Path) -> bool:
        """Return whether a folder is owned by this account, by root, or by one of the group that shares the course."""
        owner = folder.lstat().st_uid
        if owner in (0, os.geteuid()):
            return True
        try:
            found = pwd.getpwuid(owner)
        except KeyError:
            return False
        group = Path(self.coursedir.root).stat().st_gid
        return self.coursedir.groupshared and group in os.getgrouplist(found.pw_name, found.pw_gid)

    def _path_to_record(self, path: str) -> dict:
        """Return what nbgrader has to know of a folder in the exchange. Where it is refused, it counts for nobody."""
        try:
            record = super()._path_to_record(path)
            self._must_be_of(record["username"], Path(path))
            return record if self.believe_times else record | {"timestamp": self._came(Path(path), record["timestamp"])}
        except Exception as error:  # nbgrader's reading of a time raises what it likes
            why = error if isinstance(error, Refused | OSError) else "its name is not that of a submission"
            self.log.error("Not collected: %a: %s", os.path.basename(path), why)
            return {"username": path, "filename": "", "timestamp": NEVER}

    def _came(self, folder: Path, claimed: datetime) -> datetime:
        """Return when a submission came: the time that it names, unless the system has seen it change much later."""
        owner = folder.lstat().st_uid
        with os.scandir(folder) as files:  # where there are more, copying refuses them
            abouts = (file.stat(follow_symlinks=False) for file in islice(files, MAX_FILES))
            # its owner can set the other times of a file, but not this one
            last = max((about.st_ctime for about in abouts if about.st_uid == owner), default=folder.lstat().st_ctime)
        changed = datetime.fromtimestamp(last, UTC).replace(tzinfo=None)  # as nbgrader has times
        if changed <= claimed + COPYING:
            return claimed
        self.log.warning(
            "%a names another time than that of its last change, which counts: %s. If the exchange was copied from "
            "elsewhere, so that all were changed, set c.Collect.believe_times = True in nbgrader_config.py",
            folder.name,
            changed,
        )
        return changed

    def _must_be_of(self, student: str, folder: Path) -> None:
        """Raise Refused if a folder cannot be a submission of this student."""
        if student in ("", ".", "..") or not student.isprintable():
            raise Refused("the student's name is no name of a folder that can be printed")
        about = folder.lstat()
        if not stat.S_ISDIR(about.st_mode):
            raise Refused("it is no folder")
        owner = _owner(about)
        if self.check_owner and owner != student:
            raise Refused(
                f"it claims to be {student}'s, and is owned by {owner}. Where students share an account, as in "
                "containers, c.ExchangeCollect.check_owner = False in nbgrader_config.py lets any hand in as any other"
            )

    def copy_files(self) -> None:
        """Collect each submission that is newer, and go on with the next where one cannot be copied."""
        inbound = self.inbound_path
        for record in [record for record in self.src_records if record["filename"]]:
            with tempfile.TemporaryDirectory(prefix="collect-") as folder:
                source, copy = Path(inbound, record["filename"]), Path(folder, record["filename"])
                try:
                    _copy_plain_files(source, copy, self._most, any_owner=not self.check_owner)
                    if not self.believe_times:
                        Path(copy, "timestamp.txt").write_text(record["timestamp"].strftime(TIME), encoding="utf-8")
                except (Refused, OSError, RecursionError) as error:
                    self.log.error("Not collected: %a: %s", record["filename"], error)
                    continue
                with temp_attrs(self, src_records=[record], inbound_path=folder, check_owner=False):
                    super().copy_files()

    @property
    def _most(self) -> int:
        """Return how many bytes the files of a submission may have together."""
        return 1000 * self.coursedir.max_dir_size


def _owner(about: os.stat_result) -> str:
    try:
        return pwd.getpwuid(about.st_uid).pw_name
    except KeyError:
        return f"number {about.st_uid}"


def _copy_plain_files(source: Path, target: Path, most: int, any_owner: bool) -> None:
    """Copy the plain files of a folder which its owner may change at the same time, and no link, device or pipe.

    most       bytes that all files may have together
    any_owner  files that others have put there are copied, too

    Raises Refused if they have more, or are too many.
    """
    left, owner = MAX_FILES, source.lstat().st_uid
    for at, folders, files, descriptor in os.fwalk(source, follow_symlinks=False):
        left -= len(folders) + len(files)
        if left < 0:
            raise Refused(f"it has more than {MAX_FILES:,} files")
        place = target / Path(at).relative_to(source)
        place.mkdir()
        for name in files:
            if not stat.S_ISREG(os.stat(name, dir_fd=descriptor, follow_symlinks=False).st_mode):
                continue
            # If it has become something else meanwhile, it is not followed, and a pipe is not waited for.
            opened = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=descriptor)
            with os.fdopen(opened, "rb") as file:
                about = os.fstat(opened)
                if not any_owner and about.st_uid != owner:
                    continue
                size = about.st_size
                most -= size
                if most < 0:
                    raise Refused("its files are larger than c.CourseDirectory.max_dir_size allows")
                (place / name).write_bytes(file.read(size))
