// The plugin mtu-cap: lowers the MTU of the container's interface, which
// another plugin of the list made, to a maximum.
package export_cofferdam_cni_plugin

import (
	. "go.bytecodealliance.org/pkg/wit/types"
	"wit_component/cofferdam"
	links "wit_component/cofferdam_cni_links"
	namespaces "wit_component/cofferdam_cni_namespaces"
	plugin "wit_component/cofferdam_cni_plugin"
	types "wit_component/cofferdam_cni_types"
)

type config struct {
	MaxMtu *int64 `json:"maxMtu"`
}

func maximum(request plugin.Request) (uint32, error) {
	var config config
	if err := cofferdam.ParseConfig(request.Config, &config); err != nil {
		return 0, err
	}
	if config.MaxMtu == nil {
		return 0, cofferdam.Fail(cofferdam.InvalidConfig, "maxMtu is missing: the largest MTU, in bytes")
	}
	most := *config.MaxMtu
	if most < 68 || most > 65535 {
		return 0, cofferdam.Fail(cofferdam.InvalidConfig, "maxMtu is %d, which is not from 68 to 65535", most)
	}
	return uint32(most), nil
}

// look finds the container's interface, and its MTU.
func look(request plugin.Request) (*links.Link, uint32, error) {
	container, err := cofferdam.Try(namespaces.Container())
	if err != nil {
		return nil, 0, err
	}
	link, err := cofferdam.Try(links.Find(container, request.InterfaceName))
	if err != nil {
		return nil, 0, err
	}
	info, err := cofferdam.Try(link.Info())
	return link, info.Mtu, err
}

func add(request plugin.Request) (result types.Attachment, err error) {
	most, err := maximum(request)
	if err != nil {
		return result, err
	}
	if !request.Previous.IsSome() {
		return result, cofferdam.Fail(cofferdam.InvalidConfig, "Required prevResult missing")
	}
	result = request.Previous.Some()
	link, mtu, err := look(request)
	if err != nil || mtu <= most {
		return result, err
	}
	if _, err := cofferdam.Try(link.SetMtu(most)); err != nil {
		return result, err
	}
	tell(result, request.InterfaceName, most)
	return result, nil
}

// tell makes what the result says of the interface true again.
func tell(result types.Attachment, name string, mtu uint32) {
	for index := range result.Interfaces {
		one := &result.Interfaces[index]
		if one.Place.Tag() == types.PlaceContainer && one.Name == name && one.Mtu.IsSome() {
			one.Mtu = Some(mtu)
		}
	}
}

func check(request plugin.Request) error {
	most, err := maximum(request)
	if err != nil {
		return err
	}
	_, mtu, err := look(request)
	if err != nil {
		return err
	}
	if mtu > most {
		return cofferdam.Fail(cofferdam.Changed, "the MTU of %q is %d, more than maxMtu %d", request.InterfaceName, mtu, most)
	}
	return nil
}

func Add(request plugin.Request) Result[types.Attachment, types.Failure] {
	return cofferdam.Answer(add(request))
}

// Del has nothing to do: the host puts the MTU back.
func Del(plugin.Request) Result[Unit, types.Failure] {
	return cofferdam.Done(nil)
}

func Check(request plugin.Request) Result[Unit, types.Failure] {
	return cofferdam.Done(check(request))
}

func Gc(plugin.NetworkRequest) Result[Unit, types.Failure] {
	return cofferdam.Done(nil)
}

func Status(plugin.NetworkRequest) Result[Unit, types.Failure] {
	return cofferdam.Done(nil)
}
