/* The plugin veth-pair: gives a container an interface that leads to the node: one
 * end of a veth pair, with the addresses that an address management plugin
 * hands out. */

#include "cofferdam.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef cofferdam_cni_links_own_link_t own_link_t;
typedef cofferdam_cni_links_borrow_link_t borrow_link_t;
typedef cofferdam_cni_links_link_info_t link_info_t;
typedef cofferdam_cni_types_error_t host_error_t;
typedef cofferdam_cni_types_ip_address_t ip_address_t;
typedef cofferdam_cni_types_ip_prefix_t ip_prefix_t;
typedef cofferdam_cni_types_interface_t interface_t;
typedef cofferdam_cni_types_address_t address_t;
typedef cofferdam_cni_types_route_t route_t;

/* What the kernel calls a pair. */
#define KIND "veth"
/* Position of the container's end in the result. */
#define CONTAINER_END 1
/* Scopes of routes that have no gateway (rtnetlink(7)). */
#define LINK_SCOPE 253
#define HOST_SCOPE 254

typedef struct {
    /* Absent: the kernel's choice. */
    plugin_option_u32_t mtu;
    /* Whether a plugin that hands out addresses is named. */
    bool uses_ipam;
} config_t;

static bool read_config(const plugin_string_t *text, config_t *config, failure_t *failure)
{
    const json_t *parsed = parse_config(text, failure);
    if (parsed == NULL)
        return false;
    const json_t *type = json_member(json_member(parsed, "ipam"), "type");
    config->uses_ipam = type != NULL && type->kind == JSON_STRING && *type->text != '\0';
    const json_t *mtu = json_member(parsed, "mtu");
    config->mtu.is_some = mtu != NULL;
    long number;
    if (mtu == NULL)
        return true;
    if (!json_whole_number(mtu, &number) || number < 0)
        return fail(failure, CODE_UNDECODABLE, "mtu: it is no number of bytes");
    config->mtu.val = (uint32_t)number;
    return true;
}

/* The configuration, which has to be of some use. */
static bool valid_config(const plugin_string_t *text, config_t *config, failure_t *failure)
{
    if (!read_config(text, config, failure))
        return false;
    return config->uses_ipam ||
           fail(failure, CODE_INVALID_CONFIG,
                "ipam.type: it is missing; name the plugin that hands out addresses, such as \"host-local\"");
}

static void *allocate(size_t count, size_t size)
{
    void *made = calloc(count, size);
    if (made == NULL)
        abort();
    return made;
}

/* Makes the pair: the host's end, whose name Cofferdam chooses, and the
 * container's. */
static bool connect_container(request_t *request, const config_t *config, borrow_link_t *outside,
                              borrow_link_t *inside, failure_t *failure)
{
    host_error_t error;
    cofferdam_cni_namespaces_own_namespace_t host, container;
    if (!cofferdam_cni_namespaces_host(&host, &error) || !cofferdam_cni_namespaces_container(&container, &error))
        return refused(failure, &error);
    cofferdam_cni_links_veth_end_t host_end = {
        .in = cofferdam_cni_namespaces_borrow_namespace(host),
        .mtu = config->mtu,
    };
    cofferdam_cni_links_veth_end_t container_end = {
        .in = cofferdam_cni_namespaces_borrow_namespace(container),
        .name = {true, request->interface_name},
        .mtu = config->mtu,
    };
    cofferdam_cni_links_tuple2_own_link_own_link_t ends;
    if (!cofferdam_cni_links_create_veth(&host_end, &container_end, &ends, &error))
        return refused(failure, &error);
    *outside = cofferdam_cni_links_borrow_link(ends.f0);
    *inside = cofferdam_cni_links_borrow_link(ends.f1);
    return cofferdam_cni_links_method_link_set_up(*outside, &error) || refused(failure, &error);
}

/* Writes what the result tells of an interface. */
static bool tell(borrow_link_t link, uint8_t place, interface_t *interface, failure_t *failure)
{
    host_error_t error;
    link_info_t info;
    if (!cofferdam_cni_links_method_link_info(link, &info, &error))
        return refused(failure, &error);
    interface->name = info.name;
    interface->place.tag = place;
    interface->mac.is_some = info.mac.is_some;
    if (info.mac.is_some) {
        const cofferdam_cni_links_mac_address_t *mac = &info.mac.val;
        char text[sizeof "00:00:00:00:00:00"];
        snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", mac->f0, mac->f1, mac->f2, mac->f3, mac->f4, mac->f5);
        plugin_string_dup(&interface->mac.val, text);
    }
    return true;
}

