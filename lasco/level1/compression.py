"""Smaller products, by the tile compression of the FITS standard (4.0, section 10), which astropy and cfitsio read.

'lossless' keeps every bit of every pixel. 'rice' rounds image, uncertainty and noise to steps of a small fraction of
the noise, tile by tile, since the noise of a corona spans decades; the flags are kept as they are. In both, the primary
HDU has the whole header and no data, and the image is in the first extension, IMAGE.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from corinpaint.lasco.errors import OptionError
from corinpaint.lasco.level1.header import add_history

Compression = Literal["none", "lossless", "rice"]

COMPRESSIONS: tuple[Compression, ...] = get_args(Compression)
"""Names of the compressions."""

IMAGE = "IMAGE"
"""Name of the extension with the image of a compressed product."""

ADDED_ERROR = 0.02
"""Error that 'rice' adds, in units of the noise: root of the mean square over each tile."""

SIGNIFICANT_BITS = 12
"""Significant bits of UNCERT and NOISE in every product, of the 24 that float32 has."""

TILE = 64
"""Side of the square tiles of 'rice', less in smaller images, and rows of those of 'lossless', px."""

GZIP_LEVEL = 1
"""Level of zlib; higher ones take longer by far and gain a percent."""

BLANK = -1
"""Integer that stands for NaN; near the others, which count from 0, so that Rice's differences remain small."""

RANDOMS = 10_000
"""Length of the standard's sequence of random numbers."""

MAX_INTEGER = 2**31 - 2 * RANDOMS

Image = NDArray[np.floating] | NDArray[np.integer]
Hdu = fits.PrimaryHDU | fits.ImageHDU


@dataclass(frozen=True, eq=False)
class Quantised:
    """A plane as integers.

    Attributes
    ----------
    integers : ndarray of int32, shape (H, W)
        `BLANK` where the plane has no finite value.
    step, zero : ndarray of float64, shape (number of tiles,)
        Scale and zero point of each tile, ordered by rows, unit of the plane.
    seed : int
        Place in the sequence of random numbers at which the dither of the first tile begins, from 1.
    step_over_noise : float
        Root of the mean square of step / noise over the finite pixels.
    error_over_noise : float
        Root of the mean square of the error that is added, in units of the noise.
    """

    integers: NDArray[np.int32]
    step: NDArray[np.float64]
    zero: NDArray[np.float64]
    seed: int
    step_over_noise: float
    error_over_noise: float


