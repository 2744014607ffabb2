"""A confined kernel reaches nothing but itself, keeps to its limits, and leaves nothing behind."""

import ast
import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from jupyter_client.manager import AsyncKernelManager

from autograder.assignment import ROOT
from autograder.kernel import doctor, forkserver

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(doctor.missing()), reason=f"this machine cannot confine: {doctor.missing()}"),
]

MB = 1024**2


class Kernel:
    """A confined kernel, to be spoken to in plain sentences."""

    def __init__(self, folder: Path, **limits):
        self._loop = asyncio.new_event_loop()
        self.folder = folder
        self.manager = AsyncKernelManager(transport="ipc", ip=str(folder / "k"))
        self.manager.kernel_spec.metadata["kernel_provisioner"] = {"provisioner_name": "confined", "config": limits}
        self.manager.client_class = "autograder.kernel.client.PromptClient"
        (folder / "start").mkdir()
        (folder / "start" / "parts.py").write_text("GIVEN = 1\n")

    def _now(self, awaitable):
        return self._loop.run_until_complete(awaitable)

    def start(self) -> "Kernel":
        environment = {**os.environ, "SECRET": "of the grader", "NBGRADER_EXECUTION": "autograde"}
        options = {"cwd": str(self.folder / "start"), "extra_arguments": ["--HistoryManager.hist_file=:memory:"]}
        self._now(self.manager.start_kernel(env=environment, **options))
        self._connect()
        self.run("import os, time")
        return self

    def _connect(self):
        self.client = self.manager.client()
        self.client.start_channels()
        self._now(self.client.wait_for_ready(timeout=60))

    def run(self, code: str, timeout: float = 30) -> str:
        """What it prints, or the last line of its error."""
        said = []

        def hear(message):
            content = message["content"]
            said.append(
                content.get("text") or (f"{content['ename']}: {content['evalue']}" if "ename" in content else "")
            )

        run = self.client.execute_interactive(
            textwrap.dedent(code), timeout=timeout, output_hook=hear, allow_stdin=False
        )
        self._now(run)
        return "".join(said).strip()

    def value(self, expression: str):
        return ast.literal_eval(self.run(f"print(repr({expression}))"))

    def send(self, code: str) -> None:
        """Without waiting for an end."""
        self.client.execute(textwrap.dedent(code), stop_on_error=False)

    def interrupt(self):
        self._now(self.manager.interrupt_kernel())

    def restart(self):
        self.client.stop_channels()
        self._now(self.manager.restart_kernel(now=True))
        self._connect()

    def alive(self) -> bool:
        return self._now(self.manager.is_alive())

    def ended(self, seconds: float = 20) -> str:
        """Waits for its end. The limit that it was ended for."""
        end = time.monotonic() + seconds
        while self.alive():
            assert time.monotonic() < end, "it lives on"
            time.sleep(0.05)
        return self.manager.provisioner.broken

    @staticmethod
    def server() -> int:
        """The process that it was forked from."""
        return next(iter(forkserver._servers.values()))._process.pid

    def shut_down(self):
        self.client.stop_channels()
        self._now(self.manager.shutdown_kernel(now=True))
        self._loop.close()


@pytest.fixture
def start(tmp_path):
    kernels = []

    def started(**limits) -> Kernel:
        folder = tmp_path / str(len(kernels))
        folder.mkdir()
        kernels.append(Kernel(folder, **limits))
        return kernels[-1].start()

    yield started
    for kernel in kernels:
        kernel.shut_down()


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    kernel = Kernel(tmp_path_factory.mktemp("kernel")).start()
    yield kernel
    kernel.shut_down()


def test_it_has_what_notebooks_need(kernel):
    said = kernel.run("import coursekit, parts, sys; print(coursekit.__file__, parts.GIVEN, 'torch' in sys.modules)")
    assert said == "/course/coursekit/__init__.py 1 True"
    assert kernel.run("import torch; print((torch.ones(3, requires_grad=True) * 2).sum().item())") == "6.0"
    assert kernel.run("!echo $((1 + 1))") == "2"


