"""What a product depends on, as a hash: the settings of a run, and with the hash of a frame the key of its entry."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from hashlib import sha256
from pathlib import Path
from typing import Any

from corinpaint.archive.job import Job
from corinpaint.archive.masks import Masks
from corinpaint.lasco.reference_files.calibration_set import CalibrationFile, calibration_file
from corinpaint.restore.engines import loading
from corinpaint.restore.limits.policies import SOLARSOFT, effective_policy

IRRELEVANT = frozenset(
    {"calibration", "model", "context", "mask", "provider", "threads", "png", "json", "stale", "overwrite"}
)
"""Settings that the content of a product does not depend on, or that are replaced by hashes of files."""

PATHS = frozenset({"calibration", "model", "context", "mask"})
"""Settings that are paths."""

WITH_NETWORK = frozenset({"network", "auto"})
"""Methods of filling that run the network."""


def settings_digest(job: Job) -> str:
    """Hash of the settings, the network's weights, the calibration files, masks and context frames of a run.

    Parameters
    ----------
    job : Job

    Returns
    -------
    str
        SHA-256, hexadecimal; the same on every machine that has the same files, wherever they lie.

    Raises
    ------
    CorInpaintError
        When the network, the calibration, a mask or a context frame cannot be read.
    """
    values = {name: value for name, value in asdict(job).items() if name not in IRRELEVANT}
    policy = effective_policy(job.policy, job.fill, context=bool(job.context) or job.auto_context)
    values["policy"] = policy
    if policy == SOLARSOFT:  # keys of runs by this policy stay what they were
        del values["policy"]
    values["weights"] = _weights(job)
    values["calibration_files"] = _files_of(job.calibration) if job.calibration else []
    values["context_frames"] = sorted(calibration_file(path).sha256 for path in job.context)
    if job.mask is not None:  # keys of runs without masks stay what they were
        values["masks"] = sorted((path.name, calibration_file(path).sha256) for path in Masks(job.mask).files())
    return sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def key_of(frame_sha256: str, digest: str) -> str:
    """Key of an entry, from the SHA-256 of its frame and the digest of the settings, hexadecimal."""
    return sha256(bytes.fromhex(frame_sha256) + bytes.fromhex(digest)).hexdigest()


def job_to_json(job: Job) -> dict[str, Any]:
    """The settings as plain values."""
    return {
        name: [str(path) for path in value] if name == "context" else str(value) if isinstance(value, Path) else value
        for name, value in asdict(job).items()
    }


def job_from_json(values: dict[str, Any]) -> Job:
    """The settings that `job_to_json` gave; names that this version does not know are ignored."""
    known = {field.name: values[field.name] for field in fields(Job) if field.name in values}
    paths = {name: Path(known[name]) for name in ("calibration", "model", "mask") if known.get(name)}
    context = tuple(Path(path) for path in known.get("context", ()))
    return Job(**{**known, **paths, "departures": tuple(known.get("departures", ())), "context": context})


def _weights(job: Job) -> str:
    if job.fill not in WITH_NETWORK:
        return ""
    return loading.load(job.model, job.threads, job.provider).info.sha256


def _files_of(folder: Path) -> list[CalibrationFile]:
    """Names and hashes of the files of a calibration folder."""
    return sorted(calibration_file(path) for path in folder.rglob("*") if path.is_file() and path.name[0] != ".")
