"""The network on a GPU: windows per second in three precisions and batches of 1 to 32, and how far from the limits.

    python benchmarks/speed_gpu.py [--device cuda] [--side 256] [--batches 1 2 4 8 16 32] [--runs 20]

Two limits are measured on the same device, in the same precision: arithmetic by a product of large matrices, memory by
a copy. Operations are counted by torch, traffic by the sizes of what convolutions read and write, so that
"limit" is the least time that either allows. `--device cpu` runs the same, which tells nothing about a GPU.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import timing
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from corinpaint.model.checkpoint import load_checkpoint
from corinpaint.model.metadata import SEQUENCE, default_checkpoint

PRECISIONS = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}
PLACE = (300.0, 1.0, 0.2, 0.4, -0.2, -0.4)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Time the network on a GPU.")
    parser.add_argument("--device", default="cuda", help="cuda, cuda:1 ... (default cuda)")
    parser.add_argument("--side", type=int, default=256, help="of the windows, px, a multiple of 64 (default 256)")
    parser.add_argument("--batches", type=int, nargs="*", default=[1, 2, 4, 8, 16, 32])
    parser.add_argument("--precisions", nargs="*", default=list(PRECISIONS), choices=list(PRECISIONS))
    parser.add_argument("--runs", type=int, default=20)
    arguments = parser.parse_args()
    device = torch.device(arguments.device)
    if device.type == "cuda" and not torch.cuda.is_available():
        parser.error("no CUDA device is at hand; --device cpu tries the script without one")
    model = load_checkpoint(default_checkpoint())[0].inference_module().eval().to(device)
    work, traffic = _cost(model, _inputs(1, arguments.side, device))
    rows = []
    for name in arguments.precisions:
        peak, bandwidth = _arithmetic(PRECISIONS[name], device), _memory(device)
        size = torch.finfo(PRECISIONS[name]).bits / 32
        for batch in arguments.batches:
            given = _inputs(batch, arguments.side, device)
            seconds = _timed(_run(model, given, PRECISIONS[name]), device, arguments.runs)
            limit = batch * max(work / peak, traffic * size / bandwidth)
            rows.append((name, batch, 1000 * seconds, 1000 * seconds / batch, batch / seconds, limit / seconds))
    heading = ["precision", "batch", "ms", "ms/window", "windows/s", "share of the limit"]
    print(timing.table(heading, rows))
    where = torch.cuda.get_device_name(device) if device.type == "cuda" else timing.processor()
    print(
        f"\n{work / 1e9:.2f} GFLOP and {traffic / 1e6:.0f} MB (float32) for a window of {arguments.side} px. {where}."
    )


def _inputs(batch: int, side: int, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    torch.manual_seed(0)
    shape = (batch, SEQUENCE.channels, side, side)
    image, mask = torch.rand(shape, device=device), torch.ones(shape, device=device)
    middle = side // 2
    mask[:, :, middle - 16 : middle + 16, middle - 16 : middle + 16] = 0
    return image, mask, torch.tensor(PLACE, device=device).repeat(batch, 1)


def _run(model: nn.Module, given: tuple[Tensor, ...], precision: torch.dtype) -> Callable[[], object]:
    """A call of the network, convolutions in half precision by autocast as in training."""

    def run() -> object:
        mixed = precision != torch.float32
        with torch.inference_mode(), torch.autocast(given[0].device.type, precision, enabled=mixed):
            return model(*given)

    return run


def _timed(run: Callable[[], object], device: torch.device, runs: int) -> float:
    """Median seconds of a call, the device being waited for."""
    spent = []
    for turn in range(-3, runs):
        _wait(device)
        start = time.perf_counter()
        run()
        _wait(device)
        if turn >= 0:
            spent.append(time.perf_counter() - start)
    return statistics.median(spent)


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _cost(model: nn.Module, given: tuple[Tensor, ...]) -> tuple[float, float]:
    """Operations, and bytes in float32 that convolutions read and write, of one call."""
    moved = 0.0

    def count(_: nn.Module, taken: tuple[Tensor, ...], made: tuple[Tensor, ...]) -> None:
        nonlocal moved
        moved += 4.0 * sum(part.numel() for part in (*taken, *made) if isinstance(part, Tensor))

    hooks = [one.register_forward_hook(count) for one in model.modules() if type(one).__name__ == "PartialConv2d"]
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        model(*given)
    for hook in hooks:
        hook.remove()
    return float(counter.get_total_flops()), moved


def _arithmetic(precision: torch.dtype, device: torch.device) -> float:
    """Operations per second of a product of large matrices."""
    size = 4096 if device.type == "cuda" else 1024
    left, right = (torch.rand(size, size, device=device, dtype=precision) for _ in range(2))
    return 2 * size**3 / _timed(lambda: left @ right, device, 10)


def _memory(device: torch.device) -> float:
    """Bytes per second that a copy reads and writes."""
    source = torch.empty((256 if device.type == "cuda" else 32) * 2**20, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    return 2 * source.numel() / _timed(lambda: target.copy_(source), device, 10)


if __name__ == "__main__":
    main()
