// The plugin veth-pair: gives a container an interface that leads to the node: one
// end of a veth pair, with the addresses that an address management plugin
// hands out.
package export_cofferdam_cni_plugin

import (
	"fmt"
	"net/netip"
	"slices"

	. "go.bytecodealliance.org/pkg/wit/types"
	"wit_component/cofferdam"
	addresses "wit_component/cofferdam_cni_addresses"
	ipam "wit_component/cofferdam_cni_ipam"
	links "wit_component/cofferdam_cni_links"
	namespaces "wit_component/cofferdam_cni_namespaces"
	plugin "wit_component/cofferdam_cni_plugin"
	routes "wit_component/cofferdam_cni_routes"
	types "wit_component/cofferdam_cni_types"
)

const (
	// What the kernel calls a pair.
	kind = "veth"
	// Position of the container's end in the result.
	containerEnd = 1
)

// Scopes of routes that have no gateway (rtnetlink(7)): link, host.
var localScopes = []uint8{253, 254}

type config struct {
	// Absent: the kernel's choice.
	Mtu  *uint32 `json:"mtu"`
	Ipam struct {
		Type string `json:"type"`
	} `json:"ipam"`
}

func (config config) usesIpam() bool {
	return config.Ipam.Type != ""
}

func (config config) mtu() Option[uint32] {
	if config.Mtu == nil {
		return None[uint32]()
	}
	return Some(*config.Mtu)
}

// validConfig reads the configuration; an interface without an address is of no
// use here.
func validConfig(text string) (config config, err error) {
	if err := cofferdam.ParseConfig(text, &config); err != nil {
		return config, err
	}
	if !config.usesIpam() {
		return config, cofferdam.Fail(cofferdam.InvalidConfig,
			"ipam.type: it is missing; name the plugin that hands out addresses, such as \"host-local\"")
	}
	return config, nil
}

// Whatever fails, the host undoes what was done before.
func add(request plugin.Request) (result types.Attachment, err error) {
	config, err := validConfig(request.Config)
	if err != nil {
		return result, err
	}
	outside, inside, err := connect(request, config)
	if err != nil {
		return result, err
	}
	interfaces, err := describe(outside, inside)
	if err != nil {
		return result, err
	}
	result, err = cofferdam.Through(ipam.Add())
	if err != nil {
		return result, err
	}
	if len(result.Addresses) == 0 {
		return result, cofferdam.Fail(cofferdam.Internal, "IPAM plugin returned missing IP config")
	}
	result.Interfaces = interfaces
	for index := range result.Addresses {
		result.Addresses[index].Interface = Some(uint32(containerEnd))
	}
	if err := leadToContainer(outside, result); err != nil {
		return result, err
	}
	return result, configure(inside, result)
}

// connect makes the pair: the host's end, whose name Cofferdam chooses, and the
// container's.
func connect(request plugin.Request, config config) (outside, inside *links.Link, err error) {
	host, err := cofferdam.Try(namespaces.Host())
	if err != nil {
		return nil, nil, err
	}
	container, err := cofferdam.Try(namespaces.Container())
	if err != nil {
		return nil, nil, err
	}
	ends, err := cofferdam.Try(links.CreateVeth(
		links.VethEnd{In: host, Mtu: config.mtu()},
		links.VethEnd{In: container, Mtu: config.mtu(), Name: Some(request.InterfaceName)},
	))
	if err != nil {
		return nil, nil, err
	}
	_, err = cofferdam.Try(ends.F0.SetUp())
	return ends.F0, ends.F1, err
}

// describe is what the result tells of the interfaces.
func describe(outside, inside *links.Link) ([]types.Interface, error) {
	host, err := cofferdam.Try(outside.Info())
	if err != nil {
		return nil, err
	}
	container, err := cofferdam.Try(inside.Info())
	if err != nil {
		return nil, err
	}
	return []types.Interface{
		{Name: host.Name, Mac: text(host), Place: types.MakePlaceHost()},
		{Name: container.Name, Mac: text(container), Place: types.MakePlaceContainer()},
	}, nil
}

func text(info links.LinkInfo) Option[string] {
	if !info.Mac.IsSome() {
		return None[string]()
	}
	mac := info.Mac.Some()
	return Some(fmt.Sprintf("%02x:%02x:%02x:%02x:%02x:%02x", mac.F0, mac.F1, mac.F2, mac.F3, mac.F4, mac.F5))
}

// leadToContainer gives the host's end the gateways' addresses, and the node a
// route to each address of the container.
func leadToContainer(link *links.Link, result types.Attachment) error {
	for _, address := range result.Addresses {
		if address.Gateway.IsSome() {
			// Two addresses may have one gateway.
			err := addAddress(link, alone(address.Gateway.Some()))
			if err != nil && !cofferdam.IsAlreadyExists(err) {
				return err
			}
		}
		route := routes.RouteSpec{Destination: alone(address.Address.Address)}
		if _, err := cofferdam.Try(routes.Add(link, route, routes.AddModeExclusive)); err != nil {
			return err
		}
	}
	return nil
}

