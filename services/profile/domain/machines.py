"""Machines that follow links: crawlers, previews of messengers, scanners of mail.

Those that say who they are, that is, by the list of the crawlerdetect package. A scanner that poses as a browser is
recognised by nobody from its user agent; the token of a link is single-use for that reason as well.
"""

from __future__ import annotations

from crawlerdetect import CrawlerDetect

MAX_LOOKED_AT = 384
"""Characters of a user agent: browsers stay below, and the time it takes grows with them (0.5 ms the first time)."""

_DETECTOR = CrawlerDetect()


def is_machine_agent(user_agent: str) -> bool:
    """Whether the user agent of a request is that of a machine we know. An empty one says nothing."""
    return bool(_DETECTOR.is_crawler(user_agent[:MAX_LOOKED_AT]))
