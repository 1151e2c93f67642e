"""SearchProfiles on the wire."""

from __future__ import annotations

from collections.abc import Iterator

from tandem.profile.v1 import search_pb2

from services.profile.api.mapping import answers, fields
from services.profile.app.search_profiles import SearchPage, SearchQuery

MAX_MESSAGE_BYTES = 2**20
"""Of one message of a search, unless a single profile is larger."""


def query_of(request: search_pb2.SearchProfilesRequest) -> SearchQuery:
    return SearchQuery(
        condition=request.condition,
        schema_version=request.schema_version,
        read_ms=fields.reading_ms(request, "read_time", ""),
        page_size=request.page_size,
        page_token=request.page_token,
        after=request.after_profile_id,
    )


def responses_of(page: SearchPage) -> Iterator[search_pb2.SearchProfilesResponse]:
    """The page in messages of bounded size; the last one counts what was examined."""
    response, size_bytes = search_pb2.SearchProfilesResponse(), 0
    for found in page.found:
        profile = answers.profile_message(found.profile)
        size_bytes += profile.ByteSize()
        if response.profiles and size_bytes > MAX_MESSAGE_BYTES:
            yield response
            response, size_bytes = search_pb2.SearchProfilesResponse(), profile.ByteSize()
        response.profiles.append(profile)
        response.next_page_token = found.next_page_token
        response.through_profile_id = found.profile.profile_id
    response.next_page_token = page.next_page_token
    response.through_profile_id = page.through
    response.examined_count = page.examined
    yield response
