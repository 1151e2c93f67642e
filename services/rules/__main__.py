"""The rules service alone: `python -m services.rules`."""

from __future__ import annotations

import sys
from contextlib import AsyncExitStack

import grpc

from services.rules.adapters.erasure_feed_client import GrpcErasureFeed
from services.rules.adapters.event_feed_client import GrpcEventFeed
from services.rules.adapters.fact_reader_client import GrpcFactReader
from services.rules.adapters.trait_writer_client import GrpcTraitWriter
from services.rules.app.trigger_ports import ProfilePorts
from services.rules.bootstrap import bootstrap, durable_options, trigger_options
from services.rules.settings import RulesSettings
from shared.lifecycle import run_service
from shared.rpc.channel import open_channel
from shared.rpc.server import serve
from shared.rpc.tls import ClientTls


async def start(settings: RulesSettings, stack: AsyncExitStack) -> None:
    channel = await stack.enter_async_context(_profile_channel(settings))
    feed = GrpcEventFeed(channel)
    stack.push_async_callback(feed.close)
    profile = ProfilePorts(feed, GrpcFactReader(channel), GrpcTraitWriter(channel), GrpcErasureFeed(channel))
    components = await bootstrap(
        settings, stack, profile=profile, options=trigger_options(settings), durable=durable_options(settings)
    )
    await serve([components.binding], settings, stack)


def _profile_channel(settings: RulesSettings) -> grpc.aio.Channel:
    """With our own bearer token and certificate: the services of one deployment share them."""
    tls = None
    if settings.services_ca_file is not None:
        tls = ClientTls(settings.services_ca_file, settings.tls_certificate_file, settings.tls_key_file)
    return open_channel(settings.profile_target, tls=tls, token=settings.token())


if __name__ == "__main__":
    sys.exit(run_service(RulesSettings, start, sys.argv[1:]))
