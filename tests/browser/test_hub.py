"""A class on a JupyterHub, as deploy/README.md sets it up: two students and a teacher, from release to feedback.

They are accounts of their own, whose passwords PAM checks, and each server is a process of its user. These accounts, /etc,
/home and /srv are there for the hub and its children alone, in a mount namespace: nothing of them is left on the machine.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

import nbformat
import pytest

from autograder.authoring.course import Course
from autograder.authoring.students import handed_in
from confined import NEEDS_CONFINEMENT
from small_class import KNOWN, NAME, RIGHT, SmallClass
from steps import fetch, fetch_feedback, open_assignments, student_row, submit, told
from this_course import ROOT

pytest.importorskip("jupyterhub", reason="jupyterhub is not installed: pip install -e .[hub]")
PAGE = (ROOT / "deploy" / "README.md").read_text(encoding="utf-8")
PASSWORD = "of a trial"
PEOPLE = ("ada", "alan", "teacher")


pytestmark = [
    NEEDS_CONFINEMENT,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can make accounts and start servers for them"),
    pytest.mark.skipif(
        not shutil.which("configurable-http-proxy"), reason="npm install --global configurable-http-proxy"
    ),
]

# In the new namespace, in a folder that holds arithmetic (the course), shared.py and teachers.py (settings). What the
# hub runs may be in a home folder, which its accounts could not read: it is there, and nothing else of that folder.
NEEDED = {"environment": sys.prefix, "interpreter": sys.base_prefix, "repository": ROOT}
PREPARE = f"""
{"".join(f"mkdir {name}; mount --bind {path} {name}{chr(10)}" for name, path in NEEDED.items())}
cp -a /etc etc
for folder in etc home root srv; do mkdir -p $folder; mount --bind $folder /$folder; done
{"".join(f"mkdir -p {path}; mount --bind {name} {path}{chr(10)}" for name, path in NEEDED.items())}
for name in {" ".join(PEOPLE)}; do
    useradd --create-home --shell /bin/sh $name
    chmod 700 /home/$name
    echo "$name:{PASSWORD}" | chpasswd
done
{re.search(r"^ +(mkdir -p .* && chmod .*)", PAGE, re.MULTILINE)[1]}
mkdir -p /etc/jupyter /home/teacher/.jupyter
mv shared.py /etc/jupyter/nbgrader_config.py
mv teachers.py /home/teacher/.jupyter/nbgrader_config.py
mv arithmetic /home/teacher/course
chown -R teacher: /home/teacher
cd /home/teacher/course
for command in build doctor; do runuser -u teacher -- env HOME=/home/teacher "$PYTHON" -m autograder $command; done
mkdir /srv/hub
cd /srv/hub
exec "$PYTHON" -m jupyterhub "$@"
"""


@pytest.fixture
def hub(small, tmp_path):
    """Start a hub with the settings of deploy/: its address."""
    SmallClass(small)
    shared, teachers = re.findall(r"^ +c = get_config\(\)\n(?: +c\..+\n)+", PAGE, re.MULTILINE)
    for name, text in {
        "shared.py": shared.replace("why_gpt2_has_no_encoder", "arithmetic"),
        "teachers.py": teachers,
    }.items():
        (tmp_path / name).write_text("\n".join(line.strip() for line in text.splitlines()))
    ports = free_ports(3)
    settings = {
        "JupyterHub.bind_url": f"http://127.0.0.1:{ports[0]}",
        "JupyterHub.hub_port": ports[1],
        "ConfigurableHTTPProxy.api_url": f"http://127.0.0.1:{ports[2]}",
        "Spawner.start_timeout": 600,  # on a busy machine
        "Spawner.http_timeout": 600,
    }
    words = [
        f"--config={ROOT / 'deploy' / 'jupyterhub_config.py'}",
        *(f"--{key}={is_}" for key, is_ in settings.items()),
    ]
    beside = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PATH": beside, "PYTHON": sys.executable}
    environment["PYTHONPATH"] = os.pathsep.join(map(str, (ROOT, ROOT / "course")))
    command = [
        "unshare",
        "--mount",
        "--pid",
        "--fork",
        "--kill-child",
        "--mount-proc",
        "sh",
        "-ec",
        PREPARE,
        "hub",
        *words,
    ]
    with (tmp_path / "log").open("w") as log:
        started = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{ports[0]}"
    try:
        for _ in range(1500):
            with suppress(OSError), urllib.request.urlopen(f"{address}/hub/api"):
                break
            assert started.poll() is None, (tmp_path / "log").read_text()
            time.sleep(0.2)
        yield address
    finally:
        started.kill()  # and so all that runs in its namespace; unshare is deaf to SIGTERM
        started.wait()


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def test_a_class_on_a_hub(hub, opened, tmp_path):
    def logged_in(name):
        page = opened(f"{hub}/hub/login", viewport={"width": 1300, "height": 900})
        page.fill("#username_input", name)
        page.fill("#password_input", PASSWORD)
        page.click("#login_submit")
        page.locator(".lm-MenuBar-itemLabel", has_text="Nbgrader").wait_for()
        return page

    lab = logged_in("teacher")
    teacher = lab.context.new_page()
    teacher.set_default_timeout(600_000)
    formgrader = f"{hub}/user/teacher/formgrader"
    shown = teacher.goto(f"{formgrader}/manage_assignments")
    assert "frame-ancestors 'none'" in shown.headers["content-security-policy"]  # no student's page can use it
    assignment = teacher.locator("tr", has_text=NAME).first
    assert "Successfully released" in told(teacher, assignment, "release")

    written, students = Course.at(tmp_path / "home" / "teacher" / "course").assignment(NAME), {}
    for name, wrote in {"ada": RIGHT, "alan": KNOWN}.items():
        students[name] = logged_in(name)
        assignments = open_assignments(students[name])
        fetch(assignments)
        path = tmp_path / "home" / name / NAME / f"{NAME}.ipynb"
        assert path.stat().st_uid != 0
        nbformat.write(handed_in(written, (), {"double": wrote, "why": "Because."}), path)
        submit(assignments, NAME)
    assert students["ada"].goto(f"{formgrader}/manage_assignments").status == 403
    assert lab.goto(f"{hub}/user/ada/lab").status in (403, 404)  # nor the teacher a student's server
    exchange = tmp_path / "srv" / "nbgrader" / "exchange" / "arithmetic"
    assert not (exchange / "inbound").stat().st_mode & 0o004  # what others handed in has no list

    assert "Successfully collected" in told(teacher, assignment, "collect")
    teacher.goto(f"{formgrader}/manage_submissions/{NAME}")
    for name in students:
        row = student_row(teacher, name)
        assert "Successfully autograded" in told(teacher, row, "autograde")
        assert "Successfully generated feedback" in told(teacher, row, "generate-feedback")
        assert "Successfully released feedback" in told(teacher, row, "release-feedback")

    teacher.goto(f"{formgrader}/manage_students")
    teacher.locator("td", has_text="alan").first.wait_for()
    teacher.set_viewport_size({"width": 1300, "height": 500})
    teacher.screenshot(path=tmp_path / "hub.png")  # docs/hub.png is one of them

    for name, page in students.items():
        page.goto(f"{hub}/user/{name}/lab")
        fetch_feedback(open_assignments(page))
        (feedback,) = (tmp_path / "home" / name / NAME / "feedback").rglob("*.html")
        text = opened(feedback.as_uri()).locator("body").inner_text()
        assert ("does nothing" in text) == (name == "alan")
