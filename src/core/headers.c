#include "headers.h"

#include <string.h>

static char lower(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte + ('a' - 'A')) : byte;
}

static bool same_name(struct lcf_text text, const char *name)
{
    if (text.len != strlen(name)) return false;
    for (size_t i = 0; i < text.len; i++)
        if (lower(text.at[i]) != name[i]) return false;
    return true;
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static struct lcf_text trimmed(struct lcf_text text)
{
    while (text.len > 0 && is_blank(text.at[text.len - 1])) text.len--;
    while (text.len > 0 && is_blank(text.at[0])) text.at++, text.len--;
    return text;
}

/* A whole text of decimal digits, few enough never to overflow. */
static bool decimal(struct lcf_text text, uint64_t *out)
{
    if (text.len == 0 || text.len > 18) return false;
    uint64_t sum = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] < '0' || text.at[i] > '9') return false;
        sum = sum * 10 + (uint64_t)(text.at[i] - '0');
    }
    *out = sum;
    return true;
}

/* `len` digits at `offset` of a text known to be long enough, or -1. */
static int64_t field(struct lcf_text text, size_t offset, size_t len)
{
    uint64_t number;
    return decimal((struct lcf_text){text.at + offset, len}, &number) ? (int64_t)number : -1;
}

/* Which of the three-letter names stands at `at`, or -1. */
static int name_index(const char *at, const char *names)
{
    for (int i = 0; names[i * 3]; i++)
        if (memcmp(at, names + i * 3, 3) == 0) return i;
    return -1;
}

/* Days since 1970-01-01 of a date in the Gregorian calendar, counting years from March. */
static int64_t days_from_civil(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = year / 400, year_of_era = year % 400;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

static int64_t days_in_month(int64_t year, int64_t month)
{
    static const char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

/* The fixed places of an IMF-fixdate: the punctuation, with '.' for what is read elsewhere. */
static bool has_date_shape(struct lcf_text text)
{
    static const char shape[] = "..., .. ... .... ..:..:.. GMT";
    if (text.len != sizeof shape - 1) return false;
    for (size_t i = 0; i < text.len; i++)
        if (shape[i] != '.' && shape[i] != text.at[i]) return false;
    return true;
}

bool lcf_http_date(struct lcf_text text, int64_t *unix_time)
{
    if (!has_date_shape(text)) return false;
    int64_t day = field(text, 5, 2), year = field(text, 12, 4);
    int64_t hour = field(text, 17, 2), minute = field(text, 20, 2), second = field(text, 23, 2);
    int64_t month = name_index(text.at + 8, "JanFebMarAprMayJunJulAugSepOctNovDec") + 1;
    int weekday = name_index(text.at, "ThuFriSatSunMonTueWed"); /* 1970-01-01 was a Thursday */
    if (year < 1970 || month < 1 || day < 1 || day > days_in_month(year, month)) return false;
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return false;
    int64_t days = days_from_civil(year, month, day);
    if (weekday != days % 7) return false;
    *unix_time = days * 86400 + hour * 3600 + minute * 60 + second;
    return true;
}

static void take_ray(struct lcf_headers *h, struct lcf_text value)
{
    if (value.len == 0 || value.len > LCF_RAY_MAX) return;
    for (size_t i = 0; i < value.len; i++) {
        char byte = lower(value.at[i]);
        if (!((byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || byte == '-')) return;
    }
    memcpy(h->ray_id, value.at, value.len);
    h->ray_id[value.len] = '\0';
}

static void take_length(struct lcf_headers *h, struct lcf_text value)
{
    uint64_t length;
    if (!decimal(value, &length) || (h->has_length && h->length != length)) {
        h->contradictory = true;
        return;
    }
    h->has_length = true;
    h->length = length;
}

static void take_retry(struct lcf_headers *h, struct lcf_text value)
{
    uint64_t seconds;
    bool plain = decimal(value, &seconds);
    h->retry_is_date = !plain;
    h->has_retry = h->retry_lines++ == 0 && (plain || lcf_http_date(value, &h->retry));
    if (plain) h->retry = (int64_t)seconds;
}

static void take_coding(struct lcf_headers *h, struct lcf_text value)
{
    h->chunked = h->chunked || !same_name(value, "identity");
}

static void take_field(struct lcf_headers *h, struct lcf_text name, struct lcf_text value)
{
    if (same_name(name, "cf-ray")) take_ray(h, value);
    else if (same_name(name, "content-length")) take_length(h, value);
    else if (same_name(name, "transfer-encoding")) take_coding(h, value);
    else if (same_name(name, "content-encoding")) h->encoded = h->encoded || !same_name(value, "identity");
    else if (same_name(name, "date")) h->has_date = lcf_http_date(value, &h->date);
    else if (same_name(name, "retry-after")) take_retry(h, value);
}

/* A status line is the first one, or follows the blank line of a 1xx; anywhere else it is a field. */
static bool begins_answer(const struct lcf_headers *h, struct lcf_text line)
{
    bool due = !h->begun || (h->ended && h->interim);
    return due && line.len >= 5 && memcmp(line.at, "HTTP/", 5) == 0;
}

static bool is_interim(struct lcf_text status_line)
{
    const char *space = memchr(status_line.at, ' ', status_line.len);
    return space && space + 1 < status_line.at + status_line.len && space[1] == '1';
}

/* A folded line, or a blank before the colon: what one reader takes for a field another does not. */
static bool is_misshapen(struct lcf_text line)
{
    const char *colon = memchr(line.at, ':', line.len);
    bool loose = colon && colon > line.at && is_blank(colon[-1]);
    return loose || (is_blank(line.at[0]) && trimmed(line).len > 0);
}

void lcf_headers_line(struct lcf_headers *h, struct lcf_text line)
{
    size_t bytes = h->bytes + line.len;
    if (begins_answer(h, line)) {
        memset(h, 0, sizeof *h);
        h->begun = true;
        h->interim = is_interim(line);
    }
    h->bytes = bytes;
    if (h->ended || line.len == 0) return; /* behind the end stand trailers */
    if (is_misshapen(line)) h->contradictory = true;
    if (line.at[line.len - 1] == '\n' && trimmed(line).len == 0) h->ended = true;
    const char *colon = memchr(line.at, ':', line.len);
    /* A line without its end was cut: half a Retry-After is another Retry-After. */
    if (!colon || line.at[line.len - 1] != '\n') return;
    struct lcf_text name = {line.at, (size_t)(colon - line.at)};
    struct lcf_text value = {colon + 1, line.len - name.len - 1};
    take_field(h, name, trimmed(value));
    if (h->chunked && h->has_length) h->contradictory = true;
}

double lcf_retry_after(const struct lcf_headers *h, int64_t unix_now)
{
    if (!h->has_retry) return -1;
    int64_t from = h->has_date ? h->date : unix_now;
    double wait = h->retry_is_date ? (double)(h->retry - from) : (double)h->retry;
    return wait >= 0 && wait <= LCF_RETRY_MAX ? wait : -1;
}
