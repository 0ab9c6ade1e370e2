"""The header of an image in the first extension of a file, as if the image were in the primary HDU.

Programs such as fpack leave the primary HDU empty. The keywords of the frame are then in the extension, and some of
them may be in the primary header.
"""

from __future__ import annotations

import re

from astropy.io import fits

_OF_EXTENSIONS = re.compile(
    r"XTENSION|[PG]COUNT|EXT(NAME|VER|LEVEL)|INHERIT|CHECKSUM|DATASUM|TFIELDS|THEAP|T(TYPE|FORM|UNIT|NULL|SCAL|ZERO|DIM|DISP)\d+"
)
"""Keywords that mean nothing outside of an extension or a table."""

_OF_TILES = re.compile(
    r"Z(IMAGE|TENSION|SIMPLE|EXTEND|BLOCKED|BITPIX|NAXIS\d*|PCOUNT|GCOUNT|HECKSUM|DATASUM|TILE\d+|CMPTYPE|NAME\d+|VAL\d+|"
    r"QUANTIZ|DITHER0|MASKCMP|BLANK|SCALE|ZERO)"
)
"""Keywords of tile compression (FITS standard 4.0, section 10.1)."""

_OF_IMAGES = re.compile(r"SIMPLE|BITPIX|NAXIS\d*|EXTEND|GROUPS|BSCALE|BZERO|BLANK|END")
"""Keywords that describe the data of the HDU that they are in."""


def is_tiled(header: fits.Header) -> bool:
    """Whether the header of an extension is that of a tile-compressed image."""
    return _is_table(header) and header.get("ZIMAGE") is True


def joined(primary: fits.Header, own: fits.Header) -> fits.Header:
    """Header of the image of an extension, with the cards of the primary header that it lacks.

    Parameters
    ----------
    primary : astropy.io.fits.Header
        Header of a primary HDU without an image.
    own : astropy.io.fits.Header
        Header of the extension; of a tile-compressed image, that of its table.

    Returns
    -------
    astropy.io.fits.Header
        Header of a primary HDU; NAXIS is 0 when the extension holds no image.
    """
    image = str(own.get("XTENSION", "")).strip().upper() == "IMAGE"
    tiled = is_tiled(own)
    header = fits.Header([("SIMPLE", True)])
    for key in ("BITPIX", "NAXIS", "NAXIS1", "NAXIS2"):
        if (card := f"Z{key}" if tiled else key) in own:
            header[key] = own[card]
    if not (image or tiled):
        header["NAXIS"] = 0
    header.extend([card for card in own.cards if not _is_structural(card.keyword, tiled)], strip=False)
    for card in primary.cards:
        repeats = card.keyword in header and card.keyword not in ("HISTORY", "COMMENT")
        if not (repeats or _is_structural(card.keyword, tiled) or _OF_IMAGES.fullmatch(card.keyword)):
            header.append(card)
    return header


def _is_table(header: fits.Header) -> bool:
    return str(header.get("XTENSION", "")).strip().upper() == "BINTABLE"


def _is_structural(key: str, tiled: bool) -> bool:
    always = _OF_EXTENSIONS.fullmatch(key) or re.fullmatch(r"SIMPLE|BITPIX|NAXIS\d*|EXTEND|END", key)
    return bool(always or (tiled and _OF_TILES.fullmatch(key)))
