#include "quota.h"
#include "alphabet.h"

/* Moves past a header's name and its colon, whatever the case. */
static bool take_name(struct lcf_span *line, const char *name)
{
    struct lcf_span rest = *line;
    if (!lcf_take_any_case(&rest, name) || !lcf_take(&rest, ':')) return false;
    *line = rest;
    return true;
}

/* Moves past the next item of a list: up to the comma, but not to one within quotes. */
static struct lcf_span take_item(struct lcf_span *list)
{
    struct lcf_span item = {list->at, list->at};
    bool quoted = false;
    for (int byte; (byte = lcf_next(list)) >= 0 && (quoted || byte != ',');) {
        if (byte == '"') quoted = !quoted;
        item.end = list->at;
    }
    return item;
}

/* The whole number of a parameter, as in ";r=50"; false where there is none, or too long a one. */
static bool read_parameter(struct lcf_span item, char name, double *out)
{
    bool quoted = false;
    for (int byte; (byte = lcf_next(&item)) >= 0;) {
        if (byte == '"') quoted = !quoted;
        if (quoted || byte != ';') continue;
        while (lcf_take(&item, ' ')) continue;
        if (!lcf_take(&item, name) || !lcf_take(&item, '=')) continue;
        double sum = 0;
        int digits = 0;
        while (lcf_is_digit(lcf_peek(&item)) && digits++ < 9) sum = sum * 10 + (lcf_next(&item) - '0');
        *out = sum;
        return digits > 0 && digits < 10;
    }
    return false;
}

static void take_left(struct lcf_allowance *a, struct lcf_span item)
{
    double left, seconds;
    if (!read_parameter(item, 'r', &left) || !read_parameter(item, 't', &seconds)) return;
    if (seconds > LCF_QUOTA_LONGEST || (a->has_left && a->left <= left)) return;
    a->has_left = true;
    a->left = left;
    a->seconds = seconds;
}

static void take_limit(struct lcf_allowance *a, struct lcf_span item)
{
    double limit;
    if (!read_parameter(item, 'q', &limit) || (a->has_limit && a->limit <= limit)) return;
    a->has_limit = true;
    a->limit = limit;
}

void lcf_allowance_line(struct lcf_allowance *a, struct lcf_span line)
{
    bool tells_left = take_name(&line, "ratelimit");
    if (!tells_left && !take_name(&line, "ratelimit-policy")) return;
    while (!lcf_is_empty(line)) {
        struct lcf_span item = take_item(&line);
        if (tells_left) take_left(a, item);
        else take_limit(a, item);
    }
}

static bool is_current(const struct lcf_quota *q, uint64_t whose, double now)
{
    return q->whose == whose && now < q->until;
}

void lcf_quota_hear(struct lcf_quota *q, uint64_t whose, double now, const struct lcf_allowance *a)
{
    bool begins = !is_current(q, whose, now);
    if (begins) *q = (struct lcf_quota){whose, LCF_QUOTA_LIMIT, LCF_QUOTA_LIMIT, now + LCF_QUOTA_WINDOW};
    if (a->has_limit) q->limit = a->limit;
    if (!a->has_left && q->left > 0) q->left--;
    if (!a->has_left || (!begins && a->left > q->left)) return;
    q->left = a->left;
    q->until = now + a->seconds;
}

double lcf_quota_rest(const struct lcf_quota *q, uint64_t whose, double now, double in_flight)
{
    if (!is_current(q, whose, now)) return 0;
    return q->left - in_flight > q->limit / 10 ? 0 : q->until - now;
}
