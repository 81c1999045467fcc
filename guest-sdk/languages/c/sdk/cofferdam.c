#include "cofferdam.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void write_text(plugin_string_t *to, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *text = length >= 0 ? malloc((size_t)length + 1) : NULL;
    if (text == NULL)
        abort();
    vsnprintf(text, (size_t)length + 1, format, arguments);
    to->ptr = (uint8_t *)text;
    to->len = (size_t)length;
}

bool fail(failure_t *failure, uint32_t code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    failure->code = code;
    write_text(&failure->message, format, arguments);
    va_end(arguments);
    failure->details.is_some = false;
    return false;
}

static void detail(failure_t *failure, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    failure->details.is_some = true;
    write_text(&failure->details.val, format, arguments);
    va_end(arguments);
}

bool refused(failure_t *failure, const cofferdam_cni_types_error_t *error)
{
    static const uint32_t codes[] = {
        [COFFERDAM_CNI_TYPES_ERROR_NOT_FOUND] = 101, [COFFERDAM_CNI_TYPES_ERROR_ALREADY_EXISTS] = 102,
        [COFFERDAM_CNI_TYPES_ERROR_INVALID] = 103,   [COFFERDAM_CNI_TYPES_ERROR_UNSUPPORTED] = 104,
        [COFFERDAM_CNI_TYPES_ERROR_CONFLICT] = 105,  [COFFERDAM_CNI_TYPES_ERROR_QUOTA] = 106,
        [COFFERDAM_CNI_TYPES_ERROR_BUSY] = 11,       [COFFERDAM_CNI_TYPES_ERROR_DEADLINE] = 11,
    };
    if (error->tag == COFFERDAM_CNI_TYPES_ERROR_DENIED) {
        const cofferdam_cni_types_denial_t *denial = &error->val.denied;
        fail(failure, 100, "%.*s is not granted for %.*s", TEXT(denial->operation), TEXT(denial->target));
        detail(failure, "missing grant: %.*s", TEXT(denial->missing));
    } else if (error->tag == COFFERDAM_CNI_TYPES_ERROR_OS) {
        fail(failure, CODE_INTERNAL, "%.*s", TEXT(error->val.os.context));
        detail(failure, "errno %u", (unsigned)error->val.os.errno);
    } else {
        /* The others have a text alone. */
        fail(failure, codes[error->tag], "%.*s", TEXT(error->val.not_found));
    }
    return false;
}

const json_t *parse_config(const plugin_string_t *config, failure_t *failure)
{
    const json_t *parsed = json_parse((const char *)config->ptr, config->len);
    if (parsed == NULL)
        fail(failure, CODE_UNDECODABLE, "failed to load configuration: it is not JSON");
    return parsed;
}

bool same(const plugin_string_t *one, const plugin_string_t *other)
{
    return one->len == other->len && memcmp(one->ptr, other->ptr, one->len) == 0;
}
