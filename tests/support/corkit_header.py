"""Headers as CorKit reads them."""

from __future__ import annotations

from astropy.io import fits


def as_corkit_reads(raw_file: bytes) -> fits.Header:
    """The header of a Level 0.5 file, without HISTORY."""
    header = fits.Header.fromstring(raw_file[: raw_file.index(b"END" + b" " * 77) + 80])
    del header["HISTORY"]
    return header
