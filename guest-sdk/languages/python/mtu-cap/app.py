"""The plugin mtu-cap: lowers the MTU of the container's interface, which
another plugin of the list made, to a maximum."""

from cofferdam import CHANGED, INVALID_CONFIG, UNDECODABLE, answering, failure, parse_config, quoted
from wit_world import exports
from wit_world.imports import links, namespaces, types


def maximum(request):
    most = parse_config(request.config).get("maxMtu")
    if most is None:
        raise failure(INVALID_CONFIG, "maxMtu is missing: the largest MTU, in bytes")
    if type(most) is not int:
        raise failure(UNDECODABLE, f"maxMtu is {quoted(most)}, which is no whole number")
    if not 68 <= most <= 65535:
        raise failure(INVALID_CONFIG, f"maxMtu is {most}, which is not from 68 to 65535")
    return most


def interface(request):
    return links.find(namespaces.container(), request.interface_name)


def tell(result, name, mtu):
    """What the result tells of the interface is as it is by now."""
    for one in result.interfaces:
        if isinstance(one.place, types.Place_Container) and one.name == name and one.mtu is not None:
            one.mtu = mtu


class Plugin(exports.Plugin):
    @answering
    def add(self, request):
        most = maximum(request)
        result = request.previous
        if result is None:
            raise failure(INVALID_CONFIG, "Required prevResult missing")
        link = interface(request)
        if link.info().mtu > most:
            link.set_mtu(most)
            tell(result, request.interface_name, most)
        return result

    def del_(self, request):
        # The host puts the MTU back.
        pass

    @answering
    def check(self, request):
        most = maximum(request)
        mtu = interface(request).info().mtu
        if mtu > most:
            name = quoted(request.interface_name)
            raise failure(CHANGED, f"the MTU of {name} is {mtu}, more than maxMtu {most}")

    def gc(self, request):
        pass

    def status(self, request):
        pass
