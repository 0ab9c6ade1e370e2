"""`corinpaint client`: sends Level 0.5 files to an endpoint and writes its answers to a folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click
from tqdm import tqdm

from corinpaint.cli import common
from corinpaint.cli.batch import fill_option, policy_option
from corinpaint.lasco.errors import CorInpaintError, NoFrameError, OutputError
from corinpaint.restore.limits.policies import DEFAULT_POLICY, effective_policy, predicted_limit

if TYPE_CHECKING:
    from corinpaint.client.answer import Answer
    from corinpaint.client.client import Client
    from corinpaint.client.request import Request
    from corinpaint.lasco.inputs.files import InputFile

FORMATS = {"fits": "application/fits", "png": "image/png", "json": "application/json"}

TOKEN = "CORINPAINT_TOKEN"
"""Environment variable of the token, since every user of a machine can read command lines."""


@click.command("client")
@common.inputs_argument
@common.output_option
@common.layout_option
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
@fill_option
@policy_option
@click.option(
    "--context",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Frame of the same hours to fill from, or a folder of them; sent with every frame. Can be repeated.",
)
@click.option(
    "--max-error",
    type=click.FloatRange(0, min_open=True),
    help="Refuse zones whose measured or predicted median error is larger, in units of the noise of a pixel.",
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
@common.compress_option
@common.steps_options
@common.overwrite_option
def command(
    inputs: tuple[Path, ...],
    output: Path,
    layout: str,
    url: str,
    key_file: Path | None,
    model: str,
    workers: int,
    timeout: float,
    retries: int,
    ca_bundle: Path | None,
    insecure: bool,
    fill: str,
    policy: str,
    context: tuple[Path, ...],
    max_error: float | None,
    most_error: float | None,
    answer_format: str,
    compress: str,
    departures: list[str],
    overwrite: bool,
) -> None:
    """Have an endpoint restore Level 0.5 frames of C2 and C3.

    INPUT are FITS files (.gz, .bz2, .xz, .Z and .fz allowed) or folders, which are searched at any depth. 32082037.fts
    becomes 35082037.fits, as `corinpaint restore` makes it. A frame whose product is there already is skipped: nothing
    is sent. A frame that fails is reported and the others continue; the exit status is 1 then.
    """
    from corinpaint.client.client import Client
    from corinpaint.client.request import Request, read_content
    from corinpaint.lasco.file_numbers import number_of
    from corinpaint.lasco.level05.decoding import content_sha256

    if max_error is not None and most_error is not None:
        raise click.UsageError("--most-error is the earlier name of --max-error: give --max-error alone")
    max_error = most_error if max_error is None else max_error
    try:
        template = Request(
            b"",
            fill,
            FORMATS[answer_format],
            tuple(departures),
            max_error=max_error,
            compress=compress,
            policy=None if policy == DEFAULT_POLICY else policy,  # endpoints of earlier versions know no policy
        )
        context_frames = [
            (number_of(item.path.name), read_content(item.path, item.path.name), content_sha256(item.path))
            for item in map(common.checked, common.frames(context, tell=False))
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
    outputs = common.Outputs(output, layout)
    with client:
        _Batch(common.frames(inputs), outputs, template, context_frames, overwrite).run(client, workers)


class _Batch:
    """The frames of one call of the command, and the files of their answers.

    Parameters
    ----------
    items : list of InputFile or NoFrameError
    outputs : Outputs
    template : Request
        The settings, which are the same for every frame.
    context_frames : list of (str, bytes, str)
        Name without suffixes, content of the file, and SHA-256 of the frame in it.
    overwrite : bool
    """

    def __init__(
        self,
        items: list[InputFile | NoFrameError],
        outputs: common.Outputs,
        template: Request,
        context_frames: list[tuple[str, bytes, str]],
        overwrite: bool,
    ) -> None:
        self.items, self.outputs, self.overwrite = items, outputs, overwrite
        self.template, self.context_frames = template, context_frames
        self.sent: dict[Path, tuple[InputFile, Path]] = {}
        """Frames that were sent and the files of their answers, by their paths."""
        self.failed = self.skipped = 0

    def run(self, client: Client, workers: int) -> None:
        """Send the frames and write the answers; exits with status 1 when any failed."""
        hidden = True if len(self.items) == 1 else None
        with tqdm(total=len(self.items), desc="client", unit="frame", disable=hidden, leave=False) as self.bar:
            for request, result in client.stream(self._requests(), workers=workers):
                self._write(*self.sent.pop(Path(str(request.frame))), result)
        common.say_end(len(self.items), self.failed, self.skipped)

    def _requests(self) -> Iterator[Request]:
        """A request for each frame that can be sent; what prevents the others is reported."""
        from corinpaint.client.protocol import SUFFIXES

        for item in self.items:
            target = None
            try:
                item = common.checked(item)
                target = self.outputs.claim(item, SUFFIXES[self.template.accept])
                if not self.overwrite and self._is_there(target, item.path):
                    self.skipped += 1
                    self.bar.update()
                    continue
                context = tuple(content for _, content, _ in self._context_of(item.path))
                request = replace(self.template, frame=item.path, context=context)
            except CorInpaintError as error:
                if target is not None:
                    self.outputs.release(target)
                self._fail(item, error)
                continue
            self.sent[item.path] = item, target
            yield request

    def _context_of(self, frame: Path) -> list[tuple[str, bytes, str]]:
        """The context frames of a frame: all but itself."""
        from corinpaint.lasco.file_numbers import number_of

        return [found for found in self.context_frames if found[0] != number_of(frame.name)]

    def _is_there(self, target: Path, frame: Path) -> bool:
        """Whether the answer for a frame is there; of pictures and reports, which say little, a file of the name."""
        from corinpaint.lasco.level1.existing import Settings, is_there
        from corinpaint.restore.context import asked_by_hash

        if target.suffix == ".fits":
            context = self._context_of(frame)
            asked = self.template.policy or DEFAULT_POLICY
            policy = effective_policy(asked, self.template.fill or "network", context=bool(context))
            limit = predicted_limit(policy, self.template.max_error)
            settings = Settings(
                self.template.fill,
                " ".join(self.template.options),
                policy=policy,
                max_error="none" if limit is None else limit,
                context=asked_by_hash([sha256 for _, _, sha256 in context]),
                compress=self.template.compress,
            )
            return is_there(target, frame, settings)
        if os.path.lexists(target) and not target.is_file():
            raise OutputError(f"{target}: is there already and is no file", "remove it or choose another folder")
        return target.is_file()

    def _write(self, item: InputFile, target: Path, result: Answer | CorInpaintError) -> None:
        from corinpaint.lasco.files import write_bytes

        try:
            if isinstance(result, CorInpaintError):
                raise result
            write_bytes(target, result.body, overwrite=self.overwrite)
        except CorInpaintError as error:
            self.outputs.release(target)  # a frame of the same name elsewhere may still be sent
            self._fail(item, error)
            return
        tries = f", {result.attempts} tries" if result.attempts > 1 else ""
        common.say(f"{target}: {len(result.body) / 2**20:.1f} MiB after {result.seconds:.1f} s{tries}")
        self.bar.update()

    def _fail(self, item: InputFile | NoFrameError, error: CorInpaintError) -> None:
        """Report a frame that failed, with what the logs of the endpoint call its request."""
        self.failed += 1
        request_id = getattr(error, "request_id", "")
        text = f"Error: {common.with_path(item, error)}" + (f" (request {request_id})" if request_id else "")
        common.say(text, err=True)
        self.bar.update()
