"""Pages are opened in the system's Chromium. Where there is none, or no Playwright, these tests are left out."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install -e .[test]")

NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
NO_NEWS = "jupyterlab.handlers.announcements.NeverCheckForUpdate"
PATIENCE = 600_000  # milliseconds that a page may take on a busy machine


def pytest_collection_modifyitems(items):
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.slow)
            if not CHROMIUM:
                item.add_marker(pytest.mark.skip(reason="there is no Chromium: apt install chromium"))


@pytest.fixture(scope="module")  # not longer: while Playwright is open, an event loop runs in this thread
def chromium():
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium) -> Iterator[Callable]:
    """Open a page: opened(address, **options of a browser's context). What it asked for is its ``asked``."""
    contexts = []

    def open_page(address: str, **options):
        contexts.append(chromium.new_context(reduced_motion="reduce", **options))  # no colour is looked at halfway
        page = contexts[-1].new_page()
        page.set_default_timeout(PATIENCE)
        page.asked, page.errors = [], []
        page.on("dialog", lambda dialog: (page.errors.append(f"{dialog.type}: {dialog.message}"), dialog.accept()))
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.goto(address)
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def lab(tmp_path) -> Iterator[Callable[[Path], str]]:
    """Start JupyterLab in a folder, as a person with settings of their own: lab(folder) -> its address."""
    started = []

    def start(folder: Path) -> str:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        home = tmp_path / f"home of {folder.name}"
        home.mkdir()
        words = ["--no-browser", "--allow-root", f"--port={port}", "--ServerApp.port_retries=0", "--ServerApp.token="]
        words += ["--ServerApp.password=", "--LabApp.news_url=None", f"--LabApp.check_for_updates_class={NO_NEWS}"]
        beside = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        environment = os.environ | {"HOME": str(home), "JUPYTER_CONFIG_DIR": str(home / ".jupyter"), "PATH": beside}
        with (home / "log").open("w") as log:
            command = [sys.executable, "-m", "jupyterlab", *words]
            started.append(subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log))
        address = f"http://127.0.0.1:{port}"
        for _ in range(1000):
            with suppress(OSError), urllib.request.urlopen(f"{address}/api"):
                return address
            assert started[-1].poll() is None, (home / "log").read_text()
            time.sleep(0.2)
        raise AssertionError((home / "log").read_text())

    yield start
    for server in started:
        server.terminate()
        with suppress(subprocess.TimeoutExpired):
            server.wait(10)
        server.kill()  # it was seen to hang after it had shut down its kernels
        server.wait()
