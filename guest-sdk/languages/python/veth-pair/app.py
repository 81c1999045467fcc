"""The plugin veth-pair: gives a container an interface that leads to the node: one
end of a veth pair, with the addresses that an address management plugin hands
out."""

import ipaddress

from cofferdam import CHANGED, INTERNAL, INVALID_CONFIG, UNDECODABLE, answering, failure, parse_config, quoted
from componentize_py_types import Err
from wit_world import exports
from wit_world.imports import addresses, ipam, links, namespaces, routes, types

# What the kernel calls a pair.
KIND = "veth"
# Position of the container's end in the result.
CONTAINER_END = 1
# Scopes of routes that have no gateway (rtnetlink(7)): link, host.
LOCAL_SCOPES = (253, 254)


class Config:
    def __init__(self, text):
        config = parse_config(text)
        # Absent: the kernel's choice.
        self.mtu = config.get("mtu")
        if self.mtu is not None and (type(self.mtu) is not int or not 0 <= self.mtu < 2**32):
            raise failure(UNDECODABLE, f"mtu: {quoted(self.mtu)} is no number of bytes")
        section = config.get("ipam")
        self.uses_ipam = isinstance(section, dict) and bool(section.get("type"))

    def validate(self):
        """An interface without an address is of no use here."""
        if not self.uses_ipam:
            problem = 'it is missing; name the plugin that hands out addresses, such as "host-local"'
            raise failure(INVALID_CONFIG, f"ipam.type: {problem}")


class Plugin(exports.Plugin):
    # Whatever fails, the host undoes what was done before.
    @answering
    def add(self, request):
        config = Config(request.config)
        config.validate()
        outside, inside = connect(request, config)
        interfaces = [describe(outside, types.Place_Host()), describe(inside, types.Place_Container())]
        given = ipam.add()
        if not given.addresses:
            raise failure(INTERNAL, "IPAM plugin returned missing IP config")
        for address in given.addresses:
            address.interface = CONTAINER_END
        lead_to_container(outside, given)
        configure(inside, given)
        return types.Attachment(interfaces, given.addresses, given.routes, given.dns)

    @answering
    def del_(self, request):
        # The host removes the pair; the addresses are given back.
        if Config(request.config).uses_ipam:
            ipam.del_()

    @answering
    def check(self, request):
        ipam.check()
        if request.previous is None:
            raise failure(INVALID_CONFIG, "Required prevResult missing")
        name = request.interface_name
        link = find(name)
        info = link.info()
        if info.kind != KIND or not info.up:
            raise failure(CHANGED, f"interface {quoted(name)} is down, or no {KIND} any more")
        present = [info.address for info in addresses.list(link)]
        for address in request.previous.addresses:
            if address.interface in (None, CONTAINER_END) and address.address not in present:
                raise failure(CHANGED, f"interface {quoted(name)} has lost its address {shown(address.address)}")

    @answering
    def gc(self, request):
        if Config(request.config).uses_ipam:
            ipam.gc()

    @answering
    def status(self, request):
        Config(request.config).validate()
        ipam.status()


def connect(request, config):
    """The pair: the host's end, whose name Cofferdam chooses, and the
    container's."""
    host_end = links.VethEnd(namespaces.host(), None, None, config.mtu, None)
    container_end = links.VethEnd(namespaces.container(), request.interface_name, None, config.mtu, None)
    outside, inside = links.create_veth(host_end, container_end)
    outside.set_up()
    return outside, inside


def describe(link, place):
    """What the result tells of an interface."""
    info = link.info()
    mac = ":".join(f"{part:02x}" for part in info.mac) if info.mac else None
    return types.Interface(info.name, mac, None, place, None, None)


def lead_to_container(link, given):
    """Gives the host's end the gateways' addresses, and the node a route to
    each address of the container."""
    for address in given.addresses:
        if address.gateway is not None:
            # Two addresses may have one gateway.
            unless_exists(add_address, link, alone(address.gateway))
        route = routes.RouteSpec(alone(address.address.address), None, None, None, None, None, None, None)
        routes.add(link, route, routes.AddMode.EXCLUSIVE)


def configure(link, given):
    """Puts the addresses and then the routes on the container's end, which is
    up afterwards."""
    for address in given.addresses:
        add_address(link, address.address)
    link.set_up()
    for route in given.routes:
        gateway = gateway_of(route, given.addresses)
        spec = routes.RouteSpec(
            route.destination, gateway, None, route.priority, route.table, route.scope, route.mtu, route.advmss
        )
        # The very same route twice is one route.
        unless_exists(routes.add, link, spec, routes.AddMode.APPEND)


def gateway_of(route, given):
    """A route that names none goes through the first gateway of its family,
    unless its scope says that it is on the link."""
    if route.gateway is not None or route.scope in LOCAL_SCOPES:
        return route.gateway
    family = type(route.destination.address)
    gateways = [address.gateway for address in given if isinstance(address.gateway, family)]
    return gateways[0] if gateways else None


def add_address(link, address):
    # The node hands out the addresses on both ends.
    addresses.add(link, address, addresses.AddressOptions(skip_duplicate_detection=True))


def alone(address):
    """The address without its network."""
    return types.IpPrefix(address, 32 if isinstance(address, types.IpAddress_Ipv4) else 128)


def unless_exists(do, *arguments):
    try:
        do(*arguments)
    except Err as raised:
        if not isinstance(raised.value, types.Error_AlreadyExists):
            raise


def find(name):
    try:
        return links.find(namespaces.container(), name)
    except Err as raised:
        if isinstance(raised.value, types.Error_NotFound):
            raise failure(CHANGED, f"interface {quoted(name)} is gone") from None
        raise


def shown(prefix):
    parts = prefix.address.value
    if isinstance(prefix.address, types.IpAddress_Ipv4):
        return f"{ipaddress.IPv4Address(bytes(parts))}/{prefix.length}"
    packed = b"".join(part.to_bytes(2) for part in parts)
    return f"{ipaddress.IPv6Address(packed)}/{prefix.length}"
