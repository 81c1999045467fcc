/* Reads JSON (RFC 8259) into a tree. Nothing is ever freed: an instance of a
 * plugin lives for one call. */

#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stddef.h>

typedef enum {
    JSON_NULL,
    JSON_BOOLEAN,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT,
} json_kind_t;

typedef struct json {
    json_kind_t kind;
    /* Of an object's member. */
    const char *name;
    /* A string's content, a number or boolean as it is written. */
    const char *text;
    /* The elements of an array or object, in order. */
    struct json *first;
    struct json *next;
} json_t;

/* NULL when the text is not one JSON value, or is nested too deeply. */
const json_t *json_parse(const char *text, size_t length);

/* The last member of that name; NULL when there is none, it is `null`, or the
 * value is no object. */
const json_t *json_member(const json_t *object, const char *name);

/* False when the value is no whole number that fits. */
bool json_whole_number(const json_t *value, long *number);

#endif
