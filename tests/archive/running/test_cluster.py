"""Chunks on Dask."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from planned import planned

from corinpaint.archive.running import cluster
from corinpaint.archive.running.cluster import ClusterError, Slurm

PROGRAM = """
import json, sys, threading
from pathlib import Path
from planned import FakeMaker
from corinpaint.archive.planning.plan_file import Plan
from corinpaint.archive.running.cluster import existing_cluster, local_cluster, run_on_dask
from corinpaint.archive.running.run import Run, Wanted

def main():
    folder, stop = Path(sys.argv[1]), threading.Event()
    (folder / "products").mkdir(exist_ok=True)
    with Plan(folder / "run") as plan, local_cluster(2) as client, existing_cluster(client.scheduler.address) as other:
        run = Run(plan, Wanted(folder / "products"), FakeMaker)
        for outcome in run.work(lambda session, chunks, stop: run_on_dask(session, chunks, other, stop), stop):
            print(json.dumps([Path(outcome.frame).stem, outcome.fate, outcome.what]), flush=True)
            if "stop" in sys.argv:
                stop.set()

if __name__ == "__main__":
    main()
"""


def worked(folder: Path, *arguments: str) -> dict[int, tuple[str, str]]:
    """What became of the frames, by their numbers, in a process of its own: Dask leaves threads behind."""
    program = folder / "program.py"
    program.write_text(PROGRAM.replace("import json", f"import sys\nsys.path[:0] = {sys.path!r}\nimport json", 1))
    done = subprocess.run(
        [sys.executable, str(program), str(folder), *arguments], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    found = {int(frame) - 22000000: (fate, what) for frame, fate, what in lines}
    assert len(found) == len(lines)
    return found


@pytest.mark.slow
def test_a_frame_that_kills_its_worker_twice_is_set_aside_and_all_others_are_made(tmp_path):
    planned(tmp_path, ["", "kill", "", "fail", "kill once", "", ""])
    outcomes = worked(tmp_path)
    assert {number for number, (fate, _) in outcomes.items() if fate == "made"} == {0, 2, 4, 5, 6}
    assert outcomes[1][0] == "set aside"
    assert "22000001.fts: ended the process that worked on it 2 times" in outcomes[1][1]
    assert outcomes[3][0] == "failed"
    assert worked(tmp_path) == {}


@pytest.mark.slow
def test_workers_stop_after_the_frames_in_hand(tmp_path):
    planned(tmp_path, ["slow"] * 60, chunk=2)
    outcomes = worked(tmp_path, "stop")
    assert 2 <= len(outcomes) < 30
    assert not list((tmp_path / "run" / "logs").glob("*.stop"))
    made = len(list((tmp_path / "products").glob("*.fits")))
    assert len(worked(tmp_path)) == 60 - made


def test_the_script_of_a_slurm_job_has_what_was_asked_for():
    slurm = Slurm(3, 4, "12GiB", "01:30:00", "short", "solar", ("--constraint=epyc",), ("module load python",))
    with cluster.slurm_cluster(slurm) as jobs:
        script = jobs.job_script()
    for line in (
        "#SBATCH -p short",
        "#SBATCH -A solar",
        "#SBATCH --cpus-per-task=4",
        "#SBATCH --mem=12G",
        "#SBATCH -t 01:30:00",
        "#SBATCH --constraint=epyc",
        "module load python",
    ):
        assert line in script.splitlines(), script
    assert {"--nworkers 4", "--nthreads 1"} <= {f"--{option.strip()}" for option in script.split("--")}


def test_a_scheduler_that_does_not_answer_is_named():
    with (
        pytest.raises(ClusterError, match="no Dask scheduler answers"),
        cluster.existing_cluster("tcp://127.0.0.1:1", 0.1),
    ):
        pass


@pytest.mark.parametrize("extra", ["dask", "slurm"])
def test_a_package_that_is_not_installed_is_named_with_its_extra(extra, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    monkeypatch.setitem(sys.modules, "dask_jobqueue", None)
    opened = cluster.local_cluster(1) if extra == "dask" else cluster.slurm_jobs(Slurm())
    with pytest.raises(ClusterError, match=rf"corinpaint\[{extra}\]"), opened:
        pass