# Everything that can be read, but for the interpreter's and the system's libraries.
READABLE = """
import os, sys
libraries = tuple(f"{path}/" for path in ("/usr", "/proc", sys.prefix, sys.base_prefix))
found = set()
for folder, folders, files in os.walk("/", followlinks=False):
    folders[:] = [name for name in folders if not os.path.join(folder, name, "").startswith(libraries)]
    found |= {os.path.join(folder, name) for name in files if os.access(os.path.join(folder, name), os.R_OK)}
print("\\n".join(sorted(found)))
"""


def test_every_path_that_it_can_read(kernel):
    found = {path for path in kernel.run(READABLE).splitlines() if not path.startswith("/etc/")}
    coursekit = ROOT / "course" / "coursekit"
    allowed = {f"/course/coursekit/{path.relative_to(coursekit)}" for path in coursekit.rglob("*")}
    allowed |= {f"/dev/{name}" for name in ("null", "zero", "full", "random", "urandom", "ptmx", "pts/ptmx")}
    allowed |= {f"/dev/{name}" for name in ("stdin", "stdout", "stderr")}
    allowed |= {f"/run/kernel/k-{number}" for number in range(1, 6)} | {"/run/kernel/kernel.json"}
    allowed |= {"/home/student/parts.py"}
    own = {path for path in found if path.startswith("/home/student/.ipython/")}  # IPython's own notes
    assert found - own <= allowed
    assert "/home/student/parts.py" in found
    folders = set(kernel.value("[name for name in os.listdir('/etc')]"))
    assert folders <= {"alternatives", "fonts", "ld.so.cache", "localtime", "passwd", "group"}


def test_neither_repository_nor_home_nor_others(kernel, tmp_path):
    paths = [ROOT / "solutions", ROOT / "autograder", ROOT / "classroom", ROOT / "tests", Path.home() / ".bashrc"]
    for path in [*paths, tmp_path, kernel.folder, Path("/etc/shadow"), Path("/var"), Path("/sys")]:
        assert kernel.value(f"os.path.exists({str(path)!r})") is False, path


# Every socket that there is: in the file system, and of those without a path.
CONNECTED = """
import os, socket, stat
names = {line.split()[-1] for line in open("/proc/net/unix").read().splitlines()[1:] if len(line.split()) == 8}
for folder, _, files in os.walk("/"):
    if not folder.startswith(("/proc", "/usr")):
        names |= {path for path in (os.path.join(folder, name) for name in files) if stat.S_ISSOCK(os.lstat(path).st_mode)}
reached = set()
for name in names:
    with socket.socket(socket.AF_UNIX) as end:
        try:
            end.connect(name.replace("@", "\\0", 1) if name.startswith("@") else name)
            reached.add(name)
        except OSError: pass
print(sorted(reached))
"""


def test_every_socket_that_it_can_connect_to(kernel, tmp_path):
    with socket.socket(socket.AF_UNIX) as path, socket.socket(socket.AF_UNIX) as name, socket.socket() as port:
        path.bind(str(tmp_path / "s"))
        name.bind("\0of-the-grader")
        port.bind(("127.0.0.1", 0))
        for end in (path, name, port):
            end.listen()
        own = [f"/run/kernel/k-{number}" for number in range(1, 6)]
        assert ast.literal_eval(kernel.run(CONNECTED)) == own
        for address in ("\0of-the-grader", str(tmp_path / "s"), f"{kernel.folder}/k-1"):
            assert "Error" in kernel.run(f"import socket; socket.socket(socket.AF_UNIX).connect({address!r})")
        said = kernel.run(f"socket.create_connection(('127.0.0.1', {port.getsockname()[1]}), 2)")
        assert said.startswith("OSError: [Errno 101]") or "refused" in said
    assert kernel.value("[name for _, name in socket.if_nameindex()]") == ["lo"]


