/* The plugin list-ipam: gives out the first free address of a list. */

#include "cofferdam.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef cofferdam_cni_store_own_records_t records_t;
typedef exports_cofferdam_cni_plugin_attachment_id_t attachment_id_t;

typedef struct {
    uint8_t bytes[4];
    uint8_t length;
    /* As records have it. */
    char name[sizeof "255.255.255.255"];
} prefix_t;

/* One decimal number up to `most`, without leading zeros, and what follows. */
static const char *part(const char *text, unsigned most, char after, uint8_t *number)
{
    unsigned value = 0;
    const char *at = text;
    while (*at >= '0' && *at <= '9' && value <= most)
        value = value * 10 + (unsigned)(*at++ - '0');
    if (at == text || (*text == '0' && at > text + 1) || value > most || *at != after)
        return NULL;
    *number = (uint8_t)value;
    return after != '\0' ? at + 1 : at;
}

static bool parse_prefix(const char *text, prefix_t *prefix)
{
    for (int index = 0; index < 4; index++)
        if ((text = part(text, 255, index < 3 ? '.' : '/', &prefix->bytes[index])) == NULL)
            return false;
    if (part(text, 32, '\0', &prefix->length) == NULL)
        return false;
    const uint8_t *bytes = prefix->bytes;
    snprintf(prefix->name, sizeof prefix->name, "%d.%d.%d.%d", bytes[0], bytes[1], bytes[2], bytes[3]);
    return true;
}

/* The addresses of the configuration; 0 after writing a failure. */
static size_t addresses(const plugin_string_t *config, prefix_t **prefixes, failure_t *failure)
{
    const json_t *parsed = parse_config(config, failure);
    if (parsed == NULL)
        return 0;
    const json_t *list = json_member(json_member(parsed, "ipam"), "addresses");
    if (list == NULL || list->kind != JSON_ARRAY || list->first == NULL)
        return fail(failure, CODE_INVALID_CONFIG, "ipam.addresses is missing or empty");
    size_t count = 0;
    for (const json_t *one = list->first; one != NULL; one = one->next)
        count++;
    prefix_t *prefix = *prefixes = calloc(count, sizeof **prefixes);
    if (prefix == NULL)
        abort();
    for (const json_t *one = list->first; one != NULL; one = one->next, prefix++)
        if (one->kind != JSON_STRING || !parse_prefix(one->text, prefix))
            return fail(failure, CODE_INVALID_CONFIG,
                        "ipam.addresses: \"%s\" is no IPv4 address with a prefix length, as 10.1.2.3/24",
                        one->text != NULL ? one->text : "");
    return count;
}

/* The network's records. Outside ADD there may be none: success, and
 * `*exist` is false. */
static bool open_if_any(records_t *records, bool *exist, failure_t *failure)
{
    cofferdam_cni_types_error_t error;
    *exist = cofferdam_cni_store_open(records, &error);
    return *exist || error.tag == COFFERDAM_CNI_TYPES_ERROR_NOT_FOUND || refused(failure, &error);
}

static void give(const prefix_t *prefix, attachment_t *result)
{
    /* The bindings free what a result points to. */
    cofferdam_cni_types_address_t *given = calloc(1, sizeof *given);
    if (given == NULL)
        abort();
    const uint8_t *bytes = prefix->bytes;
    given->address.address.tag = COFFERDAM_CNI_TYPES_IP_ADDRESS_IPV4;
    given->address.address.val.ipv4.f0 = bytes[0];
    given->address.address.val.ipv4.f1 = bytes[1];
    given->address.address.val.ipv4.f2 = bytes[2];
    given->address.address.val.ipv4.f3 = bytes[3];
    given->address.length = prefix->length;
    memset(result, 0, sizeof *result);
    result->addresses.ptr = given;
    result->addresses.len = 1;
}

