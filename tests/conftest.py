"""Fixtures that every room shares: frames as bytes, real frames where they are at hand, a small network."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Generator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from level05 import frame_bytes

if TYPE_CHECKING:
    from corinpaint.restore.engines.base import Filled

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"

os.environ.setdefault("SOURCE_DATE_EPOCH", "1262304000")  # or midnight could part products that are compared by bytes

REAL_DATA = frozenset({"shared", "real_frames"})
"""Fixtures that read real frames; a test that takes one is marked `real_data`."""

EXPORTS = frozenset({"onnx_model", "trace", "log_polar_onnx", "log_polar_trace"})
"""Fixtures that export a network, which takes seconds; a test that takes one is marked `slow`."""


@pytest.hookimpl(tryfirst=True)  # before `-m` chooses
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests by the fixtures that they take."""
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if fixtures & REAL_DATA:
            item.add_marker(pytest.mark.real_data)
        if fixtures & EXPORTS:
            item.add_marker(pytest.mark.slow)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs a GPU where there is none."""
    if item.get_closest_marker("gpu") and shutil.which("nvidia-smi") is None:
        pytest.skip("no NVIDIA GPU")


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Skip modules that import torch where it is not installed, as for a Python that it has no wheel for."""
    report = yield
    if report.failed and find_spec("torch") is None and "No module named 'torch'" in report.longreprtext:
        report.outcome, report.longrepr = "skipped", (str(collector.path), 0, "Skipped: torch is not installed")
    return report


@pytest.fixture(scope="session")
def make_frame() -> Callable[..., bytes]:
    """Builder of Level 0.5 files: `make_frame(missing=((16, 10),), EXPTIME=5.0)`."""
    return frame_bytes


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of real frames; the test is skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("no real frames beside the repository")
    return SHARED


@pytest.fixture(scope="session")
def real_frames(shared: Path) -> list[Path]:
    """Real C3 Level 0.5 files."""
    return sorted((shared / "c3_level05").glob("*.fts.gz"))


class EchoInpainter:
    """A network stand-in that fills every hole with the mean of the valid pixels: fast and predictable."""

    def __init__(self) -> None:
        from corinpaint.restore.engines.base import ModelInfo

        self.info = ModelInfo(Path("echo.onnx"), "echo", "0", "0" * 64, 128, 1024)
        self.calls = 0

    def fill(self, image: np.ndarray, mask: np.ndarray, place: np.ndarray | None = None) -> Filled:
        from corinpaint.restore.engines.base import Filled

        assert place is None
        self.calls += 1
        mean = np.float32(image[mask > 0].mean())
        return Filled(np.where(mask > 0, image, mean), np.ones_like(mask))


class LogPolarEcho:
    """Its sibling for log-polar windows: the mean of the frame's valid pixels, window by window, scatter 1."""

    def __init__(self) -> None:
        from corinpaint.restore.engines.base import ModelInfo

        self.info = ModelInfo(Path("echo.onnx"), "echo", "0", "0" * 64, 64, 1024, "noise")
        self.calls = 0

    def fill(self, image: np.ndarray, mask: np.ndarray, place: np.ndarray | None = None) -> Filled:
        from corinpaint.restore.engines.base import Filled

        assert image.shape == mask.shape
        assert image.shape[1] == 2
        assert place is not None
        assert place.shape == (len(image), 2)
        self.calls += 1
        total, count = (plane[:, :1].sum(axis=(2, 3), keepdims=True) for plane in (image * mask, mask))
        ones = np.ones_like(mask[:, :1])
        return Filled(total / np.maximum(count, 1) * ones, ones, ones)


@pytest.fixture
def echo() -> EchoInpainter:
    """See `EchoInpainter`."""
    return EchoInpainter()


@pytest.fixture
def log_polar_echo() -> LogPolarEcho:
    """See `LogPolarEcho`."""
    return LogPolarEcho()


