"""The checks of `python -m fabric_widget gpu`, one test each: pytest -m gpu."""

from __future__ import annotations

import pytest
import torch

from fabric_widget.gpu.check import BAD, NOT_RUN, SKIP, Check
from fabric_widget.gpu.checks import every_check
from fabric_widget.gpu.place import Place
from fabric_widget.gpu.run import asked

PLACE = Place(torch.device("cuda"))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no CUDA device")
@pytest.mark.parametrize("check", every_check(PLACE), ids=lambda check: check.full_name)
def test_on_a_gpu(check: Check) -> None:
    answer = asked(check, PLACE)
    if answer.status in {SKIP, NOT_RUN}:
        pytest.skip(answer.reason)
    assert answer.status not in BAD, answer.traceback or answer.figures()
