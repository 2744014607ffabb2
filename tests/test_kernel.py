"""A confined kernel reaches nothing but itself, keeps to its limits, and leaves nothing behind."""

import ast
import asyncio
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from jupyter_client.channels import AsyncZMQSocketChannel

import autograder
from autograder.running.kernel import doctor, forkserver
from autograder.running.kernel.client import PromptClient
from confined import MB, NEEDS_CONFINEMENT, Kernel, kept_open
from this_course import ROOT

pytestmark = [pytest.mark.slow, NEEDS_CONFINEMENT]


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
    allowed |= {f"/dev/{name}" for name in ("null", "full", "random", "urandom", "ptmx", "pts/ptmx")}
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
names = {line.split()[-1] for line in open("/proc/self/net/unix").read().splitlines()[1:] if len(line.split()) == 8}
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


SHARED = """
import mmap
held = []
for _ in range(8):
    held.append(mmap.mmap(-1, 64 << 20))
    held[-1].write(bytes(64 << 20))
    held[-1].madvise(mmap.MADV_DONTNEED)  # no process maps it any more, and it is still there
"""


def test_memory_that_nobody_counts_is_not_to_be_had(kernel):
    assert kernel.run(SHARED).startswith("PermissionError")
    assert "No such file" in kernel.run("open('/dev/zero')")
    said = kernel.run("""
        import socket
        refused = []
        for family in range(1, 46):
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW):
                try:
                    socket.socket(family, kind).close()
                except OSError as error:
                    refused += [family] * (error.errno == 1)
        print(sorted(set(range(1, 46)) - set(refused)))
        for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
            try:
                socket.socketpair()[0].setsockopt(socket.SOL_SOCKET, option, 1 << 20)
            except OSError as error:
                print(error.errno)
        """)
    assert said == "[1, 2, 10, 16]\n1\n1"


def test_what_shares_memory_honestly_still_does(kernel):
    said = kernel.run("""
        import multiprocessing, numpy, torch
        from torch.utils.data import DataLoader
        data = DataLoader(torch.arange(100), batch_size=10, num_workers=0)
        print(sum(int(batch.sum()) for batch in data))
        fork = multiprocessing.get_context("fork")
        total, numbers = fork.Value("i", 0), fork.Queue()
        def work(n):
            with total.get_lock():
                total.value += n
            numbers.put(n)
        workers = [fork.Process(target=work, args=[n]) for n in range(4)]
        for worker in workers: worker.start()
        print(sorted(numbers.get() for _ in workers))
        for worker in workers: worker.join()
        shared = torch.zeros(1000).share_memory_()
        child = fork.Process(target=shared.fill_, args=[1])
        child.start(); child.join()
        print(total.value, shared.sum().item(), (numpy.ones((500, 500)) @ numpy.ones((500, 500))).sum())
        """)
    assert said == "4950\n[0, 1, 2, 3]\n6 1000.0 125000000.0"


def test_memory_of_other_programs(start):
    """They share nothing with the fork server, and all that they use is counted. What children share counts once."""
    kernel = start(memory=400 * MB)
    said = kernel.run("""
        children = []
        for _ in range(8):  # torch and all, which nobody copies
            children.append(os.fork())
            if not children[-1]:
                time.sleep(20); os._exit(0)
        time.sleep(0.5)
        print(len(children))
        """)
    assert said == "8"
    kernel.send("""
        import subprocess, sys
        code = "x = b'x' * 100_000_000; import time; time.sleep(20)"
        held = [subprocess.Popen([sys.executable, "-S", "-c", code]) for _ in range(5)]
        """)
    assert kernel.ended() == "memory"


def test_memory_in_sockets(start):
    kernel = start()
    assert "OSError" in kernel.run("import socket; held = [socket.socketpair() for _ in range(200)]")
    kernel = start(files=2000, memory=400 * MB)
    kernel.send("import socket; held = [socket.socketpair() for _ in range(600)]; time.sleep(20)")
    assert kernel.ended() == "memory"


def test_a_process_whose_name_is_no_text(kernel):
    kernel.run("import ctypes; ctypes.CDLL(None).prctl(15, b'\\xff) \\n\\xfe', 0, 0, 0); time.sleep(0.5)")
    assert kernel.alive() and kernel.value("1 + 1") == 2


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


