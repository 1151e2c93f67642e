"""GetRuleSet and ListRuleSets: what was published."""

from __future__ import annotations

import msgspec

from services.rules.app.ports import RuleSetEntry, RuleSetStore
from services.rules.app.requests import PublishedRuleSet, RuleSetPage
from shared.errors import InvalidArgument, NotFound
from shared.paging import page_size, page_start, page_token

DEFAULT_PAGE, MAX_PAGE = 50, 1_000
_LIST = "rule_sets"


async def get_rule_set(store: RuleSetStore, version: str) -> PublishedRuleSet:
    """Raises NotFound (RULE_SET_NOT_FOUND)."""
    entry, rule_set = await store.entry(version), await store.get(version)
    if entry is None or rule_set is None:
        raise rule_set_not_found(version)
    return PublishedRuleSet(rule_set, entry.published_ms)


async def list_rule_sets(store: RuleSetStore, size: int, token: str) -> RuleSetPage:
    """Newest first. Raises InvalidArgument for a token or a size that is none."""
    limit = page_size(size, default=DEFAULT_PAGE, maximum=MAX_PAGE)
    found = await store.entries(_place(token), limit + 1)
    page = tuple(found[:limit])
    return RuleSetPage(page, page_token(_text(page[-1]), _LIST) if len(found) > limit else "")


def rule_set_not_found(version: str) -> NotFound:
    message = f"there is no rule set {version!r}"
    return NotFound("RULE_SET_NOT_FOUND", message, metadata={"rule_set_version": version})


def _text(entry: RuleSetEntry) -> str:
    return msgspec.json.encode((entry.published_ms, entry.version)).decode()


def _place(token: str) -> tuple[int, str] | None:
    after = page_start(token, _LIST)
    if after is None:
        return None
    try:
        return msgspec.json.decode(str(after), type=tuple[int, str])
    except msgspec.DecodeError:
        raise InvalidArgument.field("page_token", "is not a token of this server") from None
