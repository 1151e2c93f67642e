"""The bearer token, where one is configured."""

from __future__ import annotations

import hmac
from typing import Any

from shared.errors import Unauthenticated
from shared.rpc.chain import CallNext, Interceptor
from shared.rpc.context import CallContext

_SCHEME = "bearer "


def require_token(token: str) -> Interceptor:
    expected = token.encode()

    async def check_token(request: Any, context: CallContext, call_next: CallNext) -> Any:
        header = context.metadata.get("authorization", "")
        if header[: len(_SCHEME)].lower() != _SCHEME:
            raise Unauthenticated("CREDENTIAL_MISSING", "send 'authorization: Bearer <token>' as metadata")
        if not hmac.compare_digest(header[len(_SCHEME) :].strip().encode(), expected):
            raise Unauthenticated("CREDENTIAL_INVALID", "the bearer token is not the one this server expects")
        return await call_next(request, context)

    return check_token