# Six seconds of work, by processes of which nobody is told that they have ended.
BURNERS = """
import os, signal, time
{how}
for _ in range(12):
    child = os.fork()
    if child == 0:
        if {orphans} and os.fork():
            os._exit(0)
        end = time.process_time() + 0.5
        while time.process_time() < end: pass
        os._exit(0)
    try: os.waitpid(child, 0)
    except OSError: pass
"""


@pytest.mark.parametrize("how", ["signal.signal(signal.SIGCHLD, signal.SIG_IGN)", "pass"])
def test_processor_time_of_what_has_ended(start, how):
    kernel = start(cpu=3)
    before = kernel._now(kernel.manager.provisioner.times())[0]
    kernel.run("import subprocess\nsubprocess.run(['sh', '-c', 'i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done'])")
    used = kernel.value("sum(os.times()[:4])")
    assert abs(kernel._now(kernel.manager.provisioner.times())[0] - used) < 0.3 + before  # nothing counts twice
    kernel.send(BURNERS.format(how=how, orphans=how == "pass"))
    assert kernel.ended(40) == "cpu"


def test_limits_of_output(start):
    kernel = start(output=5 * MB)
    assert kernel.run("print('x' * 1_000_000)")[:3] == "xxx"
    kernel.send("for _ in range(20): print('x' * 1_000_000)")
    assert kernel.ended() == "output"


def test_many_frames_are_much_output(start):
    """To whoever receives it, each frame is a thing of its own, be it empty."""
    kernel = start(output=5 * MB)
    kernel.run("kernel = get_ipython().kernel")
    kernel.send("for _ in range(10): kernel.iopub_socket.send_multipart([b''] * 10_000)")
    assert kernel.ended() == "output"


def test_a_part_of_a_message_that_is_too_large_is_not_read(start):
    kernel = start()
    assert kernel.run("print('x' * 7_000_000, flush=True); print('still here')").endswith("still here")
    began = _peak()
    kernel.run("""
        k = get_ipython().kernel
        pack = k.session.pack
        k.session.pack = lambda o: b'{"data": [' + b'[],' * 6_000_000 + b'0]}' if "deep" in o else pack(o)
        k.session.send(k.iopub_socket, "display_data", {"deep": 1}, parent=k.get_parent("shell"))
        k.session.pack = pack
        """)
    assert _peak() - began < 150 * MB


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


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


def test_it_is_asked_to_end(start):
    """By all the ways in which jupyter_client does it."""
    kernel = start()
    provisioner = kernel.manager.provisioner
    kernel._now(provisioner.terminate())
    assert kernel._now(provisioner.wait()) == -signal.SIGTERM
    assert not provisioner.has_process and kernel._now(provisioner.wait()) == -signal.SIGTERM
    kernel = start()
    provisioner = kernel.manager.provisioner
    kernel.send("time.sleep(0.3); os._exit(7)")
    assert kernel._now(provisioner.wait()) == 7
    kernel = start()
    began = time.monotonic()
    kernel._now(kernel.manager.shutdown_kernel(now=False))
    assert not kernel.alive() and time.monotonic() - began < 10


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


def test_the_server_inherits_nothing_and_has_one_thread(kernel, tmp_path):
    with (tmp_path / "secret").open("w") as file:
        os.set_inheritable(file.fileno(), True)
        server = forkserver.ForkServer.start((), idle=60)
    server._wait_until_ready()
    for process in (server._process.pid, kernel.server()):  # this one has imported torch and all
        opened = [path for path, _ in kept_open(process).values()]
        sockets = [path for path in opened if path.startswith("socket:")]
        fonts = [path for path in opened if path.startswith((sys.prefix, "/usr/")) and path.endswith("f")]
        assert len(sockets) == 1 and set(opened) == {"/dev/null", *sockets, *fonts}
        assert len(list(Path(f"/proc/{process}/task").iterdir())) == 1
    server._process.kill()
    server._process.wait()


