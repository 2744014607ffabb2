"""Makes the pictures of the README from the project itself: python docs/pictures.py

Run `make demo` first: one picture shows a student's page of feedback from there. It needs Chromium, and playwright from
PyPI to work it: pip install playwright.
"""

import base64
import shutil
import sys
import tempfile
from pathlib import Path

import nbclient
from PIL import Image
from playwright.sync_api import sync_playwright

from autograder.authoring.course import Course
from autograder.authoring.students import handed_in

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
COURSE = Course.at(ROOT)
FEEDBACK = ROOT / "demo" / "classroom" / "feedback" / "frances" / "01_attention" / "01_attention.html"
HEIGHT, GAP, GREY = 1100, 24, "#8a8f98"  # of the picture of that page, in pixels


def main() -> None:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not FEEDBACK.exists() or not chromium:
        sys.exit(f"There is no {FEEDBACK.relative_to(ROOT)}: run make demo." if chromium else "There is no Chromium.")
    figure("01_attention", "reach_maps(measured", HERE / "reach.png")
    figure("03_decoder", "cross_attention.weights", HERE / "cross_attention.png")
    figure("04_gpt2", "stack_pictures(", HERE / "four_changes.png")
    figure("05_generation", "seconds in all", HERE / "cost.png")
    figure("06_one_stack", "BEST = max(", HERE / "one_stack.png")
    figure("06_one_stack", "five = {", HERE / "five.png")
    feedback_pages(HERE / "feedback.png", chromium)


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


def feedback_pages(path: Path, chromium: str) -> None:
    """Save one picture of a student's page of feedback as it is on a desk, on a phone in the dark, and in print."""
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        shots = []
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
            shots.append(Path(folder) / f"{media}-{width}.png")
            page.screenshot(path=shots[-1])
        browser.close()
        images = [Image.open(shot).convert("RGB") for shot in shots]
    whole = Image.new("RGB", (sum(image.width for image in images) + GAP * (len(images) + 1), HEIGHT + 2 * GAP), GREY)
    left = GAP
    for image in images:
        whole.paste(image, (left, GAP))
        left += image.width + GAP
    whole.quantize(160).save(path, optimize=True)


if __name__ == "__main__":
    main()
