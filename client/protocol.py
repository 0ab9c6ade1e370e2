"""What an endpoint and its client have to agree on."""

from __future__ import annotations

import re

SUFFIXES = {"application/fits": ".fits", "image/png": ".png", "application/json": ".json"}
"""Media types of answers, the preferred one first, and the endings of their files."""

OPTION_HEADERS = {
    "accept": "Accept",
    "fill": "X-Corinpaint-Fill",
    "options": "X-Corinpaint-Options",
    "most_error": "X-Corinpaint-Most-Error",
    "name": "X-Corinpaint-Name",
    "probe": "X-Corinpaint-Probe",
}
"""Options by the names that they have as fields of a form and as keys of gRPC, and the HTTP headers for them."""

MAX_CONTEXT_FRAMES = 16
"""Context frames of a request (context, context1 ... context15); each takes 20 MB while it is aligned."""

FRAME_NAME = re.compile(r"[A-Za-z0-9._-]{1,80}")
"""What a frame may be called."""
