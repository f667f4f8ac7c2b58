#include "dates.h"

#define A_DAY 86400 /* seconds */

/* Moves past exactly `count` digits. */
static bool take_digits(struct lcf_span *text, int count, int *out)
{
    *out = 0;
    for (; count > 0; count--) {
        int byte = lcf_next(text);
        if (!lcf_is_digit(byte)) return false;
        *out = *out * 10 + (byte - '0');
    }
    return true;
}

/* Moves past one of the names, and says which. */
static bool take_name(struct lcf_span *text, const char *const *names, int count, int *out)
{
    for (*out = 0; *out < count; ++*out) {
        struct lcf_span rest = *text;
        if (!lcf_take_word(&rest, names[*out])) continue;
        *text = rest;
        return true;
    }
    return false;
}

/* Days since 1970-01-01 of a date in the Gregorian calendar, counting years from March. January is 0. */
static int64_t days_from_civil(int year, int month, int day)
{
    year -= month < 2;
    int64_t era = year / 400, year_of_era = year % 400;
    int64_t day_of_year = (153 * (month < 2 ? month + 10 : month - 2) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

static int days_in_month(int year, int month)
{
    static const char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month] + (month == 1 && leap);
}

struct date {
    int weekday, day, month, year, hour, minute, second; /* a Thursday and January are 0 */
};

static bool take_date(struct lcf_span *text, struct date *d)
{
    static const char *const weekdays[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    return take_name(text, weekdays, 7, &d->weekday) && lcf_take_word(text, ", ") && take_digits(text, 2, &d->day) &&
           lcf_take(text, ' ') && take_name(text, months, 12, &d->month) && lcf_take(text, ' ') &&
           take_digits(text, 4, &d->year) && lcf_take(text, ' ');
}

static bool take_time(struct lcf_span *text, struct date *d)
{
    return take_digits(text, 2, &d->hour) && lcf_take(text, ':') && take_digits(text, 2, &d->minute) &&
           lcf_take(text, ':') && take_digits(text, 2, &d->second);
}

/* Whether its day and its time exist. */
static bool is_real(const struct date *d)
{
    return d->month >= 0 && d->month < 12 && d->day >= 1 && d->day <= days_in_month(d->year, d->month) &&
           d->hour < 24 && d->minute < 60 && d->second <= 60;
}

static int64_t seconds_of(const struct date *d)
{
    return days_from_civil(d->year, d->month, d->day) * A_DAY + d->hour * 3600 + d->minute * 60 + d->second;
}

bool lcf_http_date(struct lcf_span text, int64_t *unix_time)
{
    struct date d = {0};
    if (!take_date(&text, &d) || !take_time(&text, &d) || !lcf_take_word(&text, " GMT") || !lcf_is_empty(text))
        return false;
    if (d.year < 1970 || !is_real(&d)) return false;
    if (d.weekday != days_from_civil(d.year, d.month, d.day) % 7) return false; /* 1970-01-01 was a Thursday */
    *unix_time = seconds_of(&d);
    return true;
}

/* Moves past either letter. */
static bool take_letter(struct lcf_span *text, char upper, char lower)
{
    return lcf_take(text, upper) || lcf_take(text, lower);
}

/* Moves past a fraction of a second, which is not kept, if one is next. */
static bool take_fraction(struct lcf_span *text)
{
    if (!lcf_take(text, '.')) return true;
    if (!lcf_is_digit(lcf_peek(text))) return false;
    while (lcf_is_digit(lcf_peek(text))) (void)lcf_next(text);
    return true;
}

/* Moves past the zone; `east` is by how many seconds it is ahead. */
static bool take_zone(struct lcf_span *text, int64_t *east)
{
    int hours, minutes;
    *east = 0;
    if (take_letter(text, 'Z', 'z')) return true;
    bool ahead = lcf_take(text, '+');
    if (!ahead && !lcf_take(text, '-')) return false;
    if (!take_digits(text, 2, &hours) || !lcf_take(text, ':') || !take_digits(text, 2, &minutes)) return false;
    *east = (ahead ? 60 : -60) * (hours * 60 + minutes);
    return hours < 24 && minutes < 60;
}

static bool take_day(struct lcf_span *text, struct date *d)
{
    if (!take_digits(text, 4, &d->year) || !lcf_take(text, '-') || !take_digits(text, 2, &d->month) ||
        !lcf_take(text, '-') || !take_digits(text, 2, &d->day))
        return false;
    d->month--;
    return d->year > 0;
}

bool lcf_timestamp_read(struct lcf_span text, int64_t *unix_time)
{
    struct date d = {0};
    int64_t east;
    if (!take_day(&text, &d) || !take_letter(&text, 'T', 't') || !take_time(&text, &d) || !take_fraction(&text) ||
        !take_zone(&text, &east) || !lcf_is_empty(text) || !is_real(&d))
        return false;
    *unix_time = seconds_of(&d) - east;
    return true;
}

/* The inverse of days_from_civil, for days from 1970 on. */
static struct date civil_from_days(int64_t days)
{
    days += 719468; /* since the first of March of the year 0 */
    int day = (int)(days % 146097), year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    int day_of_year = day - (365 * year + year / 4 - year / 100), month = (5 * day_of_year + 2) / 153;
    struct date d = {.day = day_of_year - (153 * month + 2) / 5 + 1};
    d.month = month < 10 ? month + 2 : month - 10;
    d.year = year + (int)(days / 146097) * 400 + (d.month < 2);
    return d;
}

/* Writes `count` digits and the byte behind them; returns where the next begins. */
static char *put(char *to, int number, int count, char behind)
{
    for (int i = count - 1; i >= 0; i--, number /= 10) to[i] = (char)('0' + number % 10);
    to[count] = behind;
    return to + count + 1;
}

bool lcf_timestamp_write(int64_t unix_time, char to[LCF_TIMESTAMP_SIZE])
{
    if (unix_time < 0 || unix_time > LCF_TIMESTAMP_MAX) return false;
    int second = (int)(unix_time % A_DAY);
    struct date d = civil_from_days(unix_time / A_DAY);
    to = put(to, d.year, 4, '-');
    to = put(to, d.month + 1, 2, '-');
    to = put(to, d.day, 2, 'T');
    to = put(to, second / 3600, 2, ':');
    to = put(to, second / 60 % 60, 2, ':');
    to = put(to, second % 60, 2, 'Z');
    *to = '\0';
    return true;
}