/* Has addresses handed out for the container's end. */
static bool take_addresses(attachment_t *result, failure_t *failure)
{
    attachment_t given;
    if (!cofferdam_cni_ipam_add(&given, failure))
        return false;
    if (given.addresses.len == 0)
        return fail(failure, CODE_INTERNAL, "IPAM plugin returned missing IP config");
    for (size_t index = 0; index < given.addresses.len; index++) {
        plugin_option_u32_t *position = &given.addresses.ptr[index].interface;
        position->is_some = true;
        position->val = CONTAINER_END;
    }
    given.interfaces = result->interfaces;
    *result = given;
    return true;
}

/* The address alone, without its network. */
static ip_prefix_t alone(const ip_address_t *address)
{
    uint8_t length = address->tag == COFFERDAM_CNI_TYPES_IP_ADDRESS_IPV4 ? 32 : 128;
    return (ip_prefix_t){.address = *address, .length = length};
}

static bool add_address(borrow_link_t link, ip_prefix_t *address, host_error_t *error)
{
    /* The node hands out the addresses on both ends. */
    cofferdam_cni_addresses_address_options_t options = {.skip_duplicate_detection = true};
    return cofferdam_cni_addresses_add(link, address, &options, error);
}

/* Gives the host's end the gateways' addresses, and the node a route to each
 * address of the container. */
static bool lead_to_container(borrow_link_t link, const attachment_t *result, failure_t *failure)
{
    host_error_t error;
    for (size_t index = 0; index < result->addresses.len; index++) {
        const address_t *address = &result->addresses.ptr[index];
        if (address->gateway.is_some) {
            ip_prefix_t gateway = alone(&address->gateway.val);
            /* Two addresses may have one gateway. */
            if (!add_address(link, &gateway, &error) && error.tag != COFFERDAM_CNI_TYPES_ERROR_ALREADY_EXISTS)
                return refused(failure, &error);
        }
        cofferdam_cni_routes_route_spec_t route = {.destination = alone(&address->address.address)};
        if (!cofferdam_cni_routes_add(link, &route, COFFERDAM_CNI_ROUTES_ADD_MODE_EXCLUSIVE, &error))
            return refused(failure, &error);
    }
    return true;
}

/* The gateway of a route that names none: the first of its family, unless its
 * scope says that it is on the link. */
static cofferdam_cni_routes_option_ip_address_t gateway_of(const route_t *route, const attachment_t *result)
{
    const cofferdam_cni_types_option_ip_address_t *gateway = &route->gateway;
    bool is_local = route->scope.is_some && (route->scope.val == LINK_SCOPE || route->scope.val == HOST_SCOPE);
    for (size_t index = 0; !is_local && !gateway->is_some && index < result->addresses.len; index++) {
        const address_t *address = &result->addresses.ptr[index];
        if (address->address.address.tag == route->destination.address.tag)
            gateway = &address->gateway;
    }
    return (cofferdam_cni_routes_option_ip_address_t){gateway->is_some, gateway->val};
}

/* Puts the addresses and then the routes on the container's end, which is up
 * afterwards. */
static bool configure(borrow_link_t link, const attachment_t *result, failure_t *failure)
{
    host_error_t error;
    for (size_t index = 0; index < result->addresses.len; index++)
        if (!add_address(link, &result->addresses.ptr[index].address, &error))
            return refused(failure, &error);
    if (!cofferdam_cni_links_method_link_set_up(link, &error))
        return refused(failure, &error);
    for (size_t index = 0; index < result->routes.len; index++) {
        const route_t *route = &result->routes.ptr[index];
        cofferdam_cni_routes_route_spec_t spec = {
            .destination = route->destination,
            .gateway = gateway_of(route, result),
            .priority = route->priority,
            .table = route->table,
            .scope = route->scope,
            .mtu = route->mtu,
            .advmss = route->advmss,
        };
        /* The very same route twice is one route. */
        if (!cofferdam_cni_routes_add(link, &spec, COFFERDAM_CNI_ROUTES_ADD_MODE_APPEND, &error) &&
            error.tag != COFFERDAM_CNI_TYPES_ERROR_ALREADY_EXISTS)
            return refused(failure, &error);
    }
    return true;
}

/* Whatever fails, the host undoes what was done before. */
bool exports_cofferdam_cni_plugin_add(request_t *request, attachment_t *result, failure_t *failure)
{
    config_t config;
    borrow_link_t outside, inside;
    if (!valid_config(&request->config, &config, failure) ||
        !connect_container(request, &config, &outside, &inside, failure))
        return false;
    memset(result, 0, sizeof *result);
    /* The bindings free what a result points to. */
    result->interfaces.ptr = allocate(2, sizeof *result->interfaces.ptr);
    result->interfaces.len = 2;
    return tell(outside, COFFERDAM_CNI_TYPES_PLACE_HOST, &result->interfaces.ptr[0], failure) &&
           tell(inside, COFFERDAM_CNI_TYPES_PLACE_CONTAINER, &result->interfaces.ptr[CONTAINER_END], failure) &&
           take_addresses(result, failure) && lead_to_container(outside, result, failure) &&
           configure(inside, result, failure);
}

