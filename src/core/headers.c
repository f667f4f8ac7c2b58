#include "headers.h"
#include "alphabet.h"
#include "dates.h"

#include <string.h>

static bool same_name(struct lcf_span text, const char *name)
{
    return lcf_take_any_case(&text, name) && lcf_is_empty(text);
}

static bool is_blank(int byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static struct lcf_span trimmed(struct lcf_span text)
{
    while (text.at < text.end && is_blank(text.end[-1])) text.end--;
    while (text.at < text.end && is_blank(*text.at)) text.at++;
    return text;
}

/* A whole text of decimal digits, few enough never to overflow. */
static bool decimal(struct lcf_span text, uint64_t *out)
{
    uint64_t sum = 0;
    if (lcf_is_empty(text) || text.end - text.at > 18) return false;
    while (!lcf_is_empty(text)) {
        int byte = lcf_next(&text);
        if (!lcf_is_digit(byte)) return false;
        sum = sum * 10 + (uint64_t)(byte - '0');
    }
    *out = sum;
    return true;
}

static bool is_ray_byte(int byte)
{
    return lcf_is_digit(byte) || lcf_is_letter(byte) || byte == '-';
}

static void take_ray(struct lcf_headers *h, struct lcf_span value)
{
    char ray[LCF_RAY_MAX + 1] = {0};
    if (lcf_is_empty(value)) return;
    for (size_t n = 0; !lcf_is_empty(value); n++) {
        int byte = lcf_next(&value);
        if (n == LCF_RAY_MAX || !is_ray_byte(byte)) return;
        ray[n] = (char)byte;
    }
    memcpy(h->ray_id, ray, sizeof ray);
}

/* Whole or not at all: what was cut might end in half a credential, which nobody would recognise. */
static void take_type(struct lcf_headers *h, struct lcf_span value)
{
    char type[LCF_TYPE_MAX + 1] = {0};
    h->content_type[0] = '\0';
    for (size_t n = 0; !lcf_is_empty(value); n++) {
        int byte = lcf_next(&value);
        if (n == LCF_TYPE_MAX || byte < ' ' || byte > '~') return;
        type[n] = (char)byte;
    }
    memcpy(h->content_type, type, sizeof type);
}

static void take_length(struct lcf_headers *h, struct lcf_span value)
{
    uint64_t length;
    if (!decimal(value, &length) || (h->has_length && h->length != length)) {
        h->contradictory = true;
        return;
    }
    h->has_length = true;
    h->length = length;
}

static void take_retry(struct lcf_headers *h, struct lcf_span value)
{
    uint64_t seconds;
    bool plain = decimal(value, &seconds);
    h->retry_is_date = !plain;
    h->has_retry = h->retry_lines++ == 0 && (plain || lcf_http_date(value, &h->retry));
    if (plain) h->retry = (int64_t)seconds;
}

static void take_coding(struct lcf_headers *h, struct lcf_span value)
{
    h->chunked = h->chunked || !same_name(value, "identity");
}

/* What stands before the first `stop`, or all. */
static struct lcf_span before(struct lcf_span text, char stop)
{
    struct lcf_span part = {text.at, text.at};
    while (part.end < text.end && *part.end != stop) part.end++;
    return part;
}

/* Whether one of the warnings is 110, "response is stale". */
static bool warns_of_staleness(struct lcf_span value)
{
    bool found = false;
    while (!found && !lcf_is_empty(value)) {
        struct lcf_span one = before(value, ','), code = trimmed(one);
        found = lcf_take_word(&code, "110") && (lcf_is_empty(code) || is_blank(lcf_peek(&code)));
        value.at = one.end;
        (void)lcf_take(&value, ',');
    }
    return found;
}

static void take_field(struct lcf_headers *h, struct lcf_span name, struct lcf_span value)
{
    if (same_name(name, "cf-ray")) take_ray(h, value);
    else if (same_name(name, "content-type")) take_type(h, value);
    else if (same_name(name, "content-length")) take_length(h, value);
    else if (same_name(name, "transfer-encoding")) take_coding(h, value);
    else if (same_name(name, "content-encoding")) h->encoded = h->encoded || !same_name(value, "identity");
    else if (same_name(name, "age")) h->cached = true;
    else if (same_name(name, "warning")) h->cached = h->cached || warns_of_staleness(value);
    else if (same_name(name, "date")) h->has_date = lcf_http_date(value, &h->date);
    else if (same_name(name, "retry-after")) take_retry(h, value);
}

/* A status line is the first one, or follows the blank line of a 1xx; anywhere else it is a field. */
static bool begins_answer(const struct lcf_headers *h, struct lcf_span line)
{
    bool due = !h->begun || (h->ended && h->interim);
    return due && lcf_take_word(&line, "HTTP/");
}

static bool is_interim(struct lcf_span status_line)
{
    status_line.at = before(status_line, ' ').end;
    return lcf_take_word(&status_line, " 1");
}

/* A folded line, or a blank before the colon: what one reader takes for a field another does not. */
static bool is_misshapen(struct lcf_span line, struct lcf_span name)
{
    bool loose = name.end < line.end && is_blank(lcf_last(name));
    return loose || (is_blank(lcf_peek(&line)) && !lcf_is_empty(trimmed(line)));
}

void lcf_headers_line(struct lcf_headers *h, struct lcf_span line)
{
    size_t bytes = h->bytes + (size_t)(line.end - line.at);
    if (begins_answer(h, line)) {
        memset(h, 0, sizeof *h);
        h->begun = true;
        h->interim = is_interim(line);
    }
    h->bytes = bytes;
    if (h->ended || lcf_is_empty(line)) return; /* behind the end stand trailers */
    struct lcf_span name = before(line, ':'), value = {name.end, line.end};
    if (is_misshapen(line, name)) h->contradictory = true;
    /* A line without its end was cut: half a Retry-After is another Retry-After. */
    if (lcf_last(line) != '\n') return;
    if (lcf_is_empty(trimmed(line))) h->ended = true;
    if (!lcf_take(&value, ':')) return;
    take_field(h, name, trimmed(value));
    if (h->chunked && h->has_length) h->contradictory = true;
}

double lcf_retry_after(const struct lcf_headers *h, int64_t unix_now)
{
    if (!h->has_retry) return -1;
    int64_t from = h->has_date ? h->date : unix_now;
    double wait = h->retry_is_date ? (double)h->retry - (double)from : (double)h->retry;
    return wait >= 0 && wait <= LCF_RETRY_MAX ? wait : -1;
}
