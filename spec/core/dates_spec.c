/* Dates as the API writes them, in its headers and in its JSON. */

#include "support.h"

#include "../../src/core/dates.h"

/* Sun, 06 Nov 1994 08:49:37 GMT */
#define THEN 784111777

static void http_dates_are_read_in_the_one_fixed_form(void **state)
{
    static const struct {
        const char *text;
        bool good;
        int64_t unix_time;
    } rows[] = {
        {"Sun, 06 Nov 1994 08:49:37 GMT", true, THEN},
        {"Thu, 01 Jan 1970 00:00:00 GMT", true, 0},
        {"Tue, 19 Jan 2038 03:14:08 GMT", true, 2147483648},
        {"Fri, 31 Dec 9999 23:59:59 GMT", true, 253402300799},
        {"Tue, 29 Feb 2000 00:00:00 GMT", true, 951782400},
        {"Thu, 29 Feb 2024 12:00:00 GMT", true, 1709208000},
        {"Fri, 01 Mar 2024 00:00:00 GMT", true, 1709251200},
        {"Mon, 01 Mar 2100 00:00:00 GMT", true, 4107542400},
        {"Tue, 31 Dec 2024 23:59:60 GMT", true, 1735689600}, /* a leap second is the next minute */
        {"Wed, 29 Feb 2023 12:00:00 GMT", false, 0},
        {"Mon, 29 Feb 2100 00:00:00 GMT", false, 0},
        {"Mon, 06 Nov 1994 08:49:37 GMT", false, 0},
        {"Xyz, 06 Nov 1994 08:49:37 GMT", false, 0},
        {"sun, 06 Nov 1994 08:49:37 GMT", false, 0},
        {"Sun, 06 nov 1994 08:49:37 GMT", false, 0},
        {"Sun, 06 Nox 1994 08:49:37 GMT", false, 0},
        {"Sun, 06 ovD 1994 08:49:37 GMT", false, 0},
        {"Sun, 00 Nov 1994 08:49:37 GMT", false, 0},
        {"Thu, 31 Nov 1994 08:49:37 GMT", false, 0},
        {"Sun, 06 Nov 1994 24:00:00 GMT", false, 0},
        {"Sun, 06 Nov 1994 08:60:37 GMT", false, 0},
        {"Sun, 06 Nov 1994 08:49:61 GMT", false, 0},
        {"Sun, 06 Nov 1994 ab:49:37 GMT", false, 0},
        {"Sun, 06 Nov 1994 08:-1:37 GMT", false, 0},
        {"Sun, 06 Nov 1994 08:49:3  GMT", false, 0},
        {"Sun, 06 Nov 1994 08:49:37 UTC", false, 0},
        {"Sun, 06 Nov 1994 08:49:37", false, 0},
        {"Sun, 06 Nov 1994 08:49:37 GMT ", false, 0},
        {"Sun, 06 Nov 1994 08:49:37 GMT+1", false, 0},
        {"Sun,  6 Nov 1994 08:49:37 GMT", false, 0},
        {"Sun, 6 Nov 1994 08:49:37 GMT", false, 0},
        {"Sun, -6 Nov 1994 08:49:37 GMT", false, 0},
        {"Sun, 06 Nov 1994 8:49:37 GMT", false, 0},
        {"Sun 06 Nov 1994 08:49:37 GMT", false, 0},
        {"Wed, 31 Dec 1969 23:59:59 GMT", false, 0},
        {"Thu, 25 Dec 1969 00:00:00 GMT", false, 0},
        {"Sunday, 06-Nov-94 08:49:37 GMT", false, 0},
        {"Sun Nov  6 08:49:37 1994", false, 0},
        {"1994-11-06T08:49:37Z", false, 0},
        {"", false, 0},
    };
    unsigned wrong = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct lcf_text text = exact(text_of(rows[i].text));
        int64_t unix_time = -1;
        bool good = lcf_http_date(lcf_span_of(text), &unix_time);
        if (good != rows[i].good) WRONG(wrong, "\"%s\" is %s", rows[i].text, good ? "accepted" : "refused");
        else if (good && unix_time != rows[i].unix_time)
            WRONG(wrong, "\"%s\" as %lld", rows[i].text, (long long)unix_time);
        release(text);
    }
    expect_none(wrong);
}