def test_its_environment_and_descriptors(kernel):
    names = set(kernel.value("list(os.environ)"))
    assert "SECRET" not in names and "NBGRADER_EXECUTION" in names
    assert "of the grader" not in kernel.run("print(open('/proc/self/environ').read())")
    opened = kernel.run(f"!ls -l /proc/{kernel.value('os.getpid()')}/fd")
    paths = [line.split(" -> ")[1].strip() for line in opened.splitlines() if " -> " in line]
    libraries = ("/usr/", sys.prefix, sys.base_prefix, "/dev/", "/proc/", "/home/student/")
    assert not [path for path in paths if path.startswith("/") and not path.startswith(libraries)]


def test_no_process_but_its_own(kernel):
    assert set(kernel.value("[n for n in os.listdir('/proc') if n.isdigit()]")) <= {
        "1",
        str(kernel.value("os.getpid()")),
    }
    for what in ("environ", "mem", "maps", "root", "cwd", "fd/0"):
        assert (
            "PermissionError"
            in kernel.run(
                f"os.stat('/proc/1/{what}') if '{what}' in ('root', 'cwd', 'fd/0') else open('/proc/1/{what}').read()"
            )
            or what == "maps"
        )
    kernel.run("import signal; os.kill(1, signal.SIGKILL); os.kill(1, signal.SIGTERM)")
    assert kernel.value("1 + 1") == 2


def test_nothing_is_regained(kernel):
    said = kernel.run("""
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        print([libc.unshare(kind) for kind in (0x10000000, 0x20000, 0x40000000)], libc.mount(b"tmpfs", b"/tmp", b"tmpfs", 0, None))
        print(libc.syscall(319, b"x", 0), libc.ptrace(0, 0, 0, 0), libc.syscall(310, 1, 0, 0, 0, 0, 0))
        """)
    assert said == "[-1, -1, -1] -1\n-1 -1 -1"
    status = dict(
        line.split(":\t")
        for line in kernel.run("print(open('/proc/self/status').read())").splitlines()
        if ":\t" in line
    )
    assert int(status["CapEff"], 16) == int(status["CapPrm"], 16) == int(status["CapBnd"], 16) == 0
    assert status["NoNewPrivs"] == "1" and status["Seccomp"] == "2"
    for path in ("/course/coursekit/x", "/usr/x", f"{sys.prefix}/x", "/x", "/etc/passwd", "/proc/sys/kernel/hostname"):
        assert "Error" in kernel.run(f"open({path!r}, 'w').write('x')"), path


def test_limits_of_what_it_writes(start):
    kernel = start(scratch=4 * MB)
    for folder in ("/home/student", "/tmp", "/dev/shm"):
        assert "Error" in kernel.run(f"open('{folder}/big', 'wb').write(bytes({8 * MB}))")
        assert kernel.value(f"os.path.getsize('{folder}/big') if os.path.exists('{folder}/big') else 0") <= 4 * MB
        kernel.run(f"os.path.exists('{folder}/big') and os.remove('{folder}/big')")
    assert "No space left" in kernel.run("for n in range(5000): open(f'/tmp/{n}', 'w').close()")


def test_limits_of_memory(start):
    kernel = start(memory=300 * MB)
    assert "MemoryError" in kernel.run(f"x = bytearray({400 * MB})")
    kernel.send("""
        import os, time
        for _ in range(4):
            if os.fork() == 0:
                x = b'x' * 150_000_000; time.sleep(20); os._exit(0)
        """)
    assert kernel.ended() == "memory"


def test_limits_of_processes(start):
    kernel = start(processes=30)
    said = kernel.run("""
        import os, time
        made = 0
        try:
            while made < 60:
                if os.fork() == 0:
                    time.sleep(3); os._exit(0)
                made += 1
        except BlockingIOError:
            print(made < 30)
        """)
    assert said == "True"