def test_a_server_with_two_threads_is_none(tmp_path):
    """Only one of them would be there in a fork, and what the other has locked would stay so."""
    (tmp_path / "restless.py").write_text(
        "import threading, time\nthreading.Thread(target=time.sleep, args=[60], daemon=True).start()"
    )
    code = f"import runpy, sys; sys.path[:0] = [{str(tmp_path)!r}, {str(forkserver.PROGRAM)!r}]; print(runpy.run_path({str(forkserver.PROGRAM / '__main__.py')!r})['preload'](['restless']))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert run.stdout == "importing restless has started 1 threads\n", run.stderr


def test_a_server_that_does_not_get_ready_is_given_up(monkeypatch):
    monkeypatch.setattr(forkserver, "PATIENCE", 0.01)
    server = forkserver.ForkServer.start((), idle=60)
    with pytest.raises(forkserver.NoKernel, match="did not start"):
        server.fork({}, {}, [])
    assert not server.alive()
    server._process.wait(timeout=10)


def test_what_goes_wrong_at_the_welcome_is_told(monkeypatch):
    async def odd(self):
        raise ValueError("an odd message")

    async def alive(self):
        return True

    monkeypatch.setattr(PromptClient, "_welcome", odd)
    monkeypatch.setattr(PromptClient, "is_alive", alive)
    with pytest.raises(ValueError, match="an odd message"):
        asyncio.run(PromptClient().wait_for_ready())


def test_a_kernel_whose_greeting_is_lost_is_ready(tmp_path, monkeypatch):
    hear = AsyncZMQSocketChannel.get_msg

    async def but_no_greeting(self, timeout=None):
        message = await hear(self, timeout)
        return await but_no_greeting(self, timeout) if message["msg_type"] == "iopub_welcome" else message

    monkeypatch.setattr(AsyncZMQSocketChannel, "get_msg", but_no_greeting)
    kernel = Kernel(tmp_path).start()
    assert kernel.value("1 + 1") == 2
    kernel.shut_down()


def test_the_server_ends_when_idle():
    server = forkserver.ForkServer.start((), idle=1)
    assert server._process.wait(timeout=30) == 0


GRADER = """
import sys, time
sys.path.insert(0, {tests!r})
from pathlib import Path
from confined import Kernel
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


@pytest.mark.parametrize(
    "settings, says",
    [
        ({"shown": {"/all": str(ROOT)}}, "and .*solutions is secret"),  # whatever the settings forget
        ({"shown": {"/course": str(ROOT / "solutions")}}, "solutions is secret"),
        ({"shown": {"/tests": "tests"}, "secret": ["tests/hostile"]}, "tests/hostile is secret"),
        ({"shown": {"/kit": "nothing/here"}}, "nothing/here, which is not there"),
    ],
)
def test_what_is_secret_is_not_shown(start, settings, says):
    with pytest.raises(forkserver.NoKernel, match=says):
        start(**settings)


def test_a_course_among_the_libraries_is_no_place_to_grade_in(start):
    with pytest.raises(RuntimeError):
        start(secret=["/usr/lib"])


def test_the_grader_is_covered_where_it_lies_among_the_libraries(start, monkeypatch):
    """As it does when it is installed by pip: what hidden tests and mistakes are made of is nobody's business here."""
    monkeypatch.setattr(autograder, "__file__", torch.__file__)
    kernel = start()
    folder = Path(torch.__file__).parent
    assert kernel.value(f"os.listdir({str(folder)!r})") == []
    assert "Error" in kernel.run(f"open('{folder}/x', 'w')")
    assert kernel.value(f"os.path.exists({str(folder.parent / 'numpy')!r})") is True


def test_as_an_ordinary_user():
    """The same namespaces and limits, without being root."""
    if os.getuid():
        pytest.skip("all other tests are run by an ordinary user already")
    nobody = {"user": 65534, "group": 65534, "extra_groups": [], "cwd": "/"}
    for python in (sys.executable, "/usr/bin/python3"):  # ours may lie where nobody else can read it
        try:
            run = subprocess.run([python, "-B", doctor.TRIALS], **nobody, capture_output=True, text=True)
        except PermissionError:
            continue
        found = {name: why for name, why, _ in map(json.loads, run.stdout.splitlines())}
        assert len(found) == 12 and not any(found.values()), (found, run.stderr)
        return
    pytest.skip("nobody can read no Python here")
