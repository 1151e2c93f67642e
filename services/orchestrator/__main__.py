"""The orchestrator alone: `python -m services.orchestrator`. It reaches the other services over gRPC."""

from __future__ import annotations

import sys
from contextlib import AsyncExitStack

import grpc

from services.orchestrator.adapters.contact_ledger_client import GrpcContactLedger
from services.orchestrator.adapters.erasure_feed_client import GrpcErasureFeed
from services.orchestrator.adapters.profile_client import GrpcProfiles
from services.orchestrator.adapters.rules_client import GrpcRules
from services.orchestrator.adapters.scoring_client import GrpcScoring
from services.orchestrator.bootstrap import DecidingOptions, OtherServices, bootstrap
from services.orchestrator.settings import OrchestratorSettings
from shared.clock import system_clock
from shared.lifecycle import run_service
from shared.rpc.channel import open_channel
from shared.rpc.server import serve
from shared.rpc.tls import ClientTls


async def start(settings: OrchestratorSettings, stack: AsyncExitStack) -> None:
    profile = await _channel(settings.profile_target, settings, stack)
    others = OtherServices(
        GrpcProfiles(profile, system_clock),
        GrpcRules(await _channel(settings.rules_target, settings, stack), system_clock),
        GrpcScoring(await _channel(settings.scoring_target, settings, stack), system_clock),
        GrpcContactLedger(profile, system_clock),
        GrpcErasureFeed(profile, system_clock),
    )
    components = await bootstrap(settings, stack, others=others, options=_options(settings))
    await serve([components.binding], settings, stack)


async def _channel(target: str, settings: OrchestratorSettings, stack: AsyncExitStack) -> grpc.aio.Channel:
    """With our own bearer token and certificate: the services of one deployment share them."""
    tls = None
    if settings.services_ca_file is not None:
        tls = ClientTls(settings.services_ca_file, settings.tls_certificate_file, settings.tls_key_file)
    return await stack.enter_async_context(open_channel(target, tls=tls, token=settings.token()))


def _options(settings: OrchestratorSettings) -> DecidingOptions:
    secret = settings.tracking_secret
    return DecidingOptions(
        None if secret is None else secret.get_secret_value().encode(),
        int(settings.decide_budget_seconds * 1000),
        settings.decision_retention_days,
        settings.policy_approval,
    )


if __name__ == "__main__":
    sys.exit(run_service(OrchestratorSettings, start, sys.argv[1:]))