// configure puts the addresses and then the routes on the container's end,
// which is up afterwards.
func configure(link *links.Link, result types.Attachment) error {
	for _, address := range result.Addresses {
		if err := addAddress(link, address.Address); err != nil {
			return err
		}
	}
	if _, err := cofferdam.Try(link.SetUp()); err != nil {
		return err
	}
	for _, route := range result.Routes {
		spec := routes.RouteSpec{
			Destination: route.Destination,
			Gateway:     gatewayOf(route, result),
			Priority:    route.Priority,
			Table:       route.Table,
			Scope:       route.Scope,
			Mtu:         route.Mtu,
			Advmss:      route.Advmss,
		}
		// The very same route twice is one route.
		_, err := cofferdam.Try(routes.Add(link, spec, routes.AddModeAppend))
		if err != nil && !cofferdam.IsAlreadyExists(err) {
			return err
		}
	}
	return nil
}

// gatewayOf finds the gateway of a route that names none: the first of its
// family, unless its scope says that it is on the link.
func gatewayOf(route types.Route, result types.Attachment) Option[types.IpAddress] {
	isLocal := route.Scope.IsSome() && slices.Contains(localScopes, route.Scope.Some())
	if route.Gateway.IsSome() || isLocal {
		return route.Gateway
	}
	for _, address := range result.Addresses {
		if address.Gateway.IsSome() && address.Gateway.Some().Tag() == route.Destination.Address.Tag() {
			return address.Gateway
		}
	}
	return route.Gateway
}

func addAddress(link *links.Link, address types.IpPrefix) error {
	// The node hands out the addresses on both ends.
	_, err := cofferdam.Try(addresses.Add(link, address, addresses.AddressOptions{SkipDuplicateDetection: true}))
	return err
}

// alone is the address without its network.
func alone(address types.IpAddress) types.IpPrefix {
	if address.Tag() == types.IpAddressIpv4 {
		return types.IpPrefix{Address: address, Length: 32}
	}
	return types.IpPrefix{Address: address, Length: 128}
}

// del gives the addresses back. The host removes the pair.
func del(request plugin.Request) error {
	var config config
	if err := cofferdam.ParseConfig(request.Config, &config); err != nil || !config.usesIpam() {
		return err
	}
	_, err := cofferdam.Through(ipam.Del())
	return err
}

func check(request plugin.Request) error {
	if _, err := cofferdam.Through(ipam.Check()); err != nil {
		return err
	}
	if !request.Previous.IsSome() {
		return cofferdam.Fail(cofferdam.InvalidConfig, "Required prevResult missing")
	}
	name := request.InterfaceName
	container, err := cofferdam.Try(namespaces.Container())
	if err != nil {
		return err
	}
	link, err := cofferdam.Try(links.Find(container, name))
	if cofferdam.IsNotFound(err) {
		return cofferdam.Fail(cofferdam.Changed, "interface %q is gone", name)
	}
	if err != nil {
		return err
	}
	info, err := cofferdam.Try(link.Info())
	if err != nil {
		return err
	}
	if info.Kind != kind || !info.Up {
		return cofferdam.Fail(cofferdam.Changed, "interface %q is down, or no %s any more", name, kind)
	}
	return checkAddresses(link, name, request.Previous.Some())
}

func checkAddresses(link *links.Link, name string, previous types.Attachment) error {
	infos, err := cofferdam.Try(addresses.List(link))
	if err != nil {
		return err
	}
	var present []netip.Prefix
	for _, info := range infos {
		present = append(present, prefix(info.Address))
	}
	for _, address := range previous.Addresses {
		isHere := !address.Interface.IsSome() || address.Interface.Some() == containerEnd
		if recorded := prefix(address.Address); isHere && !slices.Contains(present, recorded) {
			return cofferdam.Fail(cofferdam.Changed, "interface %q has lost its address %s", name, recorded)
		}
	}
	return nil
}

func prefix(from types.IpPrefix) netip.Prefix {
	if from.Address.Tag() == types.IpAddressIpv4 {
		part := from.Address.Ipv4()
		return netip.PrefixFrom(netip.AddrFrom4([4]byte{part.F0, part.F1, part.F2, part.F3}), int(from.Length))
	}
	part := from.Address.Ipv6()
	var bytes [16]byte
	for index, group := range []uint16{part.F0, part.F1, part.F2, part.F3, part.F4, part.F5, part.F6, part.F7} {
		bytes[2*index], bytes[2*index+1] = byte(group>>8), byte(group)
	}
	return netip.PrefixFrom(netip.AddrFrom16(bytes), int(from.Length))
}

func gc(request plugin.NetworkRequest) error {
	var config config
	if err := cofferdam.ParseConfig(request.Config, &config); err != nil || !config.usesIpam() {
		return err
	}
	_, err := cofferdam.Through(ipam.Gc())
	return err
}

func status(request plugin.NetworkRequest) error {
	if _, err := validConfig(request.Config); err != nil {
		return err
	}
	_, err := cofferdam.Through(ipam.Status())
	return err
}

func Add(request plugin.Request) Result[types.Attachment, types.Failure] {
	return cofferdam.Answer(add(request))
}

func Del(request plugin.Request) Result[Unit, types.Failure] {
	return cofferdam.Done(del(request))
}

func Check(request plugin.Request) Result[Unit, types.Failure] {
	return cofferdam.Done(check(request))
}

func Gc(request plugin.NetworkRequest) Result[Unit, types.Failure] {
	return cofferdam.Done(gc(request))
}

func Status(request plugin.NetworkRequest) Result[Unit, types.Failure] {
	return cofferdam.Done(status(request))
}
