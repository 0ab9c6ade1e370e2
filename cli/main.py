"""The command `corinpaint`: a group whose commands are imported when they are used."""

from __future__ import annotations

import importlib
from typing import ClassVar

import click

from corinpaint.cli.common import importing
from corinpaint.lasco.version import __version__


class LazyGroup(click.Group):
    """A group that imports each command only when it is used, so that `--help` is fast."""

    modules: ClassVar[dict[str, tuple[str, str]]] = {
        "restore": ("restore", "Calibrate Level 0.5 frames and fill their missing blocks."),
        "calibrate": ("calibrate", "Calibrate Level 0.5 frames without filling missing blocks."),
        "archive": ("archives.archive", "Restore whole archives: plan, run, resume, shards."),
        "watch": ("archives.watch", "Restore frames as they arrive."),
        "fetch": ("archives.fetch", "Fetch Level 0.5 frames from their archives."),
        "report": ("archives.report", "Make a report page of products: summary, table, a page for each frame."),
        "inspect": ("inspect", "Show the properties of Level 0.5 frames and which blocks would be filled."),
        "show": ("pictures.show", "Draw pictures of Level 1 products: before and after, zones, uncertainty."),
        "client": ("client", "Send Level 0.5 frames to an endpoint that restores them."),
        "background": ("archives.background", "Make the background of Level 1 products, and differences of products."),
        "movie": ("archives.movie", "Make a movie of Level 1 products, or of their differences."),
        "jmap": ("archives.jmap", "Make a height-time map (J-map) of Level 1 products."),
        "calibration": ("calibration", "Fetch, import and verify the official calibration files."),
        "benchmark": ("benchmark", "Compare fill methods on real frames."),
        "demo": ("simulated.demo", "Simulate, restore and show frames, in any installation."),
        "simulate": ("simulated.simulate", "Write simulated Level 0.5 frames, and the truth beside them."),
        "train": ("train", "Train the network."),
        "export": ("export", "Export a checkpoint to TorchScript, ONNX, TorchServe or Triton."),
        "serve": ("serve", "Serve an archive until it is stopped, with TorchServe or a server in Python."),
    }

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(self.modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in self.modules:
            return None
        with importing():
            module = importlib.import_module(f"corinpaint.cli.{self.modules[cmd_name][0]}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in self.modules.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="corinpaint")
def main() -> None:
    """Calibrate and restore frames of the SOHO/LASCO coronagraphs C2 and C3.

    From Level 0.5 (FITS, DN) to Level 1 (mean solar brightness) with the missing telemetry blocks filled by a network
    of partial convolutions. Observed pixels are never changed, filled ones are flagged in the MASK extension.
    """


if __name__ == "__main__":
    main()
