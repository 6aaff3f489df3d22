"""Licence: under which terms a teacher's weights, and so its students', may be used."""

import re
from typing import Annotated

from pydantic import StringConstraints

LINE = r"^[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+$"
"""One line without controls: names of licences are shown, and written into files."""
Licence = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=LINE)
]
"""An SPDX expression such as `Apache-2.0`, or any name in one line."""

HUB_IDS = frozenset({
    "afl-3.0", "agpl-3.0", "apache-2.0", "artistic-2.0", "bigcode-openrail-m",
    "bigscience-bloom-rail-1.0", "bigscience-openrail-m", "bsd-2-clause", "bsd-3-clause",
    "bsd-3-clause-clear", "bsl-1.0", "c-uda", "cc-by-2.0", "cc-by-2.5", "cc-by-3.0", "cc-by-4.0",
    "cc-by-nc-2.0", "cc-by-nc-3.0", "cc-by-nc-4.0", "cc-by-nc-nd-3.0", "cc-by-nc-nd-4.0",
    "cc-by-nc-sa-2.0", "cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0", "cc-by-nd-4.0", "cc-by-sa-3.0",
    "cc-by-sa-4.0", "cc0-1.0", "cdla-permissive-1.0", "cdla-permissive-2.0", "cdla-sharing-1.0",
    "creativeml-openrail-m", "ecl-2.0", "epl-1.0", "epl-2.0", "etalab-2.0", "eupl-1.1", "eupl-1.2",
    "gpl-2.0", "gpl-3.0", "isc", "lgpl-2.1", "lgpl-3.0", "lppl-1.3c", "mit", "mpl-2.0", "ms-pl",
    "ncsa", "ofl-1.1", "openrail", "osl-3.0", "pddl", "postgresql", "unlicense", "wtfpl", "zlib",
})  # fmt: skip
"""Those that Hugging Face's hub knows, which are SPDX's identifiers in lower case:
https://huggingface.co/docs/hub/repositories-licenses.
"""


def hub_fields(licence: str | None) -> dict[str, str]:
    """What the head of a model card says of a licence; unknown where none was told.

    SPDX's `GPL-3.0-only` is the hub's `gpl-3.0`. All others are `other` with a name, which the
    hub takes in lower case without blanks.
    """
    if licence is None:
        return {"license": "unknown"}
    known = licence.lower().removesuffix("-only")
    if known in HUB_IDS:
        return {"license": known}
    name = re.sub(r"[^a-z0-9.]+", "-", licence.lower()).strip("-")
    return {"license": "other", "license_name": name or "other"}
