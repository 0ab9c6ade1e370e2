"""Files of movies: H.264 in MP4 by imageio-ffmpeg, GIF and a folder of PNG pictures by Pillow.

All take one frame at a time, so that memory does not depend on their number.
"""

from __future__ import annotations

import importlib
import itertools
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray
from PIL import GifImagePlugin, PngImagePlugin
from PIL import Image as Pillow

from corinpaint.lasco.errors import OptionError, OutputError

Add = Callable[[Pillow.Image, float], None]
"""Takes a frame (RGB) and how long it is shown, s."""

QUALITY = 20
"""Constant rate factor of H.264: 0 is lossless, 23 the encoder's default."""


@dataclass(frozen=True, eq=False)
class Form:
    """What a movie file has besides its frames.

    Attributes
    ----------
    size : (int, int)
        Width and height of the frames, px, both even.
    rate : float
        Movie frames a second, where the file has a fixed number.
    palette : ndarray of uint8, shape (256, 3)
        Colours, where the file has no more.
    about : mapping of str to str
        Metadata.
    """

    size: tuple[int, int]
    rate: float
    palette: NDArray[np.uint8]
    about: Mapping[str, str]


Writer = Callable[[Path, Form], AbstractContextManager[Add]]


def writer_for(path: Path) -> Writer:
    """What writes a movie, by the ending of its name; a folder of PNG pictures where there is none.

    Raises
    ------
    OptionError
        When the ending is unknown, or its encoder is not installed.
    """
    writers: dict[str, Writer] = {".mp4": mp4, ".gif": gif, "": pictures}
    suffix = path.suffix.lower()
    if suffix not in writers:
        raise OptionError(f"{path}: no movie is written as {suffix}", "name a .mp4, a .gif, or a folder without ending")
    if suffix == ".mp4":
        _encoder()
    return writers[suffix]


@contextmanager
def mp4(path: Path, form: Form) -> Iterator[Add]:
    """H.264, yuv420p, the index at the beginning; a frame is repeated as long as it is shown.

    Raises
    ------
    OutputError
        When the encoder fails.
    """
    with tempfile.TemporaryDirectory(dir=path.parent) as folder, tempfile.TemporaryFile() as said:
        metadata = Path(folder) / "metadata"
        metadata.write_text(_ffmetadata(form.about))
        # In a group of its own, so that Ctrl-C stops the movie here and not the encoder first.
        process = subprocess.Popen(
            _command(path, metadata, form), stdin=subprocess.PIPE, stdout=said, stderr=said, process_group=0
        )
        assert process.stdin is not None
        try:
            yield _Repeated(process.stdin, form.rate)
            process.stdin.close()
            failed = process.wait() != 0
        except BrokenPipeError:
            failed = True
        finally:
            process.kill()
            with suppress(BrokenPipeError):
                process.stdin.close()
            process.wait()
        if failed:
            said.seek(0)
            reason = " ".join(said.read().decode(errors="replace").split())[:300]
            raise OutputError(f"{path.name}: the encoder failed ({reason})", "write a .gif, or report this")


class _Repeated:
    """Writes each frame as often as it is shown; what is rounded off is made up for by the next ones."""

    def __init__(self, pipe: IO[bytes], rate: float) -> None:
        self._pipe, self._rate = pipe, rate
        self._owed = 0.0

    def __call__(self, frame: Pillow.Image, seconds: float) -> None:
        self._owed += seconds * self._rate
        times = max(round(self._owed), 1)
        self._owed -= times
        content = frame.tobytes()
        for _ in range(times):
            self._pipe.write(content)


@contextmanager
def gif(path: Path, form: Form) -> Iterator[Add]:
    """GIF that repeats without end, with one palette; times are rounded to 1/100 s."""
    palette, first = (Pillow.new("P", size) for size in ((1, 1), form.size))
    palette.putpalette(form.palette.tobytes())
    first.putpalette(form.palette.tobytes())
    comment = "; ".join(f"{key}: {value}" for key, value in form.about.items())
    with path.open("wb") as file:
        for part in GifImagePlugin.getheader(first, info={"loop": 0, "comment": comment.encode()})[0]:
            file.write(part)

        def add(frame: Pillow.Image, seconds: float) -> None:
            reduced = frame.quantize(palette=palette, dither=Pillow.Dither.NONE)
            for part in GifImagePlugin.getdata(reduced, duration=max(round(100 * seconds), 2) * 10):
                file.write(part)

        yield add
        file.write(b";")


@contextmanager
def pictures(path: Path, form: Form) -> Iterator[Add]:
    """A folder of PNG pictures, 00001.png and so on, each with the metadata and how long it is shown as text."""
    path.mkdir()
    numbers = itertools.count(1)

    def add(frame: Pillow.Image, seconds: float) -> None:
        text = PngImagePlugin.PngInfo()
        for key, value in {**form.about, "seconds": f"{seconds:g}"}.items():
            text.add_text(key, value)
        frame.save(path / f"{next(numbers):05d}.png", pnginfo=text, compress_level=1)

    yield add


def _encoder() -> str:
    """Path of ffmpeg as imageio-ffmpeg ships it.

    Raises
    ------
    OptionError
        When it is not installed.
    """
    try:
        found = importlib.import_module("imageio_ffmpeg").get_ffmpeg_exe()
    except (ImportError, RuntimeError) as error:
        raise OptionError(
            "MP4 needs an encoder, imageio-ffmpeg", "install corinpaint[movie], or write a .gif or a folder of pictures"
        ) from error
    return str(found)


def _command(path: Path, metadata: Path, form: Form) -> list[str]:
    width, height = form.size
    return [
        *(_encoder(), "-hide_banner", "-loglevel", "error", "-y"),
        *("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", f"{form.rate:g}", "-i", "-"),
        *("-i", str(metadata), "-map", "0:v", "-map_metadata", "1", "-c:v", "libx264", "-preset", "veryfast"),
        *("-crf", str(QUALITY), "-pix_fmt", "yuv420p", "-movflags", "+faststart", str(path)),
    ]


def _ffmetadata(about: Mapping[str, str]) -> str:
    lines = [";FFMETADATA1"]
    for key, value in about.items():
        for special in "\\=;#\n":
            value = value.replace(special, f"\\{special}")
        lines.append(f"{key}={value}")
    return "\n".join(lines) + "\n"
