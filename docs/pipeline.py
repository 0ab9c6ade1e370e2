"""Fill the holes of a coronagraph image with corinpaint.onnx, by numpy, astropy and onnxruntime alone.

    python pipeline.py corinpaint.onnx image.fits filled.fits [response.fits]

image.fits has the image in its first HDU, the sun's centre at CRPIX1, CRPIX2 in its header, and two more HDUs of its
shape: NOISE, one standard deviation of the noise, and MASK, with a 16 in it for pixels that shall be filled (and a 4
for those behind the occulter, which are not; an 8 for saturated ones, which the network does not see). What is not
finite in the image is not used. Files of `corinpaint
calibrate --no-warp --no-roll` are like this, and so can be those of any other pipeline. In filled.fits these pixels are
filled as far as the network reaches, with 1 in place of 16 in MASK and the fill's own standard deviation in NOISE;
where there is UNCERT, it has that and the calibration's uncertainty (medians CALERR and CALADD). Nothing
else is changed. No hole is refused. response.fits has the relative response of the pixels of the frame (corinpaint's
pixel_response_c2.fits and pixel_response_c3.fits, in corinpaint/lasco/nominal, summed as the frame is): networks for
sequences see the image without it, and fills are better by a quarter with it. docs/how_to/pipeline.md explains what the
network sees.
"""

import json
import sys

import numpy as np
import onnxruntime
from astropy.io import fits

FILLED, OCCULTED, SATURATED, WANTED = 1, 4, 8, 16  # flags of MASK
LARGEST, STEP = 384, 64  # sides of windows, px
ROOM = 0.46  # share of the largest that a hole may take; larger holes are shown smaller
BLOCK = 32  # side of a telemetry block, px, in summed frames too; holes at most two blocks apart are filled together
SAMPLE = 100_000  # pixels that the noise scale is fitted to, about
SOURCE, APART = 5.0, 4  # least contrast of a point source, units of the noise, with pixels that far away, px
TRAIL, HALO, HALO_CONTRAST = 2, 12, 3.0  # px beside saturated ones that are hidden, and those that are if so bright
AROUND = 96  # px around a hole in which sources are hidden
ANGLES = np.arange(16) * np.pi / 16
NEAR, WIDE, CELL = (4.0, 4), 32.0, 8  # widths of Gaussians, px, and where one is cut off; px that share a value


def noise_scale(image, sigma, seen, bins=256):
    """Two arrays: brightness, and the same in units of the noise, the integral of dB / sigma(B)."""
    bright, step = image[seen], max(seen.sum() // SAMPLE, 1)
    order = np.argsort(bright[::step])
    middle, noise = (
        np.array([np.median(part) for part in np.array_split(values[seen][::step][order], bins)])
        for values in (image, sigma)
    )
    middle, first = np.unique(middle, return_index=True)
    noise = noise[first]
    darkest, brightest = bright.min() - 20 * noise[0], 1.5 * bright.max()  # fills may be darker or brighter
    inner = np.interp(np.linspace(0, 1, 1024), np.linspace(0, 1, middle.size), middle)
    ends = np.linspace(darkest, middle[0], 64), np.linspace(middle[-1], brightest, 256)
    brightness = np.unique(np.concatenate((ends[0], inner, ends[1])))
    at = np.interp(brightness, middle, noise)
    at = np.where(brightness > middle[-1], noise[-1] * brightness / middle[-1], at)
    steps = np.diff(brightness) * (1 / at[1:] + 1 / at[:-1]) / 2
    return brightness, np.concatenate(([0], np.cumsum(steps)))


def holes(wanted):
    """Rows and columns of the pixels to fill, zone by zone."""
    rows, columns = (size // BLOCK for size in wanted.shape)
    missing = wanted.reshape(rows, BLOCK, columns, BLOCK).any(axis=(1, 3))
    left = set(map(tuple, np.argwhere(missing)))
    while left:
        zone, new = set(), {left.pop()}
        while new:
            zone |= new
            near = {(r + i, c + j) for r, c in new for i in range(-2, 3) for j in range(-2, 3)}
            new = near & left
            left -= new
        here = np.zeros_like(missing)
        here[tuple(np.transpose(list(zone)))] = True
        yield np.nonzero(wanted & np.kron(here, np.ones((BLOCK, BLOCK), dtype=bool)))


def smooth(image, width, cut):
    """Gaussian average."""
    reach = int(cut * width + 0.5)
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / width) ** 2)
    for axis in (0, 1):
        wide = np.pad(image, [(reach, reach) if axis == other else (0, 0) for other in (0, 1)], mode="symmetric")
        image = np.lib.stride_tricks.sliding_window_view(wide, weights.size, axis=axis) @ (weights / weights.sum())
    return image


