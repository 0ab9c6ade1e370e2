"""Several processes that train one network: each takes its share of every batch, gradients are averaged.

Started by ``torchrun``; the samples of a step are the same whatever the number of processes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import TypeVar

import torch
import torch.distributed as dist
from lightning_fabric import Fabric
from lightning_fabric.strategies.ddp import DDPStrategy
from torch import Tensor, nn

from corinpaint.lasco.errors import TrainingError

TIMEOUT = timedelta(hours=6)
"""Maximum time that processes wait for the one that reads scenes or validates."""

Result = TypeVar("Result")


def open_fabric(accelerator: str, precision: str) -> Fabric:
    """Device and precision of this process, and its link to the others where torchrun started several.

    Parameters
    ----------
    accelerator : str
        "auto", "cpu" or "cuda".
    precision : str
        "full", "bf16", or "auto": bfloat16 on a GPU.
    """
    cuda = accelerator == "cuda" or (accelerator == "auto" and torch.cuda.is_available())
    mixed = precision == "bf16" or (precision == "auto" and cuda)
    count = int(os.environ.get("WORLD_SIZE", "1"))
    local = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    fabric = Fabric(
        accelerator="cuda" if cuda else "cpu",
        devices=local,
        num_nodes=max(count // local, 1),
        strategy=DDPStrategy(timeout=TIMEOUT) if count > 1 else "auto",
        precision="bf16-mixed" if mixed else "32-true",
    )
    if count > 1:
        fabric.launch()
    return fabric


class Processes:
    """The processes of a run, as one of them sees them.

    Parameters
    ----------
    fabric : Fabric

    Attributes
    ----------
    main : bool
        Whether this one writes files and validates.
    """

    def __init__(self, fabric: Fabric) -> None:
        self.device = fabric.device
        self.rank, self.count = fabric.global_rank, fabric.world_size
        self.main = self.rank == 0

    def share(self, batch: int) -> int:
        """Samples of a batch that this process takes.

        Raises
        ------
        TrainingError
            The batch cannot be shared out evenly.
        """
        if batch % self.count:
            raise TrainingError(f"batch = {batch} must be a multiple of the {self.count} processes")
        return batch // self.count

    def numbers(self, steps: range, batch: int) -> Iterator[list[int]]:
        """Numbers of this process's samples, for every step."""
        share = self.share(batch)
        for step in steps:
            first = step * batch + self.rank * share
            yield list(range(first, first + share))

    def main_first(self, read: Callable[[], Result]) -> Result:
        """Let the main process read before the others do, so that they find the files that it wrote."""
        if not self.main:
            self._wait()
        result = read()
        if self.main:
            self._wait()
        return result

    def mean(self, number: Tensor) -> Tensor:
        """Mean of a tensor over the processes; without gradient."""
        if self.count == 1:
            return number
        total = number.detach().clone()
        dist.all_reduce(total)
        return total / self.count

    def average_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Give every process the mean of the gradients."""
        if self.count == 1:
            return
        gradients = [one.grad if one.grad is not None else _zeros(one) for one in parameters if one.requires_grad]
        flat = self.mean(torch.cat([gradient.ravel() for gradient in gradients]))
        means = torch.split(flat, [one.numel() for one in gradients])
        for gradient, mean in zip(gradients, means, strict=True):
            gradient.copy_(mean.view_as(gradient))

    def agree(self, seconds: float, stop: bool) -> tuple[float, bool]:
        """The main process's clock, and whether any process was requested to stop."""
        if self.count == 1:
            return seconds, stop
        shared = torch.tensor([seconds if self.main else 0.0, float(stop)], dtype=torch.float64, device=self.device)
        dist.all_reduce(shared)
        return float(shared[0]), bool(shared[1] > 0)

    def _wait(self) -> None:
        if self.count > 1:
            dist.barrier()


def _zeros(parameter: nn.Parameter) -> Tensor:
    parameter.grad = torch.zeros_like(parameter)
    return parameter.grad
