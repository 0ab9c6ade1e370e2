"""Modules that moved are found by their old names in this version, with a warning."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

import corinpaint
from corinpaint._moved import MOVED


@pytest.mark.slow
@pytest.mark.parametrize("old", MOVED)
def test_an_old_name_gives_the_module_of_the_new_one_and_says_so(old):
    program = (
        "import importlib, warnings\n"
        "with warnings.catch_warnings(record=True) as caught:\n"
        "    warnings.simplefilter('always')\n"
        f"    module = importlib.import_module({old!r})\n"
        f"assert any({MOVED[old]!r} in str(one.message) for one in caught), caught\n"
        f"assert module is importlib.import_module({MOVED[old]!r})\n"
        f"assert module.__spec__.name == {MOVED[old]!r}\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_name_that_never_was_is_unknown():
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("corinpaint.lasco.never_was")


def test_the_old_names_are_looked_up_once_and_last():
    importlib.reload(corinpaint)
    finders = [type(finder).__module__ for finder in sys.meta_path if hasattr(finder, "find_spec")]
    assert finders.count("corinpaint._moved") == 1
