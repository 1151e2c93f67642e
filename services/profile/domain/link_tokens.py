"""Tokens in the links of a mail: who clicks is the recipient. Signed, single-use, and good for some time.

token    <random id>.<recipient's profile id>.<end in ms>.<signature>
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from services.profile.domain.identities import LINK_TOKEN, PROFILE, Identity
from shared.clock import MS_PER_DAY
from shared.errors import InvalidArgument
from shared.signing import Signer

DEFAULT_LIFE_MS = 30 * MS_PER_DAY
LONGEST_LIFE_MS = 366 * MS_PER_DAY

LINK_TOKEN_INVALID = "LINK_TOKEN_INVALID"  # noqa: S105 - a reason
LINK_TOKEN_USED = "LINK_TOKEN_USED"  # noqa: S105 - a reason

_FORM = re.compile(r"(\w{1,64})\.(\w{1,64})\.(\d{1,15})")


@dataclass(frozen=True, slots=True)
class LinkToken:
    token_id: str
    profile_id: str
    """Of the recipient: of the part that holds the identity the mail was sent to."""
    expire_ms: int

    @property
    def recipient(self) -> Identity:
        return Identity(PROFILE, self.profile_id)

    @property
    def spent_key(self) -> str:
        """What is claimed when the token is used."""
        return Identity(LINK_TOKEN, self.token_id).key

    def is_over(self, now_ms: int) -> bool:
        return now_ms >= self.expire_ms


def signed(token: LinkToken, signer: Signer) -> str:
    return signer.sign(f"{token.token_id}.{token.profile_id}.{token.expire_ms}")


def read_link_token(text: str, signer: Signer) -> LinkToken | None:
    """None where it is not one of ours."""
    match = _FORM.fullmatch(signer.read(text) or "")
    return LinkToken(match[1], match[2], int(match[3])) if match else None


def end_of_life(expire_ms: int | None, now_ms: int) -> int:
    """When a token ends that is issued now. Raises InvalidArgument."""
    if expire_ms is None:
        return now_ms + DEFAULT_LIFE_MS
    if not now_ms < expire_ms <= now_ms + LONGEST_LIFE_MS:
        raise InvalidArgument.field("expire_time", "must be in the future and at most a year ahead")
    return expire_ms