bool exports_cofferdam_cni_plugin_add(request_t *request, attachment_t *result, failure_t *failure)
{
    prefix_t *prefixes;
    records_t records;
    cofferdam_cni_types_error_t error;
    size_t count = addresses(&request->config, &prefixes, failure);
    if (count == 0)
        return false;
    if (!cofferdam_cni_store_open(&records, &error))
        return refused(failure, &error);
    for (const prefix_t *prefix = prefixes; prefix < prefixes + count; prefix++) {
        bool ours;
        plugin_string_t name;
        plugin_string_set(&name, prefix->name);
        if (!cofferdam_cni_store_method_records_claim(cofferdam_cni_store_borrow_records(records), &name, &ours, &error))
            return refused(failure, &error);
        if (ours) {
            give(prefix, result);
            return true;
        }
    }
    return fail(failure, CODE_TRY_AGAIN_LATER, "all addresses of network \"%.*s\" are taken", TEXT(request->network));
}

/* The names that the attachment holds. */
static bool owned(records_t *records, plugin_list_string_t *names, failure_t *failure)
{
    bool exist;
    cofferdam_cni_types_error_t error;
    names->len = 0;
    if (!open_if_any(records, &exist, failure))
        return false;
    if (!exist)
        return true;
    return cofferdam_cni_store_method_records_owned(cofferdam_cni_store_borrow_records(*records), names, &error) ||
           refused(failure, &error);
}

bool exports_cofferdam_cni_plugin_del(request_t *request, failure_t *failure)
{
    (void)request;
    records_t records;
    plugin_list_string_t names;
    cofferdam_cni_types_error_t error;
    if (!owned(&records, &names, failure))
        return false;
    for (size_t index = 0; index < names.len; index++)
        if (!cofferdam_cni_store_method_records_release(cofferdam_cni_store_borrow_records(records), &names.ptr[index],
                                                        &error))
            return refused(failure, &error);
    return true;
}

bool exports_cofferdam_cni_plugin_check(request_t *request, failure_t *failure)
{
    (void)request;
    records_t records;
    plugin_list_string_t names;
    if (!owned(&records, &names, failure))
        return false;
    return names.len > 0 || fail(failure, CODE_CHANGED, "the attachment has no address on record");
}

static bool is_of(const cofferdam_cni_store_owner_t *owner, const attachment_id_t *valid)
{
    const plugin_option_string_t *interface = &owner->interface_name;
    return same(&owner->container_id, &valid->container_id) &&
           (!interface->is_some || same(&interface->val, &valid->interface_name));
}

static bool is_valid(const cofferdam_cni_store_owner_t *owner, const network_request_t *request)
{
    for (size_t index = 0; index < request->valid_attachments.len; index++)
        if (is_of(owner, &request->valid_attachments.ptr[index]))
            return true;
    return false;
}

bool exports_cofferdam_cni_plugin_gc(network_request_t *request, failure_t *failure)
{
    bool exist;
    records_t records;
    cofferdam_cni_store_list_claim_t claims;
    cofferdam_cni_types_error_t error;
    if (!open_if_any(&records, &exist, failure))
        return false;
    if (!exist)
        return true;
    cofferdam_cni_store_borrow_records_t borrowed = cofferdam_cni_store_borrow_records(records);
    if (!cofferdam_cni_store_method_records_claims(borrowed, &claims, &error))
        return refused(failure, &error);
    for (size_t index = 0; index < claims.len; index++) {
        cofferdam_cni_store_claim_t *claim = &claims.ptr[index];
        if (!is_valid(&claim->owner, request) &&
            !cofferdam_cni_store_method_records_release_stale(borrowed, &claim->name, &error))
            return refused(failure, &error);
    }
    return true;
}

bool exports_cofferdam_cni_plugin_status(network_request_t *request, failure_t *failure)
{
    bool exist;
    prefix_t *prefixes;
    records_t records;
    cofferdam_cni_types_error_t error;
    size_t count = addresses(&request->config, &prefixes, failure);
    if (count == 0 || !open_if_any(&records, &exist, failure))
        return false;
    if (!exist)
        return true;
    for (const prefix_t *prefix = prefixes; prefix < prefixes + count; prefix++) {
        plugin_string_t name;
        cofferdam_cni_store_option_owner_t owner;
        plugin_string_set(&name, prefix->name);
        if (!cofferdam_cni_store_method_records_owner(cofferdam_cni_store_borrow_records(records), &name, &owner, &error))
            return refused(failure, &error);
        if (!owner.is_some)
            return true;
    }
    return fail(failure, CODE_NOT_AVAILABLE, "all addresses of network \"%.*s\" are taken", TEXT(request->network));
}
