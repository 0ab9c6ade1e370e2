"""The picture of a product."""

from __future__ import annotations

import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from corinpaint.lasco.errors import OptionError, WrongShapeError
from corinpaint.lasco.level1.product import read_level1
from corinpaint.lasco.pictures.palette import PALETTES
from corinpaint.lasco.pictures.panels import rgba
from corinpaint.lasco.pictures.plot import PANELS, default_panels, plot, png


def titles(figure):
    return [axes.get_title(loc="left") for axes in figure.axes if axes.get_title(loc="left")]


def pixels(figure):
    return np.asarray(Image.open(io.BytesIO(png(figure))))


def at(figure, index, row, column):
    """Where a pixel of the frame lies in the picture."""
    box = figure.axes[index].get_window_extent()
    return int(figure.bbox.height - box.y0 - row - 0.5), int(box.x0 + column + 0.5)


@pytest.mark.slow
def test_before_and_after_stand_side_by_side_with_the_missing_blocks_marked(holed):
    figure = plot(holed, "log")
    picture = pixels(figure)
    assert titles(figure) == ["before", "after: 2 zones filled by polynomial, 1 zone refused"]
    row, column = 20 * 32 + 26, 20 * 32 + 6
    assert np.array_equal(picture[at(figure, 0, row, column)], rgba(PALETTES["C3"].filled)[:3])
    assert not np.array_equal(picture[at(figure, 1, row, column)], rgba(PALETTES["C3"].filled)[:3])


def test_the_title_names_telescope_filter_time_and_file(holed):
    assert plot(holed).texts[0].get_text() == "LASCO C3 Clear/Clear   2002-01-08 02:18:05 UT   35082037.fits"


def test_the_colour_bar_gives_the_unit_and_the_limits(holed):
    bar = plot(holed, "linear").axes[-1]
    assert bar.get_ylabel() == "brightness, MSB (mean solar brightness)"
    low, high = np.nanpercentile(holed.data, [0.5, 99])
    assert bar.get_ylim() == pytest.approx((low, high), rel=0.05)


def test_the_legend_gives_the_flags_that_occur(holed, whole):
    (legend,) = plot(holed).legends
    assert any("missing and filled: " in text.get_text() for text in legend.get_texts())
    (legend,) = plot(whole).legends
    assert not any("missing" in text.get_text() for text in legend.get_texts())


def test_a_frame_without_missing_blocks_stands_alone_and_says_so(whole):
    assert default_panels(whole) == ["after"]
    assert titles(plot(whole)) == ["no missing blocks"]


@pytest.mark.slow
def test_each_zone_is_enlarged_before_after_and_as_it_would_have_been_observed(holed, whole):
    figure = plot(holed, panels=("after", "zones"), truth=whole.data)
    captions = [text for text in titles(figure) if text.startswith("zone")]
    assert captions[2] == "zone 3: 1 block, refused: touches the edge of the frame"
    names = [axes.texts[0].get_text() for axes in figure.axes[2:]]
    assert names == ["before", "after", "truth"] * 3
    assert png(figure).startswith(b"\x89PNG")


def test_uncertainty_is_relative_to_the_brightness(holed):
    figure = plot(holed, panels=("uncertainty",))
    assert titles(figure) == ["1 sigma uncertainty over brightness"]
    assert [text.get_text() for text in figure.axes[-1].get_yticklabels()] == ["0.3", "1", "3", "10", "30", "100"]


@pytest.mark.slow
def test_files_are_drawn_as_the_product_that_they_hold(holed, tmp_path):
    expected = png(holed.plot())
    for compress in ("none", "lossless"):
        assert png(read_level1(holed.write(tmp_path / compress, compress=compress)).plot()) == expected


def test_files_without_flags_have_their_brightness_alone(shared):
    official = read_level1(shared / "c3_level1" / "35082038.fts.gz")
    figure = official.plot()
    assert not figure.legends
    assert len(figure.axes) == 2
    with pytest.raises(OptionError, match="'uncertainty': the file has no UNCERT"):
        official.plot(panels=("uncertainty",))


def test_differences_have_a_stretch_of_their_own(holed, with_cards):
    figure = plot(with_cards(holed, SUBHASH="0" * 64))
    low, high = figure.axes[-1].get_ylim()
    assert low == -high
    assert figure.axes[-1].get_ylabel() == "difference of brightness, MSB (mean solar brightness)"


def test_unknown_panels_and_a_truth_of_another_shape_are_refused(holed):
    for wrong in (("first",), (), "after"):
        with pytest.raises(OptionError, match=f"choose of {', '.join(PANELS)}"):
            plot(holed, panels=wrong)
    with pytest.raises(WrongShapeError, match="truth has"):
        plot(holed, truth=np.zeros((4, 4)))


@pytest.mark.slow
def test_matplotlib_is_imported_when_a_picture_is_drawn_and_pyplot_never():
    program = (
        "import sys, corinpaint.lasco.pictures.plot, corinpaint.lasco.level1.product, corinpaint.restore.pictures\n"
        "assert 'matplotlib' not in sys.modules\n"
        "from corinpaint.lasco.pictures.layout import Layout\n"
        "Layout((True,)).figure()\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