static void no_month_has_a_day_too_many(void **state)
{
    static const char *const days[] = {"32 Jan", "30 Feb", "32 Mar", "31 Apr", "32 May", "31 Jun",
                                       "32 Jul", "32 Aug", "31 Sep", "32 Oct", "31 Nov", "32 Dec"};
    static const char weekdays[] = "ThuFriSatSunMonTueWed";
    unsigned wrong = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(days); i++)
        for (int weekday = 0; weekday < 7; weekday++) {
            char text[64];
            int64_t unix_time;
            (void)snprintf(text, sizeof text, "%.3s, %s 2024 12:34:56 GMT", weekdays + 3 * weekday, days[i]);
            if (lcf_http_date(span(text), &unix_time)) WRONG(wrong, "%s", text);
        }
    expect_none(wrong);
}

/* A calendar that only counts: the days from 1970 to 2199, one after the other. */
static void every_day_has_one_date_and_one_weekday(void **state)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec", weekdays[] = "ThuFriSatSunMonTueWed";
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    unsigned wrong = 0;
    int64_t days = 0;
    (void)state;
    for (int year = 1970; year < 2200; year++)
        for (int month = 0; month < 12; month++) {
            bool leap = year % 4 == 0 && (year % 100 != 0 || year == 2000);
            for (int day = 1; day <= lengths[month] + (month == 1 && leap); day++, days++)
                for (int shift = 0; shift < 7; shift++) {
                    char text[64];
                    int64_t unix_time = -1;
                    (void)snprintf(text, sizeof text, "%.3s, %02d %.3s %04d 12:34:56 GMT", weekdays + (days + shift) % 7 * 3,
                                   day, months + month * 3, year);
                    bool good = lcf_http_date(span(text), &unix_time);
                    if (good != (shift == 0) || (good && unix_time != days * 86400 + 45296)) WRONG(wrong, "%s", text);
                }
        }
    expect_none(wrong);
}

static void a_date_cut_at_any_byte_is_refused(void **state)
{
    struct lcf_text whole = text_of("Sun, 06 Nov 1994 08:49:37 GMT");
    unsigned wrong = 0;
    (void)state;
    for (size_t len = 0; len < whole.len; len++) {
        struct lcf_text cut = exact((struct lcf_text){whole.at, len});
        int64_t unix_time;
        if (lcf_http_date(lcf_span_of(cut), &unix_time)) WRONG(wrong, "after %zu bytes", len);
        release(cut);
    }
    expect_none(wrong);
}

static void timestamps_are_read_as_rfc_3339_has_them(void **state)
{
    static const struct {
        const char *text;
        bool good;
        int64_t unix_time;
    } rows[] = {
        {"1994-11-06T08:49:37Z", true, THEN},
        {"1994-11-06t08:49:37z", true, THEN},
        {"1994-11-06T08:49:37.000123Z", true, THEN},
        {"1994-11-06T08:49:37.9+00:00", true, THEN},
        {"1994-11-06T10:19:37+01:30", true, THEN},
        {"1994-11-05T20:49:37-12:00", true, THEN},
        {"1994-11-07T08:48:37+23:59", true, THEN},
        {"1970-01-01T00:00:00-00:00", true, 0},
        {"1969-12-31T23:59:59Z", true, -1},
        {"0001-01-01T00:00:00Z", true, -62135596800},
        {"9999-12-31T23:59:59Z", true, LCF_TIMESTAMP_MAX},
        {"2000-02-29T00:00:00Z", true, 951782400},
        {"2024-12-31T23:59:60Z", true, 1735689600}, /* a leap second is the next minute */
        {"2023-02-29T00:00:00Z", false, 0},
        {"2100-02-29T00:00:00Z", false, 0},
        {"0000-01-01T00:00:00Z", false, 0},
        {"2024-00-01T00:00:00Z", false, 0},
        {"2024-13-01T00:00:00Z", false, 0},
        {"2024-01-00T00:00:00Z", false, 0},
        {"2024-01-32T00:00:00Z", false, 0},
        {"2024-01-01T24:00:00Z", false, 0},
        {"2024-01-01T00:60:00Z", false, 0},
        {"2024-01-01T00:00:61Z", false, 0},
        {"2024-01-01T00:00:00", false, 0},
        {"2024-01-01T00:00:00.Z", false, 0},
        {"2024-01-01T00:00:00,5Z", false, 0},
        {"2024-01-01T00:00:00+24:00", false, 0},
        {"2024-01-01T00:00:00+00:60", false, 0},
        {"2024-01-01T00:00:00+0100", false, 0},
        {"2024-01-01T00:00:00+1:00", false, 0},
        {"2024-01-01T00:00:00+01:0", false, 0},
        {"2024-01-01T00:00:00 Z", false, 0},
        {"2024-01-01T00:00:00ZZ", false, 0},
        {"2024-01-01T00:00:00Z ", false, 0},
        {" 2024-01-01T00:00:00Z", false, 0},
        {"2024-01-01 00:00:00Z", false, 0},
        {"2024-01-01T00:00:0001:00", false, 0},
        {"2024-11-2xT00:00:00Z", false, 0},
        {"2024-01-01", false, 0},
        {"2024/01/01T00:00:00Z", false, 0},
        {"2024-01/01T00:00:00Z", false, 0},
        {"24-01-01T00:00:00Z", false, 0},
        {"2024-1-01T00:00:00Z", false, 0},
        {"2024-01-1T00:00:00Z", false, 0},
        {"2024-01-01T0:00:00Z", false, 0},
        {"12024-01-01T00:00:00Z", false, 0},
        {"+2024-01-01T00:00:00Z", false, 0},
        {"1704067200", false, 0},
        {"Sun, 06 Nov 1994 08:49:37 GMT", false, 0},
        {"", false, 0},
    };
    unsigned wrong = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct lcf_text text = exact(text_of(rows[i].text));
        int64_t unix_time = -1;
        bool good = lcf_timestamp_read(lcf_span_of(text), &unix_time);
        if (good != rows[i].good) WRONG(wrong, "\"%s\" is %s", rows[i].text, good ? "accepted" : "refused");
        else if (good && unix_time != rows[i].unix_time)
            WRONG(wrong, "\"%s\" as %lld", rows[i].text, (long long)unix_time);
        release(text);
    }
    expect_none(wrong);
}

