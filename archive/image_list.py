"""The lists img_hdr.txt beside the products of a day, as the archive of LASCO has them.

A line has the columns of SolarSoft's ``reduce_img_hdr.pro``:
``a12,2x,a12,2x,a8,2x,a3,f8.1,4i7,2x,a6,2x,a6,2x,a8,f11.4,i6``.
"""

from __future__ import annotations

from pathlib import Path

from astropy.io import fits

from corinpaint.archive.layout import NRL, TEMPLATES
from corinpaint.lasco.errors import OutputError
from corinpaint.lasco.file_numbers import number_of
from corinpaint.lasco.files import write_bytes
from corinpaint.lasco.level05.decoding import read_header
from corinpaint.lasco.level05.keywords import text

NAME = "img_hdr.txt"
"""Name of the list in its folder."""

PRODUCTS = f"*{TEMPLATES[NRL].partition('{product}')[2]}"
"""Pattern of the names of products."""


def write_image_list(folder: Path) -> Path:
    """Write the list of the products in a folder; one that is there is replaced.

    Parameters
    ----------
    folder : Path
        Folder of a telescope, in that of a day. All products in it are listed, whichever run made them.

    Returns
    -------
    Path
        The list.

    Raises
    ------
    OutputError
        When a product cannot be read, or the list cannot be written.
    """
    lines = []
    for product in sorted(folder.glob(PRODUCTS)):
        try:
            header = read_header(product)
        except OSError as error:
            raise OutputError(f"{product}: cannot be read ({error.strerror})", "check its permissions") from error
        if header is not None:
            lines.append((text(header, "DATE-OBS"), line_of(f"{number_of(product.name)}.fts", header)))
    return write_bytes(folder / NAME, "".join(f"{line}\n" for _, line in sorted(lines)).encode(), overwrite=True)


def line_of(name: str, header: fits.Header) -> str:
    """The line of a product; names and texts are cut to the width of their columns.

    Parameters
    ----------
    name : str
        Name of the file.
    header : astropy.io.fits.Header
        Of the product.

    Returns
    -------
    str
    """
    day, _, time = text(header, "DATE-OBS").partition("T")
    numbers = [int(header.get(key, 0)) for key in ("NAXIS1", "NAXIS2", "R1COL", "R1ROW")]
    words = [f"{text(header, key):<{width}.{width}}" for key, width in (("FILTER", 6), ("POLAR", 6), ("LP_NUM", 8))]
    return (
        f"{name:<12.12}  {day.replace('-', '/'):<12.12}  {time:<8.8}  {text(header, 'DETECTOR'):<3.3}"
        f"{float(header['EXPTIME']):8.1f}{''.join(f'{number:7d}' for number in numbers)}  {'  '.join(words)}"
        f"{_number(header, 'FP_WL_UP'):11.4f}{round(_number(header, 'OS_NUM')):6d}"
    )


def _number(header: fits.Header, key: str) -> float:
    try:
        return float(text(header, key) or 0)
    except ValueError:
        return 0.0
