"""What was published by earlier releases stays what it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from services.profile.adapters.encoding import decode_schema, encode
from services.profile.domain.aggregates.formula import Formula, Measure
from services.profile.domain.compiled_schema import compile_schema
from services.profile.domain.consents import LegalBasis
from services.profile.domain.normalisation import Normalisation
from services.profile.domain.schema import (
    AggregateDeclaration,
    EventTypeDeclaration,
    NamespaceDeclaration,
    PurposeDeclaration,
    TraitDeclaration,
    TraitSchema,
)
from shared.values import AttributeType

OF_0_1 = TraitSchema(
    traits=(
        TraitDeclaration("tier", AttributeType.STRING, ("gold", "silver"), 86_400_000, True),
        TraitDeclaration("born", AttributeType.TIMESTAMP, (datetime(1990, 1, 2, tzinfo=UTC),)),
    ),
    aggregates=(
        AggregateDeclaration("carts", Formula(Measure.COUNT, "cart_add", window_ms=3_600_000)),
        AggregateDeclaration("last_page", Formula(Measure.LAST, "page_view", "page", type=AttributeType.STRING)),
    ),
    namespaces=(NamespaceDeclaration("email", True), NamespaceDeclaration("cookie", False)),
)
VERSION_OF_0_1 = "t_5b66eb326f96b6f5343cd0bb"
STORED_BY_0_1 = bytes.fromhex(
    "83a67472616974739285a46e616d65a474696572a47479706504a7616c6c6f77656492a4676f6c64a673696c766572a674746c5f6d73ce"
    "05265c00a9696d6d757461626c65c385a46e616d65a4626f726ea47479706505a7616c6c6f77656491d6ff259fef00a674746c5f6d7300"
    "a9696d6d757461626c65c2aa616767726567617465739282a46e616d65a56361727473a7666f726d756c6186a76d65617375726501a565"
    "76656e74a8636172745f616464ad70726f70657274795f6e616d65a0a977696e646f775f6d73ce0036ee80ac68616c665f6c6966655f6d"
    "7300a474797065c082a46e616d65a96c6173745f70616765a7666f726d756c6186a76d65617375726503a56576656e74a9706167655f76"
    "696577ad70726f70657274795f6e616d65a470616765a977696e646f775f6d7300ac68616c665f6c6966655f6d7300a47479706504aa6e"
    "616d657370616365739282a46e616d65a5656d61696ca56b6e6f776ec382a46e616d65a6636f6f6b6965a56b6e6f776ec2"
)


def test_a_schema_that_says_nothing_new_keeps_its_version() -> None:
    assert OF_0_1.version == VERSION_OF_0_1


def test_a_stored_schema_of_0_1_is_read_with_the_defaults() -> None:
    assert decode_schema(STORED_BY_0_1) == OF_0_1
    assert compile_schema(decode_schema(STORED_BY_0_1), VERSION_OF_0_1).default_time_zone == "UTC"


def test_a_schema_that_says_something_new_is_another_version() -> None:
    trait, namespace = OF_0_1.traits[0], OF_0_1.namespaces[0]
    newer = [
        replace(OF_0_1, traits=(replace(trait, retention_ms=1),)),
        replace(OF_0_1, traits=(replace(trait, purposes=("PROFILING",)),)),
        replace(OF_0_1, traits=(replace(trait, indexed=True),)),
        replace(OF_0_1, namespaces=(replace(namespace, normalisation=Normalisation.TRIMMED),)),
        replace(OF_0_1, namespaces=(replace(namespace, max_per_profile=1),)),
        replace(OF_0_1, purposes=(PurposeDeclaration("MARKETING"),)),
        replace(OF_0_1, event_types=(EventTypeDeclaration("page_view", 1),)),
        replace(OF_0_1, time_zone_trait="tier"),
        replace(OF_0_1, default_time_zone="Europe/Paris"),
    ]
    versions = {schema.version for schema in [OF_0_1, *newer]}
    assert len(versions) == len(newer) + 1


def test_what_is_stored_is_what_was_published() -> None:
    schema = replace(
        OF_0_1,
        namespaces=(NamespaceDeclaration("phone", True, False, 2, Normalisation.E164, "FR"),),
        purposes=(PurposeDeclaration("MARKETING", LegalBasis.CONSENT, double_opt_in=True),),
        event_types=(EventTypeDeclaration("page_view", 86_400_000, ("PROFILING",)),),
        time_zone_trait="tier",
        default_time_zone="Asia/Kathmandu",
    )
    read = decode_schema(encode(schema))
    assert read == schema
    assert read.version == schema.version


def test_the_usual_namespaces_are_declared_by_themselves() -> None:
    compiled = compile_schema(TraitSchema(namespaces=(NamespaceDeclaration("cookie", False, shared=True),)), "t")
    assert {name: each.known for name, each in compiled.namespaces.items()} == {
        "crm": True,
        "customer": True,
        "loyalty": True,
        "email": True,
        "phone": True,
        "cookie": False,
    }
    assert compiled.namespaces["cookie"].shared
