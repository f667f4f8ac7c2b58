#ifndef LCF_CLOCK_H
#define LCF_CLOCK_H

/* The only file that reads a clock. Everything below is handed the time. */

double lcf_now(void);       /* monotonic seconds: for deadlines */
double lcf_uptime(void);    /* monotonic seconds, those of a suspended machine too where the system tells them */
double lcf_unix_time(void); /* the wall clock: for events and dates, never for deadlines */

/* Sleeps; a signal ends it early. */
void lcf_rest(double seconds);

#endif
