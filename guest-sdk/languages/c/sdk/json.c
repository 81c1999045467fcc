#include "json.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define DEEPEST 64

typedef struct {
    const char *at;
    const char *end;
} input_t;

static json_t *value(input_t *input, int depth);

static void skip_space(input_t *input)
{
    while (input->at < input->end && strchr(" \t\r\n", *input->at) != NULL && *input->at != '\0')
        input->at++;
}

static bool take(input_t *input, char expected)
{
    if (input->at == input->end || *input->at != expected)
        return false;
    input->at++;
    return true;
}

static bool take_word(input_t *input, const char *word)
{
    size_t length = strlen(word);
    if ((size_t)(input->end - input->at) < length || memcmp(input->at, word, length) != 0)
        return false;
    input->at += length;
    return true;
}

static json_t *new_value(json_kind_t kind, const char *text)
{
    json_t *made = calloc(1, sizeof *made);
    if (made == NULL)
        abort();
    made->kind = kind;
    made->text = text;
    return made;
}

static size_t take_digits(input_t *input)
{
    const char *begin = input->at;
    while (input->at < input->end && *input->at >= '0' && *input->at <= '9')
        input->at++;
    return (size_t)(input->at - begin);
}

static json_t *number(input_t *input)
{
    const char *begin = input->at;
    take(input, '-');
    if (!take(input, '0') && take_digits(input) == 0)
        return NULL;
    if (take(input, '.') && take_digits(input) == 0)
        return NULL;
    if (take(input, 'e') || take(input, 'E')) {
        if (!take(input, '+'))
            take(input, '-');
        if (take_digits(input) == 0)
            return NULL;
    }
    return new_value(JSON_NUMBER, strndup(begin, (size_t)(input->at - begin)));
}

/* Four hexadecimal digits; -1 when they are not. */
static int32_t code_unit(input_t *input)
{
    int32_t unit = 0;
    for (int digit = 0; digit < 4; digit++) {
        static const char digits[] = "0123456789abcdef";
        const char *found = NULL;
        if (input->at < input->end && *input->at != '\0')
            found = strchr(digits, *input->at >= 'A' && *input->at <= 'F' ? *input->at + 32 : *input->at);
        if (found == NULL)
            return -1;
        unit = unit * 16 + (int32_t)(found - digits);
        input->at++;
    }
    return unit;
}

/* What follows `\u`, of which one above 0xFFFF is two; -1 when it is none. */
static int32_t code_point(input_t *input)
{
    int32_t first = code_unit(input);
    if (first < 0xD800 || first > 0xDFFF)
        return first;
    if (first > 0xDBFF || !take_word(input, "\\u"))
        return -1;
    int32_t second = code_unit(input);
    if (second < 0xDC00 || second > 0xDFFF)
        return -1;
    return 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
}

static char *encode(char *to, int32_t point)
{
    if (point < 0x80) {
        *to++ = (char)point;
    } else if (point < 0x800) {
        *to++ = (char)(0xC0 | point >> 6);
        *to++ = (char)(0x80 | (point & 0x3F));
    } else if (point < 0x10000) {
        *to++ = (char)(0xE0 | point >> 12);
        *to++ = (char)(0x80 | (point >> 6 & 0x3F));
        *to++ = (char)(0x80 | (point & 0x3F));
    } else {
        *to++ = (char)(0xF0 | point >> 18);
        *to++ = (char)(0x80 | (point >> 12 & 0x3F));
        *to++ = (char)(0x80 | (point >> 6 & 0x3F));
        *to++ = (char)(0x80 | (point & 0x3F));
    }
    return to;
}

/* After a backslash. NULL when it is no escape; a zero would end the text. */
static char *escape(input_t *input, char *to)
{
    static const char letters[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    if (take(input, 'u')) {
        int32_t point = code_point(input);
        return point > 0 ? encode(to, point) : NULL;
    }
    if (input->at == input->end || *input->at == '\0')
        return NULL;
    const char *found = strchr(letters, *input->at++);
    if (found == NULL)
        return NULL;
    *to++ = meanings[found - letters];
    return to;
}

static const char *string(input_t *input)
{
    if (!take(input, '"'))
        return NULL;
    /* An escape is longer than what it stands for. */
    char *text = malloc((size_t)(input->end - input->at) + 1);
    if (text == NULL)
        abort();
    char *to = text;
    while (input->at < input->end) {
        unsigned char byte = (unsigned char)*input->at++;
        if (byte == '"') {
            *to = '\0';
            return text;
        }
        if (byte < 0x20)
            return NULL;
        if (byte != '\\')
            *to++ = (char)byte;
        else if ((to = escape(input, to)) == NULL)
            return NULL;
    }
    return NULL;
}

/* The elements of an array or, with names, an object, up to `closing`. */
static json_t *elements(input_t *input, json_kind_t kind, char closing, int depth)
{
    json_t *whole = new_value(kind, NULL);
    json_t **last = &whole->first;
    skip_space(input);
    if (take(input, closing))
        return whole;
    do {
        const char *name = NULL;
        skip_space(input);
        if (kind == JSON_OBJECT) {
            name = string(input);
            skip_space(input);
            if (name == NULL || !take(input, ':'))
                return NULL;
        }
        json_t *element = value(input, depth + 1);
        if (element == NULL)
            return NULL;
        element->name = name;
        *last = element;
        last = &element->next;
        skip_space(input);
    } while (take(input, ','));
    return take(input, closing) ? whole : NULL;
}

static json_t *value(input_t *input, int depth)
{
    if (depth > DEEPEST)
        return NULL;
    skip_space(input);
    if (input->at < input->end && *input->at == '"') {
        const char *text = string(input);
        return text != NULL ? new_value(JSON_STRING, text) : NULL;
    }
    if (take(input, '{'))
        return elements(input, JSON_OBJECT, '}', depth);
    if (take(input, '['))
        return elements(input, JSON_ARRAY, ']', depth);
    if (take_word(input, "true"))
        return new_value(JSON_BOOLEAN, "true");
    if (take_word(input, "false"))
        return new_value(JSON_BOOLEAN, "false");
    if (take_word(input, "null"))
        return new_value(JSON_NULL, "null");
    return number(input);
}

const json_t *json_parse(const char *text, size_t length)
{
    input_t input = {text, text + length};
    const json_t *parsed = value(&input, 0);
    skip_space(&input);
    return input.at == input.end ? parsed : NULL;
}

const json_t *json_member(const json_t *object, const char *name)
{
    const json_t *found = NULL;
    if (object == NULL || object->kind != JSON_OBJECT)
        return NULL;
    for (const json_t *member = object->first; member != NULL; member = member->next)
        if (strcmp(member->name, name) == 0)
            found = member;
    return found != NULL && found->kind != JSON_NULL ? found : NULL;
}

bool json_whole_number(const json_t *value, long *number)
{
    if (value->kind != JSON_NUMBER)
        return false;
    char *end;
    errno = 0;
    *number = strtol(value->text, &end, 10);
    return errno == 0 && *end == '\0';
}
