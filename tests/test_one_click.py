"""What Binder, Codespaces, a hub and CI read is there, and what it tells them to run can be run."""

import ast
import json
import re
import shlex
import shutil
import subprocess
import sys

import pytest
from traitlets.config import PyFileConfigLoader

from this_course import COURSE, ROOT

CPU = "https://download.pytorch.org/whl/cpu"
FIRST = f"course/{COURSE.assignment_names[0]}/{COURSE.assignment_names[0]}.ipynb"


def pip(*words: str) -> subprocess.CompletedProcess:
    """Let pip find out what it would install in the environment of the tests, from what is there alone."""
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--no-deps", "--no-build-isolation", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_binder_installs_the_course_and_the_grader(tmp_path):
    lines = (ROOT / ".binder" / "requirements.txt").read_text().splitlines()
    assert f"--extra-index-url {CPU}" in lines
    offline = tmp_path / ".binder" / "requirements.txt"  # in a folder beside another requirements.txt, as there
    offline.parent.mkdir()
    offline.write_text("\n".join(line for line in lines if not line.startswith("--extra-index-url")))
    (tmp_path / "requirements.txt").write_text((ROOT / "requirements.txt").read_text())
    done = pip("--no-index", "--report", str(tmp_path / "report.json"), "-q", "-r", str(offline))
    assert done.returncode == 0, done.stderr
    found = {one["metadata"]["name"] for one in json.loads((tmp_path / "report.json").read_text())["install"]}
    assert {"coursekit", "autograder"} <= found


def test_a_requirement_that_does_not_exist_is_noticed(tmp_path):
    (tmp_path / "requirements.txt").write_text("-e ./nowhere\n")
    assert pip("--no-index", "-q", "-r", str(tmp_path / "requirements.txt")).returncode != 0


def test_binders_python_is_one_that_is_tested():
    version = (ROOT / ".binder" / "runtime.txt").read_text().strip().removeprefix("python-")
    assert f'"{version}"' in (ROOT / ".github" / "workflows" / "test.yml").read_text()


@pytest.fixture
def container() -> dict:
    return json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())


def test_codespaces_runs_a_target_of_the_makefile(container):
    assert container["containerEnv"] == {"PIP_EXTRA_INDEX_URL": CPU}
    command, target = shlex.split(container["postCreateCommand"])
    assert command == "make"
    dry = subprocess.run(["make", "-n", "-B", target], cwd=ROOT, capture_output=True, text=True)
    assert dry.returncode == 0 and "pip install" in dry.stdout and "-r requirements.txt" in dry.stdout


def test_codespaces_opens_the_first_notebook_with_the_python_that_was_made(container):
    custom = container["customizations"]
    assert custom["codespaces"]["openFiles"] == [FIRST] and (ROOT / FIRST).is_file()
    assert custom["vscode"]["settings"]["python.defaultInterpreterPath"].endswith("/.venv/bin/python")
    assert "VENV := .venv" in (ROOT / "Makefile").read_text()


def test_a_hub_lets_no_page_into_a_frame_unless_each_user_has_a_domain():
    config = PyFileConfigLoader("jupyterhub_config.py", path=str(ROOT / "deploy")).load_config()
    assert "args" not in config.Spawner and "admin_users" not in config.Authenticator
    page = (ROOT / "deploy" / "README.md").read_text(encoding="utf-8")
    (with_domains,) = re.findall(r"^ +c\.Spawner\.args = (.+)$", page, re.MULTILINE)
    (word,) = ast.literal_eval(with_domains)
    name, _, value = word.partition("=")
    assert name == "--ServerApp.tornado_settings"
    assert ast.literal_eval(value) == {"headers": {"Content-Security-Policy": "frame-ancestors 'self'"}}


@pytest.mark.parametrize(
    ("chromium", "installs", "told"),
    [
        ("at once", "exit 9", "make test"),
        (
            "after",
            'printf "#!/bin/sh" > chromium && /bin/chmod +x chromium',
            "apt-get update apt-get install make test",
        ),
        ("never", "exit 1", "apt-get update There is no Chromium make test"),
    ],
)
def test_ci_goes_on_with_chromium_or_without(tmp_path, chromium, installs, told):
    commands = {
        "id": "echo 0",
        "make": 'echo "make $1"',
        "apt-get": f'echo "apt-get $1" >&2; cd {shlex.quote(str(tmp_path))}; {installs}',
    } | ({"chromium": ""} if chromium == "at once" else {})
    for name, text in commands.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    (tmp_path / "dirname").symlink_to(shutil.which("dirname"))
    command = [shutil.which("bash"), str(ROOT / ".ci" / "run")]
    done = subprocess.run(command, env={"PATH": str(tmp_path)}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0
    assert " ".join(line.split(":")[0] for line in done.stdout.decode().splitlines()) == told
