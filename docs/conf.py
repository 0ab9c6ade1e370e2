"""Sphinx: how the pages of this folder become the site that `make docs` builds in build/docs.

The site works without a network: formulas become MathML while it is built, and no font, script or inventory comes from
elsewhere. The pages of the API are written here too, from the modules that there are, so that they follow every move.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import sys
from itertools import takewhile
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.domains.python import PythonDomain

from corinpaint.lasco.version import __version__

HERE = Path(__file__).parent

project = "CorInpaint"
author = "The CorInpaint developers"
copyright = f"2026, {author}"
release = version = __version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_click",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build"]
sphinx_gallery_conf = {
    "examples_dirs": "../examples/gallery",
    "gallery_dirs": "gallery",
    "within_subsection_order": "FileNameSortKey",
    "abort_on_example_error": True,
    "download_all_examples": False,
    "show_signature": False,
    "write_computation_times": False,  # its page takes styles and scripts from other servers
    "image_scrapers": ("matplotlib",),
}
default_role = "py:obj"  # names in the docstrings' backticks become links where there is something to link to

myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 4

autodoc_default_options = {
    "members": True,
    "show-inheritance": True,
    "exclude-members": "set",  # which matplotlib adds to its figures, with a role of its own
}
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
napoleon_google_docstring = False
napoleon_use_ivar = True  # attributes as a list: fields of dataclasses are not described twice
python_maximum_signature_line_length = 90

html_theme = "sunpy"
html_title = f"CorInpaint {release}"
html_static_path = ["_static"]
html_logo = "_static/corinpaint.svg"
html_favicon = "_static/corinpaint.svg"
html_css_files = ["corinpaint.css"]
html_copy_source = False
html_math_renderer = "mathml"
html_theme_options = {
    "logo": {"text": "CorInpaint"},
    "sst_is_root": True,
    "sst_project_name": "CorInpaint",
    "navbar_start": ["navbar-logo"],
    "navbar_links": [
        ["Tutorial", "tutorial/first_product", 0],
        ["How to", "how_to/index", 0],
        ["Reference", "reference/index", 0],
        ["Explanation", "explanation/index", 0],
        ["Architecture", "architecture", 0],
        ["Contributing", "contributing", 0],
    ],
    "footer_links": [],
    "rtd_search": False,
    "goatcounter_analytics_url": False,
    "show_toc_level": 1,
}

ROOMS = ("lasco", "model", "restore", "client", "evaluate", "archive", "train", "export", "handlers")
"""Rooms whose modules are described; the commands have a page of their own."""

LEFT_OUT = ("stubs",)
"""Packages of generated code."""


def write_api_pages(folder: Path) -> None:
    """A page for each room and each of its wings, with a section for each module; pages of what is gone are removed."""
    folder.mkdir(exist_ok=True)
    pages = {f"{name}.md": page for room in ROOMS for name, page in _pages(f"corinpaint.{room}")}
    for stale in {path.name for path in folder.glob("*.md")} - pages.keys():
        (folder / stale).unlink()
    for name, page in pages.items():
        path = folder / name
        if not path.is_file() or path.read_text() != page:  # unchanged pages need not be read again
            path.write_text(page)


def _pages(name: str) -> list[tuple[str, str]]:
    """Name and content of the page of a package and of the packages in it; none where there is no such package."""
    if importlib.util.find_spec(name) is None:
        return []
    inside = [
        (f"{name}.{found.name}", found.ispkg)
        for found in pkgutil.iter_modules(importlib.import_module(name).__path__)
        if not found.name.startswith("_") and found.name not in LEFT_OUT
    ]
    modules = [module for module, is_package in inside if not is_package]
    sections = [f"# {name.removeprefix('corinpaint.')}\n\n{_automodule(name, 'no-members')}"]
    sections += [f"## {module.removeprefix(name)[1:]}\n\n{_automodule(module)}" for module in sorted(modules)]
    pages = [(name, "\n".join(sections))]
    for package in sorted(package for package, is_package in inside if is_package):
        pages += _pages(package)
    return pages


def _automodule(name: str, option: str = "") -> str:
    return f"```{{eval-rst}}\n.. automodule:: {name}\n" + (f"   :{option}:\n" if option else "") + "```\n"


class NearestName(PythonDomain):
    """Short names in docstrings mean what the module imports by that name, else what lies nearest to it."""

    def find_obj(self, env: Any, modname: Any, classname: Any, name: str, type: Any, searchmode: int = 0) -> list[Any]:
        """What Sphinx finds, at most one."""
        found = super().find_obj(env, modname, classname, name, type, searchmode)
        if len(found) < 2:
            return found
        meant = getattr(sys.modules.get(modname or ""), name, None)
        own = f"{getattr(meant, '__module__', '')}.{getattr(meant, '__qualname__', '')}"
        here = (modname or "").split(".")

        def shared(path: str) -> int:
            return len(list(takewhile(lambda pair: pair[0] == pair[1], zip(path.split("."), here, strict=False))))

        return [max(found, key=lambda one: (one[0] == own, shared(one[0])))]


def _inline_math(self: Any, node: nodes.math) -> None:
    self.body.append(tex2mathml(node.astext()))
    raise nodes.SkipNode


def _display_math(self: Any, node: nodes.math_block) -> None:
    self.body.append(self.starttag(node, "div", CLASS="math"))
    self.body.append(tex2mathml(node.astext().strip(), as_block=True))
    self.body.append("</div>\n")
    raise nodes.SkipNode


def _skip_fields(app: Sphinx, what: str, name: str, obj: Any, skip: bool, options: Any) -> bool | None:  # noqa: ARG001
    """Leave the fields of named tuples to the attributes of their class."""
    return True if type(obj).__name__ == "_tuplegetter" else None


class PlainConstants:
    """Keeps napoleon from docstrings of constants, where it takes what stands before a colon for the type."""

    def __init__(self) -> None:
        self.kept: dict[str, list[str]] = {}

    def before(self, app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:  # noqa: ARG002
        """Keep the docstring."""
        if what in ("attribute", "data"):
            self.kept[name] = list(lines)

    def after(self, app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:  # noqa: ARG002
        """Put it back."""
        lines[:] = self.kept.pop(name, lines)


def _keep_local(app: Sphinx, failed: Exception | None) -> None:  # noqa: ARG001
    """Take out of the theme's style sheet the fonts of another server; it names fonts of the system beside them."""
    for sheet in Path(app.outdir).glob("_static/sunpy_style*.css"):
        lines = sheet.read_text().splitlines(keepends=True)
        sheet.write_text("".join(line for line in lines if not line.startswith('@import url("https:')))


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.add_domain(NearestName, override=True)
    app.add_html_math_renderer("mathml", (_inline_math, None), (_display_math, None))
    app.connect("autodoc-skip-member", _skip_fields)
    constants = PlainConstants()
    app.connect("autodoc-process-docstring", constants.before, priority=400)  # napoleon has 500
    app.connect("autodoc-process-docstring", constants.after, priority=600)
    app.connect("build-finished", _keep_local)


write_api_pages(HERE / "reference" / "api")
