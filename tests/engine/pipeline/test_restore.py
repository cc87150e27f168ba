"""Everything borrowed is given back."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from fabric_widget.engine.pipeline.restore import kept, random_kept, swapped


def test_forward_of_an_instance_comes_back() -> None:
    module = torch.nn.Identity()
    with swapped(module, lambda x: x + 1):
        assert module(torch.zeros(1)) == 1
        with swapped(module, lambda x: x + 2):
            assert module(torch.zeros(1)) == 2
        assert module(torch.zeros(1)) == 1
    assert "forward" not in vars(module)


def test_forward_of_another_library_comes_back() -> None:
    module = torch.nn.Identity()

    def theirs(x: torch.Tensor) -> torch.Tensor:
        return x

    module.forward = theirs  # type: ignore[method-assign, assignment]
    with pytest.raises(KeyError), swapped(module, lambda x: x + 1):
        raise KeyError
    assert vars(module)["forward"] is theirs


def test_attributes_come_back() -> None:
    table = [1]
    owner = SimpleNamespace(a=1, b=table, c=3)

    def change() -> None:
        owner.a, owner.b, owner.d = 2, [2], 4
        del owner.c
        raise KeyError

    with pytest.raises(KeyError), kept(owner):
        change()
    assert vars(owner) == {"a": 1, "b": [1], "c": 3}
    assert owner.b is table


def test_random_state_comes_back() -> None:
    before = torch.get_rng_state()

    def draw() -> None:
        torch.rand(3)
        raise KeyError

    with pytest.raises(KeyError), random_kept(torch.device("cpu")):
        draw()
    assert torch.equal(torch.get_rng_state(), before)
