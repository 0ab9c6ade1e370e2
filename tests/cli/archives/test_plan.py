"""`corinpaint archive plan`: what it says, and the settings that it takes."""

from __future__ import annotations

import numpy as np
from astropy.io import fits

from corinpaint.archive.planning.plan_file import Plan


def test_a_plan_says_what_it_has_and_what_it_left_out(run, frames, tmp_path):
    result = run("archive", "plan", frames, "-o", tmp_path / "run", "--fill", "none", "--layout", "nrl", "--chunk", "2")
    assert result.exit_code == 0, result.output
    assert "run: a plan of 3 frames" in result.output
    assert "Unreadable: " in result.output
    assert "32000009.fts" in result.output
    assert f"Copies, left out: 1: {frames / 'copy' / '32000000.fts'} of {frames / '32000000.fts'}" in result.output
    with Plan(tmp_path / "run") as plan:
        assert [entry.product for entry in plan.entries()] == [f"020108/c3/3500000{n}.fts.gz" for n in (2, 1, 0)]
        assert (plan.settings.chunk, plan.settings.job.fill, plan.settings.layout) == (2, "none", "nrl")


def test_a_plan_takes_the_settings_of_restore(run, frames, tmp_path):
    options = ["--no-warp", "--max-error", "1.5", "--png", "--json", "--compress", "lossless", "--stale", "fail"]
    context = ["--context", "auto", "--context", frames / "32000001.fts"]
    options += ["--policy", "predicted"]
    assert run("archive", "plan", frames, "-o", tmp_path / "run", *options, *context).exit_code == 0
    with Plan(tmp_path / "run") as plan:
        job = plan.settings.job
    assert (job.departures, job.max_error, job.png, job.json) == (("no-warp",), 1.5, True, True)
    assert job.policy == "predicted"
    assert (job.compress, job.stale, job.fill) == ("lossless", "fail", "network")
    assert (job.auto_context, job.context) == (True, (frames / "32000001.fts",))


def test_a_plan_knows_where_the_masks_lie_and_changes_with_them(run, frames, tmp_path, monkeypatch):
    (tmp_path / "masks").mkdir()
    monkeypatch.chdir(tmp_path)
    digests = set()
    for value in (None, 1, 2):
        if value is not None:
            mask = np.full((1024, 1024), value, np.uint8)
            fits.PrimaryHDU(mask).writeto(tmp_path / "masks" / "32000001.fits", overwrite=True)
        options = [] if value is None else ["--mask", "masks"]
        result = run("archive", "plan", frames, "-o", tmp_path / "run", "--fill", "none", *options)
        assert result.exit_code == 0, result.output
        with Plan(tmp_path / "run") as plan:
            assert plan.settings.job.mask == (None if value is None else tmp_path / "masks")
            digests.add(plan.settings.digest)
    assert len(digests) == 3


def test_an_input_that_does_not_exist_is_a_failure_and_the_others_are_planned(run, frames, tmp_path):
    result = run("archive", "plan", frames, tmp_path / "none", "-o", tmp_path / "run", "--fill", "none")
    assert result.exit_code == 1
    assert "none: cannot be read" in result.output
    assert "a plan of 3 frames" in result.output
