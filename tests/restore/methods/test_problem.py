"""What a method is given of a frame."""

from __future__ import annotations

import sys
from subprocess import run

import numpy as np

from corinpaint.restore.methods.problem import Problem


def test_a_problem_without_context_frames_has_none():
    nothing = np.zeros((1024, 1024), dtype=bool)
    made = Problem(nothing.astype(np.float32), ~nothing, nothing, np.ones((1024, 1024), np.float32), (512.0, 530.0), ())
    assert made.context == ()


def test_the_interface_of_the_methods_costs_no_import_of_numpy():
    program = "import sys, corinpaint.restore.methods.problem; sys.exit('numpy' in sys.modules)"
    run([sys.executable, "-c", program], check=True)
