/* Header blocks, Retry-After and dates. An input is a block of lines; each is also tried as a date. */
#include "fuzz.h"

#include "../../src/core/dates.h"
#include "../../src/core/headers.h"

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
    for (size_t fed = 0; fed < size;) {
        const uint8_t *lf = memchr(data + fed, '\n', size - fed);
        size_t len = lf ? (size_t)(lf - data) + 1 - fed : size - fed;
        struct lcf_span line = exact(data + fed, len);
        bool ended = headers.begun && headers.ended && !headers.interim;
        const struct lcf_headers before = headers;
        lcf_headers_line(&headers, line);
        check_headers(&headers, fed += len);
        MUST(!ended || (headers.has_length == before.has_length && headers.retry_lines == before.retry_lines));
        check_date((struct lcf_span){line.at, lf ? line.end - 1 : line.end});
        release(line);
    }
    return 0;
}