def test_limits_of_processor_time(start):
    kernel = start(cpu=2)
    kernel.send("while True: pass")
    assert kernel.ended() == "cpu"


def test_limits_of_output(start):
    kernel = start(output=5 * MB)
    assert kernel.run("print('x' * 1_000_000)")[:3] == "xxx"
    kernel.send("for _ in range(20): print('x' * 1_000_000)")
    assert kernel.ended() == "output"


def test_interrupt_restart_and_death(start):
    kernel = start()
    kernel.send("x = 1\nwhile True: pass")
    time.sleep(0.3)
    kernel.interrupt()
    assert kernel.value("x") == 1
    kernel.restart()
    assert "NameError" in kernel.run("x")
    kernel.send("import os; os._exit(7)")
    assert kernel.ended() == "" and kernel.manager.provisioner._status == 7
    kernel.restart()
    assert kernel.value("1 + 1") == 2


def test_nothing_stays_behind(start, tmp_path):
    kernel = start()
    kernel.run("""
        import os, time
        if os.fork() == 0:
            os.setsid()
            time.sleep(60)
        """)
    server = kernel.server()
    before = children(server)
    kernel.shut_down()
    kernel.shut_down = lambda: None
    assert [path.name for path in kernel.folder.iterdir()] == ["start"]
    end = time.monotonic() + 5
    while len(children(server)) == len(before):
        assert time.monotonic() < end
        time.sleep(0.1)


def children(process: int) -> list[int]:
    """Zombies among them."""
    return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def test_another_server_takes_the_place_of_a_dead_one(start):
    first = start()
    for server in forkserver._servers.values():
        server._process.send_signal(signal.SIGKILL)
        server._process.wait()
    assert first.value("1 + 1") == 2  # kernels do not need it
    assert start().value("1 + 1") == 2


def test_the_server_ends_when_idle():
    server = forkserver.ForkServer((), idle=1)
    assert server._process.wait(timeout=30) == 0


GRADER = """
import sys, time
sys.path.insert(0, {tests!r})
from pathlib import Path
from test_kernel import Kernel
kernel = Kernel(Path({folder!r})).start()
kernel.send("import os\\nif os.fork() == 0: os.setsid()\\nwhile True: pass")
print(kernel.server(), flush=True)
time.sleep(60)
"""


def test_all_ends_with_the_grader(tmp_path):
    code = GRADER.format(tests=str(Path(__file__).parent), folder=str(tmp_path))
    grader = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    server = int(grader.stdout.readline())
    below = children(server)
    assert below
    grader.kill()
    grader.wait()
    end = time.monotonic() + 10
    while any(Path(f"/proc/{process}").exists() for process in [server, *below]):
        assert time.monotonic() < end
        time.sleep(0.1)


def test_what_is_hidden_is_not_shown(start, monkeypatch):
    """A course inside a folder that kernels are shown is no place to grade in."""
    monkeypatch.setattr("autograder.kernel.provisioner.HIDDEN", [Path("/usr/lib")])
    with pytest.raises(RuntimeError):
        start()


def test_as_an_ordinary_user():
    """The same namespaces and limits, without being root."""
    if os.getuid():
        pytest.skip("all other tests are run by an ordinary user already")
    nobody = {"user": 65534, "group": 65534, "extra_groups": [], "cwd": "/"}
    for python in (sys.executable, "/usr/bin/python3"):  # ours may lie where nobody else can read it
        try:
            run = subprocess.run([python, "-B", doctor.CHECKS], **nobody, capture_output=True, text=True)
        except PermissionError:
            continue
        found = dict(json.loads(line) for line in run.stdout.splitlines())
        assert len(found) == 9 and not any(found.values()), (found, run.stderr)
        return
    pytest.skip("nobody can read no Python here")