static void a_timestamp_cut_at_any_byte_is_refused(void **state)
{
    struct lcf_text whole = text_of("1994-11-06T10:19:37.25+01:30");
    unsigned wrong = 0;
    (void)state;
    for (size_t len = 0; len < whole.len; len++) {
        struct lcf_text cut = exact((struct lcf_text){whole.at, len});
        int64_t unix_time;
        if (lcf_timestamp_read(lcf_span_of(cut), &unix_time)) WRONG(wrong, "after %zu bytes", len);
        release(cut);
    }
    expect_none(wrong);
}

static void timestamps_are_written_in_utc(void **state)
{
    static const struct {
        int64_t unix_time;
        const char *text;
    } rows[] = {
        {0, "1970-01-01T00:00:00Z"},
        {THEN, "1994-11-06T08:49:37Z"},
        {951782400, "2000-02-29T00:00:00Z"},
        {1735689599, "2024-12-31T23:59:59Z"},
        {4107542399, "2100-02-28T23:59:59Z"},
        {LCF_TIMESTAMP_MAX, "9999-12-31T23:59:59Z"},
    };
    char text[LCF_TIMESTAMP_SIZE];
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_true(lcf_timestamp_write(rows[i].unix_time, text));
        assert_string_equal(text, rows[i].text);
    }
    assert_false(lcf_timestamp_write(-1, text));
    assert_false(lcf_timestamp_write(LCF_TIMESTAMP_MAX + 1, text));
}

/* Every day of the calendar, at a time of its own. */
static void what_is_written_reads_back(void **state)
{
    unsigned wrong = 0;
    char before[LCF_TIMESTAMP_SIZE] = "", text[LCF_TIMESTAMP_SIZE];
    (void)state;
    for (int64_t at = 0; at <= LCF_TIMESTAMP_MAX; at += 86399) {
        int64_t again = -1;
        if (!lcf_timestamp_write(at, text) || strcmp(before, text) >= 0 || !lcf_timestamp_read(span(text), &again) ||
            again != at)
            WRONG(wrong, "%lld as %s, read as %lld", (long long)at, text, (long long)again);
        memcpy(before, text, sizeof text);
    }
    expect_none(wrong);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(http_dates_are_read_in_the_one_fixed_form),
        cmocka_unit_test(no_month_has_a_day_too_many),
        cmocka_unit_test(every_day_has_one_date_and_one_weekday),
        cmocka_unit_test(a_date_cut_at_any_byte_is_refused),
        cmocka_unit_test(timestamps_are_read_as_rfc_3339_has_them),
        cmocka_unit_test(a_timestamp_cut_at_any_byte_is_refused),
        cmocka_unit_test(timestamps_are_written_in_utc),
        cmocka_unit_test(what_is_written_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
