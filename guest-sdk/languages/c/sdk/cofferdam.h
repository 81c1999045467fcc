/* What the plugins have in common: failures with the codes of the guest SDK
 * for Rust (guest-sdk/src/codes.rs), so that one means the same whatever
 * language a plugin is written in.
 *
 * Nothing is freed here: an instance of a plugin lives for one call. What a
 * result or failure points to has to be from malloc: the bindings free it. */

#ifndef COFFERDAM_H
#define COFFERDAM_H

#include "json.h"
#include "plugin.h"

enum {
    CODE_UNDECODABLE = 6,
    CODE_INVALID_CONFIG = 7,
    CODE_TRY_AGAIN_LATER = 11,
    CODE_NOT_AVAILABLE = 50,
    CODE_CHANGED = 107,
    CODE_INTERNAL = 999,
};

typedef exports_cofferdam_cni_plugin_attachment_t attachment_t;
typedef exports_cofferdam_cni_plugin_failure_t failure_t;
typedef exports_cofferdam_cni_plugin_network_request_t network_request_t;
typedef exports_cofferdam_cni_plugin_request_t request_t;

/* Writes a failure, with its message as printf does; false, which is what an
 * exported function returns with it. */
bool fail(failure_t *failure, uint32_t code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The failure for what the host refused; false. */
bool refused(failure_t *failure, const cofferdam_cni_types_error_t *error);

/* The configuration; NULL after writing a failure. */
const json_t *parse_config(const plugin_string_t *config, failure_t *failure);

bool same(const plugin_string_t *one, const plugin_string_t *other);

/* For "%.*s". */
#define TEXT(string) (int)(string).len, (const char *)(string).ptr

#endif
