"""Build the image of serve_config/Containerfile without a container engine, and serve from it.

    python benchmarks/container.py WORK_FOLDER [--mirror URL]        (as root, with buildah and debootstrap installed)

No registry of images is asked: the base image is made by debootstrap of Debian's Python 3.11, under the name that the
recipe asks for. pip in the image gets the settings of pip on this machine. The image is then started as the recipe says
to run it: as its unprivileged user, with a read-only root file system and temporary ones for /tmp and its home, once by
its entry point alone (TorchServe) and once with `--server asgi`. Each has to be ready, to answer one simulated frame as
`corinpaint restore` does here, to pass its health check, and to end by itself after SIGTERM.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

from astropy.io import fits

from corinpaint.client import Client
from corinpaint.lasco.errors import CorInpaintError
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.simulation import scene
from corinpaint.restore.engines import loading
from corinpaint.restore.pipeline import restore

ROOT = Path(__file__).resolve().parents[1]
BASE = "docker.io/library/python:3.11-slim"
RELEASE = "bookworm"
PACKAGES = "python3,python3-venv,ca-certificates"
SECONDS = 180
"""How long a server may take to be ready, and to end."""

INSIDE = """
mount --make-rprivate / && mount --bind {root} {root} && mount -o remount,bind,ro {root}
mount -t tmpfs tmpfs {root}/tmp
mount -t tmpfs -o uid={user},gid={group},mode=0700 tmpfs {root}{home}
mount -t proc proc {root}/proc && mount --bind /dev {root}/dev
exec chroot --userspec={user}:{group} {root} /usr/bin/env -i {environment} /bin/sh -c 'cd {home} && exec {command}'
"""
"""What a container engine does: mounts, user, environment, command."""


def main() -> None:
    """Build, serve, ask."""
    parser = argparse.ArgumentParser(description="Build the image of the Containerfile and serve from it.")
    parser.add_argument("folder", type=Path, help="folder of the base system and of buildah's images")
    parser.add_argument("--mirror", help="Debian mirror; by default that of this machine")
    arguments = parser.parse_args()
    folder: Path = arguments.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    base(folder, arguments.mirror)
    start = time.monotonic()
    image = build(folder)
    print(f"image of {size(image['root'])} MB after {time.monotonic() - start:.0f} s")
    frame = scene.write(scene.simulate(5, missing=4), folder / "32082037.fts", overwrite=True)
    expected = restore(read_frame(frame), inpainter=loading.load())
    for words in ([], ["--server", "asgi"]):
        serve(image, words, frame, expected.level1.data.tobytes())


def run(*command: object, **options: object) -> str:
    """Standard output of a command, which has to succeed."""
    done = subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, text=True, check=False, **options)  # type: ignore[call-overload]
    if done.returncode:
        sys.exit(f"{shlex.join(map(str, command))}: exit status {done.returncode}")
    return str(done.stdout)


def buildah(folder: Path, *words: object) -> str:
    """Output of buildah, whose images are all in the folder."""
    store = ["--root", folder / "images", "--runroot", folder / "run", "--storage-driver", "vfs"]
    return run("buildah", *store, *words).strip()


def base(folder: Path, mirror: str | None) -> None:
    """The base image, from Debian's packages."""
    system = folder / "debian"
    if not (system / "usr/bin/python3.11").exists():
        run("debootstrap", "--variant=minbase", f"--include={PACKAGES}", RELEASE, system, mirror or debian_mirror())
    if BASE in buildah(folder, "images", "--format", "{{.Name}}:{{.Tag}}"):
        return
    container = buildah(folder, "from", "scratch")
    buildah(folder, "add", "--quiet", container, system, "/")
    buildah(folder, "run", "--isolation", "chroot", container, "--", "ln", "-s", "python3", "/usr/bin/python")
    buildah(folder, "commit", "--quiet", "--rm", container, BASE)


def debian_mirror() -> str:
    """The mirror that apt of this machine uses."""
    lines = run("apt-get", "indextargets", "--format", "$(REPO_URI)", "Label: Debian", f"Codename: {RELEASE}").split()
    return lines[0] if lines else sys.exit(f"apt names no mirror of Debian {RELEASE}: give --mirror")


