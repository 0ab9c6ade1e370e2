"""Products as maps of sunpy, which is imported when one is made."""

from __future__ import annotations

from typing import Any

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from corinpaint.lasco.errors import OptionError


def to_map(data: NDArray[np.floating], uncertainty: NDArray[np.floating] | None, header: fits.Header) -> Any:
    """One map of a product.

    Parameters
    ----------
    data : ndarray of float, shape (H, W)
        NaN where there is no value.
    uncertainty : ndarray of float, shape (H, W), or None
        1 sigma, in the unit of `data`.
    header : astropy.io.fits.Header

    Returns
    -------
    sunpy.map.GenericMap
        Its `mask` is True where there is no value (as in `astropy.nddata.NDData`), its `uncertainty` a
        `StdDevUncertainty`.

    Raises
    ------
    OptionError
        When sunpy is not installed.
    """
    try:
        from sunpy.map import Map
    except ImportError as error:
        raise OptionError(f"{error.name or 'sunpy'} is not installed", "install corinpaint[sunpy]") from error
    from astropy.nddata import StdDevUncertainty

    spread = None if uncertainty is None else StdDevUncertainty(uncertainty.copy())
    return Map(data.copy(), header.copy(), mask=np.isnan(data), uncertainty=spread)
