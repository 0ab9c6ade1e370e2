"""Several processes that train one network; that they agree with one is tested in `log_polar/test_recipe`."""

import pytest
import torch

from corinpaint.lasco.errors import TrainingError
from corinpaint.train.processes import Processes, open_fabric


def processes(rank, count):
    one = Processes(open_fabric("cpu", "auto"))
    one.rank, one.count, one.main = rank, count, rank == 0
    return one


def test_shares_make_up_the_batches_of_a_single_process():
    whole = list(processes(0, 1).numbers(range(3, 5), 6))
    parts = [list(processes(rank, 2).numbers(range(3, 5), 6)) for rank in range(2)]

    assert whole == [list(range(18, 24)), list(range(24, 30))]
    assert [first + second for first, second in zip(*parts, strict=True)] == whole


def test_a_batch_that_cannot_be_shared_out_is_refused():
    with pytest.raises(TrainingError, match="batch = 5 must be a multiple of the 2 processes"):
        processes(0, 2).share(5)


def test_a_single_process_averages_nothing_and_waits_for_nobody():
    alone = processes(0, 1)
    parameter = torch.nn.Parameter(torch.ones(2))
    parameter.grad = torch.tensor([1.0, 2.0])

    alone.average_gradients([parameter])

    assert torch.equal(parameter.grad, torch.tensor([1.0, 2.0]))
    assert torch.equal(alone.mean(parameter), parameter)
    assert alone.agree(3.5, True) == (3.5, True)
    assert alone.main_first(lambda: "read") == "read"


@pytest.mark.parametrize(("precision", "mixed"), [("auto", False), ("full", False), ("bf16", True)])
def test_convolutions_are_in_bfloat16_on_request(precision, mixed):
    with open_fabric("cpu", precision).autocast():
        product = torch.ones(2, 2) @ torch.ones(2, 2)
    assert (product.dtype == torch.bfloat16) == mixed
