"""Collects submissions from nbgrader's exchange, one by one: what a student has put there hurts nobody else.

nbgrader itself follows links with the instructor's rights, takes a folder that another student owns with a warning, and
collects nobody where one folder is not as it expects.
"""

import os
import pwd
import stat
import tempfile
from pathlib import Path

from nbgrader.exchange.default import ExchangeCollect
from nbgrader.utils import parse_utc, temp_attrs

MAX_FILES = 10_000  # files and folders of a submission
NEVER = parse_utc("1970-01-01 00:00:00 UTC")  # the time of what is refused


class Refused(Exception):
    """Says why what lies in the exchange is not collected."""


class Collect(ExchangeCollect):
    """Is nbgrader's step of collecting. It copies plain files alone, each student's for itself."""

    def _path_to_record(self, path: str) -> dict:
        """Return what nbgrader has to know of a folder in the exchange. Where it is refused, it counts for nobody."""
        try:
            record = super()._path_to_record(path)
            self._must_be_of(record["username"], Path(path))
            return record
        except Exception as error:  # nbgrader's reading of a time raises what it likes
            why = error if isinstance(error, Refused) else "its name is not that of a submission"
            self.log.error("Not collected: %a: %s", os.path.basename(path), why)
            return {"username": path, "filename": "", "timestamp": NEVER}

    def _must_be_of(self, student: str, folder: Path) -> None:
        """Raise Refused if a folder cannot be a submission of this student."""
        if student in ("", ".", "..") or not student.isprintable():
            raise Refused("the student's name is no name of a folder that can be printed")
        about = folder.lstat()
        if not stat.S_ISDIR(about.st_mode):
            raise Refused("it is no folder")
        try:
            owner = pwd.getpwuid(about.st_uid).pw_name
        except KeyError:
            owner = f"number {about.st_uid}"
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
                try:
                    _copy_plain_files(Path(inbound, record["filename"]), Path(folder, record["filename"]), self._most)
                except (Refused, OSError, RecursionError) as error:
                    self.log.error("Not collected: %a: %s", record["filename"], error)
                    continue
                with temp_attrs(self, src_records=[record], inbound_path=folder, check_owner=False):
                    super().copy_files()

    @property
    def _most(self) -> int:
        """Return how many bytes the files of a submission may have together."""
        return 1000 * self.coursedir.max_dir_size


def _copy_plain_files(source: Path, target: Path, most: int) -> None:
    """Copy the plain files of a folder which its owner may change at the same time, and no link, device or pipe.

    most  bytes that all files may have together

    Raises Refused if they have more, or are too many.
    """
    left = MAX_FILES
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
                size = os.fstat(opened).st_size
                most -= size
                if most < 0:
                    raise Refused("its files are larger than c.CourseDirectory.max_dir_size allows")
                (place / name).write_bytes(file.read(size))
