#ifndef LCF_LINES_H
#define LCF_LINES_H

#include <stdbool.h>
#include <stddef.h>

/* The connections that are open, and which of them speak HTTP/1: there an answer is known by its
 * order alone, so one that arrives before its request would be taken for the answer to it. */

#define LCF_IP_MAX 46 /* bytes of an address in words */

/* Both ends of a connection: two to different peers may share a local port. */
struct lcf_ends {
    char ip[LCF_IP_MAX], local_ip[LCF_IP_MAX];
    int port, local_port; /* 0 where there is none yet */
};

struct lcf_line {
    int fd;
    struct lcf_ends ends;
    bool http1;
};

struct lcf_lines {
    struct lcf_line *open;
    size_t count, room;
};

/* False when memory is short: a connection that cannot be watched over is not used. */
bool lcf_lines_add(struct lcf_lines *lines, int fd);
void lcf_lines_remove(struct lcf_lines *lines, int fd);
void lcf_lines_free(struct lcf_lines *lines);

/* The connection between these ends, or NULL. Good until the next one opens or closes. */
struct lcf_line *lcf_lines_find(struct lcf_lines *lines, const struct lcf_ends *ends);

/* Whether bytes wait on a connection on which nothing may be waiting. */
bool lcf_line_has_unasked(const struct lcf_line *line);

#endif
