"""Makes the pictures of the README and the site from the project itself: python docs/pictures.py [NAME ...]

Run `make demo` first: pictures show pages from there. It needs Chromium. NAME is that of a picture, such as five.png.
"""

import base64
import io
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import nbclient
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from autograder.authoring.course import Course
from autograder.authoring.students import handed_in

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
COURSE = Course.at(ROOT)
DEMO = ROOT / "demo"
FEEDBACK = DEMO / "classroom" / "feedback" / "frances" / "01_attention" / "01_attention.html"
HEIGHT, GAP, GREY = 1100, 24, "#8a8f98"  # of the picture of that page, in pixels
FIGURES = {  # the notebook, and code that only the cell with this figure contains
    "reach.png": ("01_attention", "reach_maps(measured"),
    "cross_attention.png": ("03_decoder", "cross_attention.weights"),
    "four_changes.png": ("04_gpt2", "stack_pictures("),
    "cost.png": ("05_generation", "seconds in all"),
    "one_stack.png": ("06_one_stack", "BEST = max("),
    "five.png": ("06_one_stack", "five = {"),
}
WRONG = "def causal_mask(length: int) -> Tensor:\n    return torch.ones(length, length, dtype=torch.bool).triu()"


def main(names: list[str]) -> None:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not FEEDBACK.exists() or not chromium:
        sys.exit(f"There is no {FEEDBACK.relative_to(ROOT)}: run make demo." if chromium else "There is no Chromium.")
    pages = {"feedback.png": feedback_pages, "report.png": report, "student.png": student, "formgrader.png": formgrader}
    for name in names or [*FIGURES, *pages]:
        if name in FIGURES:
            figure(*FIGURES[name], HERE / name)
        else:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
                pages[name](browser, HERE / name)
                browser.close()


def figure(name: str, code: str, path: Path) -> None:
    """Run a solved notebook, and save the figure of the only cell that contains this code and draws one."""
    assignment = COURSE.assignment(name)
    notebook = handed_in(assignment)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "parts.py").write_text(assignment.parts, encoding="utf-8")
        nbclient.NotebookClient(notebook, timeout=600, resources={"metadata": {"path": folder}}).execute()
    (picture,) = (
        output.data["image/png"]
        for cell in notebook.cells
        if code in cell.source
        for output in cell.outputs
        if "image/png" in output.get("data", {})
    )
    path.write_bytes(base64.b64decode(picture))


def feedback_pages(browser: Browser, path: Path) -> None:
    """Save one picture of a student's page of feedback as it is on a desk, on a phone in the dark, and in print."""
    images = []
    for width, media, scheme, exercise in (
        (900, "screen", "light", None),
        (390, "screen", "dark", "check_MultiHeadAttention"),
        (794, "print", "light", None),  # A4 has 794 such pixels
    ):
        page = browser.new_page(viewport={"width": width, "height": HEIGHT}, color_scheme=scheme)
        page.emulate_media(media=media)
        page.goto(FEEDBACK.as_uri())
        if media == "print":
            page.add_style_tag(content="body { padding: 14mm !important }")  # a printer's margin
        if exercise:
            page.locator(f"#{exercise}").evaluate("part => part.scrollIntoView()")
        images.append(picture(page))
    whole = Image.new("RGB", (sum(image.width for image in images) + GAP * (len(images) + 1), HEIGHT + 2 * GAP), GREY)
    left = GAP
    for image in images:
        whole.paste(image, (left, GAP))
        left += image.width + GAP
    save(whole, path)


def report(browser: Browser, path: Path) -> None:
    """Save a picture of the beginning of the report on the made-up class."""
    (address,) = (DEMO / "classroom" / "reports").glob("*.html")
    page = browser.new_page(viewport={"width": 1000, "height": 955})
    page.goto(address.as_uri())
    save(picture(page), path)


def student(browser: Browser, path: Path) -> None:
    """Save a picture of notebook 01 in JupyterLab, where a check says what is wrong with the first exercise."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "course", folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*_*.ipynb"))
        notebook = Path(folder, "01_attention", "01_attention.ipynb")
        shutil.copy(ROOT / "course" / "01_attention" / notebook.name, notebook)
        with jupyter(Path(folder)) as address:
            page = browser.new_page(viewport={"width": 1180, "height": 760})
            page.set_default_timeout(120_000)
            page.goto(f"{address}/lab/tree/01_attention/01_attention.ipynb")
            page.locator("#jp-main-statusbar", has_text="| Idle").wait_for()
            exercise = page.locator(".jp-CodeCell", has_text="def causal_mask").first
            page.locator(".jp-CodeCell .jp-InputPrompt").first.click()
            page.keyboard.press("Shift+Enter")
            exercise.locator(".cm-content").click()
            page.keyboard.press("Control+a")
            page.keyboard.insert_text(WRONG)
            page.keyboard.press("Shift+Enter")
            page.keyboard.press("Shift+Enter")  # the check, whose code is folded
            page.locator(".jp-OutputArea-output", has_text="causal_mask: ").first.wait_for()
            exercise.evaluate("cell => cell.scrollIntoView()")
            page.add_style_tag(content=".Toastify { display: none }")  # JupyterLab asks about news
            page.wait_for_timeout(1000)
            save(picture(page), path)


def formgrader(browser: Browser, path: Path) -> None:
    """Save a picture of formgrader with the submission of a student who made two known mistakes."""
    with jupyter(DEMO) as address:
        page = browser.new_page(viewport={"width": 1180, "height": 760})
        page.set_default_timeout(120_000)
        page.goto(f"{address}/formgrader/manage_students/frances/01_attention")
        page.locator("td a[href*='/submissions/']").first.click()
        page.wait_for_function("document.querySelector('#check_causal_mask').placeholder")
        save(picture(page), path)


@contextmanager
def jupyter(folder: Path) -> Iterator[str]:
    """Run JupyterLab in a folder, and yield its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["--no-browser", "--allow-root", f"--port={port}", "--IdentityProvider.token=", "--LabApp.news_url=None"]
    with tempfile.TemporaryDirectory() as home:
        environment = os.environ | {"HOME": home, "JUPYTER_CONFIG_DIR": home}
        command = [sys.executable, "-m", "jupyterlab", *words]
        server = subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.DEVNULL)
        try:
            address = f"http://127.0.0.1:{port}"
            while server.poll() is None:
                with suppress(OSError), urllib.request.urlopen(f"{address}/api"):
                    break
            yield address
        finally:
            server.terminate()
            server.wait()


def picture(page: Page) -> Image.Image:
    return Image.open(io.BytesIO(page.screenshot())).convert("RGB")


def save(image: Image.Image, path: Path) -> None:
    image.quantize(160).save(path, optimize=True)


if __name__ == "__main__":
    main(sys.argv[1:])
