#define _POSIX_C_SOURCE 200809L
#include "lines.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

bool lcf_lines_add(struct lcf_lines *l, int fd)
{
    if (l->count == l->room) {
        size_t room = l->room ? l->room * 2 : 8;
        struct lcf_line *open = realloc(l->open, room * sizeof *open);
        if (!open) return false;
        l->open = open;
        l->room = room;
    }
    l->open[l->count++] = (struct lcf_line){.fd = fd};
    return true;
}

void lcf_lines_remove(struct lcf_lines *l, int fd)
{
    for (size_t i = 0; i < l->count; i++)
        if (l->open[i].fd == fd) l->open[i] = l->open[--l->count];
}

void lcf_lines_free(struct lcf_lines *l)
{
    free(l->open);
    *l = (struct lcf_lines){0};
}

/* What getsockname or getpeername says; nothing where there is no such end yet. */
static void read_end(int fd, int (*ask)(int, struct sockaddr *, socklen_t *), char *ip, int *port)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } at = {0};
    socklen_t size = sizeof at;
    if (ask(fd, &at.any, &size) != 0) return;
    bool is_v4 = at.any.sa_family == AF_INET;
    if (!is_v4 && at.any.sa_family != AF_INET6) return;
    inet_ntop(at.any.sa_family, is_v4 ? (void *)&at.v4.sin_addr : (void *)&at.v6.sin6_addr, ip, LCF_IP_MAX);
    *port = ntohs(is_v4 ? at.v4.sin_port : at.v6.sin6_port);
}

static void read_ends(struct lcf_line *line)
{
    read_end(line->fd, getsockname, line->ends.local_ip, &line->ends.local_port);
    read_end(line->fd, getpeername, line->ends.ip, &line->ends.port);
}

static bool same_ends(const struct lcf_ends *a, const struct lcf_ends *b)
{
    return a->local_port == b->local_port && a->port == b->port && strcmp(a->local_ip, b->local_ip) == 0 &&
           strcmp(a->ip, b->ip) == 0;
}

struct lcf_line *lcf_lines_find(struct lcf_lines *l, const struct lcf_ends *ends)
{
    for (size_t i = 0; i < l->count; i++) {
        if (l->open[i].ends.port == 0) read_ends(&l->open[i]);
        if (same_ends(&l->open[i].ends, ends)) return &l->open[i];
    }
    return NULL;
}

bool lcf_line_has_unasked(const struct lcf_line *line)
{
    struct pollfd waiting = {.fd = line->fd, .events = POLLIN};
    return line->http1 && poll(&waiting, 1, 0) > 0;
}