def write_small(path: Path, seed: int = 0) -> Path:
    """A small network with random weights, as a checkpoint."""
    torch = pytest.importorskip("torch")

    from corinpaint.model.checkpoint import save_checkpoint
    from corinpaint.model.stack import LayerStack, StackConfig
    from corinpaint.model.unet import UNetConfig

    torch.manual_seed(seed)
    stack = LayerStack(StackConfig(unet=UNetConfig(base=4, depth=4, max_width=8, bottom=2), prior="none"))
    for unet in stack.layers:
        torch.nn.init.normal_(unet.last.weight, std=0.01)
    save_checkpoint(path, stack, {})
    return path


def write_small_log_polar(path: Path, seed: int = 0, layers: int = 1) -> Path:
    """A small network for log-polar windows with random weights, as a checkpoint."""
    torch = pytest.importorskip("torch")

    from corinpaint.model.checkpoint import save_checkpoint
    from corinpaint.model.log_polar import EXTRAS, INPUTS, LogPolarConfig, LogPolarStack
    from corinpaint.model.unet import UNetConfig

    torch.manual_seed(seed)
    unet = UNetConfig(base=4, depth=2, max_width=8, bottom=1, residual=1, inputs=INPUTS, extras=EXTRAS, outputs=2)
    stack = LogPolarStack(LogPolarConfig(layers=layers, unet=unet))
    for layer in stack.layers:
        torch.nn.init.normal_(layer.last.weight, std=0.03)
    save_checkpoint(path, stack, {})
    return path


@pytest.fixture(scope="session")
def small_checkpoint() -> Callable[..., Path]:
    """Writer of small checkpoints: `small_checkpoint(path, seed=1)`."""
    return write_small


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small network with random weights."""
    return write_small(tmp_path_factory.mktemp("weights") / "small.safetensors")


@pytest.fixture(scope="session")
def onnx_model(checkpoint: Path) -> Path:
    """The ONNX export of `checkpoint`, beside it."""
    from corinpaint.export import onnx

    return onnx.export(checkpoint, checkpoint.with_suffix(".onnx"))


@pytest.fixture(scope="session")
def trace(checkpoint: Path) -> Path:
    """The TorchScript export of `checkpoint`, beside it."""
    from corinpaint.export import torchscript

    return torchscript.export(checkpoint, checkpoint.with_suffix(".pt"))


@pytest.fixture(scope="session")
def log_polar_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small network for log-polar windows with random weights."""
    return write_small_log_polar(tmp_path_factory.mktemp("weights") / "straight.safetensors")


@pytest.fixture(scope="session")
def sequence_checkpoint(log_polar_checkpoint: Path) -> Path:
    """A small network for sequences with random weights."""
    import torch

    from corinpaint.model.checkpoint import load_checkpoint, save_checkpoint
    from corinpaint.model.sequence import from_single

    model = from_single(load_checkpoint(log_polar_checkpoint)[0], 2)
    torch.manual_seed(1)
    for layer in model.layers:
        for convolution in layer.beside:
            torch.nn.init.normal_(convolution.weight, std=0.05)
    path = log_polar_checkpoint.with_name("sequence.safetensors")
    save_checkpoint(path, model)
    return path


@pytest.fixture(scope="session")
def log_polar_onnx(log_polar_checkpoint: Path) -> Path:
    """The ONNX export of `log_polar_checkpoint`, beside it."""
    from corinpaint.export import onnx

    return onnx.export(log_polar_checkpoint, log_polar_checkpoint.with_suffix(".onnx"))


@pytest.fixture(scope="session")
def log_polar_trace(log_polar_checkpoint: Path) -> Path:
    """The TorchScript export of `log_polar_checkpoint`, beside it."""
    from corinpaint.export import torchscript

    return torchscript.export(log_polar_checkpoint, log_polar_checkpoint.with_suffix(".pt"))