def shown_response(image, sigma, seen, response):
    """What the pixels show of the corona: 1 plus that share of their response that the observed ones around show."""
    weight = smooth(seen.astype(float), *NEAR)
    around = smooth(np.where(seen, image, 0), *NEAR) / np.where(weight > 0.05, weight, np.inf)
    good = seen & (around > 0)
    precision = np.where(good, around, 0) / np.where(good, sigma, 1)
    excess = np.where(good, image, 0) / np.where(good, around, 1) - good
    good &= np.minimum(np.abs(excess), np.abs(excess - response)) * precision < 5
    weight = np.where(good, precision**2, 0) * response
    cells = (weight.shape[0] // CELL, CELL, weight.shape[1] // CELL, CELL)
    both, own = (
        smooth((weight * other).reshape(cells).mean(axis=(1, 3)), WIDE / CELL, 3) for other in (excess, response)
    )
    share = np.clip(both / (own + 4 / (2 * np.pi * WIDE**2)), 0, 1.25)
    return 1 + np.kron(share, np.ones((CELL, CELL))) * response


def ends(level, places, distance):
    """Levels at both ends of 16 lines through some pixels; what a slope continues to where an end is not known."""
    wide = np.pad(level, 2 * distance, constant_values=np.nan)
    steps = np.rint(distance * np.array([np.sin(ANGLES), np.cos(ANGLES)])).astype(int)[:, :, None, None]
    steps = steps * np.array([1, -1])[:, None]
    rows, columns = (place + 2 * distance for place in places)
    near, far = (wide[rows + count * steps[0], columns + count * steps[1]] for count in (1, 2))
    onward = np.where(np.isfinite(far), 2 * near - far, near)[:, ::-1]
    return np.where(np.isfinite(near), near, onward)


def contrast(level, places, distance):
    """How far pixels are above the higher end of every line."""
    least = np.fmin.reduce(level[places] - ends(level, places, distance).max(axis=1), axis=0)
    return np.where(np.isnan(least), -np.inf, least)


def width(level, places, above):
    """Standard deviations of Gaussians by their peaks and the neighbours of those, px; 0 where there is no peak."""
    wide, (rows, columns) = np.pad(level, 1, constant_values=np.nan), (place + 1 for place in places)
    beside = np.stack([wide[rows + down, columns + right] for down, right in ((0, 1), (1, 0), (0, -1), (-1, 0))])
    base = level[places] - above
    share = (np.where(np.isfinite(beside), beside, base).mean(axis=0) - base) / above
    peak = np.fmax.reduce(beside, axis=0, initial=-np.inf) <= level[places]
    return np.where(peak, np.sqrt(-0.5 / np.log(np.clip(share, 1e-3, 0.8))), 0)


def paint(mask, rows, columns, radius):
    """Set the disks about some pixels."""
    around = np.indices((2 * int(radius) + 1,) * 2).reshape(2, -1) - int(radius)
    down, right = around[:, np.hypot(*around) <= radius]
    rows, columns = rows[:, None] + down, columns[:, None] + right
    inside = (rows >= 0) & (rows < mask.shape[0]) & (columns >= 0) & (columns < mask.shape[1])
    mask[rows[inside], columns[inside]] = True


def point_sources(level, saturated):
    """Stars, dust, and saturated trails with their halos, in an image in units of the noise, NaN where unknown."""
    found = np.zeros(level.shape, dtype=bool)
    for values in (level, -level):
        hidden, places = np.zeros_like(found), np.nonzero(np.isfinite(values))
        above = contrast(values, places, APART)
        high = above > SOURCE
        places, above = tuple(place[high] for place in places), above[high]
        paint(hidden, *places, 1.5)
        radius = np.round(2 * width(values, places, above) * np.sqrt(2 * np.log(above))) / 2
        for size in np.unique(radius[radius > 1.5]):
            disks = np.zeros_like(found)
            paint(disks, *(place[radius == size] for place in places), size)
            wings = np.nonzero(disks & np.isfinite(values) & ~hidden)
            means = np.sort(ends(values, wings, 2 * int(np.ceil(size))).mean(axis=1), axis=0)
            middle = (np.isfinite(means).sum(axis=0) - 1) // 2
            bright = values[wings] - np.take_along_axis(means, middle[None], axis=0)[0] > 0.5
            hidden[tuple(place[bright] for place in wings)] = True
        found |= hidden
    if saturated.any():
        beside = np.zeros_like(found)
        paint(found, *np.nonzero(saturated), TRAIL)
        paint(beside, *np.nonzero(saturated), HALO)
        near = np.nonzero(beside & np.isfinite(level))
        bright = contrast(level, near, 2 * HALO) > HALO_CONTRAST
        found[tuple(place[bright] for place in near)] = True
    return found


class Window:
    """A log-polar window about some pixels: log radius from the sun's centre along columns, angle along rows."""

    def __init__(self, rows, columns, centre, shape):
        self.centre = centre
        self.width, self.height = (max(shape) / size for size in shape[::-1])  # of a px; 1 where sums are square
        logs, angles = self._polar(rows, columns)
        self.angle = np.arctan2(np.sin(angles).mean(), np.cos(angles).mean())
        turns = (angles - self.angle + np.pi) % (2 * np.pi) - np.pi
        self.radius = np.exp((logs.min() + logs.max()) / 2)
        extent = self.radius * max(np.ptp(logs), 2 * np.abs(turns).max())
        self.scale = max(1.0, extent / (ROOM * LARGEST))  # px of the frame per px of the window, in its middle
        side = extent / self.scale + (1 - ROOM) * LARGEST  # as much around small holes as around large ones
        self.side = min(int(np.ceil(side / STEP)) * STEP, LARGEST)
        self.step = self.scale / self.radius

    def _polar(self, rows, columns):
        x, y = (columns - self.centre[0]) * self.width, (rows - self.centre[1]) * self.height
        return np.log(np.maximum(np.hypot(x, y), 1)), np.arctan2(y, x)

    def pixels(self):
        """Row and column of the frame for every pixel of the window."""
        steps = (np.arange(self.side) - (self.side - 1) / 2) * self.step
        radius, angle = self.radius * np.exp(steps)[:, None], self.angle + steps[None, :]
        x, y = radius * np.cos(angle) / self.width, radius * np.sin(angle) / self.height
        return self.centre[1] + y, self.centre[0] + x

    def places(self, rows, columns):
        """Row and column of the window, with fractions, for pixels of the frame."""
        logs, angles = self._polar(rows, columns)
        turns = (angles - self.angle + np.pi) % (2 * np.pi) - np.pi
        return (logs - np.log(self.radius)) / self.step + (self.side - 1) / 2, turns / self.step + (self.side - 1) / 2


def bilinear(image, rows, columns):
    rows, columns = (np.clip(place, 0, len(image) - 1.001) for place in (rows, columns))
    top, left = rows.astype(int), columns.astype(int)
    down, right = rows - top, columns - left
    upper = image[top, left] * (1 - right) + image[top, left + 1] * right
    lower = image[top + 1, left] * (1 - right) + image[top + 1, left + 1] * right
    return upper * (1 - down) + lower * down


def fill(session, image, sigma, wanted, unseen, centre, response=None):
    """Fill an image.

    `image`, `sigma` (floats), `wanted` and `unseen` (bools: pixels to fill, and others that are not to be used) have
    one shape, `centre` is the sun's (column, row) from 0, `response` that of the pixels, 0.01 for 1 % more than those
    around them. Gives the image and sigma with the fill, and which pixels were filled.
    """
    seen = np.isfinite(image) & np.isfinite(sigma) & (sigma > 0) & ~wanted & ~unseen
    brightness, level = noise_scale(image, sigma, seen)
    image, sigma, filled = image.astype(float), sigma.astype(float), np.zeros(wanted.shape, dtype=bool)
    shapes = {given.name: given.shape for given in session.get_inputs()}
    zones, flat, shown = list(holes(wanted)), np.ones(image.shape), seen.copy()
    boxes = [
        tuple(
            slice(max(place.min() // BLOCK * BLOCK - AROUND, 0), (place.max() // BLOCK + 1) * BLOCK + AROUND)
            for place in zone
        )
        for zone in zones
    ]

    def without_sources(box):  # stars beside a hole would leak into it
        known = np.where(seen[box], np.interp(image[box] / flat[box], brightness, level), np.nan).astype(np.float32)
        return seen[box] & ~point_sources(known, unseen[box])

    if response is not None:
        for use in (seen.__getitem__, without_sources):  # sources are found in what is divided by a first estimate
            found = [shown_response(image[box], sigma[box], use(box), response[box]) for box in boxes]
            for box, one in zip(boxes, found, strict=True):
                flat[box] = one
    units = np.interp(np.where(seen, image / flat, 0), brightness, level)
    for box in boxes:
        shown[box] &= without_sources(box)
    for rows, columns in zones:
        window = Window(rows, columns, centre, image.shape)
        at = [
            np.rint(place.clip(-1, size)).astype(int) for place, size in zip(window.pixels(), image.shape, strict=True)
        ]
        inside = np.logical_and.reduce([(a >= 0) & (a < size) for a, size in zip(at, image.shape, strict=True)])
        at = tuple(np.where(inside, a, 0) for a in at)
        # The planes after the first are for context, of which there is none here; its times are 0.
        mask = np.zeros((1, shapes["image"][1], window.side, window.side), dtype=np.float32)
        values = np.zeros_like(mask)
        mask[0, 0] = inside & shown[at]
        values[0, 0] = units[at] * mask[0, 0]
        place = np.zeros((1, shapes["place"][1]), dtype=np.float32)
        place[0, :2] = window.radius, window.scale
        outputs = session.run(["filled", "reached", "scale"], {"image": values, "mask": mask, "place": place})
        where = window.places(rows, columns)
        fit, reached, spread = (bilinear(output[0, 0].astype(float), *where) for output in outputs)
        room = np.maximum(spread, 1)
        good = (reached > 0.999) & (fit - room >= level[0]) & (fit + room <= level[-1])
        good &= np.logical_and.reduce([(axis >= 0) & (axis <= window.side - 1) for axis in where])
        pixels, fit, spread = (rows[good], columns[good]), fit[good], spread[good]
        image[pixels] = np.interp(fit, level, brightness) * flat[pixels]
        above, below = (np.interp(fit + sign * spread, level, brightness) for sign in (1, -1))
        sigma[pixels], filled[pixels] = (above - below) / 2, True
    return image, sigma, filled


def main(model, given, output, response=None):
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    about = json.loads(session.get_modelmeta().custom_metadata_map["corinpaint"])
    if about["domain"] not in ("noise", "sequence"):
        sys.exit(f"{model}: sees {about['domain']} images; this script is for networks that see units of the noise")
    with fits.open(given) as hdus:
        header, image = hdus[0].header, hdus[0].data.astype(float)
        mask, noise = hdus["MASK"].data.copy(), hdus["NOISE"].data.astype(float)
        wanted = (mask & WANTED > 0) & (mask & OCCULTED == 0)
        centre = header["CRPIX1"] - 1, header["CRPIX2"] - 1
        if response is not None:
            response = fits.getdata(response).astype(float)
            sums = [size // own for size, own in zip(response.shape, image.shape, strict=True)]
            response = response.reshape(image.shape[0], sums[0], image.shape[1], sums[1]).mean(axis=(1, 3))
            seen = np.isfinite(image) & (noise > 0) & ~wanted
            both = response, response[::-1, ::-1]  # products of frames taken upside down are rotated
            response = max(both, key=lambda one: np.abs(shown_response(image, noise, seen, one) - 1).mean())
        image, noise, filled = fill(session, image, noise, wanted, mask & SATURATED > 0, centre, response)
        mask[filled] = mask[filled] - WANTED + FILLED
        hdus[0].data, hdus["MASK"].data = image.astype(np.float32), mask
        hdus["NOISE"].data = noise.astype(np.float32)
        if "UNCERT" in hdus:
            total = hdus["UNCERT"].data.copy()
            relative, additive = header.get("CALERR", 0.0), header.get("CALADD", 0.0)
            total[filled] = np.sqrt(noise**2 + (relative * image) ** 2 + additive**2)[filled]
            hdus["UNCERT"].data = total
        header["HISTORY"] = f"{filled.sum()} of {wanted.sum()} pixels filled; weights sha256 {about['sha256']}"
        hdus.writeto(output, overwrite=True, checksum=True)
    print(f"{output}: {filled.sum()} of {wanted.sum()} pixels filled")


if __name__ == "__main__":
    if len(sys.argv) not in (4, 5):
        sys.exit("usage: python pipeline.py corinpaint.onnx image.fits filled.fits [response.fits]")
    main(*sys.argv[1:])
