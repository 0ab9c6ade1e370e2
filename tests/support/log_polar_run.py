"""A short run in a process of its own: `log_polar_run.py CONFIG [STEP]`, killed after a step if one is given."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from noise_scenes import log_polar_config, make_noise_scene

from corinpaint.train import loop

SCENES = [make_noise_scene(day, context=day % 2 == 0) for day in range(4)]


def main() -> None:
    values = json.loads(sys.argv[1])
    if len(sys.argv) > 2:
        original = loop._Run._step

        def step(run: Any, batch: Any) -> None:
            original(run, batch)
            if run.progress.step == int(sys.argv[2]):
                os.kill(os.getpid(), signal.SIGKILL)

        loop._Run._step = step  # type: ignore[method-assign]
    config = log_polar_config(Path(values.pop("run_dir")), Path(values.pop("init")), **values)
    loop.train_on(config, SCENES)


if __name__ == "__main__":
    main()
