"""The site for tests, made from notebooks that were solved and not run."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.authoring.students import handed_in
from this_course import COURSE, ROOT

pytest.importorskip("myst_nb", reason="the site's packages are not installed: pip install -e .[site]")
sys.path.insert(0, str(ROOT / "docs"))
import notebooks  # noqa: E402

INCLUDED = ("INSTRUCTORS.md", "course/README.md", "deploy/README.md", "deploy/jupyterhub_config.py")


def build_site(folder: Path) -> Path:
    """Build the site in a folder, as GitHub's workflow does. A warning of Sphinx is an error."""
    docs, site = folder / "docs", folder / "site"
    shutil.copytree(ROOT / "docs", docs, ignore=shutil.ignore_patterns("notebooks", "__pycache__"))
    for path in INCLUDED:
        (folder / path).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / path, folder / path)
    notebooks.write_pages(COURSE, docs / "notebooks", handed_in, "owner/name")
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", str(docs), str(site)],
        env=os.environ | {"GITHUB_REPOSITORY": "owner/name", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return site
