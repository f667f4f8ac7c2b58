#ifndef LCF_SOCKETS_H
#define LCF_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>

/* The sockets that libcurl wants watched: an epoll descriptor, or a poll array where there is
 * no epoll (or LCF_POLL is defined). Level-triggered: what is not handled now is told again. */

#define LCF_READY_MAX 64

struct pollfd;

struct lcf_sockets {
    int epoll;            /* -1 without epoll */
    struct pollfd *polled; /* NULL with it */
    size_t count, room, turn;
};

struct lcf_ready {
    int fd;
    bool readable, writable, broken;
};

bool lcf_sockets_open(struct lcf_sockets *sockets);
void lcf_sockets_close(struct lcf_sockets *sockets);

/* Watches `fd` from now on for these two, or no longer where both are false. A socket that
 * cannot be watched for want of memory stays silent, until its attempt's deadline. */
void lcf_sockets_watch(struct lcf_sockets *sockets, int fd, bool reads, bool writes);

/* Waits at most `seconds` and returns how many of LCF_READY_MAX are ready; 0 on a signal. */
size_t lcf_sockets_wait(struct lcf_sockets *sockets, double seconds, struct lcf_ready *ready);

#endif
