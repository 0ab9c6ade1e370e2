"""Finds the packages: every room is a top-level folder here and a sub-package of `corinpaint` once installed."""

import tomllib
from pathlib import Path

from setuptools import find_namespace_packages, setup

ROOT = Path(__file__).parent
ROOMS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-dir"]


def packages() -> list[str]:
    """Dotted names of the front door, the rooms, and all that is inside them."""
    found = []
    for package, folder in ROOMS.items():
        inside = [] if package == "corinpaint" else find_namespace_packages(str(ROOT / folder))
        found += [package, *(f"{package}.{name}" for name in inside if "__pycache__" not in name)]
    return found


setup(packages=packages())