def round_significant(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Round to `SIGNIFICANT_BITS`, so that what no one measures need not be stored; the nearest, ties to even.

    Parameters
    ----------
    values : ndarray of float32
        Finite or infinite, not NaN.

    Returns
    -------
    ndarray of float32, shape of `values`
        Within a share of ``2**-SIGNIFICANT_BITS`` of `values`; their order is kept.
    """
    dropped = 24 - SIGNIFICANT_BITS
    bits = np.ascontiguousarray(values, dtype=np.float32).view(np.uint32)
    half = np.uint32((1 << (dropped - 1)) - 1) + ((bits >> np.uint32(dropped)) & np.uint32(1))
    return ((bits + half) & np.uint32(0xFFFFFFFF << dropped & 0xFFFFFFFF)).view(np.float32)


def compressed(hdus: fits.HDUList, compression: str) -> fits.HDUList:
    """The HDUs of a product, compressed.

    Parameters
    ----------
    hdus : astropy.io.fits.HDUList
        Primary image, MASK, UNCERT, NOISE, as `corinpaint.lasco.level1.product.Level1.to_hdus` gives them.
    compression : str
        One of `COMPRESSIONS`.

    Returns
    -------
    astropy.io.fits.HDUList
        The same for 'none'. Otherwise a primary HDU without data and a table for every plane, which astropy opens as
        images with the headers of `hdus`.

    Raises
    ------
    OptionError
        When there is no such compression.
    """
    if compression not in COMPRESSIONS:
        raise OptionError(f"compress = {compression!r}", f"give one of {', '.join(COMPRESSIONS)}")
    if compression == "none":
        return hdus
    quantised = _quantised_planes(hdus) if compression == "rice" else {}
    headers = {hdu.name: hdu.header.copy(strip=True) for hdu in hdus}
    image = headers["PRIMARY"]
    names = [IMAGE, *list(headers)[1:]]
    image["NEXTEND"] = (len(names), ", ".join(names))
    image["COMPRESS"] = (compression, "of the planes; none in an uncompressed product")
    for name, plane in quantised.items():
        header = headers[name]
        header["QSTEP"] = (float(f"{plane.step_over_noise:.3g}"), "quantisation step over the noise, rms")
        header["QERR"] = (float(f"{plane.error_over_noise:.3g}"), "error added by it over the noise, rms")
    add_history(image, [_history(quantised)])
    primary = fits.PrimaryHDU(header=image)
    image["EXTNAME"] = IMAGE
    return fits.HDUList([primary, *(_table(hdu.data, headers[hdu.name], quantised.get(hdu.name)) for hdu in hdus)])


def _history(quantised: dict[str, Quantised]) -> str:
    if not quantised:
        return f"Compressed without loss: GZIP_2 in tiles of {TILE} rows"
    step, error = (
        max(getattr(plane, name) for plane in quantised.values()) for name in ("step_over_noise", "error_over_noise")
    )
    return (
        f"{', '.join(IMAGE if name == 'PRIMARY' else name for name in quantised)} quantised in steps of {step:.3f} "
        f"of the noise (adds {error:.3f} of the noise, rms; SUBTRACTIVE_DITHER_1) and compressed by RICE_1 in tiles of "
        f"at most {TILE} x {TILE} pixels; MASK without loss"
    )


def _quantised_planes(hdus: fits.HDUList) -> dict[str, Quantised]:
    """The float planes as integers; without those that cannot be, which are compressed without loss."""
    noise = np.asarray(hdus["NOISE"].data)
    seed = zlib.crc32(hdus[0].data.tobytes()) % RANDOMS + 1  # so that the same image gives the same bytes
    planes = ((hdu.name, quantise(hdu.data, noise, seed)) for hdu in hdus if hdu.data.dtype.kind == "f")
    return {name: plane for name, plane in planes if plane is not None}


def quantise(plane: Image, noise: Image, seed: int) -> Quantised | None:
    """Round a plane to integers whose step is a fraction of the noise in each tile, with subtractive dither.

    Parameters
    ----------
    plane : ndarray of float32, shape (H, W)
        NaN or infinite where there is no value; H and W are multiples of `TILE`, or less.
    noise : ndarray of float32, shape (H, W)
        1 sigma, unit of `plane`; not finite where it is unknown.
    seed : int
        From 1 to `RANDOMS`.

    Returns
    -------
    Quantised or None
        None where no noise is known, or the integers would not fit into 31 bits.

    Notes
    -----
    FITS standard 4.0, section 10.2.2 and appendix I. An error that is uniform over a step has an rms of a step over the
    root of 12.
    """
    values, sigma = _tiled(plane.astype(np.float64)), _tiled(noise.astype(np.float64))
    finite = np.isfinite(values)
    weighted = finite & np.isfinite(sigma) & (sigma > 0)
    inverse = np.where(weighted, 1 / np.where(weighted, sigma, 1), 0)  # of the noise; 0 where that is unknown
    mean_square = np.square(inverse).sum(axis=1) / np.maximum(weighted.sum(axis=1), 1)
    known = mean_square > 0
    if not known.any():
        return None
    step = np.full(len(values), ADDED_ERROR * np.sqrt(12 / mean_square.max()))  # the finest, where no noise is known
    step[known] = ADDED_ERROR * np.sqrt(12 / mean_square[known])
    zero = np.min(values, axis=1, where=finite, initial=np.inf)
    zero[~finite.any(axis=1)] = 0
    scaled = (np.where(finite, values, zero[:, None]) - zero[:, None]) / step[:, None]
    if not scaled.max() < MAX_INTEGER:
        return None
    starts = (np.arange(len(values)) + seed - 1) % RANDOMS
    dither = random_sequence()[(random_sequence()[starts] * 500).astype(int)[:, None] + np.arange(values.shape[1])]
    rounded = np.maximum(np.floor(scaled + dither), 0)
    error = (rounded - dither + 0.5 - scaled) * step[:, None] * inverse
    integers = np.where(finite, rounded, BLANK).astype(np.int32)
    count = int(weighted.sum())
    return Quantised(
        _untiled(integers, plane.shape),
        step,
        zero,
        seed,
        float(np.sqrt((step**2 * mean_square * weighted.sum(axis=1)).sum() / count)),
        float(np.sqrt(np.square(error).sum() / count)),
    )


@lru_cache(maxsize=1)
def random_sequence() -> NDArray[np.float32]:
    """The random numbers of the FITS standard (4.0, appendix I), from 0 to 1; shape (`RANDOMS`,)."""
    numbers, value = np.empty(RANDOMS, np.float32), 1
    for index in range(RANDOMS):
        value = 16807 * value % 2147483647
        numbers[index] = value / 2147483647
    return numbers


def _tile(shape: tuple[int, ...]) -> tuple[int, int]:
    """Shape of the tiles of 'rice'; they fit, since the sides of frames are powers of two."""
    return min(TILE, shape[0]), min(TILE, shape[1])


def _tiled(plane: NDArray[np.float64]) -> NDArray[np.float64]:
    """Pixels by tile, shape (number of tiles, pixels of a tile)."""
    (rows, columns), (high, wide) = plane.shape, _tile(plane.shape)
    return plane.reshape(rows // high, high, columns // wide, wide).swapaxes(1, 2).reshape(-1, high * wide)


def _untiled(pixels: NDArray[np.int32], shape: tuple[int, ...]) -> NDArray[np.int32]:
    (rows, columns), (high, wide) = shape, _tile(shape)
    return pixels.reshape(rows // high, columns // wide, high, wide).swapaxes(1, 2).reshape(shape)


def _table(plane: Image, header: fits.Header, quantised: Quantised | None) -> fits.BinTableHDU:
    """The table of a tile-compressed image."""
    columns: list[fits.Column] = []
    cards: list[tuple[str, object]] = [("ZCMPTYPE", "GZIP_2")]
    if quantised is None:
        tiles, shape = [_gzip(plane[row : row + TILE]) for row in range(0, len(plane), TILE)], (TILE, plane.shape[1])
    else:
        tiles, shape = _rice(quantised.integers), _tile(plane.shape)
        columns = [fits.Column("ZSCALE", "1D", array=quantised.step), fits.Column("ZZERO", "1D", array=quantised.zero)]
        cards = [("ZCMPTYPE", "RICE_1"), ("ZNAME1", "BLOCKSIZE"), ("ZVAL1", 32), ("ZNAME2", "BYTEPIX"), ("ZVAL2", 4)]
        cards += [("ZQUANTIZ", "SUBTRACTIVE_DITHER_1"), ("ZDITHER0", quantised.seed), ("ZBLANK", BLANK)]
    data = fits.Column("COMPRESSED_DATA", f"1PB({max(map(len, tiles))})", array=_ragged(tiles))
    table = fits.BinTableHDU.from_columns([data, *columns])
    table.header["PCOUNT"] = sum(map(len, tiles))  # astropy sets it when it writes, after the checksum was made
    layout = [("ZIMAGE", True), ("ZTENSION", "IMAGE"), ("ZBITPIX", fits.ImageHDU(plane).header["BITPIX"])]
    layout += [("ZNAXIS", 2), ("ZNAXIS1", plane.shape[1]), ("ZNAXIS2", plane.shape[0]), ("ZPCOUNT", 0), ("ZGCOUNT", 1)]
    layout += [("ZTILE1", shape[1]), ("ZTILE2", min(shape[0], len(plane)))]
    table.header.extend([*layout, *cards])
    table.header.extend(header.cards)
    return table


def _gzip(strip: Image) -> bytes:
    """GZIP_2 of the standard: bytes in the order of their significance, compressed; without the time of writing."""
    ordered = np.ascontiguousarray(strip, dtype=strip.dtype.newbyteorder(">"))
    shuffled = ordered.view(np.uint8).reshape(-1, strip.dtype.itemsize).T.tobytes()
    packer = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, 31, 9)
    return packer.compress(shuffled) + packer.flush()


def _rice(integers: NDArray[np.int32]) -> list[bytes]:
    """RICE_1 of each tile, by astropy, which offers it for whole images only."""
    buffer = io.BytesIO()
    image = fits.CompImageHDU(integers, compression_type="RICE_1", tile_shape=_tile(integers.shape))
    fits.HDUList([fits.PrimaryHDU(), image]).writeto(buffer)
    buffer.seek(0)
    with fits.open(buffer, disable_image_compression=True) as hdus:
        return [tile.tobytes() for tile in hdus[1].data["COMPRESSED_DATA"]]


def _ragged(tiles: Sequence[bytes]) -> NDArray[np.object_]:
    rows = np.empty(len(tiles), dtype=object)
    for index, tile in enumerate(tiles):
        rows[index] = np.frombuffer(tile, np.uint8)
    return rows
