"""TC strings as a consent dialogue writes them."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Collection, Sequence

PURPOSES = 24
ACCEPT_ALL = frozenset(range(1, 12))


def tc_string(
    consents: Collection[int] = (),
    legitimate_interests: Collection[int] = (),
    *,
    asks_for_purpose_1: bool = True,
    updated_ds: int = 16_000_000_000,
    ranges: Sequence[tuple[int, int]] = (),
) -> str:
    """A core of TCF 2.2. `updated_ds`: tenths of seconds since 1970; `ranges`: of vendors with consent."""
    numbers = [(2, 6), (updated_ds, 36), (updated_ds, 36), (300, 12), (1, 12), (1, 6), (0b000100_001101, 12)]
    numbers += [(48, 12), (4, 6), (1, 1), (0, 1), (0, 12)]
    numbers += [(int(purpose in consents), 1) for purpose in range(1, PURPOSES + 1)]
    numbers += [(int(purpose in legitimate_interests), 1) for purpose in range(1, PURPOSES + 1)]
    numbers += [(int(not asks_for_purpose_1), 1), (0, 12)]
    if ranges:
        numbers += [(max(last for _, last in ranges), 16), (1, 1), (len(ranges), 12)]
        numbers += [part for first, last in ranges for part in ((1, 1), (first, 16), (last, 16))]
    else:
        numbers += [(0, 16), (0, 1)]
    numbers += [(0, 16), (0, 1), (0, 12)]
    bits = "".join(format(number, f"0{width}b") for number, width in numbers)
    bits += "0" * (-len(bits) % 8)
    return urlsafe_b64encode(int(bits, 2).to_bytes(len(bits) // 8, "big")).decode().rstrip("=")
