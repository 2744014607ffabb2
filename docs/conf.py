"""Settings of the site: make site builds it. Its pages load nothing from another server."""

import os
import re
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "course")]

project = "Why GPT-2 has no encoder"
author = 'The authors of "Why GPT-2 has no encoder"'
project_copyright = "texts and pictures: CC BY 4.0; code: MIT License"
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.githubpages", "equations"]
exclude_patterns = ["notebooks/extra"]
html_extra_path = ["notebooks/extra"] if Path(__file__).with_name("notebooks").joinpath("extra").exists() else []

nb_execution_mode = "off"  # notebooks.py has run them
nb_merge_streams = True
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 3
suppress_warnings = ["myst.header"]  # a notebook's heading in the middle of a page that shows its end

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
add_module_names = False

html_theme = "sphinx_book_theme"
html_title = project
html_static_path = ["site.css"]
html_css_files = ["site.css"]
html_math_renderer = "mathml"
html_copy_source = False
html_show_sphinx = False
html_context = {"default_mode": "auto"}
html_theme_options = {
    "navbar_persistent": [],  # the search field is in the side bar
    "use_download_button": False,
    "use_fullscreen_button": False,
    "show_toc_level": 2,
}

if repository := os.environ.get("GITHUB_REPOSITORY"):
    html_theme_options |= {"repository_url": f"https://github.com/{repository}", "use_repository_button": True}


def _as_fields(app, kind, name, thing, options, lines: list[str]) -> None:
    """Make a list of fields of the aligned lines by which docstrings describe arguments."""
    inside = False
    for number, line in enumerate(lines):
        if found := re.match(r"([a-z_]+(?:, [a-z_]+)*)  +(\S.*)", line):
            lines[number], inside = f":param {found[1]}: {found[2]}", True
        elif inside and line.startswith(" "):
            lines[number] = f"   {line.strip()}"
        else:
            inside = False


def setup(app):
    app.connect("autodoc-process-docstring", _as_fields)
