/* Header blocks, Retry-After, Ratelimit and dates. An input is a block of lines; each is also tried as a date of either
 * form, as a value that turned up somewhere, and as a path and a header line of the caller's own. */
#include "fuzz.h"

#include "../../src/core/dates.h"
#include "../../src/core/freeform.h"
#include "../../src/core/headers.h"
#include "../../src/core/kinds.h"
#include "../../src/core/quota.h"

#include <time.h>

#define NOW 784111777

/* A date that was taken is the very text that the C library writes for it. */
static void check_date(struct lcf_span text)
{
    int64_t unix_time = 0;
    if (!lcf_http_date(text, &unix_time)) return;
    char again[40];
    time_t at = (time_t)unix_time;
    bool leaps = memcmp(text.at + 23, "60", 2) == 0; /* a leap second has no time_t of its own */
    if (leaps) at--;
    MUST(unix_time >= 0 && text.end - text.at == 29);
    strftime(again, sizeof again, "%a, %d %b %Y %H:%M:%S GMT", gmtime(&at));
    MUST(memcmp(again, text.at, leaps ? 23 : 29) == 0);
}

/* A timestamp that was taken is read again from what is written for it. */
static void check_timestamp(struct lcf_span text)
{
    int64_t unix_time = 0, again = -1;
    char written[LCF_TIMESTAMP_SIZE];
    if (!lcf_timestamp_read(text, &unix_time) || !lcf_timestamp_write(unix_time, written)) return;
    MUST(lcf_timestamp_read((struct lcf_span){written, written + sizeof written - 1}, &again) && again == unix_time);
}

/* Of all items the one with the least counts: another line can only lower it. */
static void check_allowance(const struct lcf_allowance *before, struct lcf_span line)
{
    struct lcf_allowance a = *before;
    lcf_allowance_line(&a, line);
    MUST(!a.has_left || (a.left >= 0 && a.left < 1e9 && a.seconds >= 0 && a.seconds <= LCF_QUOTA_LONGEST));
    MUST(!a.has_limit || (a.limit >= 0 && a.limit < 1e9));
    MUST(!before->has_left || (a.has_left && a.left <= before->left));
    MUST(!before->has_limit || (a.has_limit && a.limit <= before->limit));
}

static size_t count_of(struct lcf_span text, char byte)
{
    size_t count = 0;
    for (const char *at = text.at; at < text.end; at++) count += *at == byte;
    return count;
}

/* Nothing in a good path makes another path of it, and nothing in a good line another line. */
static void check_own(struct lcf_span text)
{
    const char *colon = text.at < text.end ? memchr(text.at, ':', (size_t)(text.end - text.at)) : NULL;
    MUST(lcf_value_kind_name(lcf_value_of(text).kind));
    if (lcf_check_path(text) == LCF_PATH_GOOD) {
        MUST(*text.at == '/' && text.end[-1] != '/' && lcf_path_segments(text) == count_of(text, '/'));
        MUST(!count_of(text, '?') && !count_of(text, '#') && !count_of(text, '%') && !count_of(text, '\\'));
    }
    if (!colon || lcf_check_header((struct lcf_span){text.at, colon}, (struct lcf_span){colon + 1, text.end})) return;
    MUST(colon > text.at && !count_of(text, '\r') && !count_of(text, '\n') && !count_of(text, '\0'));
}

static void check_headers(const struct lcf_headers *h, size_t fed)
{
    double wait = lcf_retry_after(h, NOW), later = lcf_retry_after(h, NOW + 1);
    MUST(wait >= 0 ? wait <= LCF_RETRY_MAX : wait > -2);
    MUST(h->has_retry || wait < 0);
    MUST(!h->has_retry || h->retry_lines == 1);
    MUST((later >= wait && later <= wait) || (h->retry_is_date && !h->has_date));
    MUST(h->bytes == fed);
    MUST(!(h->chunked && h->has_length) || h->contradictory);
    MUST(memchr(h->ray_id, '\0', sizeof h->ray_id));
    for (const char *at = h->ray_id; *at; at++) MUST(*at > ' ' && *at < 0x7F && *at != '"');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lcf_headers headers = {0};
    struct lcf_allowance allowance = {0};
    for (size_t fed = 0; fed < size;) {
        const uint8_t *lf = memchr(data + fed, '\n', size - fed);
        size_t len = lf ? (size_t)(lf - data) + 1 - fed : size - fed;
        struct lcf_span line = exact(data + fed, len);
        bool ended = headers.begun && headers.ended && !headers.interim;
        const struct lcf_headers before = headers;
        lcf_headers_line(&headers, line);
        check_headers(&headers, fed += len);
        MUST(!ended || (headers.has_length == before.has_length && headers.retry_lines == before.retry_lines));
        check_allowance(&allowance, line);
        lcf_allowance_line(&allowance, line);
        struct lcf_span text = {line.at, lf ? line.end - 1 : line.end};
        check_date(text);
        check_timestamp(text);
        check_own(text);
        release(line);
    }
    return 0;
}
