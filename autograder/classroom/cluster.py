"""Lets workers of a Dask scheduler run and judge submissions: those that have this course, and can lock code in.

A worker says so itself, whenever it joins: it then offers a resource to the scheduler that is named by a hash of this
course. So Dask gives each of them one submission at a time, and gives it to another one if a worker dies.
"""

import asyncio
import json
import multiprocessing
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor
from contextlib import suppress
from functools import cache
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path

from nbformat.v4 import new_notebook
from traitlets.config import Config

import autograder
from autograder.authoring.course import Course
from autograder.classroom.elsewhere import moved
from autograder.classroom.in_worker import portable
from autograder.classroom.privacy import changed_by_others
from autograder.errors import UserError
from autograder.judging.report import printable
from autograder.running.execute import Execute
from autograder.running.fingerprint import contents
from autograder.running.kernel import doctor

try:
    from distributed import Client, Security, Worker, WorkerPlugin, get_worker
except ImportError:
    raise UserError('Dask is not installed here: pip install -e ".[cluster]"') from None

NOT_ITS_CHILDREN = "it may not start processes: start it with DASK_DISTRIBUTED__WORKER__DAEMON=False in its environment"


class Lost(UserError):
    """The scheduler is gone. What came back until then is kept."""


class Cluster:
    """Runs functions on those workers of a scheduler that are fit for this course. It is used as a context.

    Raises UserError if the address is not protected, nothing answers there, or no worker is fit.
    """

    def __init__(self, course: Course, address: str, without_tls: bool = False):
        self._course, self.address, self._without_tls = course, address, without_tls
        must_be_protected(address, without_tls)

    def __enter__(self) -> "Cluster":
        if self.address.startswith("tls") and not Security().get_connection_args("client")["ssl_context"]:
            raise UserError("Dask has no certificate here: INSTRUCTORS.md says which settings name it.")
        try:
            self._client = Client(self.address, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:
            raise UserError(f"No scheduler answers at {self.address}: {error}") from None
        try:
            if self.address.startswith("tcp") and not self._without_tls:
                _warn_if_reached_from_elsewhere(self._client.scheduler_info()["address"])
            self._plugin = Fit(identity(self._course), self._course.root, portable(self._course.config))
            with suppress(Exception):  # a worker may lack this package: `reasons` tells it
                self._client.register_plugin(self._plugin)
            self.reasons = self._reasons()
            if all(self.reasons.values()):
                raise UserError("\n".join([f"No worker of {self.address} can be used.", *said(self.reasons)]))
        except BaseException:
            self._client.close()
            raise
        self._executor: Executor = self._client.get_executor(resources={self._plugin.name: 1})
        return self

    def __exit__(self, *exception: object) -> None:
        self.break_off()
        with suppress(Exception):  # the scheduler may be gone
            self._client.unregister_worker_plugin(self._plugin.name)
        self._client.close()

    def do(self, function: Callable, *arguments: object) -> object:
        """Call a function on a worker, with a folder of the worker's own as its last argument, and return its result.

        Raises what the function raises, Lost if the scheduler is gone, and CancelledError after ``break_off``.
        """
        try:
            return self._executor.submit(_there, function, arguments).result()
        except (CancelledError, OSError, RuntimeError):
            if self._client.status != "running":
                raise Lost(f"The scheduler at {self.address} is gone.") from None
            raise

    def share(self, data: object) -> object:
        """Let all fit workers have some data. What is returned is given to ``do`` in its place."""
        return self._client.scatter([data], workers=self._fit, broadcast=True)[0]

    def break_off(self) -> None:
        """Cancel all that is not done yet."""
        with suppress(Exception):  # the scheduler may be gone
            self._executor.shutdown(wait=False)

    @property
    def fit(self) -> int:
        """Return how many workers can be used now."""
        return len(self._fit)

    @property
    def _fit(self) -> list[str]:
        workers = self._client.scheduler_info(n_workers=-1)["workers"].items()
        return [address for address, worker in workers if worker["resources"].get(self._plugin.name)]

    def _reasons(self) -> dict[str, str]:
        """Map each worker's address to the reason why it is not used, which is "" if it is."""
        found = self._client.run(_reason, self._plugin, on_error="return")
        return {
            address: f"it cannot even say so: {type(why).__name__}: {why}" if isinstance(why, Exception) else why
            for address, why in sorted(found.items())
        }


class Fit(WorkerPlugin):
    """Makes a worker offer the resource of a course, if it is fit for it."""

    def __init__(self, known: dict[str, str], root: str, config: Config):
        self._known, self._root, self._config = known, root, config
        self.name = f"autograder-{sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()[:16]}"

    async def setup(self, worker: Worker) -> None:
        if not await self.reason(worker):
            await worker.set_resources(**{self.name: 1})

    async def teardown(self, worker: Worker) -> None:
        await worker.set_resources(**{self.name: 0})

    async def reason(self, worker: Worker) -> str:
        """Return why this process is not fit, or ""."""
        place = Path(worker.local_directory)
        return await asyncio.to_thread(_unfit, json.dumps(self._known), self._root, self._config, place)


async def _reason(plugin: Fit, dask_worker: Worker) -> str:  # Dask fills in what has this name
    return await plugin.reason(dask_worker)


def _unfit(known: str, root: str, config: Config, place: Path) -> str:
    """Return why this process cannot take submissions of a course, or "".

    known  what the course is there where submissions come from, as JSON
    place  the worker's own folder, which Dask puts before all others from which Python imports
    """
    if multiprocessing.current_process().daemon:
        return NOT_ITS_CHILDREN
    if folder := changed_by_others(place):
        return f"others can change what is in {folder}: start it with --local-directory and a folder of your own"
    try:
        here = Course.around(Path.cwd()).root
    except FileNotFoundError as error:
        return f"{error} A worker must be started in the course's folder."
    course = Course(config=moved(config, root, here))
    if Execute(config=course.config).sandbox and (missing := doctor.missing()):
        return f"it cannot lock in code: {missing}"
    theirs, ours = json.loads(known), identity(course)
    wrong = [name for name in {**theirs, **ours} if theirs.get(name) != ours.get(name)]
    return "it differs in " + ", ".join(_difference(name, theirs, ours) for name in wrong) if wrong else ""


def _difference(name: str, theirs: dict[str, str], ours: dict[str, str]) -> str:
    told = [found.get(name, "nothing") for found in (ours, theirs)]
    return name if max(map(len, told)) > 40 else f"{name} ({told[0]} there, {told[1]} here)"


def identity(course: Course) -> dict[str, str]:
    """Return versions and hashes of all that decides what comes of a submission, but for the settings, which travel."""
    names = course.assignment_names
    if not names:
        raise UserError(f"There is no assignment in {course.folder(course.solutions_directory)}.")
    run = Execute(config=course.config).prepare(new_notebook(), course.assignment(names[0]), "")
    facts = run.fingerprint().facts
    return {
        "autograder": _hash_of(Path(autograder.__file__).parent),
        "solutions": contents(course.folder(course.solutions_directory)),
        "what notebooks import": json.dumps([*facts["shown"].values()]),
        **facts["versions"],
    }


@cache
def _hash_of(package: Path) -> str:
    return contents(package)


def _there(function: Callable, arguments: tuple) -> object:
    kept = "of-the-autograder"  # not "autograder": in some processes Python would take it for the package
    return function(*arguments, Path(get_worker().local_directory) / kept)


def must_be_protected(address: str, without_tls: bool = False) -> None:
    """Raise UserError if others could use the scheduler at an address: whoever can reach one runs code on its workers.

    without_tls  this is meant: the network itself is protected
    """
    kind, _, place = address.partition("://")
    if kind not in ("tcp", "tls") or not place:
        raise UserError(f"{printable(address)} is no scheduler's address: it is tls://HOST:PORT, or tcp://HOST:PORT.")
    if kind == "tcp" and not without_tls and not _is_here(_host(address)):
        raise UserError(
            f"Nothing was sent to {printable(address)}: without TLS, whoever reaches a scheduler runs code on its "
            "workers and reads what a class hands in. INSTRUCTORS.md says how to set up tls://. If the network itself "
            "is protected: --without-tls"
        )


def _warn_if_reached_from_elsewhere(address: str) -> None:
    """Say so if a scheduler on this machine listens to others, too; address is the one that it names itself."""
    if not _is_here(_host(address)):
        print(
            f"The scheduler listens at {printable(address)}, too: whoever reaches it runs code as you. "
            "Start it with --host 127.0.0.1.",
            file=sys.stderr,
        )


def _host(address: str) -> str:
    return address.partition("://")[2].rpartition(":")[0].strip("[]")


def _is_here(host: str) -> bool:
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return host == "localhost"


def said(reasons: dict[str, str]) -> Iterator[str]:
    """Yield a line for each worker, which says whether it is used."""
    for address, why in reasons.items():
        yield f"{'no ' if why else 'yes'}  {address}" + (f"\n     {printable(why)}" if why else "")
