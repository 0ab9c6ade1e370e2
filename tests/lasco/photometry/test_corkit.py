"""Bias and calibration factor from CorKit, with headers as SolarSoft compares them, without torch."""

from __future__ import annotations

import builtins
import dis
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest

from corinpaint.lasco.errors import CorInpaintError, UnsupportedFrameError
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.photometry import corkit


@pytest.mark.parametrize(
    ("filter_", "polar", "expected"),
    [
        ("Clear", "Clear", (7.43e-8 * 2282 + 5.96e-3) * 1e-10),
        ("Orange", "Clear", 0.0297e-10),
        ("Clear", "-60 Deg", (7.43e-8 * 2282 + 5.96e-3) / 0.25256 * 1.0235 * 1e-10),
    ],
)
def test_calfactor_is_solarsofts_also_through_a_polariser_with_blanks(make_frame, filter_, polar, expected):
    frame = read_frame(make_frame(FILTER=filter_, POLAR=polar))
    assert corkit.calfactor(frame) == pytest.approx(expected, abs=0, rel=1e-9)


def test_sums_are_divided_out_of_the_factor(make_frame):
    whole = corkit.calfactor(read_frame(make_frame()))
    counts = np.full((256, 256), 6000, np.int16)
    summed = read_frame(make_frame(counts, SUMCOL=2, SUMROW=2, LEBXSUM=2, LEBYSUM=2))
    assert corkit.calfactor(summed) == pytest.approx(whole / 16, abs=0, rel=1e-9)


CALL = "from corinpaint.lasco.photometry.corkit import _corkit_function as f, _corkit_calfactor as c\n"
FUNCTIONS = (("utils", "offset_bias"), ("lasco", "c2_calfactor"), ("lasco", "c3_calfactor"))


@pytest.mark.slow
def test_corkits_functions_are_had_without_its_modules_and_what_these_import():
    heavy = ("corkit.lasco", "corkit.utils", "torch", "pandas", "matplotlib", "aiohttp", "skimage")
    program = f"import sys\n{CALL}f('utils', 'offset_bias'); c('C3'); c('C2')\n"
    _run(program + f"sys.exit(' '.join(name for name in {heavy!r} if name in sys.modules) or 0)")


@pytest.mark.parametrize(("module", "name"), FUNCTIONS)
def test_a_function_uses_nothing_of_its_module_but_what_it_is_given(module, name):
    used = {
        step.argval for step in dis.get_instructions(corkit._corkit_function(module, name)) if "GLOBAL" in step.opname
    }
    today = {"Time", "datetime"}  # of the day where a header says none, which no frame comes to
    assert used - set(dir(builtins)) - set(corkit._GLOBALS) == (today if name == "offset_bias" else set())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("module", "use"),
    [
        ("pandas", "pandas.DataFrame({'a': [1, 2]}).a.sum() == 3"),
        ("matplotlib.pyplot", "matplotlib.pyplot.figure().get_axes() == []"),
        ("aiohttp", "aiohttp.ClientSession.__name__ == 'ClientSession'"),
        ("torch", "float(torch.ones(3).sum()) == 3"),
        ("corkit.utils", "corkit.utils.offset_bias(header) == f('utils', 'offset_bias')(dict(header), False) > 0"),
    ],
    ids=lambda value: value.split(" ")[0].split("(")[0],
)
def test_what_corkit_imports_can_be_imported_meanwhile_from_several_threads(module, use):
    pytest.importorskip(module.split(".")[0])
    program = (
        "import importlib, os, sys, threading\nos.environ['MPLBACKEND'] = 'Agg'\n"
        f"{CALL}header = {{'readport': 'C', 'detector': 'C3', 'mid_date': 52282}}\n"
        "def take(): f('utils', 'offset_bias'); c('C2'); c('C3'); done.append(1)\n"
        f"def bring(): importlib.import_module({module!r}); done.append(1)\n"
        "done = []\nthreads = [threading.Thread(target=work) for work in 4 * [take, bring]]\n"
        "for thread in threads: thread.start()\n"
        "for thread in threads: thread.join()\n"
        f"import {module}\nsys.exit(0 if len(done) == 8 and {use} else 'differs')\n"
    )
    _run(program)


@pytest.mark.slow
def test_corkits_own_module_can_be_imported_afterwards_and_agrees():
    pytest.importorskip("torch")
    program = (
        "import os, sys\nos.environ['MPLBACKEND'] = 'Agg'\n"
        f"{CALL}from corinpaint.lasco.photometry.corkit import _Cards\nc('C2'), c('C3')\nimport corkit.lasco as lasco\n"
        "sums = dict(MID_DATE=52282, SUMCOL=2, SUMROW=1, LEBXSUM=1, LEBYSUM=2)\n"
        "for name in ('C2', 'C3'):\n"
        "    for kind in ('Clear', 'Orange', 'Blue', 'DeepRd', 'IR', 'Halpha', 'Lens'):\n"
        "        for polar in ('Clear', '+60Deg', '0Deg', '-60Deg', 'ND', 'H_Alpha'):\n"
        "            header = _Cards(FILTER=kind, POLAR=polar, **sums)\n"
        "            theirs = getattr(lasco, f'{name.lower()}_calfactor')(header)[1]\n"
        "            assert c(name)(header)[1] == theirs, (name, kind, polar)\n"
    )
    _run(program)


def test_bias_is_what_corkits_own_module_says(make_frame):
    utils = pytest.importorskip("corkit.utils")
    for detector in ("C2", "C3"):
        for day in range(50080, 60000, 97):
            header = {"readport": "C", "detector": detector, "mid_date": day}
            assert corkit._corkit_function("utils", "offset_bias")(header, False) == utils.offset_bias(header)
    assert corkit.offset_bias(read_frame(make_frame())) > 300


def test_corkit_that_is_missing_or_another_is_an_error_with_its_remedy(monkeypatch):
    with pytest.raises(
        CorInpaintError, match=r"corkit\.utils has no function gone; install it with `pip install corkit=="
    ):
        corkit._corkit_function("utils", "gone")
    with pytest.raises(CorInpaintError, match=r"not installed properly \(corkit\.gone is missing\)"):
        corkit._corkit_module("corkit.gone")
    monkeypatch.setitem(sys.modules, "corkit", None)
    with pytest.raises(CorInpaintError, match="CorKit is not installed properly"):
        corkit._corkit_module("corkit.other")


def test_the_version_is_the_one_that_is_asked_for_and_installed():
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"]
    assert f"corkit=={corkit.VERSION}" in project["dependencies"]
    assert metadata.version("corkit") == corkit.VERSION


def _run(program: str) -> None:
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_filter_without_a_factor_is_refused_by_name(make_frame):
    with pytest.raises(UnsupportedFrameError, match="FILTER = 'MOON' with POLAR = 'CLEAR'"):
        corkit.calfactor(read_frame(make_frame(FILTER="Moon")))
