/* The plugin mtu-cap: lowers the MTU of the container's interface, which
 * another plugin of the list made, to a maximum. */

#include "cofferdam.h"

static bool maximum(const request_t *request, uint32_t *most, failure_t *failure)
{
    const json_t *config = parse_config(&request->config, failure);
    if (config == NULL)
        return false;
    const json_t *value = json_member(config, "maxMtu");
    if (value == NULL)
        return fail(failure, CODE_INVALID_CONFIG, "maxMtu is missing: the largest MTU, in bytes");
    long number;
    if (!json_whole_number(value, &number))
        return fail(failure, CODE_UNDECODABLE, "maxMtu is no whole number");
    if (number < 68 || number > 65535)
        return fail(failure, CODE_INVALID_CONFIG, "maxMtu is %ld, which is not from 68 to 65535", number);
    *most = (uint32_t)number;
    return true;
}

/* The container's interface, and its MTU. */
static bool look(request_t *request, cofferdam_cni_links_own_link_t *link, uint32_t *mtu, failure_t *failure)
{
    cofferdam_cni_types_error_t error;
    cofferdam_cni_namespaces_own_namespace_t container;
    cofferdam_cni_links_link_info_t info;
    if (!cofferdam_cni_namespaces_container(&container, &error))
        return refused(failure, &error);
    if (!cofferdam_cni_links_find(cofferdam_cni_namespaces_borrow_namespace(container), &request->interface_name, link,
                                  &error))
        return refused(failure, &error);
    if (!cofferdam_cni_links_method_link_info(cofferdam_cni_links_borrow_link(*link), &info, &error))
        return refused(failure, &error);
    *mtu = info.mtu;
    return true;
}

/* What the result tells of the interface is as it is by now. */
static void tell(attachment_t *result, const plugin_string_t *name, uint32_t mtu)
{
    for (size_t index = 0; index < result->interfaces.len; index++) {
        cofferdam_cni_types_interface_t *one = &result->interfaces.ptr[index];
        if (one->place.tag == COFFERDAM_CNI_TYPES_PLACE_CONTAINER && same(&one->name, name) && one->mtu.is_some)
            one->mtu.val = mtu;
    }
}

bool exports_cofferdam_cni_plugin_add(request_t *request, attachment_t *result, failure_t *failure)
{
    uint32_t most, mtu;
    cofferdam_cni_links_own_link_t link;
    if (!maximum(request, &most, failure))
        return false;
    if (!request->previous.is_some)
        return fail(failure, CODE_INVALID_CONFIG, "Required prevResult missing");
    *result = request->previous.val;
    if (!look(request, &link, &mtu, failure))
        return false;
    if (mtu <= most)
        return true;
    cofferdam_cni_types_error_t error;
    if (!cofferdam_cni_links_method_link_set_mtu(cofferdam_cni_links_borrow_link(link), most, &error))
        return refused(failure, &error);
    tell(result, &request->interface_name, most);
    return true;
}

bool exports_cofferdam_cni_plugin_check(request_t *request, failure_t *failure)
{
    uint32_t most, mtu;
    cofferdam_cni_links_own_link_t link;
    if (!maximum(request, &most, failure) || !look(request, &link, &mtu, failure))
        return false;
    if (mtu > most)
        return fail(failure, CODE_CHANGED, "the MTU of \"%.*s\" is %u, more than maxMtu %u",
                    TEXT(request->interface_name), (unsigned)mtu, (unsigned)most);
    return true;
}

bool exports_cofferdam_cni_plugin_del(request_t *request, failure_t *failure)
{
    /* The host puts the MTU back. */
    (void)request, (void)failure;
    return true;
}

bool exports_cofferdam_cni_plugin_gc(network_request_t *request, failure_t *failure)
{
    (void)request, (void)failure;
    return true;
}

bool exports_cofferdam_cni_plugin_status(network_request_t *request, failure_t *failure)
{
    (void)request, (void)failure;
    return true;
}
