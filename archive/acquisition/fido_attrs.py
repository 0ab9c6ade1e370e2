"""What `sunpy.net.Fido` can be asked for of Level 0.5 frames beside its own attributes: ``a.corinpaint.Filter`` ...

They are there once `corinpaint.archive.acquisition.fido` is imported. A query with one of them is answered by
CorInpaint alone, since no other client of Fido knows them.
"""

from __future__ import annotations

from sunpy.net.attr import SimpleAttr

__all__ = ["Filter", "Mirror", "Polar"]


class Filter(SimpleAttr):  # type: ignore[misc]  # sunpy has no types
    """Colour filter: the keyword FILTER, such as 'Orange'.

    Parameters
    ----------
    value : str
    """


class Polar(SimpleAttr):  # type: ignore[misc]
    """Polariser: the keyword POLAR, such as 'Clear' or '+60 Deg'; a number is an angle in degrees.

    Parameters
    ----------
    value : str
    """


class Mirror(SimpleAttr):  # type: ignore[misc]
    """A mirror that takes the place of the provider.

    Parameters
    ----------
    value : str
        Address of the folder that holds the folders of the days.
    """
