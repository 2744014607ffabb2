"""Makes the pictures of the README from the project itself: python docs/pictures.py

Run `make demo` first: one picture is a screenshot of a student's feedback page from there, which Chromium takes.
"""

import base64
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nbclient
from bs4 import BeautifulSoup
from PIL import Image, ImageChops

from autograder.authoring.course import Course
from autograder.authoring.students import handed_in

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
COURSE = Course.at(ROOT)
FEEDBACK = ROOT / "demo" / "classroom" / "feedback" / "frances" / "01_attention" / "01_attention.html"


def main() -> None:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not FEEDBACK.exists() or not chromium:
        sys.exit(f"There is no {FEEDBACK.relative_to(ROOT)}: run make demo." if chromium else "There is no Chromium.")
    figure("01_attention", "reach_maps(measured", HERE / "reach.png")
    figure("03_decoder", "cross_attention.weights", HERE / "cross_attention.png")
    figure("04_gpt2", "stack_pictures(", HERE / "four_changes.png")
    figure("05_generation", "seconds in all", HERE / "cost.png")
    figure("06_comparison", "five = {", HERE / "five.png")
    feedback_page(HERE / "feedback.png", chromium)


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


def feedback_page(path: Path, chromium: str) -> None:
    """Save a screenshot of the check of one exercise, as a student of the demonstration sees it."""
    page = BeautifulSoup(FEEDBACK.read_text(encoding="utf-8"), "html.parser")
    for cell in page.select("div.cell"):
        if "check_MultiHeadAttention" not in str(cell):
            cell.decompose()
    for code in page.select("div.input_area"):
        code.decompose()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "page.html").write_text(str(page), encoding="utf-8")
        window = ["--window-size=1200,1400", "--hide-scrollbars", f"--user-data-dir={folder}/profile"]
        quiet = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        shot = [f"--screenshot={path}", f"file://{folder}/page.html"]
        subprocess.run([chromium, *quiet, *window, *shot], check=True, capture_output=True)
    image = Image.open(path).convert("RGB")
    blank = Image.new("RGB", image.size, image.getpixel((0, image.height - 1)))
    left, top, right, bottom = ImageChops.difference(image, blank).getbbox()
    image.crop((left, top, right, min(bottom + 10, image.height))).quantize(64).save(path, optimize=True)


if __name__ == "__main__":
    main()