/* The host removes the pair; the addresses are given back. */
bool exports_cofferdam_cni_plugin_del(request_t *request, failure_t *failure)
{
    config_t config;
    return read_config(&request->config, &config, failure) && (!config.uses_ipam || cofferdam_cni_ipam_del(failure));
}

static bool same_address(const ip_address_t *one, const ip_address_t *other)
{
    if (one->tag != other->tag)
        return false;
    size_t size = one->tag == COFFERDAM_CNI_TYPES_IP_ADDRESS_IPV4 ? sizeof one->val.ipv4 : sizeof one->val.ipv6;
    return memcmp(&one->val, &other->val, size) == 0;
}

static bool has_address(const cofferdam_cni_addresses_list_address_info_t *present, const ip_prefix_t *wanted)
{
    for (size_t index = 0; index < present->len; index++) {
        const ip_prefix_t *one = &present->ptr[index].address;
        if (one->length == wanted->length && same_address(&one->address, &wanted->address))
            return true;
    }
    return false;
}

static bool lost(const ip_prefix_t *prefix, const request_t *request, failure_t *failure)
{
    static const char format[] = "interface \"%.*s\" has lost its address %s/%d";
    char text[sizeof "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"];
    const plugin_tuple4_u8_u8_u8_u8_t *v4 = &prefix->address.val.ipv4;
    const plugin_tuple8_u16_u16_u16_u16_u16_u16_u16_u16_t *v6 = &prefix->address.val.ipv6;
    if (prefix->address.tag == COFFERDAM_CNI_TYPES_IP_ADDRESS_IPV4)
        snprintf(text, sizeof text, "%d.%d.%d.%d", v4->f0, v4->f1, v4->f2, v4->f3);
    else
        snprintf(text, sizeof text, "%x:%x:%x:%x:%x:%x:%x:%x", v6->f0, v6->f1, v6->f2, v6->f3, v6->f4, v6->f5, v6->f6, v6->f7);
    return fail(failure, CODE_CHANGED, format, TEXT(request->interface_name), text, prefix->length);
}

static bool check_addresses(borrow_link_t link, const request_t *request, failure_t *failure)
{
    host_error_t error;
    cofferdam_cni_addresses_list_address_info_t present;
    const cofferdam_cni_types_list_address_t *recorded = &request->previous.val.addresses;
    if (!cofferdam_cni_addresses_list(link, &present, &error))
        return refused(failure, &error);
    for (size_t index = 0; index < recorded->len; index++) {
        const address_t *address = &recorded->ptr[index];
        bool is_here = !address->interface.is_some || address->interface.val == CONTAINER_END;
        if (is_here && !has_address(&present, &address->address))
            return lost(&address->address, request, failure);
    }
    return true;
}

bool exports_cofferdam_cni_plugin_check(request_t *request, failure_t *failure)
{
    host_error_t error;
    cofferdam_cni_namespaces_own_namespace_t container;
    own_link_t link;
    link_info_t info;
    const plugin_string_t *name = &request->interface_name;
    if (!cofferdam_cni_ipam_check(failure))
        return false;
    if (!request->previous.is_some)
        return fail(failure, CODE_INVALID_CONFIG, "Required prevResult missing");
    if (!cofferdam_cni_namespaces_container(&container, &error))
        return refused(failure, &error);
    if (!cofferdam_cni_links_find(cofferdam_cni_namespaces_borrow_namespace(container), &request->interface_name, &link,
                                  &error))
        return error.tag == COFFERDAM_CNI_TYPES_ERROR_NOT_FOUND
                   ? fail(failure, CODE_CHANGED, "interface \"%.*s\" is gone", TEXT(*name))
                   : refused(failure, &error);
    borrow_link_t borrowed = cofferdam_cni_links_borrow_link(link);
    if (!cofferdam_cni_links_method_link_info(borrowed, &info, &error))
        return refused(failure, &error);
    plugin_string_t kind;
    plugin_string_set(&kind, KIND);
    if (!same(&info.kind, &kind) || !info.up)
        return fail(failure, CODE_CHANGED, "interface \"%.*s\" is down, or no %s any more", TEXT(*name), KIND);
    return check_addresses(borrowed, request, failure);
}

bool exports_cofferdam_cni_plugin_gc(network_request_t *request, failure_t *failure)
{
    config_t config;
    return read_config(&request->config, &config, failure) && (!config.uses_ipam || cofferdam_cni_ipam_gc(failure));
}

bool exports_cofferdam_cni_plugin_status(network_request_t *request, failure_t *failure)
{
    config_t config;
    return valid_config(&request->config, &config, failure) && cofferdam_cni_ipam_status(failure);
}
