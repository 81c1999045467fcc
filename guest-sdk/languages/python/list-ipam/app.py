"""The plugin list-ipam: gives out the first free address of a list."""

import ipaddress

from cofferdam import (
    CHANGED,
    INVALID_CONFIG,
    NOT_AVAILABLE,
    TRY_AGAIN_LATER,
    answering,
    failure,
    parse_config,
    quoted,
)
from componentize_py_types import Err
from wit_world import exports
from wit_world.imports import store, types


def addresses(request):
    ipam = parse_config(request.config).get("ipam")
    texts = ipam.get("addresses") if isinstance(ipam, dict) else None
    if not isinstance(texts, list) or not texts:
        raise failure(INVALID_CONFIG, "ipam.addresses is missing or empty")
    return [parse_prefix(text) for text in texts]


def parse_prefix(text):
    try:
        address, length = text.split("/")
        if not (length.isascii() and length.isdigit()):
            raise ValueError(length)
        return ipaddress.IPv4Interface(f"{ipaddress.IPv4Address(address)}/{length}")
    except (AttributeError, ValueError):
        problem = f"{quoted(text)} is no IPv4 address with a prefix length, as 10.1.2.3/24"
        raise failure(INVALID_CONFIG, f"ipam.addresses: {problem}") from None


def open_if_any():
    """The network's records; outside ADD there may be none."""
    try:
        return store.open()
    except Err as raised:
        if isinstance(raised.value, types.Error_NotFound):
            return None
        raise


def is_of(owner, valid):
    same_interface = owner.interface_name is None or owner.interface_name == valid.interface_name
    return owner.container_id == valid.container_id and same_interface


class Plugin(exports.Plugin):
    @answering
    def add(self, request):
        candidates = addresses(request)
        with store.open() as records:
            for candidate in candidates:
                if records.claim(str(candidate.ip)):
                    return attachment(candidate)
        raise failure(TRY_AGAIN_LATER, f"all addresses of network {quoted(request.network)} are taken")

    @answering
    def del_(self, request):
        records = open_if_any()
        for name in records.owned() if records else []:
            records.release(name)

    @answering
    def check(self, request):
        records = open_if_any()
        if records is None or not records.owned():
            raise failure(CHANGED, "the attachment has no address on record")

    @answering
    def gc(self, request):
        records = open_if_any()
        for claim in records.claims() if records else []:
            if not any(is_of(claim.owner, valid) for valid in request.valid_attachments):
                records.release_stale(claim.name)

    @answering
    def status(self, request):
        candidates = addresses(request)
        records = open_if_any()
        if records and all(records.owner(str(candidate.ip)) for candidate in candidates):
            raise failure(NOT_AVAILABLE, f"all addresses of network {quoted(request.network)} are taken")


def attachment(candidate):
    value = types.IpAddress_Ipv4(tuple(candidate.ip.packed))
    prefix = types.IpPrefix(value, candidate.network.prefixlen)
    given = types.Address(address=prefix, gateway=None, interface=None)
    return types.Attachment([], [given], [], types.Dns([], None, [], []))
