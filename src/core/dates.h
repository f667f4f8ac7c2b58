#ifndef LCF_DATES_H
#define LCF_DATES_H

#include "span.h"

#include <stdint.h>

/* The two forms of a date that the API uses: in its headers and in its JSON. Times are UNIX seconds. */

/* An IMF-fixdate (RFC 9110, 5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT"). */
bool lcf_http_date(struct lcf_span text, int64_t *unix_time);

/* A date-time of RFC 3339, of any zone ("2026-11-29T04:54:41.5+01:00"); fractions of a second are left out. */
bool lcf_timestamp_read(struct lcf_span text, int64_t *unix_time);

#define LCF_TIMESTAMP_SIZE sizeof "1994-11-06T08:49:37Z"
#define LCF_TIMESTAMP_MAX 253402300799 /* the last second of the year 9999 */

/* The same in UTC; false before 1970 and after 9999. */
bool lcf_timestamp_write(int64_t unix_time, char to[LCF_TIMESTAMP_SIZE]);

#endif
