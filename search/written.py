"""Written: numbers as people write them."""

import re
from fractions import Fraction

PATTERN = re.compile(
    r"(?P<digits>[0-9]{1,30}|[0-9]{1,3}(_[0-9]{3}){1,9})(?P<part>\.[0-9]{1,30})?"
    r"(e\+?(?P<power>[0-9]{1,2})|(?P<unit>[kMG]))?"
)
UNITS = {None: 0, "k": 3, "M": 6, "G": 9}


def number_in(text: str) -> Fraction | None:
    """Of 20000, 20_000, 2e4, 20k or 1.5M; None for anything else, for it may mean several things:
    20,000 is twenty in one country, and m a thousandth or a million.
    """
    found = PATTERN.fullmatch(text.strip())
    if found is None:
        return None
    power = int(found["power"] or UNITS[found["unit"]])
    whole = Fraction(found["digits"].replace("_", "") + (found["part"] or ""))
    return whole * Fraction(10) ** power
