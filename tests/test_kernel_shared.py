"""Nothing that one kernel does is left for another one, or seen by it; and what nobody else counts is counted."""

import fcntl
import importlib
import json
import os
import platform
import resource
import secrets
import select
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import matplotlib
import pytest

from autograder.running.kernel import doctor, forkserver
from confined import MB, NEEDS_CONFINEMENT, kept_open
from this_course import ROOT

pytestmark = [pytest.mark.slow, NEEDS_CONFINEMENT]
TESTS = Path(__file__).parent
FONT = Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf")


@pytest.fixture
def server(monkeypatch):
    """A module of the program that forks kernels, by its name."""
    monkeypatch.syspath_prepend(str(forkserver.PROGRAM))
    return importlib.import_module


# Of all descriptors that are no sockets: number, path, offset, flags, signal and owner of what it sends.
DESCRIPTORS = """
import fcntl, json, os
def look():
    found = []
    for number in sorted(map(int, os.listdir("/proc/self/fd"))):
        try:
            path = os.readlink(f"/proc/self/fd/{number}")
        except OSError:
            continue
        if path.startswith("/") and not path.startswith("/proc/"):
            about = [fcntl.fcntl(number, what) for what in (fcntl.F_GETFL, fcntl.F_GETSIG, fcntl.F_GETOWN)]
            found.append([number, path, os.lseek(number, 0, os.SEEK_CUR), *about])
    return found
print(json.dumps(look()))
"""
CHANGED = """
refused = 0
for number, path, offset, flags, signal, owner in look():
    os.lseek(number, 4242, os.SEEK_SET)
    fcntl.fcntl(number, fcntl.F_SETFL, flags | os.O_APPEND | os.O_NONBLOCK)
    fcntl.fcntl(number, fcntl.F_SETSIG, 40)
    fcntl.fcntl(number, fcntl.F_SETOWN, os.getpid())
    for lock in (fcntl.flock, fcntl.lockf):
        try:
            lock(number, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            refused += 1
print(json.dumps([look(), refused]))
"""


