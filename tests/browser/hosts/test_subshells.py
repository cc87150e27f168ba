"""Clicks reach the widget whichever thread of the kernel the page had talked to before.

JupyterLab and Notebook 7 talk to widgets through a subshell, a second thread of the kernel, and end
it when the widgets of a page are closed. The kernel remembers where each widget last spoke from,
and sends clicks there. No browser here: a kernel client sends what pages do, in the order that
loses clicks.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager

from .notebook import IMPORT, PATIENCE
from .servers import environment, write_kernelspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jupyter_client.blocking.client import BlockingKernelClient

SECONDS = PATIENCE / 1000


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BlockingKernelClient]:
    home = tmp_path_factory.mktemp("kernel")
    write_kernelspec(home / "kernels/today", "today", None)
    specs = KernelSpecManager(kernel_dirs=[str(home / "kernels")])
    manager = KernelManager(kernel_name="today", kernel_spec_manager=specs)
    manager.start_kernel(env=environment(home), cwd=str(home))
    try:
        client = manager.blocking_client()
        client.start_channels()
        client.wait_for_ready(SECONDS)
        yield client
        client.stop_channels()
    finally:
        manager.shutdown_kernel(now=True)


def heard(client: BlockingKernelClient, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Wait for what the kernel publishes to hold one that is wanted."""
    for message in iter(lambda: client.get_iopub_msg(timeout=SECONDS), None):
        if wanted(message):
            return dict(message)
    raise AssertionError


def control(client: BlockingKernelClient, kind: str, **content: object) -> dict[str, Any]:
    client.control_channel.send(client.session.msg(kind, content))
    reply: dict[str, Any] = client.get_control_msg(timeout=SECONDS)["content"]
    assert reply["status"] == "ok", reply
    return reply


def test_a_click_is_answered_after_its_subshell_has_gone(client: BlockingKernelClient) -> None:
    client.execute(f"{IMPORT}\nw = FabricWidget(steps=2, auto=False)\nw.show()")
    opened = heard(
        client,
        lambda m: m["msg_type"] == "comm_open" and "prompt" in m["content"]["data"]["state"],
    )
    numbers = itertools.count(1)

    def ask(kind: str, subshell: str) -> None:
        """Send what the page sends, and wait for its answer."""
        request = next(numbers)
        data = {"method": "custom", "content": {"type": kind, "request": request}}
        content = {"comm_id": opened["content"]["comm_id"], "data": data}
        message = client.session.msg("comm_msg", content)
        message["header"]["subshell_id"] = subshell
        client.shell_channel.send(message)
        heard(client, lambda m: answer(m).get("request") == request)

    first = control(client, "create_subshell_request")["subshell_id"]
    ask("hello", first)
    control(client, "delete_subshell_request", subshell_id=first)
    second = control(client, "create_subshell_request")["subshell_id"]
    ask("dismiss", second)


def answer(message: dict[str, Any]) -> dict[str, Any]:
    """Give what the widget says to the page in a message, if that is what it is."""
    if message["msg_type"] != "comm_msg":
        return {}
    said: dict[str, Any] = message["content"]["data"].get("content", {})
    return said
