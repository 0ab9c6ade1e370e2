"""The products of one camera setting, which is what a movie or a height-time map is of."""

from __future__ import annotations

from collections.abc import Sequence

from corinpaint.lasco.errors import OptionError
from corinpaint.lasco.level1.collection import Collection, Member, Setting, check_alike


def select(
    collection: Collection,
    *,
    detector: str | None = None,
    colour_filter: str | None = None,
    polariser: str | None = None,
    width: int | None = None,
) -> tuple[Setting, Sequence[Member]]:
    """The products of one setting.

    Parameters
    ----------
    collection : Collection
    detector, colour_filter, polariser : str, optional
        As DETECTOR, FILTER and POLAR say, in upper or lower case; by default any.
    width : int, optional
        Columns of the images.

    Returns
    -------
    Setting
    sequence of Member
        In time order.

    Raises
    ------
    OptionError
        When no setting, or more than one, is as asked for.
    CalibrationError
        When the products differ in calibration set, unit or steps.
    """
    asked = (_plain(detector), _plain(colour_filter), _plain(polariser), width)
    fitting = [setting for setting in collection.groups if _fits(setting, asked)]
    if len(fitting) != 1:
        there = fitting or list(collection.groups)
        known = "; ".join(f"{setting} ({len(collection.groups[setting])} products)" for setting in there)
        if not fitting:
            raise OptionError(f"no product is of the setting that was asked for; there are: {known}", "ask for another")
        raise OptionError(f"products of {len(there)} settings: {known}", f"choose one by {_options(there)}")
    (setting,) = fitting
    check_alike(collection.groups[setting])
    return setting, collection.groups[setting]


def _plain(text: str | None) -> str | None:
    return None if text is None else "".join(text.split()).upper()


def _fits(setting: Setting, asked: tuple[str | None, str | None, str | None, int | None]) -> bool:
    own = (setting.detector, setting.filter, setting.polar, setting.shape[1])
    return all(wanted is None or wanted == value for wanted, value in zip(asked, own, strict=True))


def _options(settings: Sequence[Setting]) -> str:
    """The options that tell settings apart."""
    columns: dict[str, set[str]] = {
        "--detector": {setting.detector for setting in settings},
        "--filter": {setting.filter for setting in settings},
        "--polariser": {setting.polar for setting in settings},
        "--image-width": {str(setting.shape[1]) for setting in settings},
    }
    return " or ".join(f"{name} ({', '.join(sorted(had))})" for name, had in columns.items() if len(had) > 1)