def test_descriptors_are_its_own(start):
    first = start()
    before = json.loads(first.run(DESCRIPTORS))
    assert len(before) > 3 and {path for _, path, *_ in before} >= {"/dev/null", str(FONT)}
    inherited = kept_open(first.server())
    after, refused = json.loads(first.run(CHANGED))
    assert refused == 2 * len(before) and all(one != other for one, other in zip(before, after, strict=True))
    second = start()
    assert json.loads(second.run(DESCRIPTORS)) == before
    first.shut_down()
    first.shut_down = lambda: None
    assert json.loads(second.run("print(json.dumps(look()))")) == before
    assert json.loads(start().run(DESCRIPTORS)) == before
    assert kept_open(second.server()) == inherited
    for path in ("/dev/null", FONT):
        with open(path, "rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_what_was_read_can_be_read_on(kernel):
    """A font is read on when a picture needs another size."""
    said = kernel.run(r"""
        import matplotlib.pyplot as plt
        figure, axes = plt.subplots()
        axes.set_title(r"one $\int_0^1 x^2$ two", fontsize=31)
        axes.plot([1, 2])
        figure.savefig("picture.png")
        print(os.path.getsize("picture.png") > 10_000)
        """)
    assert said == "True"


REFUSED = {  # by their numbers on x86_64 and on aarch64
    "flock": (73, 32),
    "inotify_init1": (294, 26),
    "inotify_add_watch": (254, 27),
    "fanotify_init": (300, 262),
    "fadvise64": (221, 223),
    "readahead": (187, 213),
    "mincore": (27, 232),
    "cachestat": (451, 451),
    "preadv2": (327, 286),
    "pwritev2": (328, 287),
    "process_madvise": (440, 440),
    "sync_file_range": (277, 84),
    "quotactl": (179, 60),
    "semget": (64, 190),
    "msgget": (68, 186),
    "shmget": (29, 194),
    "mq_open": (240, 180),
    "memfd_create": (319, 279),
    "io_setup": (206, 0),
    "io_uring_setup": (425, 425),
    "vmsplice": (278, 75),
    "remap_file_pages": (216, 234),
    "move_pages": (279, 239),
    "mbind": (237, 235),
    "get_mempolicy": (239, 236),
    "syslog": (103, 116),
    "ioprio_set": (251, 30),
    "seccomp": (317, 277),
    "landlock_create_ruleset": (444, 444),
    "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
    "ptrace": (101, 117),
    "bpf": (321, 280),
    "keyctl": (250, 219),
    "statmount": (457, 457),
    "file_getattr": (468, 468),
}


def test_calls_that_are_not_listed_do_not_exist(kernel):
    column = ["x86_64", "aarch64"].index(platform.machine())
    numbers = {name: pair[column] for name, pair in REFUSED.items()} | {"of the future": 999, "x32": 0x40000000 | 27}
    said = kernel.run(f"""
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        found = {{}}
        for name, number in {numbers}.items():
            failed = libc.syscall(ctypes.c_long(number), *[ctypes.c_long(0)] * 6) == -1
            found[name] = ctypes.get_errno() if failed else 0
        print(sorted(name for name, number in found.items() if number != 38))
        """)
    assert said == "[]"


def test_arguments_that_are_not_listed_are_refused(kernel):
    said = kernel.run(f"""
        import fcntl, mmap, os, resource, socket
        file = os.open({str(FONT)!r}, os.O_RDONLY)
        pages = mmap.mmap(file, 0, mmap.MAP_SHARED, mmap.PROT_READ)
        nothing = bytes(64)
        locks = [fcntl.F_GETLK, fcntl.F_SETLK, fcntl.F_SETLKW, 36, 37, 38]
        others = [fcntl.F_SETLEASE, fcntl.F_GETLEASE, fcntl.F_NOTIFY, 1031, 1033, 1035, 1036, 1037, 1038]
        tried = [lambda command=command: fcntl.fcntl(file, command, nothing) for command in [*locks, *others]]
        tried += [lambda advice=advice: pages.madvise(advice) for advice in (3, 12, 20, 21, 22, 23, 25)]
        tried += [lambda command=command: fcntl.ioctl(file, command, nothing) for command in (0x6612, 0x40046629, 0xC020660B, 1, 0x5423)]
        tried += [lambda: mmap.mmap(-1, 4096), lambda: mmap.mmap(-1, 1 << 21, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x40000)]
        tried += [lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM, 132), *(lambda number=number: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, number) for number in (4, 6))]
        tried += [lambda: socket.socket(socket.AF_INET, 6, 0), lambda: socket.socketpair(socket.AF_INET, 6, 0)]
        tried += [lambda option=option: socket.socketpair()[0].setsockopt(socket.SOL_SOCKET, option, nothing) for option in (7, 8, 26, 50, 51, 60)]
        tried += [lambda: resource.prlimit(1, resource.RLIMIT_NOFILE), lambda: resource.prlimit(os.getpid(), resource.RLIMIT_NOFILE)]
        tried += [lambda: os.setpriority(os.PRIO_USER, 0, 5), lambda: os.setpriority(os.PRIO_PROCESS, 1, 5)]
        done = []
        for number, attempt in enumerate(tried):
            try:
                attempt()
                done.append(number)
            except OSError as error:
                if error.errno not in (1, 25):  # EPERM, ENOTTY
                    done.append((number, error.errno))
        print(done)
        """)
    assert said == "[]"


def test_torch_knows_its_processor(kernel):
    """It reads /proc/cpuinfo when it first multiplies some numbers of half precision, and raises if it cannot."""
    said = kernel.run("""
        import ctypes, torch
        print(ctypes.CDLL(f"{torch.__path__[0]}/lib/libtorch_cpu.so").cpuinfo_initialize())
        """)
    assert said == "1" or "undefined symbol" in said


def test_what_ordinary_programs_call_works(kernel):
    said = kernel.run("""
        import fcntl, os, psutil, resource, socket, sqlite3, subprocess
        with sqlite3.connect(":memory:") as memory:
            memory.execute("create table numbers (n)")
        with sqlite3.connect("file:numbers.db?nolock=1", uri=True) as file:
            file.execute("create table numbers (n)")
        resource.setrlimit(resource.RLIMIT_NOFILE, (100, 256))
        os.preadv(os.open("/etc/passwd", os.O_RDONLY), [bytearray(5)], 0)
        socket.socketpair()[0].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        print(os.nice(1), os.get_terminal_size(os.openpty()[0]).columns, psutil.Process().memory_info().rss > 1000)
        print(subprocess.run("seq 9 | sort -r | head -1 > /dev/null; id -un; cp /etc/passwd x && wc -l < x", shell=True, capture_output=True, text=True).stdout.split())
        """)
    assert said == "1 0 True\n['student', '1']"
    assert "access permission denied" in kernel.run("sqlite3.connect('locked.db').execute('create table n (n)')")


def test_the_session_has_its_history(kernel):
    kernel.run("1 + 41")
    assert "1 + 41" in kernel.run("%history") and "history" in kernel.value("In[-2]")
    assert kernel.value("get_ipython().history_manager.enabled") is False


def test_files_have_no_access_lists(kernel):
    """Their memory counts as nobody's: 64 kB for each file and folder, and more."""
    said = kernel.run("""
        import os, shutil, struct
        entries = [(1, 7, -1), *[(2, 7, 1000)] * 8_000, (4, 7, -1), (16, 7, -1), (32, 7, -1)]
        access = struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *entry) for entry in entries)
        os.mkdir("listed")
        open("listed/file", "w").write("text")
        opened, done = os.open("listed/file", os.O_RDONLY), []
        for place, options in (("listed", {}), ("listed/file", {"follow_symlinks": False}), (opened, {})):
            for name in ("system.posix_acl_access", "system.posix_acl_default", "user.x"):
                try:
                    os.setxattr(place, name, access, **options)
                    done.append((place, name))
                except OSError:
                    pass
        print(done, open(shutil.copy2("listed/file", "copied")).read())
        """)
    assert said == "[] text"


def test_it_changes_no_time_and_no_attribute_of_what_is_shared(kernel, tmp_path):
    shared = [Path("/dev", name) for name in ("null", "full", "random", "urandom")]
    shared += [FONT, Path(os.__file__), Path("/usr"), Path(sys.prefix)]
    with suppress(PermissionError):
        os.utime(FONT, ns=(1, FONT.stat().st_mtime_ns))  # read long ago: if a time is kept at all, it changes now
    before = [os.stat(path) for path in shared]
    said = kernel.run(f"""
        done = []
        for path in {[str(path) for path in shared]}:
            for change in (os.utime, lambda p: os.chmod(p, 0o777), lambda p: os.setxattr(p, "user.x", b"x"), lambda p: os.chown(p, 1000, 1000)):
                try:
                    change(path)
                    done.append(path)
                except OSError:
                    pass
        print(done, len(open({str(FONT)!r}, "rb").read()) > 0, os.listdir("/usr") != [], open("/dev/null", "r+").write("x"))
        """)
    assert said == "[] True True 1"
    assert [os.stat(path) for path in shared] == before


def test_the_system_tells_nothing_of_itself(kernel):
    said = kernel.run("""
        told = []
        for entry in os.scandir("/proc"):
            if not entry.name.isdigit() and not entry.is_symlink():
                if os.listdir(entry) if entry.is_dir() else open(entry, "rb").read(1):
                    told.append(entry.name)
                if os.access(entry, os.W_OK):
                    told.append(f"{entry.name} can be written")
        print(told)
        """)
    assert said == "['cpuinfo']"
    assert kernel.value("open('/proc/self/uid_map').read().split()") == [
        "1000",
        "1000" if not os.getuid() else str(os.getuid()),
        "1",
    ]


def test_each_has_a_user_of_its_own(start):
    """Where root grades: what the system counts for each user is counted for each kernel."""
    if os.getuid():
        pytest.skip("nobody but root can give a kernel another user")
    users = [user_of(start()) for _ in range(2)]
    assert len(set(users)) == 2 and min(users) >= 0x70000000


def user_of(kernel) -> int:
    """The user of a kernel, as the machine sees it."""
    inside = f"NSpid:\t{{}}\t{kernel.value('os.getpid()')}\n"
    kernel.run("import ctypes; ctypes.CDLL(None).prctl(15, b'marked', 0, 0, 0)")
    for path in Path("/proc").glob("[0-9]*/status"):
        text = path.read_text()
        if text.startswith("Name:\tmarked\n") and inside.format(path.parent.name) in text:
            kernel.run("ctypes.CDLL(None).prctl(15, b'python', 0, 0, 0)")
            return int(text.split("Uid:\t")[1].split()[0])
    raise AssertionError("it is not there")


def test_it_does_not_know_where_the_course_lies(start):
    mark = secrets.token_hex(8)
    kernel = start(secret=[f"no-folder-{mark}"])
    said = kernel.run(
        "print(open('/proc/self/mountinfo').read(), open('/proc/self/maps').read(), open('/proc/self/cmdline').read(), os.environ)"
    )
    libraries = Path(sys.prefix).relative_to(ROOT) if Path(sys.prefix).is_relative_to(ROOT) else ".venv"
    assert str(ROOT) not in said.replace(str(ROOT / libraries), "")
    said = kernel.run(
        f"""
        import re
        of_ours = "".join(["read by", " the kernel ", "{mark[::-1]}"])  # which the search must find
        sought = [re.compile(b"[n]o-folder-{mark}"), re.compile(b"[r]ead by the kernel {mark[::-1]}")]
        found, memory = [0, 0], open("/proc/self/mem", "rb", 0)
        for line in open("/proc/self/maps"):
            span, rights, *rest = line.split()
            start, end = (int(number, 16) for number in span.split("-"))
            if "r" in rights and "/" not in line and "[v" not in line:
                for place in range(start, end, 1 << 26):
                    memory.seek(place)
                    part = memory.read(min(end - place, 1 << 26))
                    found = [n + len(what.findall(part)) for n, what in zip(found, sought)]
        print(found[0], found[1] > 0)
        """,
        timeout=60,
    )
    assert said == "0 True"


def test_the_supervisor_is_out_of_reach(kernel):
    """As an ordinary user it is another process of the same user."""
    said = kernel.run("""
        import ctypes, os, resource, signal
        libc = ctypes.CDLL(None, use_errno=True)
        done, class_of_idle = [], 3 << 13
        numbers = {int(name) for name in os.listdir("/proc/1/task")} if os.path.isdir("/proc/1/task") else {1}
        for number in numbers | {1}:
            attempts = {
                "prlimit": lambda: resource.prlimit(number, resource.RLIMIT_NOFILE, (0, 0)),
                "priority": lambda: os.setpriority(os.PRIO_PROCESS, number, 19),
                "affinity": lambda: os.sched_setaffinity(number, {0}),
                "scheduler": lambda: os.sched_setscheduler(number, os.SCHED_IDLE, os.sched_param(0)),
                "oom": lambda: open(f"/proc/{number}/oom_score_adj", "w").write("1000"),
                "autogroup": lambda: open(f"/proc/{number}/autogroup", "w").write("19"),
            }
            attempts |= {name: lambda name=name: open(f"/proc/{number}/{name}", "rb").read(1) for name in ("mem", "environ", "pagemap", "syscall")}
            attempts |= {name: lambda name=name: os.readlink(f"/proc/{number}/{name}") for name in ("exe", "cwd", "root", "ns/user")}
            attempts["descriptors"] = lambda: os.listdir(f"/proc/{number}/fd")
            for name, attempt in attempts.items():
                try:
                    attempt()
                    done.append(name)
                except OSError:
                    pass
        for number in range(1, 65):
            try:
                os.kill(1, number)
            except OSError:
                pass
        print(done)
        """)
    assert said == "[]"
    assert kernel.alive() and kernel.value("1 + 1") == 2


def test_page_tables_are_memory(start):
    kernel = start(memory=400 * MB)
    kernel.send("""
        import mmap
        held = mmap.mmap(-1, 256 << 30, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000, prot=mmap.PROT_READ)
        for place in range(0, 256 << 30, 2 << 20):
            held[place]
        time.sleep(20)
        """)
    assert kernel.ended() == "memory"


@pytest.mark.parametrize("name", ["\x1cVmSwap: -99999999", "\nVmSwap: -99999999", "x) R 0 0"])
def test_a_name_takes_nothing_off(start, name):
    kernel = start(memory=400 * MB)
    kernel.run(f"import ctypes; ctypes.CDLL(None).prctl(15, {name.encode()!r}, 0, 0, 0)")
    kernel.send(f"""
        import os
        for _ in range(4):
            if os.fork() == 0:
                ctypes.CDLL(None).prctl(15, {name.encode()!r}, 0, 0, 0)
                held = b"x" * 150_000_000; time.sleep(20); os._exit(0)
        """)
    assert kernel.ended() == "memory"


def test_waiting_signals_and_timers_are_few(kernel):
    said = kernel.run("""
        import ctypes
        libc, timer, made = ctypes.CDLL(None), ctypes.c_void_p(), 0
        while made < 20_000 and libc.timer_create(1, None, ctypes.byref(timer)) == 0:
            made += 1
        print(made)
        """)
    assert int(said) <= 1000


def test_a_census_of_what_is_no_process_s_memory(server):
    """Pipes, watches and mappings, found out a little at a time."""
    census, own = server("census"), [os.getpid()]

    def found(limit=1 << 30, processes=own):
        counting = census.Census()
        counting.bytes(processes, limit)
        while counting._rest < time.monotonic() + 0.5:
            counting.bytes(processes, limit)
        for _ in range(50):
            size = counting.bytes(processes, limit)
        return size

    before = found()
    pipes = [os.pipe() for _ in range(50)]
    assert found() - before >= 50 * census.PIPE
    for pipe in pipes:
        for end in pipe:
            os.close(end)
    assert 0 < found(limit=10 * census.MAPPING) < found()  # it need not know more
    polls = [select.epoll() for _ in range(100)]
    with socket.socket() as watched:
        for number in range(400, 500):
            os.dup2(watched.fileno(), number)
            for poll in polls:
                poll.register(number, 0)
            os.close(number)  # and the watches stay
        assert found() > 10_000 * census.WATCH
    for poll in polls:
        poll.close()
    assert found(processes=[2**22 + 1]) == 0


MADE_UP = (
    "cgroup.procs cgroup.subtree_control memory.max memory.swap.max memory.oom.group memory.events pids.max cpu.max"
)


def test_a_cgroup_where_one_is_delegated(server, tmp_path):
    """In a made-up tree: it shows what is written, and not what a system makes of it."""
    cgroup = server("cgroup")
    session, group = tmp_path / "user.slice" / "session", tmp_path / "user.slice" / "made"
    for folder in (session, group):
        folder.mkdir(parents=True)
        for name in MADE_UP.split():
            (folder / name).write_text("")
    parent = session.parent
    (parent / "cgroup.procs").write_text("")
    (parent / "cgroup.subtree_control").write_text("cpu memory pids\n")
    mounts, own = tmp_path / "mountinfo", tmp_path / "cgroup"
    mounts.write_text(
        "20 1 0:5 / /proc rw - proc proc rw\n21 1 0:6 / /sys/fs/cgroup/x rw shared:9 - cgroup cgroup rw,pids\n"
        f"22 1 0:7 / {tmp_path} rw shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"
    )
    own.write_text("3:pids:/elsewhere\n0::/user.slice/session\n")
    assert cgroup.place(mounts, own) in (session, parent)  # a made-up one enables whatever it is asked to
    (session / "cgroup.subtree_control").unlink()
    assert cgroup.place(mounts, own) == parent
    made = cgroup.Cgroup(group, {"memory": 123, "processes": 7, "cores": 1.5})
    written = {path.name: path.read_text() for path in group.iterdir()}
    assert written["memory.max"] == "123" and written["memory.swap.max"] == "0" and written["pids.max"] == "7"
    assert written["cpu.max"] == "150000 100000" and written["memory.oom.group"] == "1"
    (group / "memory.events").write_text("low 0\nmax 9\noom 1\noom_kill 0\n")
    assert not made.ran_out()
    (group / "memory.events").write_text("low 0\nmax 9\noom 1\noom_kill 2\n")
    assert made.ran_out()
    made.enter()
    assert (group / "cgroup.procs").read_text() == "0"
    (parent / "cgroup.subtree_control").write_text("cpu\n")
    (parent / "cgroup.subtree_control").chmod(0o400)
    own.write_text("1:name=systemd:/\n")
    assert cgroup.place(mounts, own) is None


def test_groups_are_removed_when_their_kernels_have_ended(server, tmp_path):
    cgroup = server("cgroup")
    old, new, theirs = (tmp_path / name for name in (f"{cgroup.OURS}-1", f"{cgroup.OURS}-2", "autograder-0-3"))
    for folder in (old, new, theirs):
        folder.mkdir()
    os.utime(old, (0, 0))
    cgroup.sweep(tmp_path)
    assert set(tmp_path.iterdir()) == {new, theirs}
    cgroup.sweep(tmp_path, at_the_end=True)
    assert set(tmp_path.iterdir()) == {theirs}
    assert cgroup.tried(tmp_path) is None and set(tmp_path.iterdir()) == {theirs}  # no process can be moved there


IN_A_WORKER = """
import resource, sys
sys.path.insert(0, {tests!r})
for name, most in dict(CPU=30, DATA=3 << 30, AS=20 << 30, FSIZE=1 << 20, CORE=0, NOFILE=200, STACK=4 << 20).items():
    kind = getattr(resource, f"RLIMIT_{{name}}")
    resource.setrlimit(kind, (most, resource.getrlimit(kind)[1]))
from pathlib import Path
from confined import Kernel
kernel = Kernel(Path({folder!r})).start()
print(kernel.run("import resource; print([resource.getrlimit(getattr(resource, f'RLIMIT_{{name}}'))[0] for name in ('CPU', 'AS', 'FSIZE', 'NOFILE')])"))
kernel.shut_down()
"""


def test_limits_of_whoever_starts_the_server_are_not_the_kernels(tmp_path):
    code = IN_A_WORKER.format(tests=str(TESTS), folder=str(tmp_path))
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    hard = [resource.getrlimit(kind)[1] for kind in (resource.RLIMIT_CPU, resource.RLIMIT_AS)]
    assert run.stdout.strip() == str([*hard, 64 * MB, 256]), run.stderr[-2000:]


AS_NOBODY = """
import os, subprocess, sys
sys.path.insert(0, {program!r})
import linux
linux.unshare(linux.NEWNS)
linux.mount("none", "/", None, linux.MS_REC | linux.MS_PRIVATE)
hidden = next((p for p in reversed([*map(str, __import__("pathlib").Path({base!r}).parents)]) if not os.stat(p).st_mode & 1), "")
if hidden:  # nobody but root comes to the interpreter: here, for this process alone, everybody does
    os.mkdir({hold!r})
    linux.bind({base!r}, {hold!r})
    linux.mount("tmpfs", hidden, "tmpfs", 0, "mode=755")
    os.makedirs({base!r})
    linux.mount({hold!r}, {base!r}, None, 0x2000)  # MS_MOVE
run = subprocess.run(sys.argv[1:], user=65534, group=65534, extra_groups=[], env={{"HOME": {home!r}, "TMPDIR": {home!r}, "PATH": os.environ["PATH"]}})
sys.exit(run.returncode)
"""
AGAIN = (
    "needs or connect or no_process or regained or what_it_writes or limits_of_memory or other_programs or limits_of_proc or"
    " descriptors_are or shared or supervisor or page_tables or name_takes or census or course_lies or interrupt"
)


def test_all_that_matters_as_an_ordinary_user(tmp_path_factory):
    """The kernel and its supervisor then are processes of one user."""
    if os.getuid():
        pytest.skip("all other tests are run by an ordinary user already")
    home = tmp_path_factory.mktemp("nobody")
    for folder in (home, *home.parents[:2]):
        os.chmod(folder, 0o755)
    os.chown(home, 65534, 65534)
    paths = {"program": str(forkserver.PROGRAM), "base": sys.base_prefix, "hold": f"{home}-hold", "home": str(home)}
    tests = [str(TESTS / f"test_kernel{rest}.py") for rest in ("", "_shared")]
    pytest_ = [sys.executable, "-m", "pytest", "-x", "-p", "no:cacheprovider", "-k", AGAIN, *tests]
    code = AS_NOBODY.format(**paths)
    run = subprocess.run([sys.executable, "-c", code, *pytest_], capture_output=True, text=True, cwd=ROOT)
    if "Permission denied" in run.stderr and not run.stdout:
        pytest.skip("nobody can read no Python here")
    assert run.returncode == 0 and "passed" in run.stdout, (run.stdout[-4000:], run.stderr[-2000:])


def test_doctor_tells_how_memory_is_counted():
    counted = next(item for item in doctor.examine() if item.name.startswith("memory"))
    assert counted.works and "cgroup" in counted.reason
    assert counted.reason in doctor.as_text(doctor.examine())
