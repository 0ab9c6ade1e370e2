"""The network on onnxruntime: the default engine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from corinpaint.lasco.errors import CheckpointError
from corinpaint.model.metadata import KEY, weights_dir
from corinpaint.restore.engines import fingerprints, providers
from corinpaint.restore.engines.base import Filled, Image, check_shapes, parse_info


class OnnxInpainter:
    """The network on onnxruntime.

    Parameters
    ----------
    path : Path
        An export of ``corinpaint export onnx``.
    threads : int
        Threads per run on the CPU; 0 leaves the choice to onnxruntime.
    provider : str
        Where it runs: 'cpu', 'cuda' (NVIDIA), or 'tensorrt', which leaves to CUDA what it cannot do. None of them is
        taken in place of another.
    spin : bool
        Whether threads that wait for work keep their core busy; False where it shares the cores with others.

    Raises
    ------
    CheckpointError
        When the file is missing, damaged, or no export of CorInpaint, when it does not give what its checkpoint gives,
        or onnxruntime is not installed.
    OptionError
        When the provider is unknown or unavailable.
    """

    def __init__(self, path: Path, threads: int = 1, provider: str = "cpu", spin: bool = True) -> None:
        if not path.is_file():
            raise CheckpointError(f"{path}: no such model", "make one with `corinpaint export onnx`")
        content = path.read_bytes()
        fingerprints.check_seal(path, content)
        self._session = providers.open_session(path, content, threads, provider, spin)
        self._device = None if provider == "cpu" else "cuda"
        text = self._session.get_modelmeta().custom_metadata_map.get(KEY)
        self.info = replace(parse_info(path, "onnxruntime", text), provider=provider)
        least = fingerprints.TOLERANCE["mixed"] if provider in providers.COARSE else 0.0
        answer = self.fill(*fingerprints.given(self.info.domain, self.info.multiple))
        fingerprints.check(path, f"onnxruntime ({provider})", text, answer, least)

    def fill(self, image: Image, mask: Image, place: Image | None = None) -> Filled:
        """See `Inpainter.fill`; safe to call from several threads at once.

        Raises
        ------
        WrongShapeError
            When the shapes do not fit together, or not this network.
        CorInpaintError
            When onnxruntime fails, as for want of memory.
        """
        check_shapes(self.info, image, mask, place)
        given = {"image": image, "mask": mask} | ({} if place is None else {"place": place})
        return Filled(*providers.run(self._session, self.info.path, given, self._device))


def default_onnx() -> Path:
    """Path of the ONNX export that is shipped with the package."""
    return weights_dir() / "corinpaint.onnx"
