"""A process that workers are forked from, without a network: they do what a request says. Run as a script.

`python stub_template.py WIRE FD`, WIRE being the file of `corinpaint.handlers.asgi.processes.wire`. Of the archive's
configuration ``refuse`` is a reason not to start, ``worker_refuses`` one of the workers'.
"""

from __future__ import annotations

import importlib.util
import os
import signal
import socket
import sys
import time


def main() -> None:
    described = importlib.util.spec_from_file_location("wire", sys.argv[1])
    wire = importlib.util.module_from_spec(described)
    described.loader.exec_module(wire)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(fileno=int(sys.argv[2])) as control:
        start, _ = wire.receive(control)
        if "refuse" in start["config"]:
            wire.send(control, {"failed": start["config"]["refuse"]})
            return
        wire.send(control, {"protocol": start["config"].get("protocol", wire.PROTOCOL)})
        while descriptors := socket.recv_fds(control, 1, 1)[1]:
            if os.fork() == 0:
                control.close()
                work(wire, socket.socket(fileno=descriptors[0]), start["config"])
                os._exit(0)
            os.close(descriptors[0])


def work(wire, peer: socket.socket, config: dict) -> None:
    if "worker_refuses" in config:
        wire.send(peer, {"failed": config["worker_refuses"]})
        return
    metrics = [("corinpaint_frames_total", "Count", ["ModelName", "Outcome"], "counter")]
    wire.send(peer, {"protocol": wire.PROTOCOL, "pid": os.getpid(), "metrics": metrics})
    while True:
        try:
            header, body = wire.receive(peer)
        except EOFError:
            return
        wire.send(peer, {"taken": True})
        does = header["headers"].get("x-corinpaint-fill", "") or header.get("do", "")
        if does == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if does.startswith("wait"):
            time.sleep(float(does.removeprefix("wait")))
        counted = [("corinpaint_frames_total", 1, ["corinpaint", "restored"])]
        headers = {"content-type": "application/fits", "X-Corinpaint-Frame": str(os.getpid())}
        status = 415 if does == "refuse" else 200
        content = b'{"code": "not_fits", "status": 415, "message": "no"}' if status == 415 else bytes(body)
        wire.send(peer, {"status": status, "headers": headers, "metrics": counted}, content)


if __name__ == "__main__":
    main()
