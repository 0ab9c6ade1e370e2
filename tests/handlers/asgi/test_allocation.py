"""Memory of large blocks."""

import platform
import subprocess
import sys

import pytest

from corinpaint.handlers.asgi import allocation

PROGRAM = """
import sys
from pathlib import Path
from corinpaint.handlers.asgi.allocation import give_back_large_blocks

def resident():
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) // 1024

if sys.argv[1] == "give back":
    assert give_back_large_blocks()
size = 14 << 20
del_first = b"x" * size
del del_first
before = resident()
blocks, pins = [], []
for _ in range(6):
    blocks.append(b"x" * size)
    pins.append(b"x" * 100_000)
blocks.clear()
print(resident() - before)
"""


def left_over(word):
    """MB that a process keeps of 84 MB of large blocks that it freed, each with a small one behind it."""
    done = subprocess.run([sys.executable, "-c", PROGRAM, word], capture_output=True, text=True, check=True, timeout=60)
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="of the GNU C library")
def test_a_process_gives_back_what_it_freed():
    assert left_over("keep") > 50
    assert left_over("give back") < 10


def test_other_c_libraries_are_left_alone(monkeypatch):
    monkeypatch.setattr(allocation.ctypes, "CDLL", lambda _: object())
    assert not allocation.give_back_large_blocks()
