"""The picture of a product that `--png` writes and an endpoint answers with."""

from __future__ import annotations

from corinpaint.lasco.level1.product import Level1


def before_after(product: Level1) -> bytes:
    """PNG of a product: before and after, or the product alone when no block is missing.

    Parameters
    ----------
    product : Level1

    Returns
    -------
    bytes
        See `corinpaint.lasco.pictures.plot.plot`. The same product gives the same bytes.
    """
    from corinpaint.lasco.pictures.plot import plot, png

    return png(plot(product))
