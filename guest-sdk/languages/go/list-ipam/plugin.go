// The plugin list-ipam: gives out the first free address of a list.
package export_cofferdam_cni_plugin

import (
	"net/netip"

	. "go.bytecodealliance.org/pkg/wit/types"
	"wit_component/cofferdam"
	plugin "wit_component/cofferdam_cni_plugin"
	store "wit_component/cofferdam_cni_store"
	types "wit_component/cofferdam_cni_types"
)

type config struct {
	Ipam struct {
		Addresses []string `json:"addresses"`
	} `json:"ipam"`
}

func addresses(text string) ([]netip.Prefix, error) {
	var config config
	if err := cofferdam.ParseConfig(text, &config); err != nil {
		return nil, err
	}
	if len(config.Ipam.Addresses) == 0 {
		return nil, cofferdam.Fail(cofferdam.InvalidConfig, "ipam.addresses is missing or empty")
	}
	var prefixes []netip.Prefix
	for _, text := range config.Ipam.Addresses {
		prefix, err := netip.ParsePrefix(text)
		if err != nil || !prefix.Addr().Is4() {
			return nil, cofferdam.Fail(cofferdam.InvalidConfig,
				"ipam.addresses: %q is no IPv4 address with a prefix length, as 10.1.2.3/24", text)
		}
		prefixes = append(prefixes, prefix)
	}
	return prefixes, nil
}

// openIfAny opens the network's records. Outside ADD there may be none: nil.
func openIfAny() (*store.Records, error) {
	records, err := cofferdam.Try(store.Open())
	if cofferdam.IsNotFound(err) {
		return nil, nil
	}
	return records, err
}

func add(request plugin.Request) (none types.Attachment, err error) {
	prefixes, err := addresses(request.Config)
	if err != nil {
		return none, err
	}
	records, err := cofferdam.Try(store.Open())
	if err != nil {
		return none, err
	}
	for _, prefix := range prefixes {
		ours, err := cofferdam.Try(records.Claim(prefix.Addr().String()))
		if err != nil {
			return none, err
		}
		if ours {
			return attachment(prefix), nil
		}
	}
	return none, cofferdam.Fail(cofferdam.TryAgainLater, "all addresses of network %q are taken", request.Network)
}

func attachment(prefix netip.Prefix) types.Attachment {
	bytes := prefix.Addr().As4()
	value := Tuple4[uint8, uint8, uint8, uint8]{F0: bytes[0], F1: bytes[1], F2: bytes[2], F3: bytes[3]}
	given := types.IpPrefix{Address: types.MakeIpAddressIpv4(value), Length: uint8(prefix.Bits())}
	return types.Attachment{Addresses: []types.Address{{Address: given}}}
}

// owned lists the names that the attachment holds.
func owned() (*store.Records, []string, error) {
	records, err := openIfAny()
	if err != nil || records == nil {
		return nil, nil, err
	}
	names, err := cofferdam.Try(records.Owned())
	return records, names, err
}

func del() error {
	records, names, err := owned()
	if err != nil {
		return err
	}
	for _, name := range names {
		if _, err := cofferdam.Try(records.Release(name)); err != nil {
			return err
		}
	}
	return nil
}

func check() error {
	_, names, err := owned()
	if err != nil {
		return err
	}
	if len(names) == 0 {
		return cofferdam.Fail(cofferdam.Changed, "the attachment has no address on record")
	}
	return nil
}

func gc(request plugin.NetworkRequest) error {
	records, err := openIfAny()
	if err != nil || records == nil {
		return err
	}
	claims, err := cofferdam.Try(records.Claims())
	if err != nil {
		return err
	}
	for _, claim := range claims {
		if isValid(claim.Owner, request.ValidAttachments) {
			continue
		}
		if _, err := cofferdam.Try(records.ReleaseStale(claim.Name)); err != nil {
			return err
		}
	}
	return nil
}

func isValid(owner store.Owner, attachments []plugin.AttachmentId) bool {
	for _, valid := range attachments {
		sameInterface := !owner.InterfaceName.IsSome() || owner.InterfaceName.Some() == valid.InterfaceName
		if owner.ContainerId == valid.ContainerId && sameInterface {
			return true
		}
	}
	return false
}

func status(request plugin.NetworkRequest) error {
	prefixes, err := addresses(request.Config)
	if err != nil {
		return err
	}
	records, err := openIfAny()
	if err != nil || records == nil {
		return err
	}
	for _, prefix := range prefixes {
		owner, err := cofferdam.Try(records.Owner(prefix.Addr().String()))
		if err != nil || !owner.IsSome() {
			return err
		}
	}
	return cofferdam.Fail(cofferdam.NotAvailable, "all addresses of network %q are taken", request.Network)
}

func Add(request plugin.Request) Result[types.Attachment, types.Failure] {
	return cofferdam.Answer(add(request))
}

func Del(plugin.Request) Result[Unit, types.Failure] {
	return cofferdam.Done(del())
}

func Check(plugin.Request) Result[Unit, types.Failure] {
	return cofferdam.Done(check())
}

func Gc(request plugin.NetworkRequest) Result[Unit, types.Failure] {
	return cofferdam.Done(gc(request))
}

func Status(request plugin.NetworkRequest) Result[Unit, types.Failure] {
	return cofferdam.Done(status(request))
}
