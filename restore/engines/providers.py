"""Where onnxruntime runs a model: an explicit choice, and an error where that is unavailable.

By itself, onnxruntime does not report when it uses the CPU in place of a GPU: ``get_available_providers`` lists what
the package was built with, not what the machine has, and a session falls back in three places.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corinpaint.lasco.errors import CheckpointError, CorInpaintError, OptionError

CPU, CUDA, TENSORRT = "CPUExecutionProvider", "CUDAExecutionProvider", "TensorrtExecutionProvider"

PROVIDERS: dict[str, tuple[tuple[str, dict[str, str]], ...]] = {
    "cpu": ((CPU, {}),),
    # TF32 rounds float32 as half precision does; who wants that takes the export in half precision.
    "cuda": ((CUDA, {"use_tf32": "0"}),),
    "tensorrt": ((TENSORRT, {}), (CUDA, {"use_tf32": "0"})),
}
"""What each choice asks of onnxruntime, in order: TensorRT leaves to CUDA what it cannot do."""

COARSE = ("tensorrt",)
"""Providers that round float32 to TF32 unless the environment forbids it."""

_REMEDIES = {
    CUDA: "check `nvidia-smi`, and that the CUDA and cuDNN libraries that this onnxruntime-gpu was built for are found",
    TENSORRT: "check that TensorRT's libraries are installed and found (pip install tensorrt), as CUDA's have to be",
}

Array = NDArray[np.float32]


def open_session(path: Path, content: bytes, threads: int, provider: str, spin: bool = True) -> Any:
    """Open a model.

    Parameters
    ----------
    path : Path
        For messages.
    content : bytes
        The model.
    threads : int
        Threads per run on the CPU; 0 leaves the choice to onnxruntime.
    provider : str
        'cpu', 'cuda' or 'tensorrt'.
    spin : bool
        Whether threads that wait for work keep their core busy: faster where the cores are its own, slower where it
        shares them (docs/reference/speed.md).

    Returns
    -------
    onnxruntime.InferenceSession
        It runs on what was asked for; with a GPU, only operators that work on shapes may be left to the CPU.

    Raises
    ------
    CheckpointError
        When onnxruntime is not installed or cannot read the model.
    OptionError
        When the provider is unknown, or the machine or the package has none.
    """
    if provider not in PROVIDERS:
        raise OptionError(f"provider {provider!r}: there is none of this name", f"choose one of {', '.join(PROVIDERS)}")
    try:
        import onnxruntime
    except ImportError as error:
        raise CheckpointError(
            "onnxruntime is not installed", "install corinpaint[cpu], or corinpaint[gpu] for an NVIDIA GPU"
        ) from error
    asked = PROVIDERS[provider]
    _check_built(provider, [name for name, _ in asked], onnxruntime.get_available_providers())
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", str(int(spin)))
    options.log_severity_level = 3 if provider == "cpu" else 4  # failures on a GPU are reported below, once
    options.enable_mem_pattern = False  # patterns double the memory and make the second run of a process slow
    try:
        session = onnxruntime.InferenceSession(content, options, providers=list(asked), enable_fallback=0)
    except Exception as error:  # onnxruntime raises its own unexported types
        if provider != "cpu":
            raise _not_had(provider, asked[0][0], short(error)) from error
        raise CheckpointError(f"{path}: not a readable ONNX model ({short(error)})", "export it again") from error
    session.disable_fallback()
    got = session.get_providers()
    for name, _ in asked:
        if name not in got:
            raise _not_had(provider, name, f"onnxruntime fell back to {', '.join(got)}")
    return session


def _check_built(provider: str, asked: Sequence[str], available: Sequence[str]) -> None:
    missing = [name for name in asked if name not in available]
    if missing:
        raise OptionError(
            f"provider {provider!r}: this onnxruntime was built without {missing[0]} (it has {', '.join(available)})",
            "uninstall onnxruntime, install corinpaint[gpu], or choose provider 'cpu'",
        )


def _not_had(provider: str, name: str, what: str) -> OptionError:
    return OptionError(
        f"provider {provider!r}: {name} is unavailable on this machine ({what})",
        f"{_REMEDIES[name]}, or choose provider 'cpu'",
    )


def run(session: Any, path: Path, given: Mapping[str, Array], device: str | None) -> list[Array]:
    """Run a session; safe to call from several threads at once.

    Parameters
    ----------
    session : onnxruntime.InferenceSession
    path : Path
        For messages.
    given : mapping of str to ndarray of float32
        By name of the input.
    device : str or None
        'cuda' moves the batch to the GPU once, leaves intermediate and final values there, and brings the outputs back
        together; None lets onnxruntime take the arrays as they are, which is best on the CPU.

    Returns
    -------
    list of ndarray of float32
        Outputs in the model's order.

    Raises
    ------
    CorInpaintError
        When it fails, as for want of memory.
    """
    try:
        if device is None:
            return [np.asarray(output) for output in session.run(None, dict(given))]
        return _bound(session, given, device)
    except Exception as error:  # onnxruntime raises its own unexported types
        shapes = ", ".join(f"{name} {array.shape}" for name, array in given.items())
        raise CorInpaintError(
            f"{path}: onnxruntime failed on {shapes} ({short(error)})",
            "with memory short, give it fewer windows at once",
        ) from error


def _bound(session: Any, given: Mapping[str, Array], device: str) -> list[Array]:
    from onnxruntime import OrtValue

    binding = session.io_binding()
    for name, array in given.items():
        binding.bind_ortvalue_input(name, OrtValue.ortvalue_from_numpy(np.ascontiguousarray(array), device, 0))
    for output in session.get_outputs():
        binding.bind_output(output.name, device, 0)
    session.run_with_iobinding(binding)
    return [np.asarray(output) for output in binding.copy_outputs_to_cpu()]


def short(error: Exception) -> str:
    """First line of what an engine says."""
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
