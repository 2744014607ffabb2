"""Releases an assignment to nbgrader's exchange together with what its notebook imports.

nbgrader itself copies the assignment's folder alone, so that a student who fetches it could not run its first cell.
"""

import shutil
from pathlib import Path

from nbgrader.exchange.default import ExchangeReleaseAssignment
from traitlets import List, Unicode


class HandOut(ExchangeReleaseAssignment):
    """Is nbgrader's step of releasing, and copies some more into the folder that students fetch."""

    along = List(
        Unicode(), help="Files and folders, relative to the release folder, that go with every assignment."
    ).tag(config=True)

    def init_src(self):
        """Find what is to be released. Everything must be there before anything is written."""
        super().init_src()
        missing = [name for name in self.along if not self._place(name).exists()]
        if missing:
            self.fail(f"Nothing was released: there is no {', '.join(missing)} in {self._place('.')}.")

    def do_copy(self, src, dest, log=None):
        """Copy the assignment's folder, and what goes with it. nbgrader sets the permissions afterwards."""
        super().do_copy(src, dest, log)
        for name in self.along:
            if self._place(name).is_dir():
                unwanted = shutil.ignore_patterns("__pycache__", "*.pyc", ".ipynb_checkpoints")
                shutil.copytree(self._place(name), Path(dest, Path(name).name), ignore=unwanted)
            else:
                shutil.copy(self._place(name), Path(dest, Path(name).name))

    def _place(self, name: str) -> Path:
        return Path(self.src_path).parent / name
