"""`corinpaint client`: sends Level 0.5 files to an endpoint and writes its answers to a folder."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click
from tqdm import tqdm

from corinpaint.cli import common
from corinpaint.lasco.errors import CorInpaintError, OutputError
from corinpaint.restore.methods import registry

if TYPE_CHECKING:
    from corinpaint.client.answer import Answer
    from corinpaint.client.client import Client
    from corinpaint.client.request import Request

FORMATS = {"fits": "application/fits", "png": "image/png", "json": "application/json"}

TOKEN = "CORINPAINT_TOKEN"
"""Environment variable of the token, since every user of a machine can read command lines."""


@click.command("client")
@common.inputs_argument
@common.output_option
@click.option(
    "--url",
    default="http://127.0.0.1:8080",
    show_default=True,
    help="Endpoint: http(s)://HOST:PORT for REST, grpc(s)://HOST:PORT for gRPC.",
)
@click.option(
    "--key-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help=f"TorchServe's key_file.json, read again when its key is refused; or put a token into the variable {TOKEN}.",
)
@click.option("--model", default="corinpaint", show_default=True, help="Name of the model at the endpoint.")
@click.option(
    "--workers", type=click.IntRange(1, 256), default=4, show_default=True, help="Maximum number of frames in flight."
)
@click.option(
    "--timeout",
    type=click.FloatRange(0, 86400, min_open=True),
    default=180,
    show_default=True,
    help="Seconds until an answer is complete.",
)
@click.option(
    "--retries",
    type=click.IntRange(0, 100),
    default=5,
    show_default=True,
    help="Further attempts when the endpoint is unavailable, does not answer, or is busy.",
)
@click.option(
    "--ca-bundle",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Certificates to trust in place of the usual ones.",
)
@click.option("--insecure", is_flag=True, help="Allow addresses without encryption on other machines.")
@click.option(
    "--fill",
    type=click.Choice(["network", "auto", *registry.METHODS, "none"]),
    default="network",
    show_default=True,
    help="How missing blocks are filled, as for `corinpaint restore`.",
)
@click.option(
    "--context",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Frame of the same hours to fill from, or a folder of them; sent with every frame. Can be repeated.",
)
@click.option(
    "--max-error",
    type=click.FloatRange(0, min_open=True),
    help="Refuse zones whose measured median error is larger, in units of the noise of a pixel.",
)
@click.option(
    "--most-error",
    type=click.FloatRange(0, min_open=True),
    hidden=True,
    deprecated="Use --max-error.",
    help="Earlier name of --max-error.",
)
@click.option(
    "--format",
    "answer_format",
    type=click.Choice(list(FORMATS)),
    default="fits",
    show_default=True,
    help="The product, a picture before and after, or a report.",
)
@common.steps_options
@common.overwrite_option
def command(
    inputs: tuple[Path, ...],
    output: Path,
    url: str,
    key_file: Path | None,
    model: str,
    workers: int,
    timeout: float,
    retries: int,
    ca_bundle: Path | None,
    insecure: bool,
    fill: str,
    context: tuple[Path, ...],
    max_error: float | None,
    most_error: float | None,
    answer_format: str,
    departures: list[str],
    overwrite: bool,
) -> None:
    """Have an endpoint restore Level 0.5 frames of C2 and C3.

    INPUT are FITS files (gzip allowed) or folders of them. 32082037.fts becomes 35082037.fits, as `corinpaint restore`
    makes it. Nothing is sent for a frame whose product exists already. A frame that fails is reported and the others
    continue; the exit status is 1 then.
    """
    from corinpaint.client.client import Client
    from corinpaint.client.request import Request, read_content
    from corinpaint.lasco.file_numbers import number_of

    if max_error is not None and most_error is not None:
        raise click.UsageError("--most-error is the earlier name of --max-error: give --max-error alone")
    max_error = most_error if max_error is None else max_error
    try:
        template = Request(b"", fill, FORMATS[answer_format], tuple(departures), max_error=max_error)
        context_frames = [
            (number_of(path.name), read_content(path, path.name))
            for path in map(common.checked, common.frames(context))
        ]
        client = Client(
            url,
            token=(os.environ.get(TOKEN) or None) if key_file is None else None,
            key_file=key_file,
            model=model,
            timeout=timeout,
            retries=retries,
            ca_bundle=ca_bundle,
            insecure=insecure,
        )
    except CorInpaintError as error:
        raise common.fail(error) from error
    with client:
        failed = _Batch(common.frames(inputs), output, template, context_frames, overwrite).run(client, workers)
    if failed:
        sys.exit(1)


class _Batch:
    """The frames of one call of the command, and the files of their answers.

    Parameters
    ----------
    items : list of Path or NoFrameError
    output : Path
    template : Request
        The settings, which are the same for every frame.
    context_frames : list of (str, bytes)
        Name without suffixes, and content.
    overwrite : bool
    """

    def __init__(
        self,
        items: list[Path | common.NoFrameError],
        output: Path,
        template: Request,
        context_frames: list[tuple[str, bytes]],
        overwrite: bool,
    ) -> None:
        self.items, self.output, self.overwrite = items, output, overwrite
        self.template, self.context_frames = template, context_frames
        self.made: dict[Path, Path] = {}
        self.failed = 0

    def run(self, client: Client, workers: int) -> int:
        """Send the frames and write the answers; returns the number of frames that failed."""
        hidden = True if len(self.items) == 1 else None
        with tqdm(total=len(self.items), desc="client", unit="frame", disable=hidden, leave=False) as self.bar:
            for request, result in client.stream(self._requests(), workers=workers):
                self._write(Path(str(request.frame)), result)
        if self.failed:
            common.say(f"{self.failed} of {len(self.items)} files failed.", err=True)
        return self.failed

    def _requests(self) -> Iterator[Request]:
        """A request for each frame that can be sent; what prevents the others is reported."""
        from corinpaint.lasco.file_numbers import number_of

        for item in self.items:
            try:
                path = common.checked(item)
                target = common.claim(self.made, self._target(path), path)
                if os.path.lexists(target) and not (self.overwrite and target.is_file()):
                    raise OutputError(f"{target}: is there already", "choose another folder or allow --overwrite")
                context = tuple(content for name, content in self.context_frames if name != number_of(path.name))
                request = replace(self.template, frame=path, context=context)
            except CorInpaintError as error:
                self._fail(item, error)
                continue
            self.made[target] = path
            yield request

    def _target(self, path: Path) -> Path:
        from corinpaint.client.protocol import answer_filename
        from corinpaint.lasco.file_numbers import level1_number, number_of

        return self.output / (answer_filename(level1_number(number_of(path.name)), self.template.accept))

    def _write(self, path: Path, result: Answer | CorInpaintError) -> None:
        from corinpaint.lasco.files import write_bytes

        target = self._target(path)
        try:
            if isinstance(result, CorInpaintError):
                raise result
            write_bytes(target, result.body, overwrite=self.overwrite)
        except CorInpaintError as error:
            del self.made[target]  # a frame of the same name elsewhere may still be sent
            self._fail(path, error)
            return
        tries = f", {result.attempts} tries" if result.attempts > 1 else ""
        common.say(f"{target}: {len(result.body) / 2**20:.1f} MiB after {result.seconds:.1f} s{tries}")
        self.bar.update()

    def _fail(self, item: Path | common.NoFrameError, error: CorInpaintError) -> None:
        """Report a frame that failed, with what the logs of the endpoint call its request."""
        self.failed += 1
        text = str(error)
        if isinstance(item, Path) and str(item) not in text:
            text = f"{item}: {text.removeprefix(item.name).removeprefix(': ')}"
        request_id = getattr(error, "request_id", "")
        common.say(f"Error: {text}" + (f" (request {request_id})" if request_id else ""), err=True)
        self.bar.update()