def build(folder: Path) -> dict[str, str]:
    """Build the recipe; gives where its file system is mounted, and how it is to be started."""
    settings, mounted = pip_settings(folder)
    volumes = [word for path in mounted for word in ("--volume", f"{path}:{path}:ro")]
    volumes += ["--volume", f"{settings}:/etc/pip.conf:ro"]
    words = ["bud", "--isolation", "chroot", "--network", "host", "--pull-never", *volumes]
    buildah(folder, *words, "--file", ROOT / "serve_config/Containerfile", "--tag", "corinpaint", ROOT)
    container = buildah(folder, "from", "--pull-never", "corinpaint")
    config = json.loads(buildah(folder, "inspect", container))["OCIv1"]["config"]
    return {
        "root": buildah(folder, "mount", container),
        "user": config["User"].split(":")[0],
        "group": config["User"].split(":")[1],
        "home": config["WorkingDir"],
        "environment": shlex.join(config["Env"]),
        "command": shlex.join(config["Entrypoint"]),
    }


def pip_settings(folder: Path) -> tuple[Path, list[Path]]:
    """The settings of pip on this machine as a file, and the files and folders here that they name."""
    listed = dict(line.split("=", 1) for line in run(sys.executable, "-m", "pip", "config", "list").splitlines())
    listed = {key.split(".", 1)[1].strip(":"): value.strip("'\"") for key, value in listed.items() if "." in key}
    lines = [f"{key.lower().replace('_', '-')} = {value}" for key, value in listed.items()]
    (folder / "pip.conf").write_text("\n".join(["[global]", *lines, ""]).replace("\\n", " "))
    named = {place(word) for value in listed.values() for word in value.replace("\\n", " ").split()}
    return folder / "pip.conf", sorted(path for path in named if path.is_absolute() and path.exists())


def place(word: str) -> Path:
    """The path that a word of pip's settings names; of an index here its parent folder, where the files may be."""
    path = Path(urlsplit(word).path)
    return path.parent if word.startswith("file:") else path


def size(root: str) -> int:
    """Megabytes of a file system."""
    return int(run("du", "-sm", "--one-file-system", root).split()[0])


def serve(image: dict[str, str], words: list[str], frame: Path, expected: bytes) -> None:
    """Start the image, have it restore a frame, check its health, stop it."""
    name = words[-1] if words else "torchserve"
    command = {**image, "command": f"{image['command']} {shlex.join(words)}"}
    start = time.monotonic()
    unshare = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "/bin/sh", "-ec", INSIDE.format(**command)]
    with subprocess.Popen(unshare, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            inner = first_child(process.pid)
            keys = Path(f"/proc/{inner}/root{image['home']}/key_file.json")
            answer = ask(process, keys, frame)
            ready = time.monotonic() - start
            data = read_product(answer)
            health = subprocess.run(
                ["nsenter", f"--target={inner}", "--mount", "--pid", f"--root=/proc/{inner}/root", *health_check()],
                check=False,
            )
            os.kill(inner, signal.SIGTERM)
            status = process.wait(SECONDS)
        finally:
            process.kill()
    same = "the bytes of corinpaint restore" if data == expected else "OTHER PIXELS"
    print(f"{name}: answered after {ready:.0f} s, {same}; health check {health.returncode}; ended with {status}")
    if data != expected or health.returncode or status:
        sys.exit(1)


def first_child(pid: int) -> int:
    """The process that a process started."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    deadline = time.monotonic() + SECONDS
    while not children.read_text().split():
        if time.monotonic() > deadline:
            sys.exit("the image does not start")
        time.sleep(0.1)
    return int(children.read_text().split()[0])


def ask(process: subprocess.Popen[bytes], keys: Path, frame: Path) -> bytes:
    """The product of a frame, as soon as the server answers."""
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            with Client("http://127.0.0.1:8080", key_file=keys, retries=0) as client:
                return client.restore(frame).body
        except CorInpaintError as error:
            if process.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"no answer: {error}")
            time.sleep(0.5)


def read_product(content: bytes) -> bytes:
    """The pixels of the image of a product."""
    with fits.open(io.BytesIO(content)) as hdus:
        return bytes(hdus[0].data.astype("<f4").tobytes())


def health_check() -> list[str]:
    """The command after HEALTHCHECK in the recipe, which OCI images do not hold."""
    text = (ROOT / "serve_config/Containerfile").read_text()
    listed = json.loads(text.split("HEALTHCHECK", 1)[1].split("CMD", 1)[1].split("\n", 1)[0])
    return [f"/opt/corinpaint/bin/{listed[0]}", *listed[1:]]


if __name__ == "__main__":
    main()
